"""Which orders and symbols a fault means, and at what price it lets them fill."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from simulator.broker import Broker
from simulator.exchange.orders import STOPS, Kind, Order, Side, State
from simulator.faults import later
from simulator.faults.context import Firing, json_of
from simulator.messages import Request, Response
from trading.market import fills


def role_of_order(order: Order) -> str:
    """Return entry, stop, target or exit, as `fault_plan.role_of` tells it of a call."""
    ticket = order.ticket
    if ticket.side is Side.BUY:
        return "entry"
    if ticket.kind in STOPS:
        return "stop"
    return "target" if ticket.kind is Kind.LMT else "exit"


def newest_live(broker: Broker, role: str = "any") -> Order | None:
    """Return the newest order that can still fill, of one role."""
    live = (order for order in broker.exchange.book.live.values() if order.is_live)
    wanted = [order for order in live if role in ("any", role_of_order(order))]
    return max(wanted, key=lambda order: order.number, default=None)


def newest_working_stop(broker: Broker) -> Order | None:
    """Return the newest stop that could fill at this moment: one that waits for its parent has nothing to sell yet."""
    live = broker.exchange.book.live.values()
    stops = (order for order in live if role_of_order(order) == "stop")
    working = [order for order in stops if order.state is State.WORKING and order.remaining > 0]
    return max(working, key=lambda order: order.number, default=None)


def accepted_in(firing: Firing, response: Response) -> list[Order]:
    """Return the orders that an answer says were accepted."""
    rows = json_of(response)
    orders = firing.broker.exchange.book.orders
    numbers = [str(row.get("order_id")) for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []
    return [orders[int(number)] for number in numbers if number.isdigit() and int(number) in orders]


def named_order(firing: Firing) -> Order | None:
    """Return the order that the call's path names, None where there is none of that id."""
    return order_of_path(firing.broker, firing.request)


def order_of_path(broker: Broker, request: Request) -> Order | None:
    """Return the order that a path names, None where there is none of that id."""
    text = request.path.rpartition("/")[2]
    return broker.exchange.book.orders.get(int(text)) if text.isdigit() else None


def names_live_order(broker: Broker, request: Request, _values: object) -> bool:
    """Return whether the call's path names an order that can still fill."""
    order = order_of_path(broker, request)
    return order is not None and order.is_live


def symbol_of_call(broker: Broker, request: Request) -> str | None:
    """Return the symbol of the order that a call sends, or confirms."""
    for conid in _conids(broker, request):
        contract = broker.contracts.by_conid.get(conid)
        if contract is not None:
            return contract.symbol
    return None


def _conids(broker: Broker, request: Request) -> Iterator[int]:
    pending = broker.session.caches.pending.get(request.path.rpartition("/")[2])
    if pending is not None:
        yield from (ticket.conid for ticket in pending.tickets)
    orders = request.json_object().get("orders")
    for order in orders if isinstance(orders, list) else []:
        conid = order.get("conid") if isinstance(order, dict) else None
        if isinstance(conid, (int, str)) and str(conid).isdigit():
            yield int(conid)


def fair_price(broker: Broker, order: Order) -> float:
    """Return the market's price, or the order's limit where that is worse for nobody."""
    return order.ticket.within_limit(float(fills.round_down(broker.exchange.price_of(order.column))))


def accept_unfilled(firing: Firing, then: Callable[[Order], float]) -> Response:
    """Apply the call while its symbol is halted, so that the first order that it accepts waits for `then`.

    `then` lets that order fill or end in its own way, and returns for how many seconds the halt goes on.
    """
    broker = firing.broker
    symbol = symbol_of_call(broker, firing.request)
    halts = symbol is not None and broker.contracts.by_symbol[symbol].column not in broker.exchange.halted
    if halts:
        firing.external_event(do="halt", symbol=symbol)
    response = firing.proceed()
    accepted = accepted_in(firing, response)
    seconds = then(accepted[0]) if accepted else 0.0
    if halts:
        later.schedule(broker, seconds, later.Step({"do": "resume", "symbol": symbol}))
    return response
