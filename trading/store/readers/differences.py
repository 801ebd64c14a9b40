"""What the last turn found to differ from the broker."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import msgspec

from trading.errors import DataError
from trading.model.difference import Difference
from trading.model.status import StatusKey
from trading.store.readers.transaction import ReadTransaction


@dataclass(frozen=True, slots=True)
class Compared:
    """The differences, and the market time of the turn that found them."""

    as_of: datetime
    differences: tuple[Difference, ...]


class DifferenceReader:
    """Questions about differences."""

    def __init__(self, transaction: ReadTransaction) -> None:
        """Read through an open transaction."""
        self._transaction = transaction

    def newest(self) -> Compared | None:
        """Return what the last turn found, None before the first.

        Raises: DataError, what is kept can't be read.
        """
        keys = (StatusKey.DIFFERENCES, StatusKey.MARKET_NOW)
        rows = self._transaction.rows("SELECT key, value FROM fact WHERE key IN (?, ?)", *keys)
        facts = {row["key"]: row["value"] for row in rows}
        if len(facts) < len(keys):
            return None
        try:
            found = msgspec.json.decode(facts[StatusKey.DIFFERENCES], type=tuple[Difference, ...])
            return Compared(datetime.fromisoformat(facts[StatusKey.MARKET_NOW]), found)
        except (msgspec.MsgspecError, ValueError) as error:
            raise DataError("trading.db", f"the list of differences can't be read ({error})") from error
