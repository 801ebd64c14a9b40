from __future__ import annotations

import msgspec
import pytest

from simulator import instants
from simulator.config import Behaviour
from simulator.outages import answer_during_outage, next_reset


def choices(**values: object) -> Behaviour:
    return msgspec.structs.replace(Behaviour(), **values)


def at(text: str) -> int:
    return instants.parse_iso(text)


@pytest.mark.parametrize(
    ("region", "now", "then"),
    [
        ("new_york", "2014-03-03T14:30:00Z", "2014-03-04T05:00:00Z"),
        ("new_york", "2014-03-04T05:00:00Z", "2014-03-05T05:00:00Z"),
        ("new_york", "2014-03-10T12:00:00Z", "2014-03-11T04:00:00Z"),  # summer time by then
        ("zug", "2014-03-03T14:30:00Z", "2014-03-03T23:00:00Z"),
        ("zug", "2014-07-03T14:30:00Z", "2014-07-03T22:00:00Z"),
        ("hong_kong", "2014-03-03T14:30:00Z", "2014-03-03T16:00:00Z"),
    ],
)
def test_reset_is_at_midnight_of_the_region(region: str, now: str, then: str) -> None:
    found = next_reset(choices(nightly_reset=True, reset_region=region), at(now))
    assert found == at(then)


def test_without_a_choice_nothing_is_reset_or_maintained() -> None:
    assert next_reset(Behaviour(), at("2014-03-03T14:30:00Z")) is None
    assert answer_during_outage(Behaviour(), at("2014-03-08T05:00:00Z")) is None


def test_calls_are_refused_for_minutes_from_the_reset_on() -> None:
    behaviour = choices(nightly_reset=True, reset_minutes=5.0)
    statuses = []
    for now in ("2014-03-04T04:59:59Z", "2014-03-04T05:00:00Z", "2014-03-04T05:04:59Z", "2014-03-04T05:05:00Z"):
        answer = answer_during_outage(behaviour, at(now))
        statuses.append(None if answer is None else answer.status)
    assert statuses == [None, 503, 503, None]


def test_maintenance_is_on_saturday_and_begins_with_a_reset() -> None:
    behaviour = choices(saturday_maintenance_minutes=180.0)
    assert next_reset(behaviour, at("2014-03-03T14:30:00Z")) == at("2014-03-08T05:00:00Z")
    assert next_reset(behaviour, at("2014-03-08T05:00:00Z")) == at("2014-03-15T04:00:00Z")
    during = answer_during_outage(behaviour, at("2014-03-08T07:59:00Z"))
    assert during is not None
    assert (during.status, b"xcredserv" in during.body) == (500, True)
    assert answer_during_outage(behaviour, at("2014-03-08T08:00:00Z")) is None
    assert answer_during_outage(behaviour, at("2014-03-07T05:30:00Z")) is None
