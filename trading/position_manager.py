"""PositionManager: what held positions are worth, which of them are sold, and why."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from trading import rules
from trading.market.fills import cents
from trading.market.panel import Panel
from trading.model.decision import ExitOrder, ExitReason, Holding
from trading.strategies.signals import SignalPanel

_REASONS = {rules.SELL_TREND_BROKEN: ExitReason.TREND_BROKEN, rules.SELL_TIME_STOP: ExitReason.TIME_STOP}


def last_close(panel: Panel, row: int, holding: Holding) -> float:
    """Return the close of the holding's newest bar at or before `row`; its entry price where the panel has none."""
    if holding.symbol not in panel:
        return holding.entry_price
    column = panel.column(holding.symbol)
    found = rules.last_bar_row(panel, column, row)
    return holding.entry_price if found is None else float(panel.close[found, column])


def market_value(panel: Panel, row: int, holdings: Iterable[Holding]) -> float:
    """Return the sum of quantity x last close, not rounded."""
    return sum(holding.quantity * last_close(panel, row, holding) for holding in holdings)


def account_equity(panel: Panel, row: int, cash: float, holdings: Iterable[Holding]) -> float:
    """Return cash plus positions at their last closes, in cents."""
    return cents(cash + market_value(panel, row, holdings))


def bars_held(signals: SignalPanel, row: int, holding: Holding) -> int:
    """Return how many bars of its own symbol came after the entry's session, up to and including `row`."""
    column = signals.panel.column(holding.symbol)
    entry = int(np.searchsorted(signals.panel.sessions, np.datetime64(holding.entry_session, "D"), side="right")) - 1
    before = int(signals.bar_count[entry, column]) if entry >= 0 else 0
    return int(signals.bar_count[row, column]) - before


class PositionManager:
    """Turns sell signals of held positions into exits."""

    def exits(self, signals: SignalPanel, row: int, holdings: Iterable[Holding]) -> tuple[ExitOrder, ...]:
        """Return an exit for each position with a sell signal in the session of `row`, in the order of `holdings`.

        One without a bar in that session is not sold, and one whose exit is pending is not decided again.
        """
        found = []
        for holding in holdings:
            reason = self.exit_reason(signals, row, holding)
            if reason is not None:
                found.append(ExitOrder(holding.symbol, holding.quantity, reason))
        return tuple(found)

    def exit_reason(self, signals: SignalPanel, row: int, holding: Holding) -> ExitReason | None:
        """Return why a position is sold after the session of `row`, None when it is kept."""
        if holding.exit_pending or not signals.panel.has_bar(holding.symbol, row):
            return None
        column = signals.panel.column(holding.symbol)
        code = rules.sell_signal(
            float(signals.panel.close[row, column]),
            float(signals.exit_level[row, column]),
            bars_held(signals, row, holding),
            signals.max_holding_bars,
        )
        return _REASONS.get(code)
