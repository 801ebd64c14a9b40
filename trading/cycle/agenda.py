"""What a time of the loop is in the market's day."""

from __future__ import annotations

from datetime import datetime, timedelta

from trading.config import ExecutionSettings
from trading.errors import DataError
from trading.market.calendar import Session, TradingCalendar
from trading.model.exchange_time import exchange_date
from trading.model.market_event import MarketEvent

_AROUND = timedelta(seconds=90)


def event_at(at: datetime, calendar: TradingCalendar, settings: ExecutionSettings) -> MarketEvent:
    """Return what happens at `at`; a look at the broker where it is nothing special."""
    session = _session(at, calendar)
    if session is None:
        return MarketEvent.LOOK
    named = (
        (session.open - timedelta(seconds=settings.pre_open_s), MarketEvent.ORDERS),
        (session.open, MarketEvent.OPEN),
        (session.close, MarketEvent.CLOSE),
        (session.close + timedelta(seconds=settings.bar_settle_s), MarketEvent.DECISION),
    )
    return next((event for moment, event in named if abs(moment - at) <= _AROUND), MarketEvent.LOOK)


def _session(at: datetime, calendar: TradingCalendar) -> Session | None:
    try:
        return calendar.session(exchange_date(at))
    except DataError:
        return None
