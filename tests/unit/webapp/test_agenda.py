from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from trading.model.market_event import MarketEvent
from webapp import agenda

OPEN = datetime(2026, 3, 3, 14, 30, tzinfo=UTC)


def test_the_sentence_says_when_in_new_york_and_how_long_that_is() -> None:
    soon = agenda.sentence("open", OPEN, OPEN - timedelta(minutes=35))
    assert soon == "The market opens: 09:30 New York, in 35 min."
    later = agenda.sentence("open", OPEN, OPEN - timedelta(hours=20))
    assert later == "The market opens: Tue 3 Mar, 09:30 New York, in 20 h."


@pytest.mark.parametrize(
    ("event", "name"),
    [
        (MarketEvent.ORDERS, "Orders go out"),
        (MarketEvent.OPEN, "The market opens"),
        (MarketEvent.CLOSE, "The market closes"),
        (MarketEvent.DECISION, "The decision"),
        (MarketEvent.LOOK, "Next look"),
        ("", "Next look"),
    ],
)
def test_the_next_event_has_a_name(event: str, name: str) -> None:
    assert agenda.sentence(event, OPEN, OPEN) == f"{name}: 09:30 New York."
