"""What a session that was traded came to, in a few lines."""

from __future__ import annotations

from types import MappingProxyType

from trading.model.decision_words import title
from trading.model.notice import News, NoticeCode
from trading.model.session_result import SessionResult

_MOST_NAMED = 12
_PLURALS = MappingProxyType({"entry": "entries", "stop": "stops", "target": "targets", "exit": "exits"})


def summary(result: SessionResult) -> News:
    """Return the news of a session's result; its first line stands alone where only one is shown."""
    text = "\n".join((_first(result), *_dealt(result), _held(result), *_next(result), *_denials(result)))
    at = result.decided_at
    return News(f"summary {result.session}", 1, NoticeCode.SUMMARY, text, since=at, told=at, over=at)


def _first(result: SessionResult) -> str:
    profit = "no session before it to compare with"
    if result.profit is not None:
        before = result.equity - result.profit
        share = f" ({result.profit / before:+.2%})" if before > 0 else ""
        profit = f"{result.profit:+,.2f} USD on the day{share}"
    return f"Close of {result.session}: equity {result.equity:,.2f} USD, {profit}; drawdown {result.drawdown:.2%}"


def _dealt(result: SessionResult) -> list[str]:
    bought = [f"{each.quantity} {each.symbol} at {each.price:,.2f}" for each in result.dealt if each.side == "BUY"]
    sold = [
        f"{each.quantity} {each.symbol} at {each.price:,.2f} ({each.role})"
        for each in result.dealt
        if each.side == "SELL"
    ]
    return [f"Bought: {_listed(bought)}", f"Sold: {_listed(sold)}"]


def _held(result: SessionResult) -> str:
    held = [
        f"{each.quantity} {each.symbol}" + (f" (ONLY {each.covered} COVERED)" if each.covered < each.quantity else "")
        for each in result.held
    ]
    covered = " (all covered by stops)" if held and all(each.covered >= each.quantity for each in result.held) else ""
    return f"Positions: {_listed(held)}{covered}"


def _next(result: SessionResult) -> list[str]:
    decision = result.decision
    planned = [f"sell {order.quantity} {order.symbol} ({title(order.reason).lower()})" for order in decision.exits]
    planned += [f"buy {entry.quantity} {entry.symbol} up to {entry.limit_price:,.2f}" for entry in decision.entries]
    standing = [f"{count} {_PLURALS.get(role, role)}" for role, count in result.standing]
    return [f"For the next session: {_listed(planned)}", f"Orders at the broker: {_listed(standing)}"]


def _denials(result: SessionResult) -> list[str]:
    denied = [f"{title(code).lower()} {count}" for code, count in result.denials]
    return [f"Refused by own limits: {_listed(denied)}"]


def _listed(parts: list[str]) -> str:
    more = f", and {len(parts) - _MOST_NAMED} more" if len(parts) > _MOST_NAMED else ""
    return (", ".join(parts[:_MOST_NAMED]) or "nothing") + more
