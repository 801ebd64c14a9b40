"""Which of our contracts a row may be about whose contract id can't be read: those it names, or that are not shown."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace

from trading.execution.reading.snapshot import BrokerSnapshot
from trading.model.order import Side, UnreadableRow
from trading.model.record import JournalView

# A name that tells something: it begins like a symbol. A number may be an id, and what is longer is no symbol.
_LIKE_A_SYMBOL = re.compile(r"(?=\S*[A-Za-z])[A-Za-z0-9][A-Za-z0-9./-]{0,15}(?!\S)")
_SEPARATORS = re.compile(r"[ ./-]+")


def position_row(row: UnreadableRow, snapshot: BrokerSnapshot, journal: JournalView) -> UnreadableRow:
    """Return a row of the positions with the contracts of ours that it may be about, foreign where there are none.

    The broker shows one row for a contract, so one that names nothing is about none that is shown in full.
    """
    if row.conid is not None:
        return row
    missing = _not_shown(snapshot, journal)
    if not _tells(row):
        return _among(row, missing)
    # "AAPL RT" may be short for a right: where the shares themselves are shown, it is.
    return _among(row, _named(row, journal) | (_begun(row, journal) & missing))


def trade_row(row: UnreadableRow, journal: JournalView) -> UnreadableRow:
    """Return a row of the orders or executions, foreign where it names a symbol in which we had no order.

    One with an id or a name of ours is ours, whatever symbol stands there.
    """
    if row.conid is not None or row.order_id in {record.order_id for record in journal.records} - {None}:
        return row
    if not _tells(row) or _named(row, journal) | _begun(row, journal):
        return row
    return replace(row, foreign=True)


def _among(row: UnreadableRow, conids: frozenset[int]) -> UnreadableRow:
    return replace(row, among=conids, foreign=not conids)


def _not_shown(snapshot: BrokerSnapshot, journal: JournalView) -> frozenset[int]:
    """Return the contracts of ours that a position's row may be missing of: of own shares, and of what is bought."""
    own = {each.conid for each in journal.positions if snapshot.held(each.conid) < each.quantity}
    bought = {each.intent.conid for each in journal.maybe_live if each.intent.side is Side.BUY}
    return frozenset(own | (bought - snapshot.stocks.keys()))


def _tells(row: UnreadableRow) -> bool:
    return any(_LIKE_A_SYMBOL.match(name.strip()) for name in row.names)


def _named(row: UnreadableRow, journal: JournalView) -> frozenset[int]:
    """Return the contracts of ours of which a name is the symbol, however its parts are separated."""
    names = {_plain(name) for name in row.names}
    return frozenset(conid for conid, symbol in _symbols(journal) if _plain(symbol) in names)


def _begun(row: UnreadableRow, journal: JournalView) -> frozenset[int]:
    """Return the contracts of ours with whose symbol, and a blank, a longer name begins."""
    names = tuple(name.strip().upper() for name in row.names)
    return frozenset(
        conid for conid, symbol in _symbols(journal) if any(name.startswith(f"{symbol.upper()} ") for name in names)
    )


def _symbols(journal: JournalView) -> Iterable[tuple[int, str]]:
    yield from ((each.conid, each.symbol) for each in journal.positions)
    yield from ((each.intent.conid, each.intent.symbol) for each in journal.records)


def _plain(name: str) -> str:
    return _SEPARATORS.sub(" ", name.strip().upper())
