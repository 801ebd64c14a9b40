"""`decide`: from a frozen view of the market and the account to the record of what to do, with no I/O and no clock."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from trading.config import Settings
from trading.errors import DataError
from trading.market.panel import Panel
from trading.model.contract import PriceIncrement
from trading.model.decision import Decision, ExitReason, Holding, RiskState
from trading.position_manager import PositionManager, last_close
from trading.risk_manager import PricedAccount, PricedHolding, RiskManager
from trading.stock_screener import StockScreener
from trading.strategies.base import Strategy


@dataclass(frozen=True, slots=True, eq=False)
class MarketView:
    """Everything that one decision may look at.

    It decides on the completed bars up to and including `panel.sessions[row]`; later rows are never looked at. `cash`
    and `equity` are in cents; `holdings` A-Z, also those with a pending exit; `increments` the contracts' own, where
    the broker told them. With an equity that is not `relied_on` nothing latches, is remembered of it, or is bought.
    `spendable` is what entries may use, None: the cash.
    """

    panel: Panel
    row: int
    cash: float
    equity: float
    holdings: tuple[Holding, ...]
    risk: RiskState
    skipped: Mapping[str, str] = field(default_factory=dict)
    increments: Mapping[str, tuple[PriceIncrement, ...]] = field(default_factory=dict)
    relied_on: bool = True
    spendable: float | None = None


@dataclass(frozen=True, slots=True)
class DecisionSystem:
    """The three stages, built once from the settings."""

    screener: StockScreener
    positions: PositionManager
    risk: RiskManager

    @staticmethod
    def build(settings: Settings, strategy: Strategy) -> DecisionSystem:
        """Return the stages for `strategy` under the limits of `settings`."""
        return DecisionSystem(
            StockScreener(strategy), PositionManager(), RiskManager(settings.risk, settings.sizing, strategy)
        )

    @property
    def strategy(self) -> Strategy:
        """Return the strategy that the stages use."""
        return self.screener.strategy

    def chart_values(self, panel: Panel) -> dict[str, NDArray[np.float64]]:
        """Return what the strategy's charts show beside the bars of `panel`, by column."""
        return self.strategy.chart_values(self.screener.signals(panel))


def decide(view: MarketView, system: DecisionSystem) -> Decision:
    """Return the decision after the close of the view's session; the same view gives the same decision.

    Raises: DataError, the view's row is not in its panel.
    """
    panel, row = view.panel, view.row
    if not 0 <= row < len(panel.sessions):
        raise DataError("bars", f"there is no session {row} among {len(panel.sessions)}")
    session = panel.day(row)
    screen = system.screener.screen(panel, row, view.increments)
    standing = system.risk.assess(session, view.equity if view.relied_on else math.nan, view.risk)
    exits = system.positions.exits(screen.signals, row, view.holdings)
    held: dict[str, ExitReason | None] = {holding.symbol: None for holding in view.holdings}
    candidates = screen.candidates(held.keys() | view.skipped.keys())
    priced = tuple(PricedHolding(holding, last_close(panel, row, holding)) for holding in view.holdings)
    account = PricedAccount(view.cash, view.equity, priced, view.spendable)
    entries, denials = system.risk.walk(candidates, account, standing, screen.signals, row)
    sold = {order.symbol: order.reason for order in exits}
    return Decision(
        session=session,
        equity=view.equity,
        cash=view.cash,
        drawdown=standing.drawdown,
        exits=exits,
        entries=entries,
        denials=denials,
        verdicts=screen.verdicts({**held, **sold}, view.skipped.keys()),
        risk=system.risk.remembered(standing.risk, screen.signals, row),
        skipped=view.skipped,
        closes={each.holding.symbol: each.price for each in priced}
        | {signal.symbol: signal.close for signal in candidates},
        words=system.strategy.words(screen.signals),
    )
