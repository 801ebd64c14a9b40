from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from trading.config import ExecutionSettings
from webapp import agenda

SETTINGS = ExecutionSettings()
OPEN = datetime(2026, 3, 3, 14, 30, tzinfo=UTC)
CLOSE = datetime(2026, 3, 3, 21, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("at", "name"),
    [
        (OPEN - timedelta(hours=1), "Orders go out"),
        (OPEN, "The market opens"),
        (OPEN + timedelta(hours=1), "Next look"),
        (CLOSE, "The market closes"),
        (CLOSE + timedelta(minutes=15), "The decision"),
    ],
)
def test_the_next_event_has_a_name(at: datetime, name: str) -> None:
    assert agenda.event(at, agenda.session_of(date(2026, 3, 3)), SETTINGS) == name


def test_the_sentence_says_when_in_new_york_and_how_long_that_is() -> None:
    soon = agenda.sentence(OPEN, OPEN - timedelta(minutes=35), SETTINGS)
    assert soon == "The market opens: 09:30 New York, in 35 min."
    later = agenda.sentence(OPEN, OPEN - timedelta(hours=20), SETTINGS)
    assert later == "The market opens: Tue 3 Mar, 09:30 New York, in 20 h."


def test_a_half_day_closes_early_and_a_holiday_has_no_session() -> None:
    early = datetime(2026, 11, 27, 18, 0, tzinfo=UTC)
    assert agenda.event(early, agenda.session_of(date(2026, 11, 27)), SETTINGS) == "The market closes"
    assert agenda.session_of(date(2026, 11, 26)) is None
    assert agenda.event(early, None, SETTINGS) == "Next look"


def test_a_day_outside_every_calendar_is_no_error() -> None:
    assert agenda.session_of(date(1066, 10, 14)) is None
