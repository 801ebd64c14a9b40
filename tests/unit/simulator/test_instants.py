from __future__ import annotations

from datetime import date

import pytest

from simulator import instants


def test_instant_is_written_and_read_back() -> None:
    for text in ("2014-03-03T14:30:00Z", "2014-03-03T14:30:00.000001Z"):
        assert instants.iso(instants.parse_iso(text)) == text


def test_text_without_a_zone_is_utc() -> None:
    assert instants.parse_iso("2014-03-03T14:30:00") == instants.parse_iso("2014-03-03T14:30:00Z")


def test_text_that_is_no_time_is_refused() -> None:
    with pytest.raises(ValueError, match="soon"):
        instants.parse_iso("soon")


def test_forms_of_the_wire() -> None:
    instant = instants.parse_iso("2023-12-11T18:00:49Z")
    assert (instants.compact(instant), instants.short(instant)) == ("20231211-18:00:49", "231211180049")
    assert instants.millis(instant) == 1702317649000


def test_new_york_time_follows_daylight_saving() -> None:
    assert instants.iso(instants.new_york(date(2014, 3, 7), 9, 30)) == "2014-03-07T14:30:00Z"
    assert instants.iso(instants.new_york(date(2014, 3, 10), 9, 30)) == "2014-03-10T13:30:00Z"


def test_day_in_new_york_begins_at_its_midnight() -> None:
    midnight = instants.new_york(date(2014, 3, 4))
    assert instants.new_york_day(midnight) == date(2014, 3, 4)
    assert instants.new_york_day(midnight - 1) == date(2014, 3, 3)
