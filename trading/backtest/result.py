"""What a backtest found out: trades, the equity curve, what is still open, and what was refused."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from trading.model.account import EquityPoint
from trading.model.decision import ExitReason


@dataclass(frozen=True, slots=True)
class ClosedTrade:
    """One position from its entry to its exit.

    `commission` is that of both orders, `pnl` what the trade earned after it, both in cents.
    """

    symbol: str
    quantity: int
    entry_session: date
    entry_price: float
    exit_session: date
    exit_price: float
    exit_reason: ExitReason
    commission: float
    pnl: float

    @property
    def within_a_day(self) -> bool:
        """Return whether it was closed in the session in which it was bought."""
        return self.exit_session == self.entry_session


@dataclass(frozen=True, slots=True)
class OpenPosition:
    """A position that the end of the data left open, marked at its symbol's last close."""

    symbol: str
    quantity: int
    entry_session: date
    entry_price: float
    last_close: float
    unrealised_pnl: float
    """Against the entry's cost and commission; what selling would cost is not in it."""


@dataclass(frozen=True, slots=True)
class BacktestResult:
    """All that the report files hold; trades are in the order of exit session, then symbol.

    `orders_placed` counts approved entries, those of the last decision (which nothing can fill) included;
    `orders_filled` counts the entries that filled. `latches` has the session in which each risk latch closed for good.
    """

    engine: str
    starting_cash: float
    trades: tuple[ClosedTrade, ...]
    equity: tuple[EquityPoint, ...]
    open_positions: tuple[OpenPosition, ...]
    orders_placed: int
    orders_filled: int
    refusals: Mapping[str, int]
    latches: Mapping[str, date]

    @property
    def fill_rate(self) -> float | None:
        """Fraction of the entries placed that filled; None without an entry."""
        return self.orders_filled / self.orders_placed if self.orders_placed else None

    @property
    def halted_on(self) -> date | None:
        """The session whose decision latched the drawdown halt; nobody resumes a backtest."""
        return self.latches.get("drawdown_halt")
