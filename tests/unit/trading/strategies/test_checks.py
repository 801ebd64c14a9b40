from __future__ import annotations

import pytest

from trading.model.strategy_words import Check
from trading.strategies.checks import least_dollar_volume, least_price, least_volatility, most_volatility


@pytest.mark.parametrize(
    ("check", "code", "measure", "relation"),
    [
        (least_price(5.0), "price", "close", ">="),
        (least_dollar_volume(5e6), "volume", "dollar_volume", ">="),
        (least_volatility(0.5), "volatility", "atr_pct", ">="),
        (most_volatility(6.0), "volatility", "atr_pct", "<="),
    ],
)
def test_shared_check_holds_a_measure_to_its_limit_and_says_both(
    check: Check, code: str, measure: str, relation: str
) -> None:
    assert (check.code, check.measure, check.relation) == (code, measure, relation)
    assert isinstance(check.limit, float)
    for passed in (True, False):
        said = check.sentence(2.0 * check.limit, check.limit, "{:.{}f}".format, passed=passed)
        assert said.count(f"{check.limit:.1f}"[:1]) >= 1
        assert said.endswith((".", ": too quiet.", ": too wild."))
    assert check.heading == check.title != ""
