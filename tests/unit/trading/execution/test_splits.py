from __future__ import annotations

import pytest

from trading.execution.splits import SPLITS, Split, split_between


@pytest.mark.parametrize("ratio", [*SPLITS, *(1.0 / split for split in SPLITS)])
def test_every_ratio_is_found_by_number_and_price_together(ratio: float) -> None:
    found = split_between(600, 100.0, 600 * ratio, 100.0 / ratio)
    assert found is not None
    assert found.ratio == pytest.approx(ratio)


@pytest.mark.parametrize(
    ("shares", "price", "shown", "shown_price"),
    [
        (10, 100.0, 10.0, 100.0),
        # Shares that somebody bought or sold at the market.
        (10, 100.0, 20.0, 100.0),
        (10, 100.0, 9.0, 100.0),
        # Another number or another price than the split's.
        (10, 100.0, 21.0, 50.0),
        (10, 100.0, 20.0, 51.0),
        (100, 10.0, 12.0, 100.0),
        # Nothing that could be counted or priced.
        (10, 100.0, 0.0, 50.0),
        (10, 100.0, -20.0, 50.0),
        (10, 100.0, 20.0, 0.0),
        (10, 0.0, 20.0, 50.0),
        (2, 10.0, 1.0, 100.0),
    ],
)
def test_what_no_split_explains_is_none(shares: int, price: float, shown: float, shown_price: float) -> None:
    assert split_between(shares, price, shown, shown_price) is None


def test_fractions_are_dropped_and_a_reverse_split_may_round_them_up() -> None:
    assert split_between(13, 73.65, 1.0, 736.5) == Split((0.1,))
    assert split_between(13, 73.65, 2.0, 736.5) == Split((0.1,))
    assert split_between(9, 100.0, 13.0, 66.67) == Split((1.5,))
    assert split_between(9, 100.0, 14.0, 66.67) is None


def test_two_splits_between_two_looks_drop_two_fractions() -> None:
    found = split_between(9, 108.64, 19.0, 48.28)
    assert found is not None
    assert found.ratio == pytest.approx(2.25)
    assert (found.shares(9), found.shares(10)) == (19, 22)
    assert split_between(9, 108.64, 19.0, 48.28, twice=False) is None


def test_one_split_explains_what_two_would_explain_too() -> None:
    assert split_between(10, 100.0, 40.0, 25.0) == Split((4.0,))
