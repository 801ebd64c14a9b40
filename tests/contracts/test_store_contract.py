"""What every store promises, held over each one, together with the journal beside it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

import numpy as np
import pytest

from tests.fakes.chance import seeded
from tests.fakes.decisions import decision
from tests.fakes.memory_journal import MemoryJournal
from tests.fakes.memory_store import MemoryStore, Trade
from tests.fakes.orders import CONID, LATER, NOW, SESSION, bracket, fill, market_exit
from trading.errors import InvariantBroken
from trading.market.panel import Panel
from trading.model.decision import RiskState, StopOut
from trading.model.metric import Counter
from trading.model.mode import OPERATOR, Mode
from trading.model.order import IntentState, OrderIntent
from trading.ports import Journal, Store
from trading.store.database import Database
from trading.store.journal import SqliteJournal
from trading.store.records import SqliteStore
from trading.store.units import from_units


@dataclass(frozen=True)
class Books:
    journal: Journal
    store: Store
    trades: Callable[[], list[Trade]]


def sqlite_trades(database: Database) -> list[Trade]:
    return [
        Trade(
            symbol=row["symbol"],
            quantity=row["quantity"],
            entry_date=date.fromisoformat(row["entry_session"]),
            entry_price=from_units(row["entry_price"]),
            exit_date=date.fromisoformat(row["exit_session"]),
            exit_price=from_units(row["exit_price"]),
            exit_reason=row["exit_reason"],
            commission=from_units(row["commission"]),
            pnl=from_units(row["pnl"]),
        )
        for row in database.query("SELECT * FROM trade ORDER BY id")
    ]


@pytest.fixture(params=["sqlite", "memory"])
def books(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Books]:
    if request.param == "memory":
        journal = MemoryJournal()
        store = MemoryStore(journal)
        yield Books(journal, store, store.trades)
        return
    database = Database(tmp_path / "state" / "trading.db", chance=seeded())
    yield Books(SqliteJournal(database), SqliteStore(database), lambda: sqlite_trades(database))
    database.close()


@pytest.fixture
def store(books: Books) -> Store:
    return books.store


def planned(books: Books, *, quantity: int = 10) -> tuple[OrderIntent, OrderIntent, OrderIntent]:
    intents = bracket(books.journal.next_coid(), quantity=quantity)
    books.journal.plan(intents)
    return intents


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


class TestDecisions:
    def test_decision_comes_back_as_it_was(self, store: Store) -> None:
        store.record_decision(decision(), NOW)
        assert store.last_decision() == decision()

    def test_without_a_decision_there_is_none(self, store: Store) -> None:
        assert store.last_decision() is None
        assert store.risk_state() == RiskState()

    def test_newest_session_is_the_last_decision(self, store: Store) -> None:
        store.record_decision(decision(date(2014, 3, 4)), NOW)
        store.record_decision(decision(date(2014, 3, 3)), NOW)
        last = store.last_decision()
        assert last is not None
        assert last.session == date(2014, 3, 4)

    def test_second_decision_for_a_session_is_refused_and_changes_nothing(self, store: Store) -> None:
        store.record_decision(decision(), NOW)
        with pytest.raises(InvariantBroken):
            store.record_decision(replace(decision(), equity=1.0, risk=RiskState(peak=1.0)), NOW)
        assert store.last_decision() == decision()
        assert store.risk_state() == decision().risk

    def test_risk_state_is_that_of_the_decision_until_a_person_changes_it(self, store: Store) -> None:
        store.record_decision(decision(latches={"drawdown_halt": date(2014, 3, 3)}), NOW)
        assert store.risk_state().latches == {"drawdown_halt": date(2014, 3, 3)}
        store.set_risk_state(RiskState(peak=9_000.0), reason="looked at", actor="person", now=LATER)
        assert store.risk_state() == RiskState(peak=9_000.0)


class TestMode:
    def test_new_state_has_yet_to_reconcile(self, store: Store) -> None:
        assert store.mode().mode is Mode.RECONCILING

    @pytest.mark.parametrize("reconciled", [True, False])
    @pytest.mark.parametrize("latched", [True, False])
    @pytest.mark.parametrize("halted", [True, False])
    def test_strictest_fact_is_the_mode(self, store: Store, *, halted: bool, latched: bool, reconciled: bool) -> None:
        if halted:
            store.halts.raise_halt(OPERATOR, "test", reason="button", actor="person", now=NOW)
        latches = {"daily_loss": SESSION} if latched else {}
        store.set_risk_state(RiskState(latches=latches), reason="loss", actor="risk", now=NOW)
        store.set_reconciled(reconciled=reconciled, reason="compared", now=NOW)
        expected = (
            Mode.HALTED if halted else Mode.RECONCILING if not reconciled else Mode.REDUCING if latched else Mode.ACTIVE
        )
        assert store.mode().mode is expected

    def test_mode_tells_who_set_it_why_and_since_when(self, store: Store) -> None:
        store.set_reconciled(reconciled=True, reason="all found", now=NOW)
        store.halts.raise_halt(OPERATOR, "test", reason="looks odd", actor="cli:ann", now=LATER)
        state = store.mode()
        assert (state.mode, state.reason, state.actor, state.since) == (Mode.HALTED, "looks odd", "cli:ann", LATER)

    def test_same_halt_again_keeps_the_first_reason(self, store: Store) -> None:
        store.halts.raise_halt(OPERATOR, "test", reason="first", actor="a", now=NOW)
        store.halts.raise_halt(OPERATOR, "test", reason="second", actor="b", now=LATER)
        assert (store.mode().reason, store.mode().since) == ("first", NOW)

    def test_clearing_a_halt_leaves_a_latch_in_force(self, store: Store) -> None:
        store.set_reconciled(reconciled=True, reason="all found", now=NOW)
        store.record_decision(decision(latches={"drawdown_halt": SESSION}), NOW)
        store.halts.raise_halt(OPERATOR, "test", reason="x", actor="a", now=NOW)
        store.halts.acknowledge_halts(seen=store.mode().newest_halt, actor="a", now=LATER)
        assert store.mode().mode is Mode.REDUCING


class TestValues:
    def test_value_is_kept_until_it_is_replaced(self, store: Store) -> None:
        assert store.value("session_state") is None
        store.set_value("session_state", "ready")
        store.set_value("session_state", "competing")
        assert store.value("session_state") == "competing"

    @pytest.mark.parametrize("key", ["schema", "instance", "account", "coid_seq", "risk"])
    def test_what_the_file_needs_is_not_overwritten(self, store: Store, key: str) -> None:
        with pytest.raises(InvariantBroken):
            store.set_value(key, "1")


class TestTrades:
    def test_target_makes_one_trade_with_the_costs_of_both_sides(self, books: Books) -> None:
        entry, _, target = planned(books)
        books.journal.execute(entry.coid, fill("e1", entry, 10, 100.01), NOW)
        assert books.store.record_closed_trades() == 0
        books.journal.execute(target.coid, fill("e2", target, 10, 105.03, time=LATER), LATER)
        assert books.store.record_closed_trades() == 1
        assert books.store.record_closed_trades() == 0
        assert books.trades() == [
            Trade("AAPL", 10, SESSION, 100.01, date(2014, 3, 6), 105.03, "target", 2.0, 48.20)
        ]  # fmt: skip

    def test_stop_and_exit_name_their_reason(self, books: Books) -> None:
        entry, stop, _ = planned(books)
        books.journal.execute(entry.coid, fill("e1", entry, 10, 100.01), NOW)
        books.journal.execute(stop.coid, fill("e2", stop, 10, 94.97, time=NOW), NOW)
        second, *_ = planned(books)
        books.journal.execute(second.coid, fill("e3", second, 10, 90.0), LATER)
        sale = market_exit(books.journal.next_coid())
        books.journal.plan([sale])
        books.journal.execute(sale.coid, fill("e4", sale, 10, 91.0, time=LATER), LATER)
        assert books.store.record_closed_trades() == 2
        assert [(trade.exit_reason, trade.pnl) for trade in books.trades()] == [("stop", -52.4), ("time_stop", 8.0)]
        assert books.store.totals()[Counter.TRADES_CLOSED] == {"stop": 1, "time_stop": 1}

    def test_next_decision_remembers_trades_that_stops_closed_since_the_last_one(self, books: Books) -> None:
        entry, stop, _ = planned(books)
        books.journal.execute(entry.coid, fill("e1", entry, 10, 100.01), NOW)
        books.journal.execute(stop.coid, fill("e2", stop, 4, 94.97, time=NOW), NOW)
        books.store.record_closed_trades()
        assert books.store.risk_state(LATER.date()).stop_outs == ()
        # Sold over two sessions it is one stop-out, on the day of the last share.
        books.journal.execute(stop.coid, fill("e3", stop, 6, 94.97, time=LATER), LATER)
        second, _, target = planned(books)
        books.journal.execute(second.coid, fill("e4", second, 10, 90.0), LATER)
        books.journal.execute(target.coid, fill("e5", target, 10, 105.0, time=LATER), LATER)
        books.store.record_closed_trades()
        assert books.store.risk_state(LATER.date()).stop_outs == (StopOut("AAPL", LATER.date()),)
        assert books.store.risk_state(SESSION).stop_outs == ()
        assert books.store.risk_state().stop_outs == ()

    def test_stop_out_that_the_last_decision_knew_is_not_added_again(self, books: Books) -> None:
        entry, stop, _ = planned(books)
        books.journal.execute(entry.coid, fill("e1", entry, 10, 100.01), NOW)
        # By the day in New York.
        late = NOW.replace(day=NOW.day + 1, hour=2)
        books.journal.execute(stop.coid, fill("e2", stop, 10, 94.97, time=late), late)
        books.store.record_closed_trades()
        assert books.store.risk_state(SESSION).stop_outs == (StopOut("AAPL", SESSION),)
        taken = decision(SESSION)
        books.store.record_decision(taken, LATER)
        assert books.store.risk_state(LATER.date()).stop_outs == taken.risk.stop_outs

    def test_steps_of_orders_are_counted_by_state(self, books: Books) -> None:
        assert books.store.totals() == {Counter.ORDERS: {}, Counter.TRADES_CLOSED: {}}
        entry, *_ = planned(books)
        books.journal.deny(entry.coid, "too_old", "past the window")
        assert books.store.totals()[Counter.ORDERS] == {"PLANNED": 3, "DENIED": 1}

    def test_entry_that_may_still_fill_is_no_trade_yet(self, books: Books) -> None:
        entry, stop, _ = planned(books)
        books.journal.execute(entry.coid, fill("e1", entry, 4, 100.01), NOW)
        books.journal.execute(stop.coid, fill("e2", stop, 4, 95.0), NOW)
        assert books.store.record_closed_trades() == 0
        for state in (IntentState.SENDING, IntentState.WORKING, IntentState.CANCELLED):
            books.journal.transition(entry.coid, state, "", NOW)
        assert books.store.record_closed_trades() == 1
        assert books.trades()[0].quantity == 4

    def test_several_fills_are_one_trade_at_their_averages(self, books: Books) -> None:
        entry, stop, target = planned(books)
        books.journal.execute(entry.coid, fill("e1", entry, 4, 100.00, commission=0.5), NOW)
        books.journal.execute(entry.coid, fill("e2", entry, 6, 99.50, commission=0.5), NOW)
        books.journal.execute(stop.coid, fill("e3", stop, 5, 95.00, time=NOW), NOW)
        books.journal.execute(target.coid, fill("e4", target, 5, 105.00, time=LATER), LATER)
        books.store.record_closed_trades()
        assert books.trades() == [
            Trade("AAPL", 10, SESSION, 99.70, date(2014, 3, 6), 100.0, "target", 3.0, 0.0)
        ]  # fmt: skip

    def test_commission_that_comes_later_enters_the_trade(self, books: Books) -> None:
        entry, _, target = planned(books)
        books.journal.execute(entry.coid, fill("e1", entry, 10, 100.01, commission=None), NOW)
        books.journal.execute(target.coid, fill("e2", target, 10, 105.03, commission=None), NOW)
        books.store.record_closed_trades()
        assert not books.journal.execute(entry.coid, fill("e1", entry, 10, 100.01, commission=1.0), NOW)
        assert not books.journal.execute(target.coid, fill("e2", target, 10, 105.03, commission=1.25), NOW)
        assert not books.journal.execute(target.coid, fill("e2", target, 10, 105.03, commission=9.0), NOW)
        assert books.store.record_closed_trades() == 0
        assert [(trade.commission, trade.pnl) for trade in books.trades()] == [(2.25, 47.95)]

    def test_late_fill_of_both_sides_changes_the_trade_and_makes_no_second(self, books: Books) -> None:
        entry, stop, _ = planned(books)
        books.journal.execute(entry.coid, fill("e1", entry, 4, 100.0), NOW)
        books.journal.execute(stop.coid, fill("e2", stop, 4, 95.0), NOW)
        for state in (IntentState.SENDING, IntentState.WORKING, IntentState.CANCELLED):
            books.journal.transition(entry.coid, state, "", NOW)
        books.store.record_closed_trades()
        books.journal.execute(entry.coid, fill("e3", entry, 6, 100.0), LATER)
        books.journal.execute(stop.coid, fill("e4", stop, 6, 95.0), LATER)
        assert books.store.record_closed_trades() == 0
        assert [(trade.quantity, trade.pnl) for trade in books.trades()] == [(10, -54.0)]

    def test_shares_sold_by_hand_are_no_part_of_the_trade(self, books: Books) -> None:
        entry, stop, _ = planned(books)
        books.journal.execute(entry.coid, fill("e1", entry, 10, 100.0), NOW)
        books.journal.adjust(CONID, -4, "sold by hand", NOW)
        books.journal.execute(stop.coid, fill("e2", stop, 6, 95.0), NOW)
        books.store.record_closed_trades()
        assert [(trade.quantity, trade.entry_price, trade.pnl) for trade in books.trades()] == [(6, 100.0, -32.0)]

    def test_position_sold_by_hand_as_a_whole_is_no_trade_of_ours(self, books: Books) -> None:
        entry, *_ = planned(books)
        books.journal.execute(entry.coid, fill("e1", entry, 10, 100.0), NOW)
        books.journal.adjust(CONID, -10, "sold by hand", NOW)
        assert books.store.record_closed_trades() == 0

    @pytest.mark.parametrize(
        ("quantity", "price", "cost"), [(3, 33.3333, 100.00), (1, 0.005, 0.01), (7, 12.3457, 86.42), (1, 0.0049, 0.00)]
    )
    def test_each_cash_movement_is_rounded_half_up_to_the_cent(
        self, books: Books, quantity: int, price: float, cost: float
    ) -> None:
        entry, stop, _ = planned(books, quantity=quantity)
        books.journal.execute(entry.coid, fill("e1", entry, quantity, price, commission=0.0), NOW)
        books.journal.execute(stop.coid, fill("e2", stop, quantity, 100.0, commission=0.0), NOW)
        books.store.record_closed_trades()
        assert books.trades()[0].pnl == round(100 * quantity - cost, 2)


class TestBars:
    def test_only_new_and_changed_bars_are_written(self, store: Store) -> None:
        days = [date(2014, 3, 3), date(2014, 3, 4), date(2014, 3, 5)]
        assert store.record_bars(panel(days[:2], {"A": [10.0, 11.0], "B": [20.0, np.nan]}), {}) == 3
        assert store.record_bars(panel(days[:2], {"A": [10.0, 11.0], "B": [20.0, np.nan]}), {}) == 0
        later = panel(days[1:], {"A": [11.0, 12.0], "B": [21.0, 22.0], "C": [1.0, 2.0]})
        assert store.record_bars(later, {}) == 5
        assert store.record_bars(panel(days[:2], {"A": [10.0, 11.5]}), {}) == 1
