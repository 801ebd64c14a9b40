from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from trading.config import ExecutionSettings
from trading.cycle.agenda import event_at
from trading.market.calendar import TradingCalendar
from trading.model.market_event import MarketEvent

SETTINGS = ExecutionSettings()
CALENDAR = TradingCalendar(date(2026, 1, 1), date(2026, 12, 31))
OPEN = datetime(2026, 3, 3, 14, 30, tzinfo=UTC)
CLOSE = datetime(2026, 3, 3, 21, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("at", "event"),
    [
        (OPEN - timedelta(hours=1), MarketEvent.ORDERS),
        (OPEN, MarketEvent.OPEN),
        (OPEN + timedelta(hours=1), MarketEvent.LOOK),
        (CLOSE, MarketEvent.CLOSE),
        (CLOSE + timedelta(minutes=15), MarketEvent.DECISION),
    ],
)
def test_a_time_is_what_the_market_does_then(at: datetime, event: MarketEvent) -> None:
    assert event_at(at, CALENDAR, SETTINGS) is event


def test_a_half_day_closes_early_and_a_holiday_has_no_events() -> None:
    early = datetime(2026, 11, 27, 18, 0, tzinfo=UTC)
    assert event_at(early, CALENDAR, SETTINGS) is MarketEvent.CLOSE
    assert event_at(early - timedelta(1), CALENDAR, SETTINGS) is MarketEvent.LOOK


def test_a_day_outside_the_calendar_is_no_error() -> None:
    assert event_at(datetime(1066, 10, 14, tzinfo=UTC), CALENDAR, SETTINGS) is MarketEvent.LOOK
