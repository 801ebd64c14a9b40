"""Takes the one decision on each completed session, and keeps it."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import replace
from datetime import datetime, timedelta

from trading.cycle.gather import Market, read_market, view_of
from trading.cycle.missing_bars import EARLY_RETRY_S, RETRY_S, MissingBars
from trading.cycle.publish import Publisher
from trading.cycle.summary import CycleSummary
from trading.decision import DecisionSystem, decide
from trading.errors import STORAGE, GatewayError, InvariantBroken, OutOfTime
from trading.execution.context import TradingContext
from trading.execution.planning.balances import usable
from trading.execution.planning.state import MarketTimes, TradingState
from trading.model.alarm import Alarm, AlarmCode
from trading.model.decision import Decision
from trading.model.order import IntentState, Role

# Own orders and shares are looked at once a minute, whatever else there is to read. A read that is under way when this
# is over may take a quarter of a minute more.
READS_S = 30.0


class Deciding:
    """The newest decision, from the store after a restart, and the next one when it is due."""

    def __init__(self, context: TradingContext, stages: DecisionSystem, symbols: Sequence[str]) -> None:
        """Decide about `symbols` and whatever is held."""
        self._context = context
        self._stages = stages
        self._symbols = tuple(symbols)
        self.decision: Decision | None = context.store.last_decision()
        self.problem = ""
        """why the decision that is due could not be taken at the last attempt"""
        self.unanswered = ""
        """what of it the gateway gave no usable answer to"""
        self.again_at: datetime | None = None
        """when a decision that could not be taken is tried again"""
        self._missing: MissingBars | None = None
        self._said = ""

    def due(self, times: MarketTimes, now: datetime) -> bool:
        """Return whether a decision is to be taken.

        The first one of all waits for a session whose close this system has seen in time: an earlier one could send
        nothing, and there is nothing to sell. One that could not be taken is due again at `again_at`.
        """
        if self.again_at is not None and now < self.again_at:
            return False
        if self.decision is not None:
            return self.decision.session < times.newest.day
        return now <= times.window.ends or bool(self._context.journal.own_positions())

    def awaits(self, state: TradingState) -> bool:
        """Return whether an entry of an ended session still shows as working: what it filled belongs to the view.

        That is waited for until orders of the next session go out, and no longer: one order never stops the others.
        """
        if state.now >= state.times.window.begins:
            return False
        return any(
            record.intent.role is Role.ENTRY
            and record.state is IntentState.WORKING
            and record.intent.session <= state.times.newest.day
            for record in state.journal.maybe_live
        )

    def alarms(self, state: TradingState) -> tuple[Alarm, ...]:
        """Return the own symbols that the newest decision could not look at: they are held, and nobody sells them."""
        if self.decision is None:
            return ()
        skipped = self.decision.skipped
        return tuple(
            Alarm(
                AlarmCode.NOT_DECIDED,
                position.symbol,
                f"{position.symbol}: nothing was decided on it ({skipped[position.symbol]}); its stop stays",
            )
            for position in state.journal.positions
            if position.symbol in skipped
        )

    def decide(self, state: TradingState, publisher: Publisher, summary: CycleSummary) -> bool:
        """Decide on the newest completed session; return whether that was possible, else it is tried again.

        Raises: GatewayError, what it is taken on can't be read, see `failed`; InvariantBroken("storage").
        """
        context = self._context
        newest = state.times.newest
        if state.doubt is not None and state.now < state.times.window.begins:
            # What a second reading may settle before anything has to leave.
            self.again_at = min(state.now + timedelta(seconds=RETRY_S), state.times.window.begins)
            self.problem = self.unanswered = ""
            self._say_not_yet(state.doubt.text, session=newest.day.isoformat())
            return False
        held = [position.symbol for position in state.journal.positions]
        symbols = sorted({*self._symbols, *held})
        exposed = bool(held or state.journal.maybe_live)
        with context.market_data.within(READS_S) if exposed else nullcontext():
            market = self._read(symbols, state)
        if market is None:
            return False
        summary.trades += context.store.record_closed_trades()
        try:
            view = view_of(context, market, state)
        except InvariantBroken as problem:
            if problem.invariant == STORAGE:
                raise
            return self._not_yet(state.times, problem.detail)
        if view is None:
            return self._not_yet(state.times, "there are no balances of it")
        decision = decide(replace(view, relied_on=state.doubt is None), self._stages)
        # The decision comes last: once it is there, nothing before it is done again.
        # Without dollars an account in another currency is worth nothing here, and that is no loss.
        if state.doubt is None and usable(decision.equity):
            context.store.record_equity(
                decision.session, decision.equity, decision.cash, len(view.holdings), decision.drawdown
            )
        context.store.record_bars(market.panel, self._stages.chart_values(market.panel))
        context.store.record_decision(decision, context.clock.now())
        self.decision, self.again_at, self._said = decision, None, ""
        self.problem = self.unanswered = ""
        publisher.decision(decision, summary)
        return True

    def failed(self, error: GatewayError) -> None:
        """Take in why `decide` had nothing to decide on: what failed as a whole costs little to try again.

        What a person's request has cut short, or what takes longer than orders can do without a look, goes on after it,
        and what was known to fail before still is.
        """
        goes_on = self._context.interrupted() or isinstance(error, OutOfTime)
        if not goes_on:
            self.problem = self.unanswered = str(error)
        self.again_at = self._context.clock.now() + timedelta(seconds=0.0 if goes_on else RETRY_S)
        self._say_not_yet(str(error))

    def _read(self, symbols: list[str], state: TradingState) -> Market | None:
        """Return contracts and bars through the newest session, None while no stock has a bar of it.

        Raises: GatewayError.
        """
        context, times, day = self._context, state.times, state.times.newest.day
        count = self._stages.strategy.fetch_bars
        missing = self._missing if self._missing is not None and self._missing.session == day else MissingBars(day)
        asked = missing.stocks_to_ask(symbols, times, state.now)
        market = read_market(context, day, asked, count)
        if market.panel.row(day) is not None:
            self._missing = None
            return market if len(asked) == len(symbols) else read_market(context, day, symbols, count)
        now = context.clock.now()
        self._missing = missing = missing.tried(now, asked_all=len(asked) == len(symbols))
        self.problem, self.unanswered = missing.words(other_bars=len(market.panel.sessions) > 0), ""
        self.again_at = missing.next_try(times, now)
        again = self.again_at.isoformat(timespec="seconds")
        tried = {"session": day.isoformat(), "tries": missing.tries, "asked": len(asked), "again": again}
        if not self._say_not_yet(self.problem, **tried):
            # These tries are few, and further apart each time.
            context.log.info("no decision yet", missing=self.problem, **tried)
        return None

    def _not_yet(self, times: MarketTimes, missing: str) -> bool:
        context, day = self._context, times.newest.day
        self.problem = f"nothing can be decided on {day}: {missing}"
        self.unanswered = ""
        self._say_not_yet(missing, session=day.isoformat())
        self.again_at = _next_try(times, context.clock.now())
        return False

    def _say_not_yet(self, missing: str, **more: object) -> bool:
        """Log why there is no decision, once while it stays the same; return whether it was news."""
        news, self._said = missing != self._said, missing
        if news:
            self._context.log.warning("no decision yet", missing=missing, **more)
        return news


def _next_try(times: MarketTimes, now: datetime) -> datetime:
    """Return when to try again: soon once orders may leave, and not later than that."""
    if now >= times.window.begins:
        return now + timedelta(seconds=RETRY_S)
    return min(now + timedelta(seconds=EARLY_RETRY_S), times.window.begins)
