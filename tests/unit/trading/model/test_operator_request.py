from __future__ import annotations

from datetime import UTC, datetime, timedelta

from trading.model.mode import NOTHING_SEEN
from trading.model.operator_request import OperatorRequest, OperatorVerb

MADE = datetime(2014, 3, 4, 13, 30, tzinfo=UTC)


def request(number: int | None, made: datetime | None = MADE) -> OperatorRequest:
    return OperatorRequest(number, OperatorVerb.HALT, "", "ann", made, 0.0, NOTHING_SEEN, taken_up=False)


def test_facts_tell_a_request_from_any_other() -> None:
    others = (request(1), request(2), request(None), request(1, MADE + timedelta(microseconds=1)), request(1, None))
    assert len({each.facts for each in others}) == len(others)
    assert request(1).facts == request(1).facts
