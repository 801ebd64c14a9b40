from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.fakes.chance import seeded
from tests.fakes.orders import CONID, LATER, NOW, SESSION, bracket, fill, market_exit
from trading.errors import InvariantBroken
from trading.model.order import IntentState, OrderIntent, Side
from trading.model.record import IntentRecord, OwnPosition
from trading.ports import AdjustmentKind, Counted
from trading.store.database import Database
from trading.store.journal import SqliteJournal
from trading.store.records import SqliteStore

FILL = "0000e0d5.6576fd38.01"
NEW = Counted(new=True)
OLD = Counted(new=False)
CORRECTED = Counted(new=False, corrected=True)
TAKEN_BACK = Counted(new=False, corrected=True, taken_back=True)


def planned(journal: SqliteJournal, coid: str = "TS-a") -> tuple[OrderIntent, ...]:
    """Plan an entry, its stop and target, and a sale."""
    intents = (*bracket(coid), market_exit(f"{coid}x"))
    journal.plan(intents)
    return intents


def bought(journal: SqliteJournal, execution_id: str = "e1", quantity: int = 10) -> tuple[OrderIntent, ...]:
    intents = planned(journal)
    journal.record_fill(intents[0].coid, fill(execution_id, intents[0], quantity, 100.0), NOW)
    return intents


def shares(journal: SqliteJournal) -> list[int]:
    return [position.quantity for position in journal.own_positions()]


def record(journal: SqliteJournal, coid: str) -> IntentRecord:
    found = journal.intent(coid)
    assert found is not None
    return found


def adjustments(database: Database) -> list[tuple[object, ...]]:
    return [tuple(row) for row in database.query("SELECT kind, quantity, reason FROM adjustment ORDER BY id")]


# ---- counting


def test_entry_fill_makes_the_position_with_the_plan_it_came_from(journal: SqliteJournal) -> None:
    entry, *_ = planned(journal)
    assert journal.record_fill(entry.coid, fill("e1", entry, 10, 100.01), NOW) == NEW
    assert journal.own_positions() == (OwnPosition(CONID, "AAPL", 10, SESSION, 100.01, 95.02, 105.03, entry.coid),)
    assert (record(journal, entry.coid).filled, record(journal, entry.coid).average_price) == (10, 100.01)


def test_two_fills_of_one_entry_average_their_price(journal: SqliteJournal) -> None:
    entry, *_ = planned(journal)
    journal.record_fill(entry.coid, fill("e1", entry, 4, 100.00), NOW)
    journal.record_fill(entry.coid, fill("e2", entry, 6, 99.50), NOW)
    assert [(p.quantity, p.entry_price) for p in journal.own_positions()] == [(10, 99.70)]


def test_execution_is_counted_once(journal: SqliteJournal) -> None:
    entry, *_ = bought(journal)
    assert journal.record_fill(entry.coid, fill("e1", entry, 10, 100.0), NOW) == OLD
    assert shares(journal) == [10]


def test_sales_reduce_the_position_until_it_is_gone(journal: SqliteJournal) -> None:
    _, stop, target, _ = bought(journal)
    journal.record_fill(stop.coid, fill("e2", stop, 4, 95.00), LATER)
    assert shares(journal) == [6]
    journal.record_fill(target.coid, fill("e3", target, 6, 105.03), LATER)
    assert journal.own_positions() == ()


def test_fill_does_not_change_the_state(journal: SqliteJournal) -> None:
    entry, *_ = planned(journal)
    for state in (IntentState.SENDING, IntentState.WORKING, IntentState.CANCELLED):
        journal.transition(entry.coid, state, "", NOW)
    assert journal.record_fill(entry.coid, fill("e1", entry, 3, 100.01), NOW) == NEW
    assert shares(journal) == [3]
    assert record(journal, entry.coid).state is IntentState.CANCELLED


@pytest.mark.parametrize(
    "change", [{"conid": 1}, {"side": Side.SELL}, {"quantity": 1.5}, {"quantity": -5}, {"price": -0.35}]
)
def test_execution_of_another_order_is_refused_and_leaves_nothing(
    journal: SqliteJournal, database: Database, change: dict[str, float]
) -> None:
    entry, *_ = planned(journal)
    with pytest.raises(InvariantBroken, match="is not of"):
        journal.record_fill(entry.coid, replace(fill("e1", entry, 10, 100.01), **change), NOW)  # type: ignore[arg-type]
    assert journal.own_positions() == ()
    assert database.query("SELECT * FROM execution") == []


def test_fill_belongs_to_the_open_positions_entry(journal: SqliteJournal, database: Database) -> None:
    entry, _, _, sale = bought(journal)
    journal.record_fill(sale.coid, fill("e2", sale, 10, 101.0), NOW)
    rows = database.query("SELECT execution_id, entry_coid FROM execution ORDER BY execution_id")
    assert [tuple(row) for row in rows] == [("e1", entry.coid), ("e2", entry.coid)]


def test_session_of_an_exit_is_the_day_it_filled_in_new_york(journal: SqliteJournal, database: Database) -> None:
    _, stop, *_ = bought(journal)
    late = LATER + timedelta(hours=7)
    journal.record_fill(stop.coid, fill("e2", stop, 10, 95.0, time=late), late)
    rows = database.query("SELECT session FROM execution ORDER BY execution_id")
    assert late.date().isoformat() == "2014-03-07"
    assert [row["session"] for row in rows] == ["2014-03-04", "2014-03-06"]


def test_commission_that_comes_later_is_filled_in_once(journal: SqliteJournal, database: Database) -> None:
    entry, *_ = planned(journal)
    for commission in (None, 1.25, 9.0):
        journal.record_fill(entry.coid, fill("e1", entry, 10, 100.0, commission=commission), NOW)
    assert [row["commission"] for row in database.query("SELECT commission FROM execution")] == [12_500]


def test_fill_and_position_are_one_transaction(journal: SqliteJournal, database: Database) -> None:
    entry, *_ = planned(journal)
    with database.transaction() as connection:
        connection.execute("CREATE TRIGGER fail BEFORE INSERT ON position BEGIN SELECT raise(ABORT, 'crash'); END")
    with pytest.raises(InvariantBroken, match="crash"):
        journal.record_fill(entry.coid, fill("e1", entry, 10, 100.0), NOW)
    assert database.query("SELECT * FROM execution") == []
    assert record(journal, entry.coid).filled == 0


# ---- corrections


def test_correction_takes_the_place_of_the_earlier_version(journal: SqliteJournal, database: Database) -> None:
    entry, *_ = bought(journal, f"{FILL}.01")
    assert journal.record_fill(entry.coid, fill(f"{FILL}.02", entry, 7, 100.02), NOW) == TAKEN_BACK
    assert journal.record_fill(entry.coid, fill(f"{FILL}.01", entry, 10, 100.0), NOW) == OLD
    assert [(p.quantity, p.entry_price) for p in journal.own_positions()] == [(7, 100.02)]
    assert (record(journal, entry.coid).filled, record(journal, entry.coid).average_price) == (7, 100.02)
    assert adjustments(database) == [("correction", 0, f"execution {FILL}.01 corrected: 10 -> 7 shares")]


def test_correction_of_the_price_alone_is_noted_as_one(journal: SqliteJournal, database: Database) -> None:
    entry, *_ = bought(journal, f"{FILL}.01")
    assert journal.record_fill(entry.coid, fill(f"{FILL}.02", entry, 10, 99.5), NOW) == CORRECTED
    assert [(p.quantity, p.entry_price) for p in journal.own_positions()] == [(10, 99.5)]
    assert adjustments(database) == [("correction", 0, f"execution {FILL}.01 corrected: price 100 -> 99.5")]


@pytest.mark.parametrize("version", ["01", "02"])
def test_execution_that_is_taken_back_gives_its_shares_back(
    journal: SqliteJournal, database: Database, version: str
) -> None:
    entry, *_ = bought(journal, f"{FILL}.01")
    taken_back = fill(f"{FILL}.{version}", entry, 0, 100.0)
    assert journal.record_fill(entry.coid, taken_back, NOW) == TAKEN_BACK
    assert journal.own_positions() == ()
    assert (record(journal, entry.coid).filled, record(journal, entry.coid).average_price) == (0, None)
    assert journal.record_fill(entry.coid, taken_back, NOW) == OLD
    assert len(adjustments(database)) == 1


def test_sale_that_is_taken_back_brings_the_position_back_with_its_plan(journal: SqliteJournal) -> None:
    entry, stop, *_ = bought(journal)
    journal.record_fill(stop.coid, fill(f"{FILL}.01", stop, 10, 95.0), LATER)
    assert journal.own_positions() == ()
    journal.record_fill(stop.coid, fill(f"{FILL}.02", stop, 0, 95.0), LATER)
    assert journal.own_positions() == (OwnPosition(CONID, "AAPL", 10, SESSION, 100.0, 95.02, 105.03, entry.coid),)


def test_sale_that_is_corrected_gives_the_difference_back(journal: SqliteJournal) -> None:
    _, stop, *_ = bought(journal)
    journal.record_fill(stop.coid, fill(f"{FILL}.01", stop, 10, 95.0), NOW)
    journal.record_fill(stop.coid, fill(f"{FILL}.02", stop, 8, 95.0), NOW)
    assert [(p.quantity, p.entry_price, p.stop_price) for p in journal.own_positions()] == [(2, 100.0, 95.02)]


def test_late_older_version_of_a_corrected_fill_is_not_counted(journal: SqliteJournal) -> None:
    entry, *_ = planned(journal)
    journal.record_fill(entry.coid, fill(f"{FILL}.02", entry, 7, 100.02), NOW)
    assert journal.record_fill(entry.coid, fill(f"{FILL}.01", entry, 10, 100.01), NOW) == OLD
    assert shares(journal) == [7]


def test_version_nine_is_followed_by_ten(journal: SqliteJournal) -> None:
    entry, *_ = bought(journal, f"{FILL}.9")
    assert journal.record_fill(entry.coid, fill(f"{FILL}.10", entry, 6, 100.0), NOW) == TAKEN_BACK
    assert shares(journal) == [6]


@pytest.mark.parametrize("other", ["0000e0d5.6576fd39.01.01", "0000e0d5.6576fd38.0a.01", "0000e0d5.6576fd38.02.01"])
def test_two_fills_of_one_order_are_no_correction(journal: SqliteJournal, other: str) -> None:
    entry, *_ = bought(journal, "0000e0d5.6576fd38.01.01", 4)
    assert journal.record_fill(entry.coid, fill(other, entry, 6, 100.0), NOW) == NEW
    assert shares(journal) == [10]


# ---- more sold than we had, and what is told late


def test_limit_that_latches_for_a_fill_is_told(journal: SqliteJournal, database: Database) -> None:
    told: list[str] = []
    telling = SqliteJournal(database, lambda: told.append("latched"))
    _, stop, target, _ = bought(journal)
    telling.record_fill(stop.coid, fill("e2", stop, 6, 95.0), NOW)
    assert told == []
    telling.record_fill(target.coid, fill("e3", target, 6, 105.0), NOW)
    assert told == ["latched"]


def test_more_sold_than_we_had_is_an_adjustment_and_is_reported(journal: SqliteJournal, database: Database) -> None:
    _, stop, target, _ = bought(journal)
    journal.record_fill(stop.coid, fill("e2", stop, 6, 95.0), NOW)
    assert journal.record_fill(target.coid, fill("e3", target, 6, 105.0), NOW) == Counted(new=True, oversold=2)
    assert adjustments(database) == [("oversold", 2, "oversold: execution e3 sold 2 more than we had")]
    assert journal.own_positions() == ()
    latched = SqliteStore(database).mode().latched
    assert latched is not None
    assert (latched.codes, latched.reason) == (("oversold",), "AAPL: execution e3 sold 2 more than we had")
    assert record(journal, target.coid).filled == 6
    assert journal.record_fill(target.coid, fill("e3", target, 6, 105.0), NOW) == OLD


def test_purchase_that_is_told_after_its_sale_takes_the_adjustment_back(
    journal: SqliteJournal, database: Database
) -> None:
    entry, _, target, _ = planned(journal)
    assert journal.record_fill(target.coid, fill("e2", target, 10, 105.0), NOW) == Counted(new=True, oversold=10)
    assert journal.record_fill(entry.coid, fill("e1", entry, 10, 100.0), NOW) == NEW
    assert journal.own_positions() == ()
    assert [row[:2] for row in adjustments(database)] == [("oversold", 10), ("oversold", -10)]


def test_purchase_of_more_than_was_oversold_leaves_the_rest(journal: SqliteJournal) -> None:
    entry, _, target, _ = planned(journal)
    journal.record_fill(target.coid, fill("e2", target, 4, 105.0), NOW)
    journal.record_fill(entry.coid, fill("e1", entry, 10, 100.0), NOW)
    assert shares(journal) == [6]


def test_sale_that_is_told_late_takes_back_what_was_taken_for_sold_by_hand(
    journal: SqliteJournal, database: Database
) -> None:
    _, stop, *_ = bought(journal)
    journal.adjust(CONID, -4, AdjustmentKind.MANUAL, "4 of 10 own shares were sold by hand", LATER)
    assert journal.record_fill(stop.coid, fill("e2", stop, 4, 95.0), LATER) == NEW
    assert shares(journal) == [6]
    assert [row[:2] for row in adjustments(database)] == [("manual", -4), ("manual", 4)]


def test_sale_after_shares_were_sold_by_hand_is_of_the_others(journal: SqliteJournal, database: Database) -> None:
    _, stop, *_ = bought(journal)
    journal.adjust(CONID, -4, AdjustmentKind.MANUAL, "4 of 10 own shares were sold by hand", NOW)
    assert journal.record_fill(stop.coid, fill("e2", stop, 6, 95.0, time=LATER), LATER) == NEW
    assert shares(journal) == []
    assert [row[:2] for row in adjustments(database)] == [("manual", -4)]


def test_sale_of_shares_that_were_written_off_shows_that_they_were_there(
    journal: SqliteJournal, database: Database
) -> None:
    _, stop, *_ = bought(journal)
    journal.adjust(CONID, -10, AdjustmentKind.MANUAL, "10 of 10 own shares were sold by hand", NOW)
    assert journal.record_fill(stop.coid, fill("e2", stop, 7, 95.0, time=LATER), LATER) == NEW
    assert [row[:2] for row in adjustments(database)] == [("manual", -10), ("manual", 7)]
    assert journal.record_fill(stop.coid, fill("e3", stop, 3, 95.0, time=LATER), LATER) == NEW
    assert shares(journal) == []


# ---- changes that are no execution


def test_shares_sold_by_hand_are_taken_off(journal: SqliteJournal) -> None:
    bought(journal)
    journal.adjust(CONID, -4, AdjustmentKind.MANUAL, "sold by hand", NOW)
    assert shares(journal) == [6]
    journal.adjust(CONID, -6, AdjustmentKind.MANUAL, "sold by hand", NOW)
    assert journal.own_positions() == ()
    with pytest.raises(InvariantBroken):
        journal.adjust(CONID, -1, AdjustmentKind.MANUAL, "sold by hand", NOW)


def test_more_than_there_is_can_not_be_taken_off(journal: SqliteJournal, database: Database) -> None:
    bought(journal)
    with pytest.raises(InvariantBroken):
        journal.adjust(CONID, -11, AdjustmentKind.MANUAL, "sold by hand", NOW)
    assert shares(journal) == [10]
    assert adjustments(database) == []


@pytest.mark.parametrize(
    ("change", "ratio", "expected"),
    [(10, 2.0, (20, 50.0, 47.51, 52.515)), (-5, 0.5, (5, 200.0, 190.04, 210.06))],
)
def test_split_changes_shares_and_prices(
    journal: SqliteJournal, change: int, ratio: float, expected: tuple[float, ...]
) -> None:
    bought(journal)
    journal.adjust(CONID, change, AdjustmentKind.SPLIT, "split", NOW, ratio=ratio)
    (p,) = journal.own_positions()
    assert (p.quantity, p.entry_price, p.stop_price, p.target_price) == expected


def test_sale_after_a_split_keeps_the_entry_price_of_todays_shares(journal: SqliteJournal) -> None:
    _, stop, *_ = bought(journal)
    journal.adjust(CONID, 10, AdjustmentKind.SPLIT, "split", NOW, ratio=2.0)
    journal.record_fill(stop.coid, fill("e2", stop, 5, 47.0), LATER)
    assert [(p.quantity, p.entry_price) for p in journal.own_positions()] == [(15, 50.0)]


# ---- whatever comes

STEP = st.tuples(st.integers(0, 3), st.integers(0, 6), st.integers(1, 1_000_000), st.integers(1, 5), st.integers(1, 3))


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=st.lists(STEP, max_size=12))
def test_shares_are_executions_plus_adjustments_whatever_is_told_in_whatever_order(
    tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[int, ...]]
) -> None:
    database = Database(tmp_path_factory.mktemp("state") / "trading.db", chance=seeded())
    journal = SqliteJournal(database)
    intents = planned(journal)
    truth: dict[str, tuple[int, int, int, int]] = {}
    for who, quantity, units, number, version in steps:
        name = f"{who}.{number}.01"
        told = fill(f"{name}.{version:02d}", intents[who], quantity, units / 10_000)
        journal.record_fill(intents[who].coid, told, NOW)
        if name not in truth or truth[name][3] <= version:
            truth[name] = (who, quantity, units, version)
    for who, intent in enumerate(intents):
        mine = [(quantity, units) for owner, quantity, units, _ in truth.values() if owner == who]
        filled = sum(quantity for quantity, _ in mine)
        assert record(journal, intent.coid).filled == filled
        if filled:
            average = sum(quantity * units for quantity, units in mine) / filled / 10_000
            assert record(journal, intent.coid).average_price == pytest.approx(average, abs=1e-4)
    noted = sum(int(row["quantity"]) for row in database.query("SELECT quantity FROM adjustment"))
    bought_and_sold = sum(q if who == 0 else -q for who, q, _, _ in truth.values())
    assert sum(shares(journal)) == bought_and_sold + noted
    assert database.query("PRAGMA foreign_key_check") == []
    database.close()


def test_shares_that_splits_left_of_a_sold_position_make_it_anew_with_its_plan(
    journal: SqliteJournal, database: Database
) -> None:
    entry, stop, *_ = bought(journal)
    journal.adjust(CONID, 10, AdjustmentKind.SPLIT, "split", NOW, ratio=2.0)
    journal.record_fill(stop.coid, fill("e2", stop, 20, 24.00), LATER)
    assert shares(journal) == []
    journal.adjust(CONID, 20, AdjustmentKind.SPLIT, "left", LATER, ratio=4.0)
    made = OwnPosition(CONID, "AAPL", 20, SESSION, 25.0, 23.755, 26.2575, entry.coid, split_ratio=4.0)
    assert journal.own_positions() == (made,)
    assert [row["ratio"] for row in database.query("SELECT ratio FROM adjustment ORDER BY id")] == [2.0, 2.0]


def test_shares_of_a_contract_that_was_never_bought_are_no_split(journal: SqliteJournal) -> None:
    with pytest.raises(InvariantBroken):
        journal.adjust(CONID, 20, AdjustmentKind.SPLIT, "left", LATER, ratio=2.0)
    assert shares(journal) == []


def test_shares_that_were_not_sold_by_hand_after_all_make_their_position_anew(journal: SqliteJournal) -> None:
    bought(journal)
    journal.adjust(CONID, 10, AdjustmentKind.SPLIT, "split", NOW, ratio=2.0)
    (before,) = journal.own_positions()
    journal.adjust(CONID, -20, AdjustmentKind.MANUAL, "sold by hand", NOW)
    assert journal.own_positions() == ()
    journal.adjust(CONID, 20, AdjustmentKind.MANUAL, "taken back", LATER)
    assert journal.own_positions() == (before,)
    with pytest.raises(InvariantBroken):
        journal.adjust(CONID + 1, 20, AdjustmentKind.MANUAL, "taken back", LATER)
