"""Closes are of the shares of today: those of before a split are divided by it, whenever it was taken in."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta
from math import isnan, nan

import pytest

from tests.fakes.trading_states import CLOSES, DECIDED, PRE_OPEN, calendar, decided, own
from trading.execution.planning.prices import closes_now
from trading.model.record import JournalView, OwnPosition, Split

DECISION = replace(decided(), closes=CLOSES)
# A decision of Monday; its session closed at 16:00 in New York.
CLOSED = datetime.fromisoformat("2014-03-03T21:00:00+00:00")


def after_splits(*ratios: float, at: datetime = PRE_OPEN) -> tuple[OwnPosition, JournalView]:
    """Return own shares of AAPL after splits, whose stop was 95 and target 105 before them, and the journal."""
    ratio = 1.0
    for each in ratios:
        ratio *= each
    position = own(9, stop_price=95.0 / ratio, target_price=105.0 / ratio, split_ratio=ratio)
    splits = tuple(Split(position.entry_coid, each, at) for each in ratios)
    return position, JournalView((), (position,), splits=splits)


def close_of(journal: JournalView, close: float = 100.5, session: date = DECIDED) -> float:
    decision = replace(DECISION, closes={**CLOSES, "AAPL": close}, session=session)
    return closes_now(decision, journal, calendar())["AAPL"]


def test_closes_are_those_of_the_decision_where_nothing_was_split() -> None:
    _, journal = after_splits()
    assert closes_now(DECISION, journal, calendar()) == CLOSES
    assert closes_now(DECISION, JournalView((), ()), calendar()) == CLOSES
    assert closes_now(None, journal, calendar()) == {}


@pytest.mark.parametrize("ratio", [0.1, 0.5, 4 / 3, 2.0, 20.0])
def test_close_of_before_a_split_is_divided_by_it(ratio: float) -> None:
    _, journal = after_splits(ratio)
    assert close_of(journal) == pytest.approx(100.5 / ratio)
    assert {**closes_now(DECISION, journal, calendar()), "AAPL": 100.5} == CLOSES


@pytest.mark.parametrize(("ratios", "close"), [((2.0, 3.0), 16.75), ((0.5, 0.2), 1005.0), ((2.0, 0.5), 100.5)])
def test_splits_come_one_after_the_other(ratios: tuple[float, ...], close: float) -> None:
    assert close_of(after_splits(*ratios)[1]) == pytest.approx(close)


@pytest.mark.parametrize("beyond", [94.0, 95.0, 95.01, 104.99, 105.0, 106.0])
def test_close_beyond_stop_or_target_is_divided_too(beyond: float) -> None:
    assert close_of(after_splits(2.0)[1], beyond) == pytest.approx(beyond / 2.0)


@pytest.mark.parametrize(("seconds", "close"), [(-1, 80.0), (0, 40.0), (1, 40.0)])
def test_split_that_was_taken_in_before_the_close_is_in_it(seconds: float, close: float) -> None:
    # Eighty lies beyond the target of after the split, and forty below its stop: only the time tells.
    _, journal = after_splits(2.0, at=CLOSED + timedelta(seconds=seconds))
    assert close_of(journal, 80.0) == pytest.approx(close)


def test_split_that_was_taken_in_late_and_is_in_the_close_does_not_divide_it_again() -> None:
    assert close_of(after_splits(2.0)[1], 50.25) == 50.25
    assert close_of(after_splits(0.5)[1], 201.0) == 201.0
    # The first of two is in it.
    assert close_of(after_splits(2.0, 3.0)[1], 50.25) == pytest.approx(16.75)


def test_split_of_another_entry_is_not_of_these_shares() -> None:
    position, journal = after_splits(2.0)
    others = replace(journal, splits=tuple(replace(each, entry_coid="earlier") for each in journal.splits))
    assert close_of(others) == 100.5
    assert position.symbol == "AAPL"


def test_close_that_is_missing_or_makes_no_sense_is_left_to_its_readers() -> None:
    _, journal = after_splits(2.0)
    assert "AAPL" not in closes_now(replace(DECISION, closes={"XOM": 95.0}), journal, calendar())
    assert isnan(close_of(journal, nan))
    assert close_of(journal, -1.0) == -0.5


def test_decision_on_a_day_without_a_session_is_older_than_any_split() -> None:
    assert close_of(after_splits(2.0)[1], session=date(2014, 3, 1)) == pytest.approx(50.25)
