from __future__ import annotations

from dataclasses import FrozenInstanceError
from datetime import UTC, datetime

import pytest

from trading.model.alert import Alert


def test_alert_does_not_change_under_who_shows_it() -> None:
    alert = Alert("blind", "", "no prices", datetime(2014, 3, 4, tzinfo=UTC), None, None, 0)
    with pytest.raises(FrozenInstanceError):
        alert.times = 1  # type: ignore[misc]
