"""Halts by their cause, and the flatten as a goal."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest

from tests.fakes.orders import LATER, NOW, bracket
from trading.errors import InvariantBroken
from trading.model.decision import RiskState
from trading.model.mode import OPERATOR, FlattenGoal, Mode
from trading.model.order import IntentState
from trading.store.database import Database
from trading.store.halts import SqliteHalts
from trading.store.journal import SqliteJournal
from trading.store.records import SqliteStore


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "trading.db"


@pytest.fixture
def database(path: Path) -> Iterator[Database]:
    database = Database(path)
    yield database
    database.close()


@pytest.fixture
def store(database: Database) -> SqliteStore:
    return SqliteStore(database)


def log(database: Database) -> list[tuple[str, ...]]:
    return [tuple(row) for row in database.query("SELECT value, reason, actor FROM mode_log WHERE fact = 'halt'")]


def test_halts_and_the_goal_survive_a_restart(database: Database, path: Path) -> None:
    halts = SqliteHalts(database)
    halts.raise_halt("short", "AAPL -10", reason="short 10 AAPL", actor="system", now=NOW)
    halts.set_flatten("request 1", reason="flatten", actor="ann", now=LATER)
    database.close()
    again = Database(path)
    after = SqliteHalts(again)
    assert [halt.cause for halt in after.halting()] == ["short", OPERATOR]
    assert after.flatten_goal() is not None
    again.close()


def test_history_has_one_line_a_change_of_halted(database: Database) -> None:
    halts = SqliteHalts(database)
    halts.raise_halt("a", "1", reason="first", actor="system", now=NOW)
    halts.raise_halt("b", "1", reason="second", actor="system", now=NOW)
    halts.acknowledge_halts(seen=1, actor="ann", now=LATER)
    halts.acknowledge_halts(seen=2, actor="bob", now=LATER)
    halts.acknowledge_halts(seen=2, actor="bob", now=LATER)
    assert log(database) == [("1", "first", "system"), ("0", "acknowledged", "bob")]


def test_what_stands_already_is_said_again_without_a_write(database: Database) -> None:
    halts = SqliteHalts(database)
    halts.raise_halt("a", "1", reason="x", actor="system", now=NOW)
    halts.set_flatten("request 1", reason="flatten", actor="ann", now=NOW)
    halts.set_flatten_progress("sells 9 AAPL", NOW)
    before = database.query("SELECT total_changes() AS n")[0]["n"]
    halts.raise_halt("a", "1", reason="x", actor="system", now=LATER)
    halts.halt_over("a", {"1"}, LATER)
    halts.set_flatten_progress("sells 9 AAPL", LATER)
    assert database.query("SELECT total_changes() AS n")[0]["n"] == before


def test_halt_that_cannot_be_stored_is_in_force_until_it_can_be(database: Database) -> None:
    store = SqliteStore(database)
    store.set_reconciled(reconciled=True, reason="all found", now=NOW)
    database.query("PRAGMA query_only = ON")
    for _ in range(2):
        with pytest.raises(InvariantBroken):
            store.halts.raise_halt(OPERATOR, "request 1", reason="odd", actor="ann", now=NOW)
    with pytest.raises(InvariantBroken):
        store.halts.set_flatten("request 2", reason="sell", actor="ann", now=NOW)
    assert (store.mode().mode, store.mode().reason) == (Mode.HALTED, "odd (and 1 more)")
    database.query("PRAGMA query_only = OFF")
    assert store.halts.raise_halt(OPERATOR, "request 1", reason="odd", actor="ann", now=LATER)
    store.halts.set_flatten("request 2", reason="sell", actor="ann", now=LATER)
    assert [(halt.halt_id, halt.since) for halt in store.halts.halting()] == [(1, NOW), (2, NOW)]


def test_halt_that_could_not_be_stored_is_newer_than_what_a_resume_saw(store: SqliteStore, database: Database) -> None:
    database.query("PRAGMA query_only = ON")
    with pytest.raises(InvariantBroken):
        raised(store, "AAPL -10")
    database.query("PRAGMA query_only = OFF")
    done = store.halts.acknowledge_halts(seen=99, actor="bob", now=LATER)
    assert [halt.facts for halt in done.newer] == ["AAPL -10"]
    assert [halt.halt_id for halt in store.mode().halts] == [1]
    store.halts.acknowledge_halts(seen=1, actor="bob", now=LATER)
    assert store.mode().mode is not Mode.HALTED


def raised(store: SqliteStore, facts: str, *, cause: str = "short", now: datetime = NOW) -> bool:
    return store.halts.raise_halt(cause, facts, reason=f"{cause} {facts}", actor="system", now=now)


class TestHalts:
    def test_each_cause_and_each_facts_of_it_halt_once(self, store: SqliteStore) -> None:
        assert [raised(store, facts) for facts in ("AAPL -10", "AAPL -10", "AAPL -20")] == [True, False, True]
        assert raised(store, "AAPL -10", cause="orphan")
        halts = store.mode().halts
        assert [(halt.cause, halt.facts) for halt in halts] == [
            ("short", "AAPL -10"), ("short", "AAPL -20"), ("orphan", "AAPL -10")
        ]  # fmt: skip
        assert store.mode().seen.halt == halts[-1].halt_id
        assert store.mode().reason == "short AAPL -10 (and 2 more)"

    def test_acknowledged_halt_does_not_halt_again_while_its_facts_are_unchanged(self, store: SqliteStore) -> None:
        raised(store, "AAPL -10")
        done = store.halts.acknowledge_halts(seen=store.mode().seen.halt, actor="ann", now=LATER)
        assert [halt.facts for halt in done.acknowledged] == ["AAPL -10"]
        assert [halt.facts for halt in done.still_there] == ["AAPL -10"]
        assert done.newer == ()
        assert not raised(store, "AAPL -10")
        assert store.mode().mode is not Mode.HALTED
        assert raised(store, "AAPL -20")
        assert store.mode().mode is Mode.HALTED

    def test_facts_that_are_over_halt_anew_when_they_come_back(self, store: SqliteStore) -> None:
        raised(store, "AAPL -10")
        store.halts.acknowledge_halts(seen=store.mode().seen.halt, actor="ann", now=LATER)
        store.halts.halt_over("short", {"AAPL -20"}, LATER)
        assert store.halts.standing() == ()
        assert raised(store, "AAPL -10")
        assert store.mode().mode is Mode.HALTED

    def test_halt_whose_facts_are_over_halts_until_somebody_acknowledges_it(self, store: SqliteStore) -> None:
        raised(store, "AAPL -10")
        store.halts.halt_over("short", (), LATER)
        assert store.mode().mode is Mode.HALTED
        done = store.halts.acknowledge_halts(seen=store.mode().seen.halt, actor="ann", now=LATER)
        assert done.still_there == ()
        assert store.halts.standing() == ()

    def test_halt_that_went_and_came_back_unacknowledged_is_the_same(self, store: SqliteStore) -> None:
        raised(store, "AAPL -10")
        store.halts.halt_over("short", (), LATER)
        raised(store, "AAPL -10", now=LATER)
        (halt,) = store.mode().halts
        assert (halt.since, halt.over) == (NOW, False)

    def test_only_the_halts_of_the_cause_are_over(self, store: SqliteStore) -> None:
        raised(store, "AAPL -10")
        raised(store, "XOM 5", cause="orphan")
        store.halts.halt_over("orphan", (), LATER)
        assert [(halt.cause, halt.over) for halt in store.halts.standing()] == [("short", False), ("orphan", True)]

    def test_newest_one_counts_whatever_became_of_it(self, store: SqliteStore) -> None:
        assert store.halts.newest() == 0
        raised(store, "AAPL -10")
        raised(store, "AAPL -20")
        store.halts.acknowledge_halts(seen=2, actor="ann", now=LATER)
        store.halts.halt_over("short", (), LATER)
        assert (store.mode().seen.halt, store.halts.newest()) == (0, 2)

    def test_halt_that_the_person_had_not_seen_halts_on(self, store: SqliteStore) -> None:
        raised(store, "AAPL -10")
        seen = store.mode().seen.halt
        raised(store, "request 7", cause=OPERATOR)
        done = store.halts.acknowledge_halts(seen=seen, actor="ann", now=LATER)
        assert [halt.facts for halt in done.newer] == ["request 7"]
        assert store.mode().mode is Mode.HALTED

    def test_same_request_halts_once_whatever_became_of_it(self, store: SqliteStore) -> None:
        assert [raised(store, "request 7", cause=OPERATOR) for _ in range(2)] == [True, False]
        store.halts.acknowledge_halts(seen=store.mode().seen.halt, actor="ann", now=LATER)
        assert not raised(store, "request 7", cause=OPERATOR)
        store.halts.set_flatten("request 7", reason="late", actor="ann", now=LATER)
        assert store.mode().mode is not Mode.HALTED
        assert store.halts.flatten_goal() is None

    def test_halt_that_a_person_asked_for_is_over_once_acknowledged(self, store: SqliteStore) -> None:
        raised(store, "request 7", cause=OPERATOR)
        done = store.halts.acknowledge_halts(seen=store.mode().seen.halt, actor="ann", now=LATER)
        assert done.still_there == ()
        assert store.halts.standing() == ()


def flatten(store: SqliteStore, facts: str, now: datetime = NOW) -> FlattenGoal:
    store.halts.set_flatten(facts, reason="the news", actor="ann", now=now)
    goal = store.halts.flatten_goal()
    assert goal is not None
    return goal


class TestFlatten:
    def test_flatten_halts_and_stands(self, store: SqliteStore) -> None:
        goal = flatten(store, "request 1")
        assert (goal.reason, goal.actor, goal.since, goal.waits_for) == ("the news", "ann", NOW, "")
        assert (store.mode().mode, store.mode().reason) == (Mode.HALTED, "the news")

    def test_progress_is_kept(self, store: SqliteStore) -> None:
        store.halts.set_flatten_progress("nobody asked", NOW)
        flatten(store, "request 1")
        store.halts.set_flatten_progress("sells 9 AAPL", LATER)
        goal = store.halts.flatten_goal()
        assert goal is not None
        assert goal.waits_for == "sells 9 AAPL"

    def test_flatten_that_is_reached_leaves_the_halt(self, store: SqliteStore) -> None:
        flatten(store, "request 1")
        store.halts.end_flatten("sold", LATER)
        assert store.halts.flatten_goal() is None
        assert store.mode().mode is Mode.HALTED
        assert store.halts.acknowledge_halts(seen=99, actor="ann", now=LATER).taken_back is None

    def test_resume_takes_a_flatten_back(self, store: SqliteStore) -> None:
        goal = flatten(store, "request 1")
        done = store.halts.acknowledge_halts(seen=store.mode().seen.halt, actor="bob", now=LATER)
        assert done.taken_back == goal
        assert store.halts.flatten_goal() is None
        assert store.mode().mode is not Mode.HALTED

    def test_resume_of_an_older_halt_leaves_a_flatten(self, store: SqliteStore) -> None:
        raised(store, "AAPL -10")
        seen = store.mode().seen.halt
        flatten(store, "request 1")
        assert store.halts.acknowledge_halts(seen=seen, actor="bob", now=LATER).taken_back is None
        assert store.halts.flatten_goal() is not None

    def test_second_flatten_is_the_same_goal_and_a_newer_halt(self, store: SqliteStore) -> None:
        first = flatten(store, "request 1")
        seen = store.mode().seen.halt
        assert flatten(store, "request 2", LATER) == first
        assert store.halts.acknowledge_halts(seen=seen, actor="bob", now=LATER).taken_back is None

    def test_flatten_that_is_taken_up_twice_is_one(self, store: SqliteStore) -> None:
        first = flatten(store, "request 1")
        assert flatten(store, "request 1", LATER) == first
        assert len(store.mode().halts) == 1


def test_each_mode_is_told_once_when_it_begins(database: Database) -> None:
    told: list[Mode] = []
    store = SqliteStore(database, told.append)
    store.set_reconciled(reconciled=True, reason="all found", now=NOW)
    raised(store, "AAPL -10")
    raised(store, "AAPL -10")
    raised(store, "AAPL -20")
    store.set_risk_state(RiskState(latches={"drawdown_halt": NOW.date()}), reason="x", actor="risk", now=NOW)
    store.halts.acknowledge_halts(seen=1, actor="ann", now=LATER)
    store.halts.acknowledge_halts(seen=2, actor="ann", now=LATER)
    store.halts.set_flatten("request 1", reason="the news", actor="ann", now=LATER)
    assert told == [Mode.ACTIVE, Mode.HALTED, Mode.REDUCING, Mode.HALTED]


def test_halt_that_cannot_be_stored_is_told_too(database: Database) -> None:
    told: list[Mode] = []
    store = SqliteStore(database, told.append)
    database.query("PRAGMA query_only = ON")
    with pytest.raises(InvariantBroken):
        raised(store, "AAPL -10")
    assert told == [Mode.HALTED]


def test_one_halt_can_be_acknowledged_alone_and_only_the_last_one_ends_it(
    database: Database, store: SqliteStore
) -> None:
    store.set_reconciled(reconciled=True, reason="test", now=NOW)
    for name in ("TS-1", "TS-2"):
        store.halts.raise_halt("orphan", name, reason=f"{name} is not known", actor="system", now=NOW)
    assert store.halts.acknowledge_halt("orphan", "TS-1", actor="ann", now=LATER)
    assert not store.halts.acknowledge_halt("orphan", "TS-1", actor="ann", now=LATER)
    assert (store.mode().mode, store.mode().reason) == (Mode.HALTED, "TS-2 is not known")
    assert store.halts.acknowledge_halt("orphan", "TS-2", actor="ann", now=LATER)
    assert store.mode().mode is Mode.ACTIVE
    assert log(database)[-1] == ("0", "the orphan TS-2 was acknowledged", "ann")
    # The same facts go on, and do not halt again.
    store.halts.raise_halt("orphan", "TS-1", reason="TS-1 is not known", actor="system", now=LATER)
    assert store.mode().mode is Mode.ACTIVE


def test_live_entries_are_those_that_may_be_at_the_broker(database: Database, store: SqliteStore) -> None:
    journal = SqliteJournal(database)
    entry, *_ = group = bracket(journal.next_coid())
    journal.plan(group)
    assert store.halts.live_entries() == ()
    for state in (IntentState.SENDING, IntentState.UNKNOWN, IntentState.WORKING):
        journal.transition(entry.coid, state, "", NOW)
        assert store.halts.live_entries() == (entry.symbol,)
    journal.transition(entry.coid, IntentState.CANCELLED, "", NOW)
    assert store.halts.live_entries() == ()
