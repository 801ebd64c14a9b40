"""Fills in parts, too many, corrected, at a gap, of both legs; a fill and then the end."""

from __future__ import annotations

from itertools import pairwise

from simulator import instants
from simulator.broker import Broker
from simulator.exchange.account import Execution
from simulator.exchange.orders import Order, State
from simulator.faults import later
from simulator.faults.acceptance import ACCEPTING
from simulator.faults.book import accept_unfilled, fair_price, newest_working_stop
from simulator.faults.context import Firing
from simulator.faults.declaration import FaultKind, choice, number, seconds, whole
from simulator.messages import Request, Response


def in_slices(firing: Firing) -> Response:
    """The order fills in odd lots over a while."""
    broker, over_s = firing.broker, firing.number("over_s")

    def then(order: Order) -> float:
        lots = _lots(firing, order.remaining)
        step_s = over_s / max(len(lots) - 1, 1)
        for number_, shares in enumerate(lots):
            event = {"do": "fill", "order_id": order.order_id, "quantity": shares, "price": fair_price(broker, order)}
            later.schedule(broker, number_ * step_s, later.Step(event, while_live=True))
        return over_s

    return accept_unfilled(firing, then)


def _lots(firing: Firing, quantity: int) -> list[int]:
    """Return whole parts of a quantity, drawn; as many as are asked for, or as there are shares."""
    count = min(firing.integer("slices"), quantity)
    cuts = sorted(firing.draws.sample(range(1, quantity), count - 1)) if count > 1 else []
    edges = [0, *cuts, quantity]
    return [end - begin for begin, end in pairwise(edges)]


def part_then_cancelled(firing: Firing) -> Response:
    """A part of the order fills, then the broker cancels the rest."""
    broker, delay_s = firing.broker, firing.number("delay_s")

    def then(order: Order) -> float:
        shares = min(firing.integer("quantity"), max(order.remaining - 1, 0))
        if shares:
            firing.external_event(do="fill", order_id=order.order_id, quantity=shares, price=fair_price(broker, order))
        event = {"do": "cancel", "order_id": order.order_id, "reason": "Cancelled by System"}
        later.schedule(broker, delay_s, later.Step(event))
        return delay_s

    return accept_unfilled(firing, then)


def _newest_execution(broker: Broker) -> Execution | None:
    """Return the newest execution that stands: neither corrected since nor taken back."""
    over: set[str] = set()
    for execution in reversed(broker.account.executions):
        head = execution.execution_id.rpartition(".")[0]
        if execution.quantity and head not in over:
            return execution
        over.add(head)
    return None


def _has_execution(broker: Broker, _request: Request, _values: object) -> bool:
    return _newest_execution(broker) is not None


def corrected(firing: Firing) -> Response:
    """The newest execution gets another price or quantity, or is taken back: the same id with a higher last part."""
    newest = _newest_execution(firing.broker)
    if newest is not None:
        firing.external_event(do="correct", execution_id=newest.execution_id, **_correction(firing, newest))
    return firing.proceed()


def _correction(firing: Firing, old: Execution) -> dict[str, float]:
    match firing.text("what"):
        case "price":
            moved = round(old.price * (1.0 + firing.number("percent") / 100.0), 2)
            return {"price": firing.number("price") or moved}
        case "quantity":
            return {"quantity": firing.integer("quantity") or max(old.quantity - 1, 1)}
        case _:
            return {"quantity": 0}


def _newest_filled(broker: Broker) -> Order | None:
    """Return the newest order that filled today: one of an earlier day fills no more."""
    today = instants.new_york_day(broker.exchange.now_us)
    executed = {each.order_id for each in broker.account.executions if instants.new_york_day(each.at_us) == today}
    filled = (
        order
        for order in broker.exchange.book.orders.values()
        if order.state is State.FILLED and order.order_id in executed
    )
    return max(filled, key=lambda order: order.number, default=None)


def _has_filled(broker: Broker, _request: Request, _values: object) -> bool:
    return _newest_filled(broker) is not None


def overfilled(firing: Firing) -> Response:
    """The newest order that filled today fills beyond its quantity."""
    broker = firing.broker
    order = _newest_filled(broker)
    if order is not None:
        price = fair_price(broker, order)
        event = {"do": "fill", "order_id": order.order_id, "quantity": firing.integer("quantity"), "price": price}
        later.schedule(broker, firing.number("delay_s"), later.Step(event))
    return firing.proceed()


def _has_stop(broker: Broker, _request: Request, _values: object) -> bool:
    return newest_working_stop(broker) is not None


def stop_gaps(firing: Firing) -> Response:
    """The newest stop that is at work fills some percent below its price."""
    order = newest_working_stop(firing.broker)
    if order is not None and order.ticket.stop is not None:
        price = round(order.ticket.stop * (1.0 - firing.number("percent") / 100.0), 2)
        firing.external_event(do="fill", order_id=order.order_id, quantity=order.remaining, price=price)
    return firing.proceed()


def _loser(broker: Broker) -> Order | None:
    """Return the newest order that was cancelled because another of its group filled, and never filled itself."""
    orders = broker.exchange.book.orders.values()
    won = {_group(order) for order in orders if order.state is State.FILLED} - {None}
    lost = (order for order in orders if order.state is State.CANCELLED and not order.filled and _group(order) in won)
    return max(lost, key=lambda order: order.number, default=None)


def _group(order: Order) -> object:
    return order.ticket.oca_group or order.ticket.parent_id


def _has_loser(broker: Broker, _request: Request, _values: object) -> bool:
    return _loser(broker) is not None


def both_legs(firing: Firing) -> Response:
    """The leg that was cancelled when the other filled fills as well."""
    broker = firing.broker
    order = _loser(broker)
    if order is not None:
        price = order.ticket.limit or order.ticket.stop or fair_price(broker, order)
        event = {"do": "fill", "order_id": order.order_id, "quantity": order.quantity, "price": price}
        later.schedule(broker, firing.number("delay_s"), later.Step(event))
    return firing.proceed()


_DELAY = seconds("delay_s", 0.0, "how much later it happens")

KINDS = (
    FaultKind(
        "O10",
        "Fill in parts: odd lots over a while",
        in_slices,
        (
            whole("slices", 3, "how many parts", least=1, most=1000),
            seconds("over_s", 180.0, "from the first part to the last; the symbol is halted meanwhile"),
        ),
        calls=ACCEPTING,
        follows_question=True,
    ),
    FaultKind(
        "O11",
        "Part fill, then the broker cancels",
        part_then_cancelled,
        (
            whole("quantity", 1, "shares that fill; one is always left", least=1),
            seconds("delay_s", 0.0, "time between the two; the symbol is halted meanwhile"),
        ),
        calls=ACCEPTING,
        follows_question=True,
    ),
    FaultKind(
        "O16",
        "Execution corrected or taken back",
        corrected,
        (
            choice("what", "taken_back", ("taken_back", "price", "quantity"), "what is other; the rest of it stands"),
            number("percent", 1.0, "change of its price, with what=price", least=-99.0, most=1000.0),
            number("price", 0.0, "in place of that, its new price", unit="USD"),
            whole("quantity", 0, "its new quantity, with what=quantity; 0: a share less, where there are several"),
        ),
        once=True,
        ready=_has_execution,
    ),
    FaultKind(
        "O17",
        "Overfill: more shares than were ordered",
        overfilled,
        (whole("quantity", 1, "how many more", least=1), _DELAY),
        once=True,
        ready=_has_filled,
    ),
    FaultKind(
        "O23",
        "Stop fills at a gap",
        stop_gaps,
        (number("percent", 5.0, "how far below its price", most=99.0),),
        once=True,
        ready=_has_stop,
    ),
    FaultKind("O24", "Both legs of a group fill", both_legs, (_DELAY,), once=True, ready=_has_loser),
)
