from __future__ import annotations

from datetime import date
from pathlib import Path

from tests.fakes.orders import LATER, NOW
from trading.model.mode import OPERATOR, Mode
from trading.store.database import Database
from trading.store.readers.state import read_state
from trading.store.records import SqliteStore


def test_equity_comes_oldest_first_and_the_last_of_it(database: Database, path: Path) -> None:
    store = SqliteStore(database)
    for day in (3, 4, 5):
        store.record_equity(date(2014, 3, day), 10_000.0 + day, 1.0, 2, 0.0)
    with read_state(path) as state:
        assert [point.session.day for point in state.account.equity()] == [3, 4, 5]
        assert [point.equity for point in state.account.equity(limit=2)] == [10_004.0, 10_005.0]
        assert [point.equity for point in state.account.equity(limit=2, offset=1)] == [10_003.0, 10_004.0]


def test_the_mode_is_the_strictest(database: Database, path: Path) -> None:
    store = SqliteStore(database)
    store.set_reconciled(reconciled=True, reason="ok", now=NOW)
    store.halts.raise_halt(OPERATOR, "test", reason="odd", actor="ann", now=LATER)
    with read_state(path) as state:
        mode = state.account.mode()
    assert mode is not None
    assert (mode.mode, mode.reason) == (Mode.HALTED, "odd")


def test_what_the_trading_process_says_of_itself_is_there_by_name(database: Database, path: Path) -> None:
    SqliteStore(database).keep({"session_state": "ready"})
    with read_state(path) as state:
        assert state.account.facts()["session_state"] == "ready"


def test_standing_halts_and_the_newest_flatten_are_shown(database: Database, path: Path) -> None:
    store = SqliteStore(database)
    with read_state(path) as state:
        assert (state.account.standing_halts(), state.account.flatten_goal()) == ((), None)
    store.halts.raise_halt("short", "AAPL -10", reason="short 10 AAPL", actor="system", now=NOW)
    store.halts.set_flatten("request 1", reason="the news", actor="ann", now=NOW)
    store.halts.end_flatten("all own shares are sold", LATER)
    with read_state(path) as state:
        assert [halt.reason for halt in state.account.standing_halts()] == ["short 10 AAPL", "the news"]
        goal = state.account.flatten_goal()
    assert goal is not None
    assert (goal.over, goal.outcome) == (True, "all own shares are sold")
