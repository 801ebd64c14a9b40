from __future__ import annotations

from pathlib import Path

import pytest

from tests.fakes.orders import NOW
from trading.errors import DataError
from trading.model.difference import Difference, DifferenceKind
from trading.model.status import StatusKey
from trading.store.database import Database
from trading.store.readers.differences import Compared
from trading.store.readers.state import read_state
from trading.store.records import SqliteStore

MISSING = Difference(DifferenceKind.SHARES_MISSING, "AAPL", "AAPL", "4 of 9", "waits", "--accept-shares AAPL")


def test_what_the_last_turn_found_comes_back_with_its_time(database: Database, path: Path) -> None:
    store = SqliteStore(database)
    store.record_differences([MISSING])
    with read_state(path) as state:
        assert state.differences.newest() is None
    store.keep({StatusKey.MARKET_NOW: NOW.isoformat()})
    with read_state(path) as state:
        assert state.differences.newest() == Compared(NOW, (MISSING,))
    store.record_differences([])
    with read_state(path) as state:
        assert state.differences.newest() == Compared(NOW, ())


def test_list_that_can_not_be_read_is_an_error_and_not_an_empty_one(database: Database, path: Path) -> None:
    store = SqliteStore(database)
    store.keep({StatusKey.MARKET_NOW: NOW.isoformat()})
    store.keep({StatusKey.DIFFERENCES: "rubbish"})
    with read_state(path) as state, pytest.raises(DataError, match="differences"):
        state.differences.newest()
