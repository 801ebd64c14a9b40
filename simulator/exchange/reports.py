"""What the books put into the truth log beside fills: statuses as clients see them, hours, cash, positions."""

from __future__ import annotations

from collections.abc import Iterable

from simulator.exchange.account import Account
from simulator.exchange.orders import Order, shown_status
from simulator.market.replayed import TradingDay
from simulator.truth import TruthLog


def status(log: TruthLog, now_us: int, order: Order, state: str, *, market_open: bool, **more: object) -> None:
    """Log an order's status and quantity, with the word for what has happened to it."""
    shown = shown_status(order, market_open=market_open)
    order.told = (shown, order.quantity)
    facts: dict[str, object] = {"order_id": order.order_id, "state": state, "status": shown}
    facts |= {"quantity": order.quantity, "filled": order.filled, **more}
    if order.reason:
        facts["reason"] = order.reason
    log.append("status", now_us, **facts)


def seen(log: TruthLog, now_us: int, order: Order, *, market_open: bool) -> None:
    """Log what clients now see of a live order, where that is no longer what the log has."""
    now = (shown_status(order, market_open=market_open), order.quantity)
    if order.is_live and now != order.told:
        status(log, now_us, order, order.state.value, market_open=market_open)


def opened(log: TruthLog, day: TradingDay, live: Iterable[Order], now_us: int) -> None:
    """Log that the market is open, with the orders that clients see in another status because of it."""
    log.append("open", now_us, day=day.day.isoformat(), **_turned(live, market_open=True))


def closed(log: TruthLog, day: TradingDay, live: Iterable[Order], now_us: int, equity: float) -> None:
    """Log that the market has closed, with what the account is worth, and those orders again."""
    log.append("close", now_us, day=day.day.isoformat(), equity=equity, **_turned(live, market_open=False))


def _turned(live: Iterable[Order], *, market_open: bool) -> dict[str, object]:
    turned: dict[str, list[int]] = {}
    for order in live:
        shown = shown_status(order, market_open=market_open)
        if order.told is not None and shown != order.told[0]:
            order.told = (shown, order.told[1])
            turned.setdefault(shown, []).append(order.order_id)
    return {"statuses": turned} if turned else {}


def changed_books(log: TruthLog, now_us: int, account: Account, conid: int | None = None) -> None:
    """Log cash, and what is held of a contract, where something else than a fill has changed them."""
    held = {} if conid is None else {"conid": conid, "position": account.held(conid)}
    log.append("account", now_us, cash=account.cash, **held)
