from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.fakes.memory_journal import MemoryJournal

from tests.fakes.chance import seeded
from tests.fakes.memory_store import MemoryStore
from tests.fakes.orders import LATER, NOW, bracket, fill, market_exit
from trading.errors import InvariantBroken
from trading.model.order import IntentState, OrderIntent
from trading.ports import Journal
from trading.store.database import Database
from trading.store.journal import SqliteJournal
from trading.store.records import SqliteStore
from trading.store.units import from_units


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    database = Database(tmp_path / "trading.db", chance=seeded())
    yield database
    database.close()


def planned(journal: Journal, coid: str = "TS-a") -> tuple[OrderIntent, ...]:
    intents = (*bracket(coid), market_exit(f"{coid}x"))
    journal.plan(intents)
    return intents


def test_fill_belongs_to_the_open_positions_entry(database: Database) -> None:
    journal = SqliteJournal(database)
    entry, _, _, sale = planned(journal)
    journal.execute(entry.coid, fill("e1", entry, 10, 100.0), NOW)
    journal.execute(sale.coid, fill("e2", sale, 10, 101.0), NOW)
    rows = database.query("SELECT execution_id, entry_coid FROM execution ORDER BY execution_id")
    assert [tuple(row) for row in rows] == [("e1", entry.coid), ("e2", entry.coid)]


def test_session_of_an_exit_is_the_day_it_filled(database: Database) -> None:
    journal = SqliteJournal(database)
    entry, stop, *_ = planned(journal)
    journal.execute(entry.coid, fill("e1", entry, 10, 100.0), NOW)
    journal.execute(stop.coid, fill("e2", stop, 10, 95.0, time=LATER), LATER)
    rows = database.query("SELECT session FROM execution ORDER BY execution_id")
    assert [row["session"] for row in rows] == ["2014-03-04", "2014-03-06"]


def test_oversold_shares_are_an_adjustment_and_the_trade_counts_all(database: Database) -> None:
    journal = SqliteJournal(database)
    entry, stop, target, _ = planned(journal)
    journal.execute(entry.coid, fill("e1", entry, 10, 100.0), NOW)
    journal.execute(stop.coid, fill("e2", stop, 6, 95.0), NOW)
    with pytest.raises(InvariantBroken, match="I10"):
        journal.execute(target.coid, fill("e3", target, 6, 105.0), NOW)
    assert [(row["quantity"], row["reason"]) for row in database.query("SELECT * FROM adjustment")] == [
        (2, "oversold: execution e3 sold 2 more than we had")
    ]


def test_corrected_sale_gives_the_shares_back(database: Database) -> None:
    journal = SqliteJournal(database)
    entry, stop, *_ = planned(journal)
    journal.execute(entry.coid, fill("e1", entry, 10, 100.0), NOW)
    journal.execute(stop.coid, fill("a.b.01.01", stop, 10, 95.0), NOW)
    journal.execute(stop.coid, fill("a.b.01.02", stop, 8, 95.0), NOW)
    (position,) = journal.own_positions()
    assert (position.quantity, position.entry_price, position.stop_price) == (2, 100.0, 95.02)


def test_correction_is_noted(database: Database) -> None:
    journal = SqliteJournal(database)
    entry, *_ = planned(journal)
    journal.execute(entry.coid, fill("a.b.01.01", entry, 10, 100.0), NOW)
    journal.execute(entry.coid, fill("a.b.01.02", entry, 7, 100.0), NOW)
    (row,) = database.query("SELECT * FROM adjustment")
    assert (row["quantity"], row["reason"]) == (0, "execution a.b.01.01 corrected: 10 -> 7 shares")


def test_fill_and_position_are_one_transaction(database: Database) -> None:
    journal = SqliteJournal(database)
    entry, *_ = planned(journal)
    with database.transaction() as connection:
        connection.execute("CREATE TRIGGER fail BEFORE INSERT ON position BEGIN SELECT raise(ABORT, 'crash'); END")
    with pytest.raises(InvariantBroken, match="crash"):
        journal.execute(entry.coid, fill("e1", entry, 10, 100.0), NOW)
    assert database.query("SELECT * FROM execution") == []
    record = journal.intent(entry.coid)
    assert record is not None
    assert record.filled == 0


STEP = st.tuples(st.integers(0, 3), st.integers(1, 6), st.integers(1, 1_000_000), st.integers(0, 3))


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=st.lists(STEP, max_size=12))
def test_both_journals_agree_after_any_fills(
    tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[int, ...]]
) -> None:
    database = Database(tmp_path_factory.mktemp("state") / "trading.db", chance=seeded())
    memory = MemoryJournal()
    stores = (SqliteStore(database), MemoryStore(memory))
    journals: tuple[Journal, Journal] = (SqliteJournal(database), memory)
    intents = planned(memory)
    journals[0].plan(intents)
    for journal in journals:
        for state in (IntentState.SENDING, IntentState.WORKING, IntentState.CANCELLED):
            journal.transition(intents[0].coid, state, "", NOW)
    oversold = False
    for number, (who, quantity, units, cost) in enumerate(steps):
        happening = fill(f"e{number:02d}", intents[who], quantity, from_units(units), commission=cost or None)
        outcomes = []
        for journal in journals:
            try:
                outcomes.append(journal.execute(intents[who].coid, happening, NOW))
            except InvariantBroken:
                outcomes.append(False)
        assert outcomes[0] == outcomes[1]
        oversold = oversold or not outcomes[0]
        kept = [[(p.conid, p.quantity, p.entry_coid) for p in journal.own_positions()] for journal in journals]
        assert kept[0] == kept[1]
        if not oversold:
            assert stores[0].record_closed_trades() == stores[1].record_closed_trades()
            rows = database.query("SELECT quantity, commission, pnl FROM trade ORDER BY id")
            theirs = [(trade.quantity, trade.commission, trade.pnl) for trade in stores[1].trades()]
            flat = [(row["quantity"], from_units(row["commission"]), from_units(row["pnl"])) for row in rows]
            if not kept[0]:
                assert flat == theirs
    assert database.query("PRAGMA foreign_key_check") == []
    database.close()
