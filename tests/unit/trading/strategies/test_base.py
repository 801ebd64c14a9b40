from __future__ import annotations

from trading import rules
from trading.config import RuleSettings
from trading.model.contract import PriceIncrement
from trading.model.decision import Denied, Signal
from trading.strategies.base import US_LADDER, Ladder
from trading.strategies.trend_mean_reversion import TrendMeanReversion, TrendMeanReversionParameters

STRATEGY = TrendMeanReversion(TrendMeanReversionParameters(), RuleSettings())


def signal(symbol: str = "A", limit: float = 50.0, stop: float = 45.0, target: float = 52.0) -> Signal:
    return Signal(symbol, 1.0, 50.5, 2.0, 1e6, limit, stop, target)


def test_ladder_of_no_increments_is_that_of_us_stocks() -> None:
    assert Ladder.of(()) is US_LADDER
    ladder = Ladder.of([PriceIncrement(3.0, 0.05), PriceIncrement(0.0, 0.01)])
    assert ladder.edges.tolist() == [0.0, 3.0]
    assert ladder.steps.tolist() == [0.01, 0.05]


def test_signals_whose_prices_make_no_sense_are_refused_with_the_pair_that_clashes() -> None:
    signals = [signal("A"), signal("B", stop=-1.0), signal("C", stop=50.0), signal("D", target=50.0)]
    assert STRATEGY.validate_signals(signals) == (
        Denied("B", "bad_prices", -1.0, 0.0),
        Denied("C", "bad_prices", 50.0, 50.0),
        Denied("D", "bad_prices", 50.0, 50.0),
    )


def test_size_names_the_cap_that_bound_it() -> None:
    caps = rules.SizeRules(1000.0, 0.01, 0.1, 0.01)
    size = STRATEGY.calculate_position_size(signal(), 100_000.0, caps)
    assert (size.quantity, size.exact, size.binding_cap) == (20, 20.0, "allocation")
