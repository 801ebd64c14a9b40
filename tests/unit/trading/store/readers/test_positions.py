from __future__ import annotations

from pathlib import Path

import numpy as np

from tests.fakes.orders import LATER, NOW, SESSION, about, bracket, fill
from trading.market.panel import Panel
from trading.store.commands import SqliteCommandLog
from trading.store.database import Database
from trading.store.journal import SqliteJournal
from trading.store.readers.positions import TradeTotals
from trading.store.readers.state import read_state
from trading.store.records import SqliteStore


def test_position_shows_how_much_of_it_is_covered(database: Database, path: Path) -> None:
    journal, store = SqliteJournal(database), SqliteStore(database)
    entry, stop, target = bracket("TS-a")
    journal.plan([entry, stop, target])
    journal.record_fill(entry.coid, fill("e1", entry, 10, 100.01), NOW)
    one = np.array([[101.5]])
    store.record_bars(Panel(("AAPL",), np.array(["2014-03-04"], "datetime64[D]"), one, one, one, one, one), {})
    with read_state(path) as state:
        (bare,) = state.positions.open()
        assert state.positions.open("XOM") == ()
        assert state.positions.open("AAPL") == (bare,)
    assert (bare.symbol, bare.quantity, bare.entry_price, bare.stop_price, bare.target_price) == (
        "AAPL", 10, 100.01, 95.02, 105.03,
    )  # fmt: skip
    assert (bare.covered, bare.last_close, bare.entry_session) == (0, 101.5, SESSION)
    about(SqliteCommandLog(database), [stop.coid])
    journal.bind(stop.coid, 5, 1, NOW)
    with read_state(path) as state:
        assert [line.covered for line in state.positions.open()] == [10]


def test_trades_come_newest_first_by_pages_and_add_up(database: Database, path: Path) -> None:
    journal, store = SqliteJournal(database), SqliteStore(database)
    for conid, symbol, time in ((1, "AAPL", NOW), (2, "XOM", LATER), (3, "IBM", LATER)):
        entry, stop, target = bracket(f"TS-{symbol}", conid=conid, symbol=symbol)
        journal.plan([entry, stop, target])
        journal.record_fill(entry.coid, fill(f"b{conid}", entry, 10, 100.0), NOW)
        journal.record_fill(stop.coid, fill(f"s{conid}", stop, 10, 95.0 + 10 * (conid == 3), time=time), time)
    store.record_closed_trades()
    with read_state(path) as state:
        read = state.positions
        assert [line.symbol for line in read.trades()] == ["IBM", "XOM", "AAPL"]
        assert [line.symbol for line in read.trades(limit=1, offset=1)] == ["XOM"]
        assert [line.pnl for line in read.trades("AAPL")] == [-52.0]
        assert read.trade_totals() == TradeTotals(3, 1, -56.0, 6.0)
        assert read.trade_totals("AAPL") == TradeTotals(1, 0, -52.0, 2.0)
        assert read.trade_totals("ZZZ") == TradeTotals(0, 0, 0.0, 0.0)


def test_trade_in_doubt_is_shown_and_left_out_of_the_sums(database: Database, path: Path) -> None:
    journal, store = SqliteJournal(database), SqliteStore(database)
    for conid, symbol, price in ((1, "AAPL", 95.0), (2, "XOM", 0.0)):
        entry, stop, target = bracket(f"TS-{symbol}", conid=conid, symbol=symbol)
        journal.plan([entry, stop, target])
        journal.record_fill(entry.coid, fill(f"b{conid}", entry, 10, 100.0), NOW)
        journal.record_fill(stop.coid, fill(f"s{conid}", stop, 10, price), NOW)
    store.record_closed_trades()
    with read_state(path) as state:
        assert [(line.symbol, line.doubt) for line in state.positions.trades()] == [
            ("AAPL", ""),
            ("XOM", "it has no price"),
        ]
        assert state.positions.trade_totals() == TradeTotals(1, 0, -52.0, 2.0, doubted=1)
        assert state.positions.trade_totals("XOM") == TradeTotals(0, 0, 0.0, 0.0, doubted=1)
