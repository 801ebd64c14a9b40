from __future__ import annotations

from pathlib import Path

import pytest

from tests.fakes.orders import NOW, SESSION, about, bracket, fill
from trading.model.decision import Denied
from trading.store.commands import SqliteCommandLog
from trading.store.database import Database
from trading.store.journal import SqliteJournal
from trading.store.readers.state import read_state


@pytest.fixture
def filled(database: Database, path: Path) -> Path:
    """A database with one filled entry, the fill corrected once."""
    journal, commands = SqliteJournal(database), SqliteCommandLog(database)
    entry, stop, target = bracket("e", symbol="AAA", quantity=5)
    journal.plan([entry, stop, target])
    about(commands, ["e"])
    journal.bind("e", 99, 1, NOW)
    for version, price in ((1, 10.0), (2, 9.99)):
        journal.record_fill("e", fill(f"00a.00b.01.0{version}", entry, 5, price), NOW)
    journal.record_denial(SESSION, Denied("AAPL", "price_collar", None, None, "too far"), ["e-T"], NOW)
    return path


def test_orders_are_those_that_may_still_do_something(filled: Path) -> None:
    with read_state(filled) as state:
        found = state.orders.open()
        assert state.orders.open(limit=1, offset=1) == found[1:2]
    assert [(line.coid, line.state, line.filled) for line in found] == [("e", "WORKING", 5), ("e-S", "PLANNED", 0)]
    stop = found[1]
    assert (stop.role, stop.side, stop.order_type, stop.limit_price, stop.stop_price) == (
        "stop", "SELL", "STP", None, 95.02,
    )  # fmt: skip


def test_orders_are_found_by_name_whatever_became_of_them(filled: Path) -> None:
    with read_state(filled) as state:
        found = state.orders.named({"e-T", "e", "nobody"})
        assert state.orders.named(()) == ()
    assert [(line.coid, line.state) for line in found] == [("e", "WORKING"), ("e-T", "DENIED")]


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
