"""Tells pages, metrics and log what a turn of the loop did."""

from __future__ import annotations

from datetime import datetime

from trading.cycle.agenda import event_at
from trading.cycle.summary import CycleSummary
from trading.execution.context import TradingContext
from trading.execution.planning.protection import bare_shares, covers
from trading.execution.planning.state import TradingState
from trading.model.decision import Decision
from trading.model.metric import Counter, Duration, Gauge
from trading.model.mode import Mode
from trading.model.status import StatusKey, kept_count

# In fast simulated time nobody could read more than that.
SHOWN_EVERY_S = 0.25
# A cycle in which nothing happened is logged as often as this, in real time, while things stand as they stood.
SAID_EVERY_S = 60.0


class Publisher:
    """One for each process; it knows when pages were told last."""

    def __init__(self, context: TradingContext) -> None:
        """Publish through the context's store, metrics and log."""
        self._context = context
        self._shown_at = float("-inf")
        self._said_at, self._said = float("-inf"), CycleSummary().words
        self._due: datetime | None = None
        self._uncovered_at: datetime | None = None

    def began(self, now: datetime) -> None:
        """Measure how much later than planned a turn begins; one that a person brought forward is not late."""
        late_s = 0.0 if self._due is None else max(0.0, (now - self._due).total_seconds())
        self._context.metrics.put(Gauge.LOOP_LAG_SECONDS, late_s)

    def bare(self, state: TradingState) -> int:
        """Return the own shares without a stop as the orders were read last: unread, nobody knows of any more."""
        if state.snapshot.orders.value is None:
            return kept_count(self._context.store.value(StatusKey.UNCOVERED_SHARES))
        return sum(bare_shares(cover, state) for cover in covers(state))

    def decision(self, decision: Decision, summary: CycleSummary) -> None:
        """Take a decision into the summary and the metrics."""
        metrics = self._context.metrics
        summary.session = decision.session.isoformat()
        buys = sum(verdict.signal is not None for verdict in decision.verdicts)
        summary.signals = buys + len(decision.exits)
        summary.refusals += len(decision.denials)
        for denied in decision.denials:
            metrics.add(Counter.DENIALS, label=denied.code)
        metrics.put(Gauge.EQUITY_DOLLARS, decision.equity)
        metrics.put(Gauge.CASH_DOLLARS, decision.cash)
        metrics.put(Gauge.DRAWDOWN_RATIO, decision.drawdown)

    def turn(self, summary: CycleSummary, next_at: datetime, *, market_open: bool, real_s: float) -> None:
        """Publish a turn; `real_s` are seconds of a clock that nobody simulates."""
        context = self._context
        now = context.clock.now()
        self._due = next_at
        summary.positions = len(context.journal.own_positions())
        summary.mode = str(context.store.mode().mode)
        facts = {
            StatusKey.UNCOVERED_SHARES: str(summary.uncovered),
            StatusKey.UNKNOWN_ORDERS: str(summary.unknown),
        }
        shown = real_s - self._shown_at >= SHOWN_EVERY_S
        if shown:
            self._shown_at = real_s
            facts |= {
                StatusKey.MARKET_NOW: now.isoformat(),
                StatusKey.MARKET_PHASE: "open" if market_open else "closed",
                StatusKey.NEXT_EVENT: next_at.isoformat(),
                StatusKey.NEXT_EVENT_KIND: event_at(next_at, context.calendar, context.settings.execution),
            }
        context.store.show(facts)
        self._measure(summary, now, market_open=market_open)
        if shown:
            for counter, totals in context.store.totals().items():
                for label, total in totals.items():
                    context.metrics.reach(counter, total, label=label)
            context.metrics.write()
        if summary.did_something or summary.words != self._said or real_s - self._said_at >= SAID_EVERY_S:
            self._said, self._said_at = summary.words, real_s
            context.log.info("cycle", **summary.as_mapping())

    def _measure(self, summary: CycleSummary, now: datetime, *, market_open: bool) -> None:
        metrics = self._context.metrics
        metrics.add(Counter.CYCLES)
        if self._uncovered_at is not None:
            metrics.add(Counter.UNCOVERED_SECONDS, (now - self._uncovered_at).total_seconds())
        self._uncovered_at = now if summary.uncovered and market_open else None
        metrics.observe(Duration.CYCLE, summary.duration_s)
        metrics.put(Gauge.UNKNOWN_ORDERS, summary.unknown)
        metrics.put(Gauge.UNCOVERED_SHARES, summary.uncovered)
        metrics.put(Gauge.OPEN_POSITIONS, summary.positions)
        metrics.put(Gauge.LAST_CYCLE_TIMESTAMP_SECONDS, now.timestamp())
        metrics.put_mode(Mode(summary.mode))
