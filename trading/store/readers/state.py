"""Everything that people read of trading.db, as of one moment."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from trading.store.readers.account import AccountReader
from trading.store.readers.alerts import AlertReader
from trading.store.readers.charts import ChartReader
from trading.store.readers.decisions import DecisionReader
from trading.store.readers.differences import DifferenceReader
from trading.store.readers.notices import NoticeReader
from trading.store.readers.orders import OrderReader
from trading.store.readers.positions import PositionReader
from trading.store.readers.transaction import read_transaction


@dataclass(frozen=True, slots=True)
class State:
    """The read models, by subject, over one read transaction; all are empty before there is a file."""

    account: AccountReader
    alerts: AlertReader
    orders: OrderReader
    positions: PositionReader
    decisions: DecisionReader
    charts: ChartReader
    differences: DifferenceReader
    notices: NoticeReader


@contextmanager
def read_state(path: Path) -> Iterator[State]:
    """Read `path` in one transaction: all that is asked in the block is of the moment of its first question.

    Raises: DataError, the file is there and can't be read.
    """
    with read_transaction(path) as transaction:
        yield State(
            account=AccountReader(transaction),
            alerts=AlertReader(transaction),
            orders=OrderReader(transaction),
            positions=PositionReader(transaction),
            decisions=DecisionReader(transaction),
            charts=ChartReader(transaction),
            differences=DifferenceReader(transaction),
            notices=NoticeReader(transaction),
        )
