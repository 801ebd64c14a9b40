from __future__ import annotations

from datetime import UTC, date, datetime

from trading.model.exchange_time import exchange_date


def test_session_is_named_by_the_date_in_new_york() -> None:
    assert exchange_date(datetime(2014, 3, 5, 1, 0, tzinfo=UTC)) == date(2014, 3, 4)
