from __future__ import annotations

import pytest

from trading.execution.ownership.splits import SPLITS, shares_after, split_between, splits_between


@pytest.mark.parametrize("ratio", [*SPLITS, 1.25, 7.0, 50.0])
def test_every_ratio_is_found_by_number_and_price_together_both_ways(ratio: float) -> None:
    for either in (ratio, 1.0 / ratio):
        for find in (split_between, splits_between):
            assert find(600, 100.0, 600 * either, 100.0 / either) == pytest.approx(either)


@pytest.mark.parametrize(
    ("shares", "price", "shown", "shown_price"),
    [
        (10, 100.0, 10.0, 100.0),
        # Shares that somebody bought or sold at the market.
        (10, 100.0, 20.0, 100.0),
        (10, 100.0, 9.0, 100.0),
        (10, 100.0, 20.0, 75.0),
        (3, 100.0, 5.0, 72.0),
        # Another number or another price than the split's.
        (10, 100.0, 21.0, 50.0),
        (10, 100.0, 15.0, 50.0),
        (10, 100.0, 11.0, 90.91),
        (100, 10.0, 12.0, 100.0),
        # Nothing that could be counted or priced.
        (10, 100.0, 0.0, 50.0),
        (10, 100.0, 0.0, 1000.0),
        (10, 100.0, -20.0, 50.0),
        (10, 100.0, 20.0, 0.0),
        (10, 0.0, 20.0, 50.0),
        (2, 10.0, 1.0, 100.0),
        # Fewer shares, at a price that only comes near to a split's.
        (10, 100.0, 5.0, 190.0),
        (9, 100.0, 1.0, 666.67),
    ],
)
def test_what_no_split_explains_is_none(shares: int, price: float, shown: float, shown_price: float) -> None:
    assert split_between(shares, price, shown, shown_price) is None
    assert splits_between(shares, price, shown, shown_price) is None


def test_fractions_are_dropped_and_a_reverse_split_may_round_them_up() -> None:
    assert split_between(13, 73.65, 1.0, 736.5) == pytest.approx(0.1)
    assert split_between(13, 73.65, 2.0, 736.5) == pytest.approx(0.1)
    assert split_between(9, 100.0, 13.0, 66.67) == 1.5
    assert split_between(9, 100.0, 14.0, 66.67) is None
    assert (shares_after(9, 1.5), shares_after(30, 0.1), shares_after(9, 0.1)) == (13, 3, 0)


def test_less_than_a_share_leaves_nothing() -> None:
    assert split_between(5, 192.36, 0.0, 1923.6) == pytest.approx(0.1)


@pytest.mark.parametrize(("shown", "ratio"), [(19.0, 2.25), (28.0, 3.375)])
def test_several_splits_between_two_looks_drop_a_fraction_each(shown: float, ratio: float) -> None:
    assert splits_between(9, 108.64, shown, 108.64 / ratio) == pytest.approx(ratio)
    assert split_between(9, 108.64, shown, 108.64 / ratio) is None
