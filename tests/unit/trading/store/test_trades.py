"""What is special about trades in SQLite; the rules of trades are held in tests/contracts."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fakes.chance import seeded
from tests.fakes.orders import LATER, NOW, bracket, fill
from trading.store.database import Database
from trading.store.journal import SqliteJournal
from trading.store.trades import insert_closed, refresh_trade


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    database = Database(tmp_path / "trading.db", chance=seeded())
    yield database
    database.close()


def test_trades_come_in_the_order_of_their_entries(database: Database) -> None:
    journal = SqliteJournal(database)
    for conid, symbol in ((3, "XOM"), (1, "AAPL")):
        entry, stop, target = bracket(f"TS-{symbol}", conid=conid, symbol=symbol)
        journal.plan([entry, stop, target])
        journal.execute(entry.coid, fill(f"b{conid}", entry, 10, 100.0), NOW)
        journal.execute(stop.coid, fill(f"s{conid}", stop, 10, 95.0), LATER)
    with database.transaction() as connection:
        assert insert_closed(connection) == 2
    assert [row["symbol"] for row in database.query("SELECT symbol FROM trade ORDER BY id")] == ["XOM", "AAPL"]


def test_refresh_without_a_trade_does_nothing(database: Database) -> None:
    with database.transaction() as connection:
        refresh_trade(connection, None)
        refresh_trade(connection, "nobody")
    assert database.query("SELECT * FROM trade") == []


def test_split_position_is_one_trade_over_its_whole_cost(database: Database) -> None:
    journal = SqliteJournal(database)
    entry, stop, target = bracket("TS-a", quantity=10)
    journal.plan([entry, stop, target])
    journal.execute(entry.coid, fill("b", entry, 10, 100.0, commission=1.0), NOW)
    journal.adjust(entry.conid, 10, "split 2:1", NOW, ratio=2.0)
    journal.execute(stop.coid, fill("s", stop, 20, 55.0, commission=1.0), LATER)
    with database.transaction() as connection:
        insert_closed(connection)
    (row,) = database.query("SELECT quantity, entry_price, exit_price, pnl FROM trade")
    assert tuple(row) == (20, 500_000, 550_000, 980_000)
