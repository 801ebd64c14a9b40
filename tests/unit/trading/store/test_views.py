from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import numpy as np
import pytest

from tests.fakes.chance import seeded
from tests.fakes.decisions import decision
from tests.fakes.orders import LATER, NOW, SESSION, bracket, fill, request
from trading.errors import DataError
from trading.market.panel import Panel
from trading.model.mode import Mode
from trading.model.order import IntentState
from trading.store.database import Database
from trading.store.journal import SqliteJournal
from trading.store.records import SqliteStore
from trading.store.views import Views


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state" / "trading.db"


@pytest.fixture
def database(path: Path) -> Iterator[Database]:
    database = Database(path, chance=seeded())
    yield database
    database.close()


def test_without_a_file_every_answer_is_empty(path: Path) -> None:
    views = Views(path)
    assert views.mode() is None
    assert views.last_decision() is None
    assert views.facts() == {}
    assert (views.equity(), views.positions(), views.open_orders(), views.trades(), views.cycles()) == ((),) * 5
    assert (views.verdicts_of("A"), views.denial_counts()) == ((), {})
    assert not path.parent.exists()


def test_file_that_can_not_be_read_is_said(path: Path) -> None:
    path.parent.mkdir()
    path.write_bytes(b"rubbish" * 1000)
    with pytest.raises(DataError, match="can't be read"):
        Views(path).facts()


def test_views_see_each_commit_while_the_writer_is_open(database: Database, path: Path) -> None:
    store, views = SqliteStore(database), Views(path)
    store.set_value("session_state", "ready")
    assert views.facts()["session_state"] == "ready"
    with database.transaction() as connection:
        connection.execute("UPDATE fact SET value = 'competing' WHERE key = 'session_state'")
        assert views.facts()["session_state"] == "ready"
    assert views.facts()["session_state"] == "competing"


def test_position_shows_how_much_of_it_is_covered(database: Database, path: Path) -> None:
    journal, store, views = SqliteJournal(database), SqliteStore(database), Views(path)
    entry, stop, target = bracket("TS-a")
    journal.plan([entry, stop, target])
    journal.execute(entry.coid, fill("e1", entry, 10, 100.01), NOW)
    one = np.array([[101.5]])
    store.record_bars(Panel(("AAPL",), np.array(["2014-03-04"], "datetime64[D]"), one, one, one, one, one))
    (bare,) = views.positions()
    assert (bare.symbol, bare.quantity, bare.entry_price, bare.stop_price, bare.target_price) == (
        "AAPL", 10, 100.01, 95.02, 105.03,
    )  # fmt: skip
    assert (bare.covered, bare.last_close, bare.entry_session) == (0, 101.5, SESSION)
    journal.about([stop.coid], request(), IntentState.SENDING, 1, NOW)
    journal.bind(stop.coid, 5, NOW)
    assert [line.covered for line in views.positions()] == [10]


def test_orders_are_those_that_may_still_do_something(database: Database, path: Path) -> None:
    journal, views = SqliteJournal(database), Views(path)
    entry, stop, target = bracket("TS-a")
    journal.plan([entry, stop, target])
    journal.deny(target.coid, "price_collar", "too far")
    assert [line.coid for line in views.open_orders()] == [entry.coid, stop.coid]
    line = views.open_orders()[1]
    assert (line.role, line.side, line.order_type, line.limit_price, line.stop_price) == (
        "stop", "SELL", "STP", None, 95.02,
    )  # fmt: skip


def test_trades_come_newest_first_by_pages(database: Database, path: Path) -> None:
    journal, store, views = SqliteJournal(database), SqliteStore(database), Views(path)
    for conid, symbol, time in ((1, "AAPL", NOW), (2, "XOM", LATER), (3, "IBM", LATER)):
        entry, stop, target = bracket(f"TS-{symbol}", conid=conid, symbol=symbol)
        journal.plan([entry, stop, target])
        journal.execute(entry.coid, fill(f"b{conid}", entry, 10, 100.0), NOW)
        journal.execute(stop.coid, fill(f"s{conid}", stop, 10, 95.0, time=time), time)
    store.record_closed_trades()
    assert [line.symbol for line in views.trades()] == ["IBM", "XOM", "AAPL"]
    assert [line.symbol for line in views.trades(limit=1, offset=1)] == ["XOM"]
    assert views.trades(limit=1)[0].pnl == -52.0


def test_decision_and_a_symbols_verdicts_over_days(database: Database, path: Path) -> None:
    store, views = SqliteStore(database), Views(path)
    for day in (date(2014, 3, 3), date(2014, 3, 4)):
        store.record_decision(decision(day), NOW)
    assert views.last_decision() == decision(date(2014, 3, 4))
    found = views.verdicts_of("AAPL")
    assert [session for session, _ in found] == [date(2014, 3, 4), date(2014, 3, 3)]
    assert found[0][1] == decision().verdicts[1]
    assert views.denial_counts() == {"max_positions": 2, "no_stop": 2}


def test_equity_comes_oldest_first_and_the_last_of_it(database: Database, path: Path) -> None:
    store, views = SqliteStore(database), Views(path)
    for day in (3, 4, 5):
        store.record_equity(date(2014, 3, day), 10_000.0 + day, 1.0, 2, 0.0)
    assert [point.session.day for point in views.equity()] == [3, 4, 5]
    assert [point.equity for point in views.equity(limit=2)] == [10_004.0, 10_005.0]


def test_the_mode_is_the_strictest_and_cycles_come_newest_first(database: Database, path: Path) -> None:
    store, views = SqliteStore(database), Views(path)
    store.set_reconciled(reconciled=True, reason="ok", now=NOW)
    store.set_halt(halted=True, reason="odd", actor="ann", now=LATER)
    store.record_cycle({"signals": 1}, None, NOW)
    store.record_cycle({"signals": 2}, "SessionLost", LATER)
    mode = views.mode()
    assert mode is not None
    assert (mode.mode, mode.reason) == (Mode.HALTED, "odd")
    assert [(line.summary, line.error) for line in views.cycles()] == [
        ({"signals": 2}, "SessionLost"),
        ({"signals": 1}, None),
    ]
