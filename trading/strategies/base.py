"""What a strategy is: one class that measures a panel of bars and says what to buy, at which prices and how much."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol

import numpy as np
from numpy.typing import NDArray

from trading import rules
from trading.config import RuleSettings
from trading.market.panel import Panel
from trading.model.contract import PriceIncrement
from trading.model.decision import Denied, Signal
from trading.model.strategy_words import ChartLine, Look, StrategyWords
from trading.strategies.parameters import StrategyParameters
from trading.strategies.signals import SignalPanel


@dataclass(frozen=True, slots=True, eq=False)
class Ladder:
    """Price increments in the form that compiled rules take: ascending lower edges and the step above each."""

    edges: NDArray[np.float64]
    steps: NDArray[np.float64]

    @staticmethod
    def of(increments: Sequence[PriceIncrement]) -> Ladder:
        """Return the ladder of a contract's increments; of none, that of US stocks."""
        if not increments:
            return US_LADDER
        ordered = sorted(increments, key=lambda increment: increment.lower_edge)
        return Ladder(np.array([i.lower_edge for i in ordered]), np.array([i.increment for i in ordered]))


ATR_BAND = (
    ChartLine("band_high", "close ± ATR", Look.BAND),
    ChartLine("band_low", "close ± ATR", Look.BAND),
)
"""On the chart of every strategy."""

US_LADDER = Ladder(rules.US_EDGES, rules.US_STEPS)


@dataclass(frozen=True, slots=True)
class OrderPrices:
    """Entry limit, stop and target of one signal, on the ladder."""

    limit: float
    stop: float
    target: float


@dataclass(frozen=True, slots=True)
class PositionSize:
    """Whole shares, the size before rounding down, and the cap that bound it."""

    quantity: int
    exact: float
    binding_cap: str


class Strategy(Protocol):
    """The interface, with what all strategies that trade by a bracket have in common; subclass it.

    A strategy is made as `TheClass(parameters, rule_settings)`, keeps no state and looks only at what it is given.
    """

    name: ClassVar[str]
    """Also the name of its module and of its part of config.json."""
    Parameters: ClassVar[type[StrategyParameters]]
    """What can be set."""
    lines: ClassVar[tuple[ChartLine, ...]] = ()
    """Columns of `generate_signals` that its charts show."""
    exit_level_words: ClassVar[str] = "its exit level"
    """What `SignalPanel.exit_level` is."""
    offsets: rules.BracketRules
    """Distances of the order prices from the close and from `SignalPanel.target_base`."""

    def __init__(self, parameters: Any, rule_settings: RuleSettings) -> None:  # noqa: ANN401 - each class has its own
        """Take the strategy's own parameters, an instance of `Parameters`, and the operational ones."""
        ...

    @property
    def needs(self) -> Mapping[str, int]:
        """Bars that each measured value takes, in the order in which the first missing one is named."""
        ...

    @property
    def warm_up_bars(self) -> int:
        """Bars that must be known for every value to exist."""
        return max(self.needs.values())

    @property
    def fetch_bars(self) -> int:
        """Bars to fetch, so that also values that remember their whole past agree with those on all data."""
        return self.warm_up_bars

    def generate_signals(self, panel: Panel) -> SignalPanel:
        """Measure all sessions at once; a row depends on that row and those before it, never on later ones."""
        ...

    def words(self, signals: SignalPanel) -> StrategyWords:
        """Return what pages and `explain` say of a decision on `signals`."""
        return StrategyWords(self.name, signals.checks, (*self.lines, *ATR_BAND), self.exit_level_words)

    def chart_values(self, signals: SignalPanel) -> dict[str, NDArray[np.float64]]:
        """Return the values of the lines of its charts, by column; all have the panel's shape, NaN where undefined."""
        close, atr = signals.panel.close, signals.columns["atr"]
        return {
            **{line.column: signals.columns[line.column] for line in self.lines},
            "band_high": close + atr,
            "band_low": close - atr,
        }

    def order_prices(self, signals: SignalPanel, row: int, column: int, ladder: Ladder) -> OrderPrices:
        """Return the prices of the orders of a signal."""
        close = float(signals.panel.close[row, column])
        atr = float(signals.columns["atr"][row, column])
        base = float(signals.target_base[row, column])
        return OrderPrices(*rules.bracket_prices(close, atr, base, self.offsets, ladder.edges, ladder.steps))

    def validate_signals(self, signals: Sequence[Signal]) -> tuple[Denied, ...]:
        """Return a refusal for each signal whose order prices make no sense: those must not be traded."""
        refused = []
        for signal in signals:
            bad, asked, allowed = rules.bad_prices(signal.limit_price, signal.stop_price, signal.target_price)
            if bad:
                refused.append(Denied(signal.symbol, "bad_prices", asked, allowed))
        return tuple(refused)

    def calculate_position_size(self, signal: Signal, equity: float, caps: rules.SizeRules) -> PositionSize:
        """Return the shares to buy under the four caps."""
        quantity, exact, cap = rules.position_size(
            signal.limit_price, signal.stop_price, equity, signal.mean_volume, caps
        )
        return PositionSize(quantity, exact, rules.CAPS[cap])
