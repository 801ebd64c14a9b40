from __future__ import annotations

import random
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from tests.unit.webapp.desk import SESSION, decision
from trading.store.database import Database
from trading.store.readers.state import read_state
from trading.store.records import SqliteStore


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A database with two decisions."""
    database = Database(tmp_path / "trading.db", chance=random.Random(5))  # noqa: S311 - the same names each time
    store = SqliteStore(database)
    for day in (SESSION, SESSION + timedelta(1)):
        store.record_decision(decision(day), datetime(day.year, day.month, day.day, 21, 15, tzinfo=UTC))
    database.close()
    return tmp_path / "trading.db"


def test_decisions_come_back_whole_by_date_or_the_newest(path: Path) -> None:
    with read_state(path) as state:
        assert state.decisions.sessions() == (date(2026, 3, 3), SESSION)
        assert state.decisions.sessions(limit=1, offset=1) == (SESSION,)
        newest, earlier = state.decisions.of(), state.decisions.of(SESSION)
        assert state.decisions.of(date(2020, 1, 2)) is None
    assert newest is not None
    assert earlier is not None
    assert newest.decision.session == date(2026, 3, 3)
    assert earlier.decision == decision(SESSION)
    assert earlier.at == datetime(2026, 3, 2, 21, 15, tzinfo=UTC)


def test_the_newest_comes_with_one_verdict_or_none_and_the_count_of_all(path: Path) -> None:
    with read_state(path) as state:
        one, none, unknown = (
            state.decisions.newest_on("EEE"), state.decisions.newest_outcome(), state.decisions.newest_on("ZZZ"),
        )  # fmt: skip
    assert one is not None
    assert none is not None
    assert unknown is not None
    assert [verdict.symbol for verdict in one.decision.verdicts] == ["EEE"]
    assert (len(none.decision.verdicts), len(unknown.decision.verdicts)) == (0, 0)
    assert one.judged == none.judged == unknown.judged == 5
    assert none.decision.entries == decision().entries


def test_refusals_of_a_symbol_come_oldest_first_and_are_counted(path: Path) -> None:
    with read_state(path) as state:
        denials = state.decisions.denials_of("BBB")
        assert state.decisions.denials_of("BBB", limit=1, offset=1) == denials[1:]
        assert state.decisions.denial_counts() == {"max_positions": 2}
    assert [session for session, _ in denials] == [SESSION, date(2026, 3, 3)]
    assert denials[0][1] == decision().denials[0]
