from __future__ import annotations

from dataclasses import replace

import pytest

from tests.fakes.trading_states import CONTRACTS, IN_SESSION, INCREMENTS, Facts, after, bid
from trading.execution.planning.prices import (
    SalePrice,
    increment_at,
    increments_of,
    marketable,
    on_increments,
    sale_price,
)
from trading.model.contract import PriceIncrement


def test_sale_gets_the_bid() -> None:
    assert sale_price(bid(99.0, last=100.0, ask=101.0), IN_SESSION) == SalePrice(99.0, delayed=False)


def test_last_price_stands_in_for_a_bid_that_was_not_sent() -> None:
    assert sale_price(bid(None, last=98.0), IN_SESSION) == SalePrice(98.0, delayed=False)
    assert sale_price(bid(None, last=98.0, last_is_prior_close=True), IN_SESSION) is None


@pytest.mark.parametrize(
    "changes",
    [
        {"halted": True},
        {"bid": 0.0},
        {"bid": -1.0},
        {"bid": None, "last": None},
        {"bid": None, "last": 0.0},
        {"bid": float("nan")},
        {"bid": float("inf")},
        {"availability": None},
        {"availability": ""},
        {"availability": "i"},
        {"updated_ms": None},
        {"updated_ms": -1},
        {"availability": "Z"},
        {"availability": "Y"},
        {"availability": "N"},
    ],
)
def test_quote_that_says_nothing_usable_gives_no_price(changes: Facts) -> None:
    assert sale_price(bid(99.0, **changes), IN_SESSION) is None


def test_no_quote_no_price() -> None:
    assert sale_price(None, IN_SESSION) is None


@pytest.mark.parametrize(
    ("age_s", "usable"), [(59.0, True), (60.0, True), (60.1, False), (-60.0, True), (-60.1, False), (-7200.0, False)]
)
def test_quote_in_real_time_is_at_most_a_minute_old_or_ahead(age_s: float, usable: bool) -> None:  # noqa: FBT001
    assert (sale_price(bid(99.0), after(age_s)) is not None) is usable


@pytest.mark.parametrize(
    ("age_s", "usable"), [(1199.0, True), (1200.0, True), (1200.1, False), (-60.0, True), (-60.1, False)]
)
def test_delayed_quote_is_at_most_twenty_minutes_old_and_a_minute_ahead(age_s: float, usable: bool) -> None:  # noqa: FBT001
    found = sale_price(bid(99.0, availability="DPB"), after(age_s))
    assert found == (SalePrice(99.0, delayed=True) if usable else None)


def test_delayed_quote_is_refused_where_real_time_is_required() -> None:
    assert sale_price(bid(99.0, availability="D"), IN_SESSION, allow_delayed=False) is None
    assert sale_price(bid(99.0), IN_SESSION, allow_delayed=False) is not None


@pytest.mark.parametrize(("price", "collar", "limit"), [(100.0, 0.02, 98.0), (99.99, 0.02, 97.99), (100.0, 0.05, 95.0)])
def test_limit_of_a_sale_lies_so_far_under_the_price_on_the_grid(price: float, collar: float, limit: float) -> None:
    assert marketable(price, collar, CONTRACTS["AAPL"]) == limit
    assert marketable(price, collar, None) == limit


def test_limit_under_a_dollar_has_finer_steps() -> None:
    assert marketable(0.5, 0.02, CONTRACTS["AAPL"]) == 0.49
    assert marketable(0.5001, 0.02, CONTRACTS["AAPL"]) == 0.49
    assert marketable(0.5001, 0.02, None) == 0.49
    assert marketable(0.5003, 0.02, CONTRACTS["AAPL"]) == 0.4902


@pytest.mark.parametrize(("price", "step"), [(0.99, 0.0001), (1.0, 0.01), (500.0, 0.01), (-1.0, None)])
def test_increment_is_that_of_the_highest_edge_below(price: float, step: float | None) -> None:
    assert increment_at(price, INCREMENTS) == step
    assert increment_at(price, ()) is None


@pytest.mark.parametrize(
    ("price", "next_to_it"), [(47.5, 47.5), (47.504, 47.5), (47.506, 47.51), (31.666666, 31.67), (0.33333, 0.3333)]
)
def test_price_that_a_split_left_between_two_increments_goes_to_the_nearest(price: float, next_to_it: float) -> None:
    assert on_increments(price, CONTRACTS["AAPL"]) == next_to_it


def test_increments_of_a_sale_begin_at_zero_and_are_cents_where_they_are_not_known() -> None:
    contract = CONTRACTS["AAPL"]
    assert increments_of(contract) == INCREMENTS
    assert increments_of(None) == increments_of(replace(contract, increments=())) == (PriceIncrement(0.0, 0.01),)
    high = (PriceIncrement(5.0, 0.05), PriceIncrement(10.0, 0.1))
    assert increments_of(replace(contract, increments=high)) == (PriceIncrement(0.0, 0.05), high[1])


def test_price_of_a_contract_that_is_not_known_is_one_in_cents() -> None:
    assert on_increments(31.666666, None) == 31.67
    assert on_increments(0.33333, None) == 0.33
