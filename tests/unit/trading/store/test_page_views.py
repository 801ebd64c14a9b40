from __future__ import annotations

import random
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from tests.fakes.orders import request
from tests.unit.webapp.desk import NOON, SESSION, decision
from trading.market.bars import SymbolBars, build_panel
from trading.model.order import Execution, IntentState, OrderIntent, OrderType, Role, Side, Tif
from trading.model.request import RequestKind
from trading.store.database import Database
from trading.store.journal import SqliteJournal
from trading.store.page_views import PageViews
from trading.store.records import SqliteStore


@pytest.fixture
def filled(tmp_path: Path) -> PageViews:
    """A database with two decisions, bars and one filled entry, the fill corrected once."""
    database = Database(tmp_path / "trading.db", chance=random.Random(5))  # noqa: S311 - the same names each time
    store, journal = SqliteStore(database), SqliteJournal(database)
    for day in (SESSION, SESSION + timedelta(1)):
        store.record_decision(decision(day), datetime(day.year, day.month, day.day, 21, 15, tzinfo=UTC))
    days = np.array(["2026-02-27", "2026-03-02"], dtype="datetime64[D]")
    prices = np.array([10.0, 11.0])
    store.record_bars(build_panel({"AAA": SymbolBars(days, prices, prices + 1, prices - 1, prices, prices * 100)}))
    legs = [
        OrderIntent(
            "e",
            None,
            Role.ENTRY,
            7,
            "AAA",
            Side.BUY,
            OrderType.LIMIT,
            Tif.DAY,
            5,
            10.0,
            None,
            SESSION,
            SESSION,
            "",
            NOON,
        ),
        OrderIntent(
            "e-S",
            "e",
            Role.STOP,
            7,
            "AAA",
            Side.SELL,
            OrderType.STOP,
            Tif.GTC,
            5,
            None,
            9.0,
            SESSION,
            SESSION,
            "",
            NOON,
        ),
        OrderIntent(
            "e-T",
            "e",
            Role.TARGET,
            7,
            "AAA",
            Side.SELL,
            OrderType.LIMIT,
            Tif.GTC,
            5,
            12.0,
            None,
            SESSION,
            SESSION,
            "",
            NOON,
        ),
    ]
    journal.plan(legs)
    journal.about(["e"], request(RequestKind.SUBMIT), IntentState.SENDING, 1, NOON)
    journal.bind("e", 99, NOON)
    for version, price in ((1, 10.0), (2, 9.99)):
        fill = Execution(f"00a.00b.01.0{version}", "DU1", 7, "AAA", Side.BUY, 5, price, 1.0, NOON, "e", 99)
        journal.execute("e", fill, NOON)
    database.close()
    return PageViews(tmp_path / "trading.db")


def test_before_there_is_a_file_everything_is_empty(tmp_path: Path) -> None:
    views = PageViews(tmp_path / "none.db")
    assert views.decision_sessions() == ()
    assert views.symbols() == ()
    assert views.bars_of("AAA") == ()
    assert views.fills_of("AAA") == ()
    assert views.story_of("AAA") == ()
    assert views.denials_of("AAA") == ()
    assert views.decision() is None


def test_decisions_come_back_whole_by_date_or_the_newest(filled: PageViews) -> None:
    assert filled.decision_sessions() == (date(2026, 3, 3), SESSION)
    newest, earlier = filled.decision(), filled.decision(SESSION)
    assert newest is not None
    assert earlier is not None
    assert newest.decision.session == date(2026, 3, 3)
    assert earlier.decision == decision(SESSION)
    assert earlier.at == datetime(2026, 3, 2, 21, 15, tzinfo=UTC)
    assert filled.decision(date(2020, 1, 2)) is None


def test_refusals_of_a_symbol_come_oldest_first(filled: PageViews) -> None:
    denials = filled.denials_of("BBB")
    assert [session for session, _ in denials] == [SESSION, date(2026, 3, 3)]
    assert denials[0][1] == decision().denials[0]


def test_bars_and_symbols(filled: PageViews) -> None:
    assert filled.symbols() == ("AAA",)
    assert [(bar.session, bar.high) for bar in filled.bars_of("AAA")] == [(date(2026, 2, 27), 11.0), (SESSION, 12.0)]


def test_a_corrected_fill_is_shown_once_as_it_is_now(filled: PageViews) -> None:
    (fill,) = filled.fills_of("AAA")
    assert (fill.side, fill.role, fill.quantity, fill.price) == ("BUY", "entry", 5, 9.99)


def test_the_story_of_a_symbol_is_newest_first_and_limited(filled: PageViews) -> None:
    story = filled.story_of("AAA")
    assert [line.state for line in story if line.role == "entry"] == ["WORKING", "SENDING", "PLANNED"]
    assert filled.story_of("AAA", 1) == story[:1]
