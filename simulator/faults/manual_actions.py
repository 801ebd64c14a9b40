"""What other hands do: orders lost or changed, halts, trades beside ours, shares sold, bought, sold short."""

from __future__ import annotations

import msgspec

from simulator.broker import Broker
from simulator.exchange.orders import By, Order, Side
from simulator.faults import later
from simulator.faults.book import newest_live, symbol_of_call
from simulator.faults.context import Firing
from simulator.faults.declaration import ORDERS, FaultKind, Values, choice, flag, number, seconds, text, whole
from simulator.messages import Request, Response, error

_LOST = {"dropped": "Cancelled by System", "expired": "Cancelled by System: order expired"}
_HALTED = "The contract is halted."


def held_symbol(broker: Broker, symbol: str = "") -> str | None:
    """Return the symbol of a position: the one that is asked for, or the first."""
    held = sorted(position.symbol for position in broker.account.positions.values() if position.quantity)
    if symbol:
        return symbol if symbol in held else None
    return held[0] if held else None


def any_symbol(broker: Broker, symbol: str) -> str | None:
    """Return the symbol that is asked for, or else one that is held, or else the first there is."""
    if symbol:
        return symbol if symbol in broker.contracts.by_symbol else None
    return held_symbol(broker) or next(iter(broker.contracts.by_symbol), None)


def is_held(broker: Broker, _request: Request, values: Values) -> bool:
    """Return whether there is a position in the symbol, or in any where none is given."""
    return held_symbol(broker, values("symbol")) is not None


def is_traded(broker: Broker, _request: Request, values: Values) -> bool:
    """Return whether there is such a symbol."""
    return any_symbol(broker, values("symbol")) is not None


def _has_stop(broker: Broker, _request: Request, _values: Values) -> bool:
    return newest_live(broker, "stop") is not None


def stop_lost(firing: Firing) -> Response:
    """The broker drops the newest live stop, or lets it expire."""
    order = newest_live(firing.broker, "stop")
    if order is not None:
        firing.external_event(do="cancel", order_id=order.order_id, reason=_LOST[firing.text("how")])
    return firing.proceed()


def _halts_what(broker: Broker, request: Request, values: Values) -> str | None:
    return values("symbol") or symbol_of_call(broker, request)


def _has_symbol(broker: Broker, request: Request, values: Values) -> bool:
    return _halts_what(broker, request, values) in broker.contracts.by_symbol


def halted(firing: Firing) -> Response:
    """A symbol is halted for a while: orders are taken and don't fill, or are refused."""
    broker = firing.broker
    if not firing.lasting:
        symbol = _halts_what(broker, firing.request, firing.value)
        firing.external_event(do="halt", symbol=symbol)
        later.schedule(broker, firing.number("seconds"), later.Step({"do": "resume", "symbol": symbol}))
    asked = symbol_of_call(broker, firing.request)
    if (
        firing.flag("refuse")
        and asked is not None
        and broker.contracts.by_symbol[asked].column in broker.exchange.halted
    ):
        return error(200, _HALTED)
    return firing.proceed()


def _has_live(broker: Broker, _request: Request, values: Values) -> bool:
    return newest_live(broker, values("role")) is not None


def changed_by_hand(firing: Firing) -> Response:
    """The newest live order is cancelled or changed in another program."""
    broker = firing.broker
    order = newest_live(broker, firing.text("role"))
    if order is not None:
        match firing.text("what"):
            case "cancel":
                firing.external_event(do="cancel", order_id=order.order_id)
            case "price":
                _reprice(firing, order)
            case _:
                ticket = msgspec.structs.replace(order.ticket, quantity=firing.integer("quantity"))
                broker.exchange.modify(ticket, By.MANUAL)
    return firing.proceed()


def _reprice(firing: Firing, order: Order) -> None:
    factor = 1.0 + firing.number("percent") / 100.0
    ticket = order.ticket
    limit = None if ticket.limit is None else round(ticket.limit * factor, 2)
    stop = None if ticket.stop is None else round(ticket.stop * factor, 2)
    firing.broker.exchange.modify(msgspec.structs.replace(ticket, limit=limit, stop=stop), By.MANUAL)


def foreign_order(firing: Firing) -> Response:
    """Somebody else's order stands, fills, or is taken back after a while."""
    broker = firing.broker
    symbol = any_symbol(broker, firing.text("symbol"))
    side, shares = Side(firing.text("side")), firing.integer("quantity")
    if firing.text("what") == "filled":
        firing.external_event(do="trade", symbol=symbol, side=side, quantity=shares)
        return firing.proceed()
    # Far enough from the market to stand.
    column = broker.contracts.by_symbol[symbol or ""].column
    price = round(broker.exchange.price_of(column) * (0.5 if side is Side.BUY else 2.0), 2)
    placed = firing.external_event(do="order", symbol=symbol, side=side, quantity=shares, order_type="LMT", price=price)
    if placed is not None and firing.text("what") == "cancelled":
        step = later.Step({"do": "cancel", "order_id": placed["order_id"]})
        later.schedule(broker, firing.number("seconds"), step)
    return firing.proceed()


def sold_by_hand(firing: Firing) -> Response:
    """Own shares are sold by hand, all or some."""
    symbol = held_symbol(firing.broker, firing.text("symbol"))
    held = _held(firing.broker, symbol)
    shares = min(firing.integer("quantity") or abs(held), abs(held))
    firing.external_event(do="trade", symbol=symbol, side=Side.SELL if held > 0 else Side.BUY, quantity=shares)
    return firing.proceed()


def bought_by_hand(firing: Firing) -> Response:
    """Shares are bought by hand."""
    symbol = any_symbol(firing.broker, firing.text("symbol"))
    firing.external_event(do="trade", symbol=symbol, side=Side.BUY, quantity=firing.integer("quantity"))
    return firing.proceed()


def short_position(firing: Firing) -> Response:
    """The account is short: more was sold than there was."""
    symbol = any_symbol(firing.broker, firing.text("symbol"))
    shares = max(_held(firing.broker, symbol), 0) + firing.integer("quantity")
    firing.external_event(do="trade", symbol=symbol, side=Side.SELL, quantity=shares)
    return firing.proceed()


def _held(broker: Broker, symbol: str | None) -> int:
    return broker.account.held(broker.contracts.by_symbol[symbol].conid) if symbol else 0


def orphan(firing: Firing) -> Response:
    """An order stands that carries a name like ours, and is none of ours."""
    broker = firing.broker
    symbol = any_symbol(broker, firing.text("symbol"))
    coid = firing.text("coid") or _like_ours(broker)
    price = round(broker.exchange.price_of(broker.contracts.by_symbol[symbol or ""].column) * 0.5, 2)
    facts = {"order_type": "LMT", "price": price, "quantity": firing.integer("quantity"), "coid": coid}
    firing.external_event(do="order", symbol=symbol, side=Side.BUY, **facts)
    return firing.proceed()


def _like_ours(broker: Broker) -> str:
    """Return the name of the newest order that has one, with its last letter or figure changed."""
    named = [order.ticket.coid for order in broker.exchange.book.orders.values() if order.ticket.coid]
    newest = named[-1] if named else "orphan-0"
    taken = set(named)
    for last in "9876543210zyxwvutsrqponmlkjihgfedcba":
        if (made := newest[:-1] + last) not in taken:
            return made
    return f"{newest}0"


_ANY_SYMBOL = text("symbol", "", "which; empty: one that is held, or else the first")
_HELD_SYMBOL = text("symbol", "", "which; empty: the first that is held")

KINDS = (
    FaultKind(
        "O22",
        "Stop lost",
        stop_lost,
        (choice("how", "dropped", tuple(_LOST), "what the broker says of it"),),
        once=True,
        ready=_has_stop,
    ),
    FaultKind(
        "O27",
        "Halt",
        halted,
        (
            text("symbol", "", "which; empty: that of the order that the call sends"),
            seconds("seconds", 300.0, "how long; orders then go on at the price that holds"),
            flag("refuse", "orders for it are refused meanwhile"),
        ),
        calls=ORDERS,
        while_on=ORDERS,
        once=True,
        ready=_has_symbol,
    ),
    FaultKind(
        "O29",
        "Order changed by hand",
        changed_by_hand,
        (
            choice("what", "cancel", ("cancel", "price", "quantity"), "what is done to it"),
            choice("role", "any", ("any", "entry", "stop", "target", "exit"), "of the newest live order of this role"),
            number("percent", -5.0, "change of its price", least=-99.0, most=1000.0),
            whole("quantity", 1, "its new quantity", least=1),
        ),
        once=True,
        ready=_has_live,
    ),
    FaultKind(
        "C01",
        "Foreign order placed, filled or cancelled by hand",
        foreign_order,
        (
            choice("what", "placed", ("placed", "filled", "cancelled"), "what becomes of it"),
            _ANY_SYMBOL,
            choice("side", "BUY", ("BUY", "SELL"), "its side"),
            whole("quantity", 1, "its shares", least=1),
            seconds("seconds", 60.0, "until it is cancelled, with what=cancelled"),
        ),
        once=True,
        ready=is_traded,
    ),
    FaultKind(
        "C02",
        "Own shares sold by hand",
        sold_by_hand,
        (_HELD_SYMBOL, whole("quantity", 0, "how many; 0: all")),
        once=True,
        ready=is_held,
    ),
    FaultKind(
        "C03",
        "Shares bought by hand",
        bought_by_hand,
        (_ANY_SYMBOL, whole("quantity", 1, "how many", least=1)),
        once=True,
        ready=is_traded,
    ),
    FaultKind(
        "C05",
        "Broker short: more was sold than there was",
        short_position,
        (_ANY_SYMBOL, whole("quantity", 1, "how many shares short", least=1)),
        once=True,
        ready=is_traded,
    ),
    FaultKind(
        "C11",
        "Orphan order under a name like ours",
        orphan,
        (
            text("coid", "", "its order_ref; empty: that of the newest order, with its last letter changed"),
            _ANY_SYMBOL,
            whole("quantity", 1, "its shares", least=1),
        ),
        once=True,
        ready=is_traded,
    ),
)
