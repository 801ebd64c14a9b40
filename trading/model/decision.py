"""What a cycle looked at and what it decided, with a reason for everything that it did not do."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from enum import StrEnum

from trading.model.strategy_words import StrategyWords


class ExitReason(StrEnum):
    """Why a position was closed; the values stand in trades.csv."""

    STOP = "stop"
    TARGET = "target"
    TREND_BROKEN = "trend_broken"
    TIME_STOP = "time_stop"
    DELISTED = "delisted"
    OPERATOR = "operator"


@dataclass(frozen=True, slots=True)
class Holding:
    """A position of ours at the close of the view's session; `quantity` > 0.

    `stop_price` and `target_price` are those of the entry plan; `exit_pending` is set while a sell signal's order
    waits.
    """

    symbol: str
    quantity: int
    entry_session: date
    entry_price: float
    stop_price: float
    target_price: float
    exit_pending: bool = False


@dataclass(frozen=True, slots=True)
class StopOut:
    """A position that its stop closed, for the limits on repeats."""

    symbol: str
    session: date


@dataclass(frozen=True, slots=True)
class DayTrade:
    """A position that was closed in the session in which it was bought."""

    symbol: str
    session: date


@dataclass(frozen=True, slots=True)
class RiskState:
    """What the risk rules remember from one decision to the next.

    `peak` is the highest equity so far (None before the first decision), `latches` the codes that hold the system in
    REDUCING until a person resumes it, with the session in which each latched. `daily_loss` is what part of the equity
    was lost from the decision before to the last one, None where nobody can say.
    """

    peak: float | None = None
    prior_equity: float | None = None
    latches: Mapping[str, date] = field(default_factory=dict)
    stop_outs: tuple[StopOut, ...] = ()
    entries_off_through: date | None = None
    daily_loss: float | None = 0.0
    day_trades: tuple[DayTrade, ...] = ()

    def with_stop_outs(self, new: Sequence[StopOut]) -> RiskState:
        """Return the memory with those that it does not have yet, in the order of sessions and symbols."""
        added = sorted((out for out in new if out not in self.stop_outs), key=lambda out: (out.session, out.symbol))
        return replace(self, stop_outs=(*self.stop_outs, *added))

    def with_day_trades(self, new: Iterable[DayTrade]) -> RiskState:
        """Return the memory with those that it does not have yet, in the order of sessions and symbols."""
        added = sorted(set(new) - set(self.day_trades), key=lambda each: (each.session, each.symbol))
        return replace(self, day_trades=(*self.day_trades, *added))

    def scaled(self, factor: float) -> RiskState:
        """Return the memory after money came or went that multiplied the account by `factor`.

        Peak and prior equity move in proportion, so that what was lost of them stays the same fraction.
        """

        def moved(value: float | None) -> float | None:
            return None if value is None else value * factor

        return replace(self, peak=moved(self.peak), prior_equity=moved(self.prior_equity))


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a symbol gave no signal: the rule, what was measured, the threshold it missed (None where there is none).

    `measure` names the measured value among those of the verdict.
    """

    code: str
    value: float | None
    limit: float | None
    measure: str = ""


@dataclass(frozen=True, slots=True)
class Signal:
    """A buy signal with its order prices, in the contract's currency, and what sizing needs.

    `atr` is in price units, `mean_volume` in shares a session.
    """

    symbol: str
    score: float
    close: float
    atr: float
    mean_volume: float
    limit_price: float
    stop_price: float
    target_price: float


@dataclass(frozen=True, slots=True)
class SymbolVerdict:
    """What the screener found for one symbol.

    Exactly one holds: `signal` is set, or `reasons` is not empty, or the symbol is held (`held`, with the exit reason
    when it gave a sell signal). `values` are the measured indicators by name, absent when undefined. `failed` are the
    places, among the strategy's checks, of those that failed; None where they were not what decided.
    """

    symbol: str
    signal: Signal | None
    reasons: tuple[Reason, ...]
    values: Mapping[str, float]
    held: bool = False
    exit_reason: ExitReason | None = None
    failed: tuple[int, ...] | None = None


@dataclass(frozen=True, slots=True)
class Approved:
    """An entry to send: a DAY limit buy with a GTC stop and a GTC limit target."""

    symbol: str
    quantity: int
    limit_price: float
    stop_price: float
    target_price: float
    score: float
    binding_cap: str
    """Which cap of the position size was the smallest: allocation, risk, concentration or liquidity."""


@dataclass(frozen=True, slots=True)
class Denied:
    """A proposal that a limit of ours refused: the limit's code, what was asked for, what is allowed.

    `detail` says more where code and numbers don't, such as the cap that made a size zero.
    """

    symbol: str
    code: str
    value: float | None
    limit: float | None
    detail: str = ""

    @property
    def text(self) -> str:
        """Return the reason in words, its code where there are none."""
        return self.detail or self.code

    @property
    def in_numbers(self) -> str:
        """Return the detail with what was asked for and what is allowed, where that was measured."""
        numbers = "" if self.value is None else f"{self.value:g} against {self.limit}"
        return " ".join(part for part in (self.detail, numbers) if part)


@dataclass(frozen=True, slots=True)
class ExitOrder:
    """A sell signal: the whole position goes at the next session's open."""

    symbol: str
    quantity: int
    reason: ExitReason


@dataclass(frozen=True, slots=True)
class Decision:
    """The record of one decision after the close of `session`; carrying it out needs nothing else."""

    session: date
    equity: float
    cash: float
    drawdown: float
    exits: tuple[ExitOrder, ...]
    entries: tuple[Approved, ...]
    denials: tuple[Denied, ...]
    verdicts: Sequence[SymbolVerdict]
    """One of each symbol of the panel, A-Z; built when read, so a backtest pays for none that nobody asks for."""
    risk: RiskState
    skipped: Mapping[str, str] = field(default_factory=dict)
    """Symbols that could not be judged, with the reason (bad or missing data)."""
    closes: Mapping[str, float] = field(default_factory=dict)
    """Newest close of each symbol with a buy signal and of each that is held: what prices are compared with."""
    words: StrategyWords = field(default_factory=StrategyWords)
    """Those of the strategy that decided."""

    @property
    def reducing(self) -> bool:
        """Whether a risk latch keeps new entries off."""
        return bool(self.risk.latches)
