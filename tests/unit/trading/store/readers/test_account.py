from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

from tests.fakes.decisions import decision
from tests.fakes.orders import LATER, NOW
from trading.model.balances import BalanceMemory, Balances, FlowState
from trading.model.mode import OPERATOR, Mode
from trading.store.balances import SqliteBalances
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


def test_money_that_came_or_went_is_in_the_equity_of_the_decision_after_it(database: Database, path: Path) -> None:
    store, book = SqliteStore(database), SqliteBalances(database)
    days = [NOW + timedelta(days=number) for number in range(4)]
    for at in days:
        store.record_equity(at.date(), 10_000.0, 1.0, 2, 0.0)
        store.record_decision(replace(decision(), session=at.date()), at)
    hour = timedelta(hours=1)
    # Before the first decision there was no equity that it could have changed.
    for at, amount in (
        (days[0] - hour, 1.0),
        (days[0] + hour, 500.0),
        (days[1], 20.0),
        (days[1] + hour, -300.0),
        (days[2] - hour, 7.0),
        (days[3] + hour, 9.0),
    ):
        memory = BalanceMemory(Balances(at, 0.0, 10_000.0))
        book.record_flow(memory, amount, 10_000.0, at)
    book.settle(5, FlowState.REFUSED, actor="ann", now=days[3])
    with read_state(path) as state:
        assert [point.paid for point in state.account.equity()] == [0.0, 520.0, -300.0, 0.0]
        assert [point.paid for point in state.account.equity(limit=1, offset=1)] == [-300.0]
        assert [flow.amount for flow in state.account.flows()] == [1.0, 500.0, 20.0, -300.0, 9.0]
        assert [flow.amount for flow in state.account.flows(since=days[2].date())] == [9.0]


def test_money_that_can_not_be_read_is_left_out(database: Database, path: Path) -> None:
    book = SqliteBalances(database)
    for number in range(2):
        book.record_flow(BalanceMemory(Balances(NOW, 0.0, 10_000.0)), 500.0 + number, 9_500.0, NOW)
    with database.transaction() as connection:
        connection.execute("UPDATE flow SET at = 'soon' WHERE number = 1")
    SqliteStore(database).record_equity(NOW.date(), 1.0, 1.0, 1, 0.0)
    with read_state(path) as state:
        assert [flow.amount for flow in state.account.flows()] == [501.0]
        assert [point.paid for point in state.account.equity()] == [0.0]


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
