"""Shares that are shown again after they were missing are believed once readings some time apart agree on it."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.fakes.trading_context import ContextParts
from tests.fakes.trading_states import AAPL, MSFT, after
from trading.execution.reconciliation.doubts import (
    APART,
    LONGEST,
    fewest,
    forget_others,
    missing_since,
    note_shown,
    shown_of,
    span_for_stops,
)
from trading.ports import Evidence

VISIBLE = timedelta(seconds=60)


def noted(evidence: Evidence, *readings: tuple[float, int], quantity: int = 9) -> list[bool]:
    return [note_shown(evidence, AAPL, held, quantity, after(at), VISIBLE) for at, held in readings]


def believed(evidence: Evidence, at: float, span: timedelta, quantity: int = 9) -> int:
    fewer = fewest(evidence.of(shown_of(AAPL)), quantity, after(at), span)
    return quantity if fewer is None else fewer


def test_shares_that_were_never_missing_leave_nothing_behind(parts: ContextParts) -> None:
    evidence = parts.context().evidence
    assert noted(evidence, (0, 9), (5, 12)) == [False, False]
    assert not evidence.subjects()
    assert believed(evidence, 5, APART) == 9


def test_shares_are_believed_again_when_readings_so_far_apart_showed_them(parts: ContextParts) -> None:
    evidence = parts.context().evidence
    noted(evidence, (0, 0), (20, 9))
    assert believed(evidence, 20, APART) == 0
    noted(evidence, (24, 9))
    assert believed(evidence, 24, APART) == 0
    noted(evidence, (25, 9))
    assert believed(evidence, 25, APART) == 9
    assert believed(evidence, 25, VISIBLE) == 0
    assert noted(evidence, (79, 9), (80, 9)) == [True, False]
    assert not evidence.subjects()


def test_shares_that_were_bought_since_were_not_missing_before(parts: ContextParts) -> None:
    evidence = parts.context().evidence
    noted(evidence, (0, 0), (5, 9))
    noted(evidence, (30, 14), quantity=14)
    sightings = evidence.of(shown_of(AAPL))
    assert span_for_stops(sightings, 14) == APART
    assert believed(evidence, 30, timedelta(seconds=10), 14) == 14
    assert believed(evidence, 30, VISIBLE, 14) == 5
    assert missing_since(sightings, 14) == after(0)


def test_older_note_tells_only_what_was_shown(parts: ContextParts) -> None:
    evidence = parts.context().evidence
    evidence.record(shown_of(AAPL), "4", after(0))
    assert believed(evidence, 5, APART) == 4
    assert believed(evidence, 5, APART, 3) == 3


def test_reading_that_misses_them_again_begins_anew(parts: ContextParts) -> None:
    evidence = parts.context().evidence
    noted(evidence, (0, 0), (20, 9), (40, 4), (45, 9))
    assert believed(evidence, 45, APART) == 4
    assert noted(evidence, (80, 9), (99, 9), (105, 9)) == [True, True, False]


@pytest.mark.parametrize(("missing_s", "wait_s"), [(1, 5), (5, 5), (6, 6), (29, 29), (30, 30), (31, 30), (600, 30)])
def test_stop_waits_as_long_as_the_shares_were_missing_within_bounds(
    parts: ContextParts, missing_s: int, wait_s: int
) -> None:
    evidence = parts.context().evidence
    noted(evidence, (0, 0), (missing_s, 9))
    assert span_for_stops(evidence.of(shown_of(AAPL)), 9) == timedelta(seconds=wait_s)


def test_longest_time_that_shares_were_missing_counts_and_more_of_them_is_no_lack(parts: ContextParts) -> None:
    evidence = parts.context().evidence
    assert span_for_stops((), 9) == APART
    noted(evidence, (0, 4), (20, 9), (25, 12), (50, 0), (52, 9))
    assert span_for_stops(evidence.of(shown_of(AAPL)), 9) == timedelta(seconds=20)
    assert span_for_stops(evidence.of(shown_of(AAPL)), 4) == APART
    assert APART < LONGEST


def test_fewer_own_shares_need_no_more_than_were_shown(parts: ContextParts) -> None:
    evidence = parts.context().evidence
    noted(evidence, (0, 4))
    assert noted(evidence, (5, 4), quantity=4) == [False]


def test_only_what_differs_from_the_reading_before_is_kept_and_not_without_end(parts: ContextParts) -> None:
    evidence = parts.context().evidence
    noted(evidence, *((5.0 * number, 4) for number in range(200)))
    assert [sighting.evidence for sighting in evidence.of(shown_of(AAPL))] == ["4 of 9"]
    noted(evidence, *((1_000.0 + 5.0 * number, 9 * (number % 2)) for number in range(300)))
    assert len(evidence.of(shown_of(AAPL))) <= 51
    assert believed(evidence, 2_499, APART) == 0


def test_what_was_shown_of_shares_that_are_no_longer_ours_is_forgotten(parts: ContextParts) -> None:
    evidence = parts.context().evidence
    noted(evidence, (0, 0))
    note_shown(evidence, MSFT, 0, 3, after(0), VISIBLE)
    evidence.record("shares:1:9", "0", after(0))
    forget_others(evidence, [MSFT])
    assert evidence.subjects() == {shown_of(MSFT), "shares:1:9"}


def test_shares_are_missing_since_a_reading_first_showed_too_few(parts: ContextParts) -> None:
    evidence = parts.context().evidence
    assert missing_since((), 9) is None
    noted(evidence, (0, 4), (20, 0), (40, 9))
    sightings = evidence.of(shown_of(AAPL))
    assert [missing_since(sightings, quantity) for quantity in (9, 4, 0)] == [after(0), after(20), None]
