from __future__ import annotations

from datetime import date

import pytest

from tests.fakes.trading_states import DECIDED, PRE_OPEN
from trading.execution.planning.waits import began, last_wait, over, refusal, wait_of, written
from trading.model.decision import Denied
from trading.ports import Sighting

SKEW = Denied("AAPL", "state", 30.0, 10.0, "seconds between this clock and the gateway's")
LATE = Denied("AAPL", "too_old", None, None, "its window is over")


def kept(*waits: Denied) -> dict[str, tuple[Sighting, ...]]:
    return {wait_of(DECIDED, "AAPL"): tuple(Sighting(written(wait), PRE_OPEN) for wait in waits)}


def test_wait_begins_once_for_each_limit_whatever_its_value_is_by_now() -> None:
    assert began(SKEW, DECIDED, {})
    assert not began(SKEW, DECIDED, kept(SKEW))
    assert not began(Denied("AAPL", "state", 31.0, 10.0, SKEW.detail), DECIDED, kept(SKEW))
    assert began(Denied("AAPL", "state", None, None, "the mode is REDUCING"), DECIDED, kept(SKEW))
    assert began(Denied("MSFT", "state", 30.0, 10.0, SKEW.detail), DECIDED, kept(SKEW))
    assert began(SKEW, date(2014, 3, 4), kept(SKEW))


def test_entry_that_is_too_late_is_refused_for_what_it_waited_for_last() -> None:
    rate = Denied("AAPL", "rate", 21.0, 20.0, "entries a minute")
    denied = refusal(LATE, DECIDED, kept(rate, SKEW))
    assert (denied.code, denied.value, denied.limit) == ("state", 30.0, 10.0)
    assert denied.detail == f"{SKEW.detail}, until its window was over"
    assert refusal(LATE, DECIDED, {}) == LATE
    assert refusal(LATE, date(2014, 3, 4), kept(SKEW)) == LATE


@pytest.mark.parametrize("text", ["", "{", "null", '{"symbol": 3}'])
def test_evidence_that_can_not_be_read_is_none(text: str) -> None:
    sightings = {wait_of(DECIDED, "AAPL"): (Sighting(text, PRE_OPEN),)}
    assert last_wait("AAPL", DECIDED, sightings) is None
    assert began(SKEW, DECIDED, sightings)
    assert refusal(LATE, DECIDED, sightings) == LATE


def test_evidence_of_other_decisions_and_nothing_else_is_over() -> None:
    old: dict[str, tuple[Sighting, ...]] = {wait_of(date(2014, 3, 1), "AAPL"): (), "E": ()}
    assert over(DECIDED, kept(SKEW) | old) == {wait_of(date(2014, 3, 1), "AAPL")}
