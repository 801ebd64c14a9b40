"""What the trading process waits for, in words."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType

from trading.model.market_event import MarketEvent
from webapp.numbers import NEW_YORK, near_day
from webapp.situation import duration

_NAMES: Mapping[str, str] = MappingProxyType(
    {
        MarketEvent.ORDERS: "Orders go out",
        MarketEvent.OPEN: "The market opens",
        MarketEvent.CLOSE: "The market closes",
        MarketEvent.DECISION: "The decision",
    }
)
_OTHER = "Next look"


def sentence(event: str, at: datetime, now: datetime) -> str:
    """Return what happens at `at`, when that is in New York, and how long it is from `now`."""
    local = at.astimezone(NEW_YORK)
    same_day = now.astimezone(NEW_YORK).date() == local.date()
    clock = f"{local:%H:%M}" if same_day else f"{near_day(local.date())}, {local:%H:%M}"
    left = (at - now).total_seconds()
    wait = f", in {duration(left)}" if left > 0 else ""
    return f"{_NAMES.get(event, _OTHER)}: {clock} New York{wait}."
