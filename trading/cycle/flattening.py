"""What is said of a flatten while it stands: what is left to sell, what was sent for it, and what it waits for."""

from __future__ import annotations

from collections.abc import Mapping

from trading.model.order import Role
from trading.model.record import IntentRecord, JournalView


def is_flat(journal: JournalView) -> bool:
    """Return whether nothing is ours, and no order of ours may yet buy."""
    return not journal.positions and not _entries(journal)


def progress(journal: JournalView, waiting: Mapping[str, str]) -> str:
    """Return one line; `waiting` says by symbol why something of it can't be done now."""
    left = ", ".join(f"{position.quantity} {position.symbol}" for position in journal.positions)
    entries = _entries(journal)
    concerned = {position.symbol for position in journal.positions} | {each.intent.symbol for each in entries}
    sales = [record for record in journal.maybe_live if record.intent.role is Role.EXIT]
    prepared = [record for record in journal.planned if record.intent.role is Role.EXIT]
    parts = [
        f"left to sell: {left or 'nothing'}",
        *(_sent(record) for record in sales),
        *(f"{each.intent.symbol}: what else could sell it is cancelled first" for each in prepared),
        *(f"{each.intent.symbol}: its entry {each.coid} may still buy" for each in entries),
        *(f"{symbol}: {text}" for symbol, text in sorted(waiting.items()) if symbol in concerned),
    ]
    return "; ".join(parts)


def _sent(record: IntentRecord) -> str:
    intent = record.intent
    price = "at the market" if intent.limit_price is None else f"at {intent.limit_price:g} or better"
    unproven = ", of which nothing is known yet" if record.unproven else ""
    return f"{intent.symbol}: a sale of {record.left} {price} was sent{unproven}"


def _entries(journal: JournalView) -> list[IntentRecord]:
    return [record for record in journal.maybe_live if record.intent.role is Role.ENTRY]
