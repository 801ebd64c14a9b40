from __future__ import annotations

import random
from datetime import timedelta
from pathlib import Path

from tests.unit.webapp.desk import NOON, SESSION, decision
from trading.store.database import Database
from trading.store.readers.state import read_state
from trading.store.records import SqliteStore


def test_before_there_is_a_file_everything_is_empty(tmp_path: Path) -> None:
    with read_state(tmp_path / "none.db") as state:
        assert (state.account.facts(), state.account.mode(), state.account.equity()) == ({}, None, ())
        assert (state.account.standing_halts(), state.account.flatten_goal()) == ((), None)
        assert (state.orders.open(), state.orders.fills_of("AAA"), state.orders.story_of("AAA")) == ((), (), ())
        assert (state.positions.open(), state.positions.trades()) == ((), ())
        assert state.positions.trade_totals().count == 0
        assert (state.decisions.sessions(), state.decisions.of(), state.decisions.newest_on("AAA")) == ((), None, None)
        assert (state.decisions.denials_of("AAA"), state.decisions.denial_counts()) == ((), {})
        assert state.differences.newest() is None
        assert (state.charts.symbols(), state.charts.bars_of("AAA")) == ((), ())


def test_all_subjects_are_of_one_moment(tmp_path: Path) -> None:
    database = Database(tmp_path / "trading.db", chance=random.Random(5))  # noqa: S311 - the same names each time
    store = SqliteStore(database)
    store.record_equity(SESSION, 100.0, 100.0, 0, 0.0)
    with read_state(tmp_path / "trading.db") as state:
        assert len(state.account.equity()) == 1
        store.record_decision(decision(), NOON)
        store.record_equity(SESSION + timedelta(1), 101.0, 101.0, 0, 0.0)
        assert (len(state.account.equity()), state.decisions.of()) == (1, None)
    with read_state(tmp_path / "trading.db") as state:
        assert (len(state.account.equity()), len(state.decisions.sessions())) == (2, 1)
    database.close()
