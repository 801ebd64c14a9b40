from __future__ import annotations

import random
from pathlib import Path

import pytest
from trading.model.wire import WireAct, WireRequest

from tests.unit.webapp.desk import NOON, SESSION
from trading.model.order import Execution, IntentState, OrderIntent, OrderType, Role, Side, Tif
from trading.store.database import Database
from trading.store.journal import SqliteJournal
from trading.store.readers.state import read_state


@pytest.fixture
def filled(tmp_path: Path) -> Path:
    """A database with one filled entry, the fill corrected once."""
    database = Database(tmp_path / "trading.db", chance=random.Random(5))  # noqa: S311 - the same names each time
    journal = SqliteJournal(database)
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
    journal.about(["e"], WireRequest(WireAct.SUBMIT, "POST", "/orders", b"{}", ("e",)), IntentState.SENDING, 1, NOON)
    journal.bind("e", 99, NOON)
    for version, price in ((1, 10.0), (2, 9.99)):
        fill = Execution(f"00a.00b.01.0{version}", "DU1", 7, "AAA", Side.BUY, 5, price, 1.0, NOON, "e", 99)
        journal.execute("e", fill, NOON)
    journal.deny("e-T", "price_collar", "too far")
    database.close()
    return tmp_path / "trading.db"


def test_orders_are_those_that_may_still_do_something(filled: Path) -> None:
    with read_state(filled) as state:
        found = state.orders.open()
        assert state.orders.open(limit=1, offset=1) == found[1:2]
    assert [(line.coid, line.state, line.filled) for line in found] == [("e", "WORKING", 5), ("e-S", "PLANNED", 0)]
    stop = found[1]
    assert (stop.role, stop.side, stop.order_type, stop.limit_price, stop.stop_price) == (
        "stop", "SELL", "STP", None, 9.0,
    )  # fmt: skip


def test_a_corrected_fill_is_shown_once_as_it_is_now(filled: Path) -> None:
    with read_state(filled) as state:
        (fill,) = state.orders.fills_of("AAA")
        assert state.orders.fills_of("AAA", offset=1) == ()
    assert (fill.side, fill.role, fill.quantity, fill.price) == ("BUY", "entry", 5, 9.99)


def test_the_story_of_a_symbol_is_newest_first_and_limited(filled: Path) -> None:
    with read_state(filled) as state:
        story = state.orders.story_of("AAA")
        assert state.orders.story_of("AAA", limit=1) == story[:1]
        assert state.orders.story_of("AAA", limit=1, offset=1) == story[1:2]
    assert [line.state for line in story if line.role == "entry"] == ["WORKING", "SENDING", "PLANNED"]
