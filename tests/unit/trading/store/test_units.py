from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trading.errors import InvariantBroken
from trading.store.units import cents, from_units, time_or_none, to_units, to_units_or_none, utc_text


@given(st.integers(min_value=-(10**13), max_value=10**13))
def test_double_nearest_to_four_decimals_comes_back_exactly(units: int) -> None:
    price = float(Decimal(units) / 10_000)
    assert to_units(price) == units
    assert from_units(to_units(price)) == price


@pytest.mark.parametrize("amount", [math.nan, math.inf, -math.inf])
def test_what_is_no_number_is_no_amount(amount: float) -> None:
    with pytest.raises(InvariantBroken):
        to_units(amount)


def test_absent_amount_stays_absent() -> None:
    assert to_units_or_none(None) is None


@given(st.integers(min_value=0, max_value=10**10))
def test_cents_are_those_of_the_strategy(units: int) -> None:
    amount = units / 10_000
    assert cents(units) / 10_000 == math.floor(100 * amount + 0.5 + 1e-6) / 100


@given(st.lists(st.datetimes(timezones=st.sampled_from([UTC, timezone(timedelta(hours=-5))])), min_size=2))
def test_order_of_texts_is_order_of_times(moments: list[datetime]) -> None:
    in_time = [moment for moment in moments if 1900 < moment.year < 2100]
    assert sorted(utc_text(moment) for moment in in_time) == [utc_text(moment) for moment in sorted(in_time)]


def test_time_without_a_zone_is_refused() -> None:
    with pytest.raises(InvariantBroken):
        utc_text(datetime(2014, 3, 4))  # noqa: DTZ001 - that is what is tried


def test_time_comes_back_from_its_text() -> None:
    moment = datetime(2014, 3, 5, 1, 0, tzinfo=UTC)
    assert time_or_none(utc_text(moment)) == moment
    assert time_or_none(None) is None
