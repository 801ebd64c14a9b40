from __future__ import annotations

import pytest

from simulator.views.currencies import PAIRS, dollars_for


def test_a_dollar_is_one_and_what_is_not_known_is_nothing() -> None:
    assert dollars_for("USD") == 1.0
    assert dollars_for("XXX") is None
    assert dollars_for("") is None


@pytest.mark.parametrize("currency", PAIRS)
def test_each_pair_has_the_dollar_in_it_and_a_rate(currency: str) -> None:
    assert "USD" in PAIRS[currency][0].split(".")
    assert (dollars_for(currency) or 0.0) > 0.0
