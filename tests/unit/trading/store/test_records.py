from __future__ import annotations

import math
from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import pytest

from tests.fakes.decisions import decision
from tests.fakes.orders import LATER, NOW, SESSION, bracket, fill
from trading.errors import InvariantBroken
from trading.market.panel import Panel
from trading.model.decision import DayTrade, Denied, RiskState, StopOut
from trading.model.difference import Difference, DifferenceKind
from trading.model.metric import Counter
from trading.model.mode import OPERATOR, Mode
from trading.model.order import OrderIntent
from trading.model.status import StatusKey
from trading.store.database import Database
from trading.store.journal import SqliteJournal
from trading.store.records import SqliteStore


def panel(days: list[date], closes: dict[str, list[float]]) -> Panel:
    close = np.array([closes[symbol] for symbol in sorted(closes)], dtype=np.float64).T
    return Panel(
        symbols=tuple(sorted(closes)),
        sessions=np.array(days, dtype="datetime64[D]"),
        open=close.copy(),
        high=close + 1,
        low=close - 1,
        close=close,
        volume=close * 1000,
    )


def planned(journal: SqliteJournal) -> tuple[OrderIntent, OrderIntent, OrderIntent]:
    intents = bracket(journal.next_coid())
    journal.plan(intents)
    return intents


# ---- decisions


def test_decision_comes_back_as_it_was(store: SqliteStore) -> None:
    store.record_decision(decision(), NOW)
    assert store.last_decision() == decision()


def test_without_a_decision_there_is_none(store: SqliteStore) -> None:
    assert store.last_decision() is None
    assert store.risk_state() == RiskState()


def test_newest_session_is_the_last_decision(store: SqliteStore) -> None:
    store.record_decision(decision(date(2014, 3, 4)), NOW)
    store.record_decision(decision(date(2014, 3, 3)), NOW)
    last = store.last_decision()
    assert last is not None
    assert last.session == date(2014, 3, 4)


def test_second_decision_for_a_session_is_refused_and_changes_nothing(store: SqliteStore) -> None:
    store.record_decision(decision(), NOW)
    with pytest.raises(InvariantBroken):
        store.record_decision(replace(decision(), equity=1.0, risk=RiskState(peak=1.0)), NOW)
    assert store.last_decision() == decision()
    assert store.risk_state() == decision().risk


def test_risk_state_is_that_of_the_decision_until_a_person_changes_it(store: SqliteStore) -> None:
    store.record_decision(decision(latches={"drawdown_halt": date(2014, 3, 3)}), NOW)
    assert store.risk_state().latches == {"drawdown_halt": date(2014, 3, 3)}
    store.set_risk_state(RiskState(peak=9_000.0), reason="looked at", actor="person", now=LATER)
    assert store.risk_state() == RiskState(peak=9_000.0)


def test_denials_of_a_decision_are_rows_to_count(database: Database, store: SqliteStore) -> None:
    store.record_decision(decision(), NOW)
    rows = database.query("SELECT stage, session, symbol, code, value, limit_value FROM denial ORDER BY id")
    assert [tuple(row) for row in rows] == [
        ("decision", "2014-03-03", "XOM", "max_positions", 10.0, 10.0),
        ("decision", "2014-03-03", "IBM", "no_stop", None, None),
    ]


def test_latch_is_explained_in_the_mode(store: SqliteStore) -> None:
    store.set_reconciled(reconciled=True, reason="ok", now=NOW)
    store.record_decision(decision(latches={"drawdown_halt": date(2014, 3, 3)}), NOW)
    assert store.mode().reason == "drawdown_halt (drawdown 1.23% on 2014-03-03)"


def test_equity_of_a_session_is_replaced_by_a_later_one(database: Database, store: SqliteStore) -> None:
    store.record_equity(date(2014, 3, 3), 10_000.01, 9_000.0, 1, 0.01)
    store.record_equity(date(2014, 3, 3), 10_000.02, 9_000.0, 1, 0.01)
    rows = database.query("SELECT * FROM equity")
    assert [tuple(row) for row in rows] == [("2014-03-03", 100_000_200, 90_000_000, 1, 0.01)]


def test_equity_that_is_no_number_is_refused(store: SqliteStore) -> None:
    with pytest.raises(InvariantBroken):
        store.record_equity(date(2014, 3, 3), math.nan, 9_000.0, 1, 0.01)


# ---- modes


def test_new_state_has_yet_to_reconcile(store: SqliteStore) -> None:
    assert store.mode().mode is Mode.RECONCILING


@pytest.mark.parametrize("reconciled", [True, False])
@pytest.mark.parametrize("latched", [True, False])
@pytest.mark.parametrize("halted", [True, False])
def test_strictest_fact_is_the_mode(store: SqliteStore, *, halted: bool, latched: bool, reconciled: bool) -> None:
    if halted:
        store.halts.raise_halt(OPERATOR, "test", reason="button", actor="person", now=NOW)
    latches = {"daily_loss": SESSION} if latched else {}
    store.set_risk_state(RiskState(latches=latches), reason="loss", actor="risk", now=NOW)
    store.set_reconciled(reconciled=reconciled, reason="compared", now=NOW)
    expected = (
        Mode.HALTED if halted else Mode.RECONCILING if not reconciled else Mode.REDUCING if latched else Mode.ACTIVE
    )
    assert store.mode().mode is expected


def test_mode_tells_who_set_it_why_and_since_when(store: SqliteStore) -> None:
    store.set_reconciled(reconciled=True, reason="all found", now=NOW)
    store.halts.raise_halt(OPERATOR, "test", reason="looks odd", actor="cli:ann", now=LATER)
    state = store.mode()
    assert (state.mode, state.reason, state.actor, state.since) == (Mode.HALTED, "looks odd", "cli:ann", LATER)


def test_same_halt_again_keeps_the_first_reason(store: SqliteStore) -> None:
    store.halts.raise_halt(OPERATOR, "test", reason="first", actor="a", now=NOW)
    store.halts.raise_halt(OPERATOR, "test", reason="second", actor="b", now=LATER)
    assert (store.mode().reason, store.mode().since) == ("first", NOW)


def test_clearing_a_halt_leaves_a_latch_in_force(store: SqliteStore) -> None:
    store.set_reconciled(reconciled=True, reason="all found", now=NOW)
    store.record_decision(decision(latches={"drawdown_halt": SESSION}), NOW)
    store.halts.raise_halt(OPERATOR, "test", reason="x", actor="a", now=NOW)
    store.halts.acknowledge_halts(seen=store.mode().seen.halt, actor="a", now=LATER)
    assert store.mode().mode is Mode.REDUCING


# ---- small facts


def test_value_is_kept_until_it_is_replaced(store: SqliteStore) -> None:
    assert store.value("session_state") is None
    store.keep({"session_state": "ready"})
    store.keep({"session_state": "competing"})
    assert store.value("session_state") == "competing"


@pytest.mark.parametrize("key", ["schema", "instance", "account", "coid_seq", "risk"])
def test_what_the_file_needs_is_not_overwritten(store: SqliteStore, key: str) -> None:
    with pytest.raises(InvariantBroken):
        store.keep({key: "1"})


def test_what_is_shown_is_there_and_the_same_again_writes_nothing(database: Database, store: SqliteStore) -> None:
    now = {StatusKey.MARKET_NOW: "2014-03-04T14:30:00+00:00", StatusKey.MARKET_PHASE: "open"}
    store.show(now)
    assert {key: store.value(key) for key in now} == now
    before = database.changes
    store.show(now)
    assert database.changes == before
    store.show({**now, StatusKey.MARKET_PHASE: "closed"})
    assert (database.changes, store.value(StatusKey.MARKET_PHASE)) == (before + 1, "closed")


def test_differences_that_stay_the_same_are_not_written_again(database: Database, store: SqliteStore) -> None:
    found = [Difference(DifferenceKind.FOREIGN_ORDER, "77", "AAPL", "order 77", "leaves it alone")]
    store.record_differences(found)
    before = database.changes
    store.record_differences(tuple(found))
    assert database.changes == before
    store.record_differences([])
    assert store.value(StatusKey.DIFFERENCES) == "[]"


# ---- what trades and orders leave behind


def test_next_decision_remembers_trades_that_stops_closed_since_the_last_one(
    journal: SqliteJournal, store: SqliteStore
) -> None:
    entry, stop, _ = planned(journal)
    journal.record_fill(entry.coid, fill("e1", entry, 10, 100.01), NOW)
    journal.record_fill(stop.coid, fill("e2", stop, 4, 94.97), NOW)
    store.record_closed_trades()
    assert store.risk_state(LATER.date()).stop_outs == ()
    # Sold over two sessions it is one stop-out, on the day of the last share.
    journal.record_fill(stop.coid, fill("e3", stop, 6, 94.97, time=LATER), LATER)
    second, _, target = planned(journal)
    journal.record_fill(second.coid, fill("e4", second, 10, 90.0), LATER)
    journal.record_fill(target.coid, fill("e5", target, 10, 105.0, time=LATER), LATER)
    store.record_closed_trades()
    assert store.risk_state(LATER.date()).stop_outs == (StopOut("AAPL", LATER.date()),)
    assert store.risk_state(SESSION).stop_outs == ()
    assert store.risk_state().stop_outs == ()


def test_next_decision_remembers_trades_that_were_closed_on_the_day_of_their_purchase(
    journal: SqliteJournal, store: SqliteStore
) -> None:
    within, _, target = planned(journal)
    journal.record_fill(within.coid, fill("e1", within, 10, 100.01), NOW)
    journal.record_fill(target.coid, fill("e2", target, 10, 105.0), NOW)
    later, stop, _ = planned(journal)
    journal.record_fill(later.coid, fill("e3", later, 10, 90.0), NOW)
    journal.record_fill(stop.coid, fill("e4", stop, 10, 95.0, time=LATER), LATER)
    store.record_closed_trades()
    day_trades = (DayTrade("AAPL", SESSION),)
    assert store.risk_state(SESSION).day_trades == day_trades
    assert store.risk_state(LATER.date()).day_trades == day_trades
    assert store.risk_state(SESSION - timedelta(days=1)).day_trades == ()
    assert store.risk_state(SESSION + timedelta(days=399)).day_trades == day_trades
    assert store.risk_state(SESSION + timedelta(days=400)).day_trades == ()
    assert store.risk_state().day_trades == ()


def test_stop_out_that_the_last_decision_knew_is_not_added_again(journal: SqliteJournal, store: SqliteStore) -> None:
    entry, stop, _ = planned(journal)
    journal.record_fill(entry.coid, fill("e1", entry, 10, 100.01), NOW)
    # By the day in New York.
    late = NOW.replace(day=NOW.day + 1, hour=2)
    journal.record_fill(stop.coid, fill("e2", stop, 10, 94.97, time=late), late)
    store.record_closed_trades()
    assert store.risk_state(SESSION).stop_outs == (StopOut("AAPL", SESSION),)
    taken = decision(SESSION)
    store.record_decision(taken, LATER)
    assert store.risk_state(LATER.date()).stop_outs == taken.risk.stop_outs


def test_steps_of_orders_are_counted_by_state(journal: SqliteJournal, store: SqliteStore) -> None:
    assert store.totals() == {Counter.ORDERS: {}, Counter.TRADES_CLOSED: {}}
    entry, *_ = planned(journal)
    journal.record_denial(SESSION, Denied("AAPL", "too_old", None, None, "past the window"), [entry.coid], NOW)
    assert store.totals()[Counter.ORDERS] == {"PLANNED": 3, "DENIED": 1}


# ---- bars


def test_only_new_and_changed_bars_are_written(store: SqliteStore) -> None:
    days = [date(2014, 3, 3), date(2014, 3, 4), date(2014, 3, 5)]
    assert store.record_bars(panel(days[:2], {"A": [10.0, 11.0], "B": [20.0, np.nan]}), {}) == 3
    assert store.record_bars(panel(days[:2], {"A": [10.0, 11.0], "B": [20.0, np.nan]}), {}) == 0
    later = panel(days[1:], {"A": [11.0, 12.0], "B": [21.0, 22.0], "C": [1.0, 2.0]})
    assert store.record_bars(later, {}) == 5
    assert store.record_bars(panel(days[:2], {"A": [10.0, 11.5]}), {}) == 1
