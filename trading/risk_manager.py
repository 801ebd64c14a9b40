"""RiskManager: drawdown and its latch, sizes and limits; one verdict with its reason for each candidate."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date

import numpy as np

from trading import rules
from trading.config import RiskSettings, SizingSettings
from trading.market.fills import cents
from trading.model.decision import Approved, DayTrade, Denied, Holding, RiskState, Signal, StopOut
from trading.strategies.base import PositionSize, Strategy
from trading.strategies.signals import SignalPanel

DRAWDOWN_LATCH = "drawdown_halt"


@dataclass(frozen=True, slots=True)
class PricedHolding:
    """A position with its last close."""

    holding: Holding
    price: float


@dataclass(frozen=True, slots=True)
class Standing:
    """Where the account stands before any candidate is looked at.

    `risk` is what to remember, `halted` whether a latch (or an equity that is no number) keeps entries off,
    `daily_loss` the fraction lost since the decision before.
    """

    risk: RiskState
    drawdown: float
    daily_loss: float
    halted: bool


@dataclass(frozen=True, slots=True)
class PricedAccount:
    """Cash, equity and positions as of one session's close; `spendable` is what entries may use, None: the cash."""

    cash: float
    equity: float
    positions: tuple[PricedHolding, ...]
    spendable: float | None = None


@dataclass(frozen=True, slots=True)
class Funds:
    """What an account has for entries, USD; `settled` is None where the broker does not say it.

    `available` are the account's available funds by the broker's own reckoning, `committed` is what entries and
    purchases of others that may be live would take. `cash_account`: the broker says that it is one.
    """

    cash: float
    settled: float | None
    available: float = math.inf
    committed: float = 0.0
    cash_account: bool = False


@dataclass(frozen=True, slots=True)
class Fall:
    """How far the equity has fallen: below its peak, and since the close before; NaN where nobody can say."""

    drawdown: float
    daily_loss: float


class RiskManager:
    """Applies the limits of its settings; keeps nothing from one decision to the next."""

    def __init__(self, risk: RiskSettings, sizing: SizingSettings, strategy: Strategy) -> None:
        """Put the settings into the forms that the compiled rules take."""
        self._risk = risk
        self._strategy = strategy
        self._caps = rules.SizeRules(
            float(sizing.allocation_per_trade),
            float(sizing.risk_per_trade),
            float(sizing.max_position_size),
            float(sizing.max_participation),
        )
        self._sizing = sizing

    @property
    def account_rules(self) -> str:
        """Return which rules of the account's kind hold: `none`, `pdt` or `cash`."""
        return self._risk.account_rules

    def assess(self, session: date, equity: float, before: RiskState) -> Standing:
        """Return drawdown and daily loss at the close of `session`, and latch at a drawdown of `max_drawdown`.

        An equity that is no number, zero or negative changes nothing that is remembered and keeps entries off.
        """
        if not (math.isfinite(equity) and equity > 0.0):
            return Standing(before, 0.0, 0.0, halted=True)
        peak = equity if before.peak is None else max(before.peak, equity)
        drawdown = _drawdown(peak, equity)
        latches = dict(before.latches)
        if drawdown >= self._risk.max_drawdown:
            latches.setdefault(DRAWDOWN_LATCH, session)
        prior = before.prior_equity
        lost = 0.0 if prior is None else _lost(prior, equity)
        remembered = replace(before, peak=peak, prior_equity=equity, latches=latches, daily_loss=_finite(lost))
        return Standing(remembered, drawdown, lost, halted=bool(latches))

    def size(self, signal: Signal, equity: float) -> PositionSize:
        """Return the shares to buy on a signal."""
        return self._strategy.calculate_position_size(signal, equity, self._caps)

    def walk(
        self, candidates: Sequence[Signal], account: PricedAccount, standing: Standing, signals: SignalPanel, row: int
    ) -> tuple[tuple[Approved, ...], tuple[Denied, ...]]:
        """Go down the candidates in their order; accept each, or refuse it with its first failing reason."""
        portfolio = self._portfolio(account, standing, signals, row)
        refused = {denial.symbol: denial for denial in self._strategy.validate_signals(candidates)}
        sectors = self._sectors(item.holding.symbol for item in account.positions)
        cooling = self._bars_since_stop_outs(standing.risk.stop_outs, signals, row)
        limits = entry_limits(self._risk, self._sizing, signals.panel.day(row))
        accepted: list[Approved] = []
        denials: list[Denied] = []
        for signal in candidates:
            size = self.size(signal, account.equity)
            sector = self._risk.sectors.get(signal.symbol)
            proposal = rules.Proposal(
                size.quantity,
                size.exact,
                signal.limit_price,
                signal.stop_price,
                signal.target_price,
                0 if sector is None else sectors.get(sector, 0),
                cooling.get(signal.symbol, math.inf),
            )
            code, asked, allowed = rules.verdict(proposal, portfolio, limits)
            if code != rules.DRAWDOWN_HALT and signal.symbol in refused:
                denials.append(refused[signal.symbol])
            elif code != rules.ACCEPTED:
                denials.append(self._denied(signal.symbol, code, asked, allowed, standing, size))
            else:
                accepted.append(_approved(signal, size))
                portfolio = _with_entry(portfolio, proposal)
                if sector is not None:
                    sectors[sector] = sectors.get(sector, 0) + 1
        return tuple(accepted), tuple(denials)

    def pausing_stop_outs(self, stop_outs: Sequence[StopOut], signals: SignalPanel, row: int) -> int:
        """Return the most stop-outs that lay within `stop_out_sessions` at one of the last `pause_sessions` sessions.

        Only sessions with a stop-out begin a pause, so it ends though the stop-outs are still in the window.
        """
        rows = _rows_of(stop_outs, signals)
        recent = {at for at in rows if row - self._risk.pause_sessions < at <= row}
        window = self._risk.stop_out_sessions
        return max((sum(at - window < other <= at for other in rows) for at in recent), default=0)

    def remembered(self, risk: RiskState, signals: SignalPanel, row: int) -> RiskState:
        """Return `risk` without the stop-outs and day trades that no limit looks at any more."""
        if risk.day_trades:
            risk = replace(risk, day_trades=self._counted_day_trades(risk, signals, row))
        if not risk.stop_outs:
            return risk
        oldest = row - self._risk.stop_out_sessions - self._risk.pause_sessions
        newest = {out.symbol: out for out in sorted(risk.stop_outs, key=lambda out: out.session)}
        cooling = self._risk.cooldown_bars > 0
        kept = tuple(
            out
            for out, at in zip(risk.stop_outs, _rows_of(risk.stop_outs, signals), strict=True)
            if at > oldest or (cooling and newest[out.symbol] is out)
        )
        return replace(risk, stop_outs=kept)

    def _counted_day_trades(self, risk: RiskState, signals: SignalPanel, row: int) -> tuple[DayTrade, ...]:
        """Return the day trades that a broker counts beside those of the next session."""
        if self._risk.account_rules != "pdt" or not risk.day_trades:
            return ()
        rows = _rows_of(risk.day_trades, signals)
        oldest = row - self._risk.pdt_sessions + 1
        return tuple(each for each, at in zip(risk.day_trades, rows, strict=True) if at > oldest)

    def _portfolio(self, account: PricedAccount, standing: Standing, signals: SignalPanel, row: int) -> rules.Portfolio:
        paused = standing.risk.entries_off_through
        stop_outs = self.pausing_stop_outs(standing.risk.stop_outs, signals, row)
        if paused is not None and signals.panel.day(row) <= paused:
            stop_outs = max(stop_outs, self._risk.max_stop_outs)
        return rules.Portfolio(
            standing.halted,
            standing.drawdown,
            float(self._risk.max_drawdown),
            account.equity,
            account.cash if account.spendable is None else account.spendable,
            len(account.positions),
            sum(item.holding.quantity * item.price for item in account.positions) + 0.0,
            sum(item.holding.quantity * max(0.0, item.price - item.holding.stop_price) for item in account.positions)
            + 0.0,
            stop_outs,
            standing.daily_loss,
            len(self._counted_day_trades(standing.risk, signals, row)),
        )

    def _sectors(self, held: Iterable[str]) -> dict[str, int]:
        counts: dict[str, int] = {}
        for symbol in held:
            sector = self._risk.sectors.get(symbol)
            if sector is not None:
                counts[sector] = counts.get(sector, 0) + 1
        return counts

    def _bars_since_stop_outs(self, stop_outs: Sequence[StopOut], signals: SignalPanel, row: int) -> dict[str, float]:
        if self._risk.cooldown_bars == 0:
            return {}
        since: dict[str, float] = {}
        for out, at in zip(stop_outs, _rows_of(stop_outs, signals), strict=True):
            if out.symbol in signals.panel:
                counts = signals.bar_count[:, signals.panel.column(out.symbol)]
                bars = float(counts[row] - (counts[at] if at >= 0 else 0))
                since[out.symbol] = min(bars, since.get(out.symbol, math.inf))
        return since

    def _denied(
        self, symbol: str, code: int, asked: float, allowed: float, standing: Standing, size: PositionSize
    ) -> Denied:
        name = rules.CODES[code]
        detail = size.binding_cap if code == rules.SIZE_ZERO else ""
        latches = standing.risk.latches
        if code == rules.DRAWDOWN_HALT and DRAWDOWN_LATCH not in latches:
            # Another latch keeps entries off, or the equity is unknown.
            name = min(latches, default="equity_unknown")
            return Denied(symbol, name, None, None)
        return Denied(symbol, name, _finite(asked), _finite(allowed), detail)


def spendable(funds: Funds, account_rules: str) -> float:
    """Return what entries may use of an account, below 0 where more is committed than there is.

    With the account rules `cash`, and in what the broker says is a cash account, that is settled cash: where nobody
    says how much is settled, none is. So nothing is bought with money that is not settled, and what was bought never
    has to be held until it is.
    """
    own = [funds.cash, funds.available]
    if account_rules == "cash" or funds.cash_account:
        settled = math.nan if funds.settled is None else funds.settled
        own.append(0.0 if math.isnan(settled) else settled)
    least = math.nan if any(math.isnan(each) for each in own) else min(own)
    return least - funds.committed


def fall(risk: RiskState, equity: float) -> Fall:
    """Return how far the equity of now has fallen since the last decision, whose own daily loss counts until the next.

    Before the first decision nobody can say.
    """
    if risk.peak is None or risk.prior_equity is None or not math.isfinite(equity):
        return Fall(math.nan, math.nan)
    losses = (math.nan if risk.daily_loss is None else risk.daily_loss, _lost(risk.prior_equity, equity))
    lost = math.nan if any(math.isnan(each) for each in losses) else max(losses)
    return Fall(_drawdown(max(risk.peak, equity), equity), lost)


def unlatched(risk: RiskState) -> RiskState:
    """Return the memory after a person resumed: without latches, and the peak that of the drawdown which had latched.

    A drawdown is measured anew from the equity of the last decision, where that is one; no other latch moves the peak.
    """
    peak, equity = risk.peak, risk.prior_equity
    if DRAWDOWN_LATCH in risk.latches and equity is not None and math.isfinite(equity) and equity > 0.0:
        peak = equity
    return replace(risk, latches={}, peak=peak)


def too_much_lost(risk: RiskState, equity: float, limits: rules.EntryLimits) -> str | None:
    """Return why the equity of now keeps entries off for a day (R08), None where it doesn't.

    Before the first decision there is nothing that it could have fallen from.
    """
    if not limits.standard or risk.prior_equity is None:
        return None
    refused, lost, allowed = rules.daily_loss(fall(risk, equity).daily_loss, limits)
    if not refused:
        return None
    said = f"{lost:.2%} of the equity was lost" if math.isfinite(lost) else "nobody can say how much was lost"
    return f"daily_loss: {said} since the close before, at most {allowed:.2%} may be; it ends by itself"


def entry_limits(risk: RiskSettings, sizing: SizingSettings, decided: date | None = None) -> rules.EntryLimits:
    """Return the limits of an entry that is `decided` on a day as the compiled rules take them.

    Day trades are counted only with the account rules `pdt`, and only until these end.
    """
    counted = risk.account_rules == "pdt" and decided is not None and decided < date.fromisoformat(risk.pdt_ends)
    return rules.EntryLimits(
        risk.profile == "standard",
        risk.max_positions,
        float(risk.max_exposure),
        risk.max_per_sector,
        float(sizing.max_position_size),
        float(risk.max_order_value),
        risk.max_order_quantity,
        risk.max_stop_outs,
        risk.cooldown_bars,
        float(risk.max_daily_loss),
        float(risk.max_open_risk),
        float(risk.min_stop_distance),
        float(risk.max_stop_distance),
        risk.pdt_day_trades,
        float(risk.pdt_equity) if counted else 0.0,
    )


def _drawdown(peak: float, equity: float) -> float:
    return 1.0 - equity / peak if peak > 0.0 else 0.0


def _lost(prior: float, equity: float) -> float:
    """Return the fraction of `prior` that was lost, NaN where that was no money."""
    return 1.0 - equity / prior if prior > 0.0 else math.nan


def _with_entry(portfolio: rules.Portfolio, proposal: rules.Proposal) -> rules.Portfolio:
    value = proposal.quantity * proposal.limit
    return portfolio._replace(
        cash=cents(portfolio.cash - rules.entry_cost(proposal.quantity, proposal.limit)),
        positions=portfolio.positions + 1,
        exposure=portfolio.exposure + value,
        open_risk=portfolio.open_risk + proposal.quantity * (proposal.limit - proposal.stop),
        day_trades=portfolio.day_trades + 1,
    )


def _approved(signal: Signal, size: PositionSize) -> Approved:
    return Approved(
        symbol=signal.symbol,
        quantity=size.quantity,
        limit_price=signal.limit_price,
        stop_price=signal.stop_price,
        target_price=signal.target_price,
        score=signal.score,
        binding_cap=size.binding_cap,
    )


def _rows_of(closed: Sequence[StopOut | DayTrade], signals: SignalPanel) -> list[int]:
    """Return the row of the session of each, or of the newest session before it; -1 before the panel."""
    days = np.array([each.session for each in closed], dtype="datetime64[D]")
    rows: list[int] = (np.searchsorted(signals.panel.sessions, days, side="right") - 1).tolist()
    return rows


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None
