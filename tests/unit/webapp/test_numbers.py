from __future__ import annotations

import math
import time
from datetime import UTC, date, datetime

import pytest

from webapp import numbers


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (1234567.891, "1\u202f234\u202f567.89"),
        (-0.001, "0.00"),
        (-1234.5, "\u22121\u202f234.50"),
        (0.0, "0.00"),
        (None, "\u2013"),
        (math.nan, "\u2013"),
        (math.inf, "\u2013"),
    ],
)
def test_numbers(value: float | None, shown: str) -> None:
    assert numbers.number(value) == shown


@pytest.mark.parametrize(
    ("value", "shown", "style"),
    [
        (12.3, "\u25b2\u202f+12.30", "gain"),
        (-12.3, "\u25bc\u202f\u221212.30", "loss"),
        (0.0, "0.00", "flat"),
        (None, "\u2013", "flat"),
    ],
)
def test_gains_and_losses_have_a_sign_and_an_arrow(value: float | None, shown: str, style: str) -> None:
    assert numbers.signed(value) == shown
    assert numbers.direction(value) == style


def test_prices_have_the_decimals_of_their_tick() -> None:
    assert numbers.price(0.1234) == "0.1234"
    assert numbers.price(12.3) == "12.30"


def test_percentages() -> None:
    assert numbers.percent(0.0134) == "1.3\u202f%"
    assert numbers.signed_percent(0.0134, 2) == "+1.34\u202f%"
    assert numbers.signed_percent(-0.0134) == "\u22121.3\u202f%"
    assert numbers.signed_percent(0.00001) == "0.0\u202f%"
    assert numbers.percent(None) == numbers.signed_percent(None) == "\u2013"


def test_times_are_those_of_new_york() -> None:
    moment = datetime(2026, 3, 3, 17, 5, tzinfo=UTC)
    assert numbers.new_york(moment) == "Tue 3 Mar 2026, 12:05"
    assert numbers.new_york_time(moment) == "12:05"
    assert numbers.new_york_near(moment, moment) == "12:05"
    assert numbers.new_york_near(moment, datetime(2026, 3, 4, 17, 5, tzinfo=UTC)) == "Tue 3 Mar, 12:05"
    assert numbers.new_york_near(moment, datetime(2027, 3, 3, 17, 5, tzinfo=UTC)) == "Tue 3 Mar 2026, 12:05"
    assert numbers.day(date(2026, 3, 3)) == "Tue 3 Mar 2026"
    assert numbers.new_york(None) == numbers.day(None) == "\u2013"


def test_real_times_beside_a_simulated_market_are_those_of_the_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    moment = datetime(2026, 3, 3, 17, 5, tzinfo=UTC)
    with monkeypatch.context() as patched:
        patched.setenv("TZ", "Europe/Berlin")
        time.tzset()
        assert numbers.local_near(moment, moment) == "18:05 CET"
        assert numbers.local_near(moment, datetime(2026, 7, 3, tzinfo=UTC)) == "Tue 3 Mar, 18:05 CET"
    time.tzset()
