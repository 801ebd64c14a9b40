from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from tests.fakes.orders import LATER, NOW
from trading.errors import InvariantBroken
from trading.model.decision import RiskState, StopOut
from trading.model.mode import OPERATOR, Latched, Mode, Seen
from trading.store.database import Database
from trading.store.modes import RISK_FACT, risk_from
from trading.store.records import SqliteStore

DAY = date(2014, 3, 3)


def log(database: Database) -> list[tuple[str, ...]]:
    rows = database.query("SELECT fact, value, reason, actor FROM mode_log ORDER BY id")
    return [tuple(row) for row in rows]


def test_every_change_is_kept_with_who_and_why_and_a_repeat_is_not(database: Database) -> None:
    store = SqliteStore(database)
    store.set_reconciled(reconciled=False, reason="start", now=NOW)
    store.set_reconciled(reconciled=True, reason="all found", now=NOW)
    store.set_reconciled(reconciled=True, reason="all found", now=LATER)
    store.set_risk_state(
        RiskState(latches={"b": date(2014, 3, 3), "a": date(2014, 3, 3)}), reason="x", actor="risk", now=NOW
    )
    store.set_risk_state(RiskState(), reason="fine", actor="ann", now=LATER)
    assert log(database) == [
        ("reconciled", "0", "start", "system"),
        ("reconciled", "1", "all found", "system"),
        ("reducing", "a,b", "x", "risk"),
        ("reducing", "", "fine", "ann"),
    ]


def test_mode_before_anything_was_recorded_is_so_since_no_time(database: Database) -> None:
    state = SqliteStore(database).mode()
    assert (state.mode, state.since) == (Mode.RECONCILING, None)


def test_state_without_latches_is_no_news_at_the_first_decision(database: Database) -> None:
    SqliteStore(database).set_risk_state(RiskState(peak=1.0), reason="x", actor="risk", now=NOW)
    assert log(database) == []


def test_daily_loss_reduces_until_it_is_over(database: Database) -> None:
    store = SqliteStore(database)
    store.set_reconciled(reconciled=True, reason="all found", now=NOW)
    store.halts.set_daily_loss(None, NOW)
    store.halts.set_daily_loss("6 % lost", NOW)
    store.halts.set_daily_loss("7 % lost", LATER)
    assert (store.mode().mode, store.mode().reason) == (Mode.REDUCING, "6 % lost")
    store.set_risk_state(RiskState(latches={"rejects": date(2014, 3, 3)}), reason="three", actor="risk", now=LATER)
    assert (store.mode().mode, store.mode().reason) == (Mode.REDUCING, "three")
    store.set_risk_state(RiskState(), reason="resumed", actor="ann", now=LATER)
    assert (store.mode().mode, store.mode().reason) == (Mode.REDUCING, "6 % lost")
    store.halts.set_daily_loss(None, LATER)
    assert store.mode().mode is Mode.ACTIVE
    assert log(database)[1:] == [
        ("daily_loss", "1", "6 % lost", "risk"),
        ("reducing", "rejects", "three", "risk"),
        ("reducing", "", "resumed", "ann"),
        ("daily_loss", "0", "the equity is within its daily loss again", "risk"),
    ]


@pytest.mark.parametrize("lost", [None, ""])
def test_day_without_a_loss_is_no_news(database: Database, lost: str | None) -> None:
    SqliteStore(database).halts.set_daily_loss(lost, NOW)
    assert log(database) == []


def test_daily_loss_renames_no_latch(database: Database) -> None:
    store = SqliteStore(database)
    store.set_reconciled(reconciled=True, reason="all found", now=NOW)
    store.set_risk_state(RiskState(latches={"drawdown_halt": DAY}), reason="20 %", actor="risk", now=NOW)
    shown = store.mode()
    for lost in ("6 % lost", None, "7 % lost"):
        store.halts.set_daily_loss(lost, LATER)
        assert (store.mode().latched, store.mode().seen, store.mode().since) == (shown.latched, shown.seen, NOW)
        # What a decision saves that latches nothing new is no news either.
        store.set_risk_state(RiskState(peak=2.0, latches={"drawdown_halt": DAY}), reason="-", actor="risk", now=LATER)
        assert store.mode().latched == shown.latched
    store.set_risk_state(RiskState(latches={"drawdown_halt": DAY, "rejects": DAY}), reason="3", actor="risk", now=LATER)
    assert store.mode().seen.latched > shown.seen.latched


def test_daily_loss_is_kept_beside_a_risk_state_that_can_not_be_read(database: Database) -> None:
    store = SqliteStore(database)
    store.set_reconciled(reconciled=True, reason="all found", now=NOW)
    with database.transaction() as connection:
        connection.execute("INSERT INTO fact (key, value) VALUES (?, 'x')", (RISK_FACT,))
    store.halts.set_daily_loss("6 % lost", NOW)
    assert store.mode().mode is Mode.REDUCING
    store.halts.set_daily_loss(None, LATER)
    assert store.mode().mode is Mode.ACTIVE


def test_daily_loss_that_is_over_leaves_a_latch(database: Database, path: Path) -> None:
    store = SqliteStore(database)
    store.set_reconciled(reconciled=True, reason="all found", now=NOW)
    store.set_risk_state(RiskState(latches={"rejects": date(2014, 3, 3)}), reason="three", actor="risk", now=NOW)
    store.halts.set_daily_loss("6 % lost", NOW)
    database.close()
    again = Database(path)
    SqliteStore(again).halts.set_daily_loss("7 % lost", LATER)
    SqliteStore(again).halts.set_daily_loss(None, LATER)
    assert [row[:2] for row in log(again)[1:]] == [("reducing", "rejects"), ("daily_loss", "1"), ("daily_loss", "0")]
    assert SqliteStore(again).mode().mode is Mode.REDUCING
    again.close()


def test_daily_loss_is_less_strict_than_a_halt_or_records_that_differ(database: Database) -> None:
    store = SqliteStore(database)
    store.halts.set_daily_loss("6 % lost", NOW)
    assert store.mode().mode is Mode.RECONCILING
    store.set_reconciled(reconciled=True, reason="all found", now=NOW)
    store.halts.raise_halt(OPERATOR, "test", reason="odd", actor="ann", now=NOW)
    assert store.mode().mode is Mode.HALTED


def test_modes_and_risk_state_survive_a_restart(database: Database, path: Path) -> None:
    risk = RiskState(
        peak=10_000.01,
        prior_equity=9_000.5,
        latches={"drawdown_halt": date(2014, 3, 3)},
        stop_outs=(StopOut("A", date(2014, 3, 1)),),
        entries_off_through=date(2014, 3, 10),
    )
    store = SqliteStore(database)
    store.halts.raise_halt(OPERATOR, "test", reason="odd", actor="ann", now=NOW)
    store.set_risk_state(risk, reason="x", actor="risk", now=NOW)
    database.close()
    again = Database(path)
    assert SqliteStore(again).mode().mode is Mode.HALTED
    assert SqliteStore(again).risk_state() == risk
    again.close()


@pytest.mark.parametrize("text", ["", "{", '{"peak": "high"}', "null"])
def test_risk_state_that_can_not_be_read_is_none(text: str) -> None:
    with pytest.raises(InvariantBroken):
        risk_from(text)


def test_latched_limits_stand_beside_the_mode_that_is_shown(database: Database) -> None:
    store = SqliteStore(database)
    assert store.mode().latched is None
    store.set_risk_state(
        RiskState(latches={"b": date(2014, 3, 3), "a": date(2014, 3, 3)}), reason="x", actor="risk", now=NOW
    )
    number = store.mode().seen.latched
    expected = Latched(number, ("a", "b"), "x", NOW)
    assert (store.mode().mode, store.mode().latched) == (Mode.RECONCILING, expected)
    store.set_reconciled(reconciled=False, reason="start", now=NOW)
    assert (store.mode().mode, store.mode().latched) == (Mode.RECONCILING, expected)
    store.set_reconciled(reconciled=True, reason="all found", now=NOW)
    assert (store.mode().mode, store.mode().latched) == (Mode.REDUCING, expected)
    store.halts.raise_halt(OPERATOR, "test", reason="odd", actor="ann", now=NOW)
    assert (store.mode().mode, store.mode().latched, store.mode().seen) == (Mode.HALTED, expected, Seen(1, number))
    store.set_risk_state(RiskState(), reason="fine", actor="ann", now=LATER)
    assert store.mode().seen == Seen(1, 0)


def test_each_latch_is_named_with_its_reason_and_shown_anew_where_its_code_stands(database: Database) -> None:
    store = SqliteStore(database)
    store.set_reconciled(reconciled=True, reason="all found", now=NOW)
    shown = []
    for code, reason in (
        ("exec_gap", "AAPL: 3"),
        ("exec_gap", "XOM: 5"),
        ("oversold", "IBM: 2"),
        ("oversold", "IBM: 2"),
    ):
        store.halts.latch(code, reason, NOW)
        latched = store.mode().latched
        assert latched is not None
        shown.append((latched.number, latched.codes, latched.reason))
    numbers = [number for number, _, _ in shown]
    assert numbers == [numbers[0], numbers[0] + 1, numbers[0] + 2, numbers[0] + 2]
    assert shown[-1][1:] == (("exec_gap", "oversold"), "AAPL: 3; XOM: 5; IBM: 2")
    assert set(store.risk_state().latches) == {"exec_gap", "oversold"}
    store.set_risk_state(RiskState(), reason="looked", actor="ann", now=LATER)
    store.halts.latch("exec_gap", "AAPL: 3", LATER)
    latched = store.mode().latched
    assert latched is not None
    assert (latched.reason, latched.since) == ("AAPL: 3", LATER)


@pytest.mark.parametrize("first", ["AT: 3 filled", "T: 33 filled", "T: 3 filled, or more"])
def test_reason_that_is_only_like_another_is_news_and_its_own_is_none(database: Database, first: str) -> None:
    halts = SqliteStore(database).halts
    for reason in (first, "T: 3 filled", "T: 3 filled", first):
        halts.latch("exec_gap", reason, NOW)
    assert [row[2] for row in log(database)] == [first, f"{first}; T: 3 filled"]


def test_drawdown_that_latches_beside_another_limit_takes_no_reason_away(database: Database) -> None:
    store = SqliteStore(database)
    store.halts.latch("exec_gap", "AAPL: 3", NOW)
    both = RiskState(latches={**store.risk_state().latches, "drawdown_halt": DAY})
    store.set_risk_state(both, reason="20 %", actor="risk", now=LATER)
    latched = store.mode().latched
    assert latched is not None
    assert (latched.codes, latched.reason) == (("drawdown_halt", "exec_gap"), "AAPL: 3; 20 %")


def test_limit_that_latches_changes_nothing_else_that_is_remembered(database: Database) -> None:
    store = SqliteStore(database)
    risk = RiskState(peak=2.0, prior_equity=1.5, latches={"exec_gap": DAY}, daily_loss=0.01)
    store.set_risk_state(risk, reason="x", actor="risk", now=NOW)
    store.halts.latch("exec_gap", "XOM: 5", NOW)
    assert store.risk_state() == risk


def test_limit_that_latches_halts_once_where_the_memory_can_not_be_read(database: Database) -> None:
    store = SqliteStore(database)
    with database.transaction() as connection:
        connection.execute("INSERT INTO fact (key, value) VALUES (?, 'x')", (RISK_FACT,))
    for _ in range(2):
        store.halts.latch("exec_gap", "XOM: 5", NOW)
    assert [(halt.cause, halt.facts, halt.actor) for halt in store.mode().halts] == [("invariant", "XOM: 5", "system")]
    assert database.fact(RISK_FACT) == "x"
