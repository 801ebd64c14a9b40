from __future__ import annotations

from collections.abc import Callable
from datetime import date

import pytest

from tests.fakes.orders import CONID, LATER, NOW, PATHS, SESSION, bracket, fill, market_exit
from trading.model.order import IntentState, OrderIntent
from trading.ports import AdjustmentKind
from trading.store.database import Database
from trading.store.journal import SqliteJournal
from trading.store.records import SqliteStore
from trading.store.trades import insert_closed, refresh_trade
from trading.store.units import from_units

FILL = "0000e0d5.0000000"
Trades = Callable[[], list[tuple[object, ...]]]


@pytest.fixture
def trades(database: Database) -> Trades:
    """What reads (symbol, quantity, entry, price, exit, price, reason, commission, pnl) of each trade."""

    def read() -> list[tuple[object, ...]]:
        return [
            (
                row["symbol"],
                row["quantity"],
                date.fromisoformat(row["entry_session"]),
                from_units(row["entry_price"]),
                date.fromisoformat(row["exit_session"]),
                from_units(row["exit_price"]),
                row["exit_reason"],
                from_units(row["commission"]),
                from_units(row["pnl"]),
            )
            for row in database.query("SELECT * FROM trade ORDER BY id")
        ]

    return read


def planned(journal: SqliteJournal, *, quantity: int = 10) -> tuple[OrderIntent, OrderIntent, OrderIntent]:
    intents = bracket(journal.next_coid(), quantity=quantity)
    journal.plan(intents)
    return intents


def test_target_makes_one_trade_with_the_costs_of_both_sides(
    journal: SqliteJournal, store: SqliteStore, trades: Trades
) -> None:
    entry, _, target = planned(journal)
    journal.record_fill(entry.coid, fill("e1", entry, 10, 100.01), NOW)
    assert store.record_closed_trades() == 0
    journal.record_fill(target.coid, fill("e2", target, 10, 105.03, time=LATER), LATER)
    assert store.record_closed_trades() == 1
    assert store.record_closed_trades() == 0
    assert trades() == [("AAPL", 10, SESSION, 100.01, date(2014, 3, 6), 105.03, "target", 2.0, 48.20)]


def test_stop_and_exit_name_their_reason(journal: SqliteJournal, store: SqliteStore, trades: Trades) -> None:
    entry, stop, _ = planned(journal)
    journal.record_fill(entry.coid, fill("e1", entry, 10, 100.01), NOW)
    journal.record_fill(stop.coid, fill("e2", stop, 10, 94.97), NOW)
    second, *_ = planned(journal)
    journal.record_fill(second.coid, fill("e3", second, 10, 90.0), LATER)
    sale = market_exit(journal.next_coid())
    journal.plan([sale])
    journal.record_fill(sale.coid, fill("e4", sale, 10, 91.0, time=LATER), LATER)
    assert store.record_closed_trades() == 2
    assert [(trade[6], trade[8]) for trade in trades()] == [("stop", -52.4), ("time_stop", 8.0)]


def test_entry_that_may_still_fill_is_no_trade_yet(journal: SqliteJournal, store: SqliteStore, trades: Trades) -> None:
    entry, stop, _ = planned(journal)
    journal.record_fill(entry.coid, fill("e1", entry, 4, 100.01), NOW)
    journal.record_fill(stop.coid, fill("e2", stop, 4, 95.0), NOW)
    assert store.record_closed_trades() == 0
    for state in PATHS[IntentState.CANCELLED]:
        journal.transition(entry.coid, state, "", NOW)
    assert store.record_closed_trades() == 1
    assert trades()[0][1] == 4


def test_several_fills_are_one_trade_at_their_averages(
    journal: SqliteJournal, store: SqliteStore, trades: Trades
) -> None:
    entry, stop, target = planned(journal)
    journal.record_fill(entry.coid, fill("e1", entry, 4, 100.00, commission=0.5), NOW)
    journal.record_fill(entry.coid, fill("e2", entry, 6, 99.50, commission=0.5), NOW)
    journal.record_fill(stop.coid, fill("e3", stop, 5, 95.00), NOW)
    journal.record_fill(target.coid, fill("e4", target, 5, 105.00, time=LATER), LATER)
    store.record_closed_trades()
    assert trades() == [("AAPL", 10, SESSION, 99.70, date(2014, 3, 6), 100.0, "target", 3.0, 0.0)]


def test_commission_that_comes_later_enters_the_trade(
    journal: SqliteJournal, store: SqliteStore, trades: Trades
) -> None:
    entry, _, target = planned(journal)
    journal.record_fill(entry.coid, fill("e1", entry, 10, 100.01, commission=None), NOW)
    journal.record_fill(target.coid, fill("e2", target, 10, 105.03, commission=None), NOW)
    store.record_closed_trades()
    journal.record_fill(entry.coid, fill("e1", entry, 10, 100.01, commission=1.0), NOW)
    journal.record_fill(target.coid, fill("e2", target, 10, 105.03, commission=1.25), NOW)
    assert store.record_closed_trades() == 0
    assert [trade[7:] for trade in trades()] == [(2.25, 47.95)]


def test_late_fill_of_both_sides_changes_the_trade_and_makes_no_second(
    journal: SqliteJournal, store: SqliteStore, trades: Trades
) -> None:
    entry, stop, _ = planned(journal)
    journal.record_fill(entry.coid, fill("e1", entry, 4, 100.0), NOW)
    journal.record_fill(stop.coid, fill("e2", stop, 4, 95.0), NOW)
    for state in PATHS[IntentState.CANCELLED]:
        journal.transition(entry.coid, state, "", NOW)
    store.record_closed_trades()
    journal.record_fill(entry.coid, fill("e3", entry, 6, 100.0), LATER)
    journal.record_fill(stop.coid, fill("e4", stop, 6, 95.0), LATER)
    store.record_closed_trades()
    assert [(trade[1], trade[8]) for trade in trades()] == [(10, -54.0)]


@pytest.mark.parametrize(("quantity", "price", "pnl"), [(10, 96.0, -42.0), (8, 95.0, None), (0, 95.0, None)])
def test_trade_follows_a_correction_of_its_sale(
    journal: SqliteJournal, store: SqliteStore, trades: Trades, quantity: int, price: float, pnl: float | None
) -> None:
    entry, stop, _ = planned(journal)
    journal.record_fill(entry.coid, fill("e1", entry, 10, 100.0), NOW)
    journal.record_fill(stop.coid, fill("a.b.01.01", stop, 10, 95.0), NOW)
    store.record_closed_trades()
    journal.record_fill(stop.coid, fill("a.b.01.02", stop, quantity, price), LATER)
    # A position that is open again has no trade; one is made when it is sold.
    assert [trade[8] for trade in trades()] == ([] if pnl is None else [pnl])
    if pnl is None:
        journal.record_fill(stop.coid, fill("e3", stop, 10 - quantity, 95.0), LATER)
        assert store.record_closed_trades() == 1
    assert [trade[1] for trade in trades()] == [10]


def test_trade_of_which_both_sides_were_taken_back_is_gone(
    journal: SqliteJournal, store: SqliteStore, trades: Trades
) -> None:
    entry, _, target = planned(journal)
    bought, sold = fill(f"{FILL}1.01.01", entry, 10, 100.0), fill(f"{FILL}2.01.01", target, 10, 105.0, time=LATER)
    journal.record_fill(entry.coid, bought, NOW)
    journal.record_fill(target.coid, sold, LATER)
    store.record_closed_trades()
    journal.record_fill(entry.coid, fill(f"{FILL}1.01.02", entry, 0, 100.0), LATER)
    journal.record_fill(target.coid, fill(f"{FILL}2.01.02", target, 0, 105.0, time=LATER), LATER)
    assert (trades(), store.record_closed_trades()) == ([], 0)


def test_shares_sold_by_hand_are_no_part_of_the_trade(
    journal: SqliteJournal, store: SqliteStore, trades: Trades
) -> None:
    entry, stop, _ = planned(journal)
    journal.record_fill(entry.coid, fill("e1", entry, 10, 100.0), NOW)
    journal.adjust(CONID, -4, AdjustmentKind.MANUAL, "sold by hand", NOW)
    journal.record_fill(stop.coid, fill("e2", stop, 6, 95.0), NOW)
    store.record_closed_trades()
    assert [(trade[1], trade[3], trade[8]) for trade in trades()] == [(6, 100.0, -32.0)]


def test_position_sold_by_hand_as_a_whole_is_no_trade_of_ours(journal: SqliteJournal, store: SqliteStore) -> None:
    entry, *_ = planned(journal)
    journal.record_fill(entry.coid, fill("e1", entry, 10, 100.0), NOW)
    journal.adjust(CONID, -10, AdjustmentKind.MANUAL, "sold by hand", NOW)
    assert store.record_closed_trades() == 0


@pytest.mark.parametrize(
    ("quantity", "price", "cost"), [(3, 33.3333, 100.00), (1, 0.005, 0.01), (7, 12.3457, 86.42), (1, 0.0049, 0.00)]
)
def test_each_cash_movement_is_rounded_half_up_to_the_cent(
    journal: SqliteJournal, store: SqliteStore, trades: Trades, quantity: int, price: float, cost: float
) -> None:
    entry, stop, _ = planned(journal, quantity=quantity)
    journal.record_fill(entry.coid, fill("e1", entry, quantity, price, commission=0.0), NOW)
    journal.record_fill(stop.coid, fill("e2", stop, quantity, 100.0, commission=0.0), NOW)
    store.record_closed_trades()
    assert trades()[0][8] == round(100 * quantity - cost, 2)


def test_trades_come_in_the_order_of_their_entries(journal: SqliteJournal, database: Database, trades: Trades) -> None:
    for conid, symbol in ((3, "XOM"), (1, "AAPL")):
        entry, stop, target = bracket(f"TS-{symbol}", conid=conid, symbol=symbol)
        journal.plan([entry, stop, target])
        journal.record_fill(entry.coid, fill(f"b{conid}", entry, 10, 100.0), NOW)
        journal.record_fill(stop.coid, fill(f"s{conid}", stop, 10, 95.0), LATER)
    with database.transaction() as connection:
        assert insert_closed(connection) == 2
    assert [trade[0] for trade in trades()] == ["XOM", "AAPL"]


def test_refresh_without_a_trade_does_nothing(database: Database) -> None:
    with database.transaction() as connection:
        refresh_trade(connection, None)
        refresh_trade(connection, "nobody")
    assert database.query("SELECT * FROM trade") == []


@pytest.mark.parametrize(
    ("change", "ratio", "quantity", "price", "pnl"), [(10, 2.0, 20, 55.0, 98.0), (-5, 0.5, 5, 210.0, 48.0)]
)
def test_split_position_is_one_trade_over_its_whole_cost(
    journal: SqliteJournal,
    store: SqliteStore,
    trades: Trades,
    change: int,
    ratio: float,
    quantity: int,
    price: float,
    pnl: float,
) -> None:
    entry, stop, _ = planned(journal)
    journal.record_fill(entry.coid, fill("b", entry, 10, 100.0, commission=1.0), NOW)
    journal.adjust(entry.conid, change, AdjustmentKind.SPLIT, "split", NOW, ratio=ratio)
    journal.record_fill(stop.coid, fill("s", stop, quantity, price, commission=1.0), LATER)
    store.record_closed_trades()
    assert [(trade[1], trade[3], trade[5], trade[8]) for trade in trades()] == [
        (quantity, 100.0 / ratio, price, pnl),
    ]


# ---- executions that make no sense


def results(database: Database) -> list[tuple[float, bool]]:
    """Return the result of each trade and whether it is in doubt."""
    return [(from_units(row["pnl"]), bool(row["doubt"])) for row in database.query("SELECT * FROM trade ORDER BY id")]


def test_sale_without_a_price_sells_and_its_result_is_in_doubt_until_it_is_corrected(
    database: Database, journal: SqliteJournal, store: SqliteStore
) -> None:
    entry, stop, _ = planned(journal)
    journal.record_fill(entry.coid, fill("a.b.c.01", entry, 10, 100.0), NOW)
    counted = journal.record_fill(stop.coid, fill("a.b.d.01", stop, 10, 0.0), NOW)
    assert (counted.new, counted.doubt) == (True, "it has no price")
    assert journal.own_positions() == ()
    store.record_closed_trades()
    assert results(database) == [(-1002.0, True)]
    assert store.risk_state(LATER.date()).stop_outs == ()
    counted = journal.record_fill(stop.coid, fill("a.b.d.02", stop, 10, 95.0), NOW)
    assert (counted.corrected, counted.doubt) == (True, "")
    assert results(database) == [(-52.0, False)]
    assert [out.symbol for out in store.risk_state(LATER.date()).stop_outs] == ["AAPL"]


def test_purchase_without_a_price_is_owned_at_its_limit(journal: SqliteJournal, database: Database) -> None:
    entry, *_ = planned(journal)
    journal.record_fill(entry.coid, fill("e1", entry, 4, 0.0), NOW)
    assert [(p.quantity, p.entry_price) for p in journal.own_positions()] == [(4, 100.01)]
    journal.record_fill(entry.coid, fill("e2", entry, 4, 99.01), NOW)
    assert [(p.quantity, p.entry_price) for p in journal.own_positions()] == [(8, 99.51)]
    journal.record_fill(entry.coid, fill("e3", entry, 2, 1000.0), NOW)
    assert [p.entry_price for p in journal.own_positions()] == [99.61]
    raw = [from_units(row["price"]) for row in database.query("SELECT price FROM execution ORDER BY execution_id")]
    assert raw == [0.0, 99.01, 1000.0]


def test_price_that_can_not_be_read_for_once_changes_none_that_could_be(
    journal: SqliteJournal, database: Database
) -> None:
    entry, *_ = planned(journal)
    journal.record_fill(entry.coid, fill("e1", entry, 10, 100.0), NOW)
    assert not journal.record_fill(entry.coid, fill("e1", entry, 10, 0.0), NOW).corrected
    assert journal.record_fill(entry.coid, fill("e1", entry, 10, 99.0), NOW).corrected
    assert [row["doubt"] for row in database.query("SELECT doubt FROM execution")] == [""]


def test_more_bought_than_was_ordered_or_sold_than_there_was_is_in_doubt(
    journal: SqliteJournal, store: SqliteStore, database: Database
) -> None:
    entry, stop, _ = planned(journal)
    journal.record_fill(entry.coid, fill("e1", entry, 10, 100.0), NOW)
    assert journal.record_fill(entry.coid, fill("e2", entry, 2, 100.0), NOW).doubt
    assert [p.quantity for p in journal.own_positions()] == [12]
    journal.record_fill(stop.coid, fill("e3", stop, 12, 95.0), NOW)
    second, stop, _ = planned(journal)
    journal.record_fill(second.coid, fill("e4", second, 10, 100.0), LATER)
    journal.record_fill(stop.coid, fill("e5", stop, 11, 95.0), LATER)
    store.record_closed_trades()
    assert [in_doubt for _, in_doubt in results(database)] == [True, True]
    reasons = [row["doubt"] for row in database.query("SELECT doubt FROM trade ORDER BY id")]
    assert reasons == ["12 shares were bought, 10 were ordered", "1 more shares were sold than there were"]
