from __future__ import annotations

import math

import pytest

from trading.errors import ConfigError
from trading.strategies.donchian_breakout import DonchianBreakout
from trading.strategies.parameters import describe_parameters, parse_parameters
from trading.strategies.trend_mean_reversion import TrendMeanReversionParameters


def test_parameters_are_described_from_their_class() -> None:
    described = {info.name: info for info in describe_parameters(TrendMeanReversionParameters)}
    assert described["channel_period"].default == 252
    assert described["channel_period"].whole
    assert (described["buy_zone"].low, described["buy_zone"].high) == (0, 1)
    assert described["entry_atr"].unit == "ATR"
    assert all(info.meaning for info in described.values())


def test_parameters_not_given_keep_their_defaults() -> None:
    parsed = parse_parameters(TrendMeanReversionParameters, "x", {"pullback_max": 3, "atr_period": 10})
    assert (parsed.pullback_max, parsed.atr_period, parsed.entry_atr) == (3.0, 10, 0.25)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"atr_period": 0}, "strategy.s.atr_period = 0: must be a whole number from 1 to 500"),
        ({"atr_period": 2.5}, "must be a whole number"),
        ({"atr_period": "14"}, "must be a whole number"),
        ({"atr_period": True}, "must be a whole number"),
        ({"buy_zone": 1.01}, "strategy.s.buy_zone = 1.01: must be a number from 0 to 1"),
        ({"buy_zone": None}, "must be a number"),
        ({"buy_zone": math.nan}, "must be a number"),
        ({"entry_atr": math.inf}, "must be a number"),
        ({"entry_atr": [1]}, "must be a number"),
        ({"entry_art": 1}, "did you mean entry_atr?"),
        ({"zzz": 1}, "no such parameter; there are channel_period"),
    ],
)
def test_unusable_parameter_is_named_with_its_range(given: dict[str, object], message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse_parameters(TrendMeanReversionParameters, "s", given)
    assert message in str(caught.value)


def test_a_bound_that_is_not_allowed_itself_is_told_so() -> None:
    with pytest.raises(ConfigError, match="must be a number above 0, to 1,000"):
        parse_parameters(DonchianBreakout.Parameters, "s", {"target_atr": 0})
