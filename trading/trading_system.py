"""The trading loop: each cycle gathers, decides at most once for a completed session, and acts.

`run_cycle` is one turn and knows nothing of waiting; `run` is the blocking loop around it: it waits for the next event
or deadline, backs off after failures, and ends cleanly when it is told to.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from trading.cycle.circumstances import circumstances
from trading.cycle.controls import ControlDesk, describe
from trading.cycle.gather import read_market, view_of
from trading.cycle.publish import Publisher
from trading.cycle.schedule import CONNECTION_CAP_S, OTHER_CAP_S, Backoff, market_events, next_wake
from trading.cycle.session_keeper import SessionKeeper, SessionView
from trading.cycle.summary import CycleSummary
from trading.decision import DecisionSystem, decide
from trading.errors import ConfigError, DataError, GatewayError, InvariantBroken, SessionLost
from trading.execution.book import BrokerBook, read_book
from trading.execution.desk import Circumstances, Desk
from trading.execution.dispatch import POLL_S
from trading.execution.executor import Executor
from trading.execution.exits import pending_exits
from trading.execution.manual import ManualSales
from trading.execution.protection import Cover, Protection
from trading.execution.reconciler import Reconciler
from trading.execution.sender import Sender
from trading.execution.tickets import Purpose
from trading.execution.windows import SendWindow, send_window
from trading.market.calendar import Session
from trading.model.decision import Decision
from trading.model.metric import Counter, Gauge
from trading.model.mode import Mode
from trading.model.order import MAYBE_LIVE, IntentState
from trading.model.status import SessionState

EXECUTION_DAYS = 7
BARS_RETRY_S = 60.0
# The pages take a file that is older than 20 s for a loop that stands.
SIGN_OF_LIFE_S = 5.0


@dataclass(frozen=True, slots=True)
class Pace:
    """How the loop waits and what it asks of its surroundings; all times but `check_interval_s` are real.

    `check_interval_s` None: the clock itself stops at every event, so nothing is polled. `pause` waits real seconds or
    until somebody wants something, which `taken_up` then forgets.
    """

    check_interval_s: float | None
    pause: Callable[[float], object]
    stopping: Callable[[], bool]
    taken_up: Callable[[], None]
    market_ended: Callable[[], bool]
    stopwatch: Callable[[], float]
    free_bytes: Callable[[], int | None]


class TradingSystem:
    """One account, one strategy, one loop."""

    def __init__(
        self,
        desk: Desk,
        keeper: SessionKeeper,
        controls: ControlDesk,
        stages: DecisionSystem,
        symbols: Sequence[str],
        pace: Pace,
        rng: random.Random,
    ) -> None:
        """Take everything as it is; nothing is read or sent before the first cycle. `rng` spreads the back-off."""
        self._desk = desk
        self._keeper = keeper
        self._controls = controls
        self._stages = stages
        self._symbols = tuple(symbols)
        self._pace = pace
        self._backoff = Backoff(rng)
        self._sender = Sender(desk)
        self._reconciler = Reconciler(desk)
        self._protection = Protection(desk, self._sender)
        self._manual = ManualSales(desk)
        self._executor = Executor(desk, self._sender, self._read)
        self._decided: Decision | None = desk.store.last_decision()
        self._summary = CycleSummary()
        self._book: BrokerBook | None = None
        self._said = ""
        self._started = False
        self._reconciled = False
        self._ended_at: datetime | None = None
        self._publisher = Publisher(desk)

    # ---- the loop

    def run(self) -> None:
        """Run cycles until told to stop; nothing is cancelled at the end: stops stay at the broker."""
        while not self._pace.stopping():
            self._pace.taken_up()
            try:
                next_at = self.run_cycle()
                self._backoff.reset()
                self._said = ""
                self._wait(next_at)
            except ConfigError:
                raise
            except GatewayError as error:
                self._failed(error, CONNECTION_CAP_S)
            except InvariantBroken as error:
                self._broken(error)
            except Exception as error:  # noqa: BLE001 - the one place: whatever it is, the loop goes on
                self._failed(error, OTHER_CAP_S)

    def run_cycle(self) -> datetime:
        """Do one turn and return when the next one is due.

        Raises: GatewayError, the gateway or the login is not there; InvariantBroken, the system has to halt.
        """
        began = self._pace.stopwatch()
        self._summary = CycleSummary()
        self._controls.take_up()
        view = self._keeper.check()
        if not view.usable:
            raise SessionLost("session", "not usable yet")
        self._begin(view)
        try:
            next_at = self._gather_decide_act(view)
        except SessionLost:
            self._keeper.lost()
            raise
        real_s = self._pace.stopwatch()
        self._summary.duration_s = round(real_s - began, 4)
        in_session = self._open_session(self._desk.clock.now()) is not None
        self._publisher.turn(self._summary, next_at, market_open=in_session, real_s=real_s)
        return next_at

    # ---- one turn

    def _begin(self, view: SessionView) -> None:
        """Start a session epoch: nothing is bought before own records agree with the broker's."""
        if not self._started:
            self._reconciler.start()
            self._started = True
        if view.new_epoch:
            self._sender.begin(view.epoch)
            self._reconciled = False
            self._desk.store.set_reconciled(
                reconciled=False, reason=f"session {view.epoch} began", now=self._desk.clock.now()
            )

    def _gather_decide_act(self, view: SessionView) -> datetime:
        desk = self._desk
        now = desk.clock.now()
        self._publisher.began(now)
        newest = desk.calendar.newest_completed(now, desk.settings.execution.bar_settle_s)
        book = self._read(balances=self._due(newest, now) or self._has_work())
        looks: list[datetime | None] = [self._decide(book, newest)]
        book = self._book or book
        covers = self._look(book)
        uncovered = sum(cover.uncovered for cover in covers) if self._open_session(now) is not None else 0
        self._summary.uncovered = uncovered
        if self._has_work():
            at = circumstances(desk, view, book, newest, self._decided, (uncovered, self._pace.free_bytes()))
            looks.extend(self._act(at, newest))
            covers = self._look(self._book or book)
        if self._manual.look(self._book or book):
            covers = self._look(self._book or book)
        if self._restore(covers, newest) or (not desk.observes and self._protection.cancel_leftovers()):
            self._read()
            looks.append(now + timedelta(seconds=POLL_S))
        looks.append(self._reconciler.next_look())
        return self._next(looks)

    def _has_work(self) -> bool:
        """Return whether orders may have to be sent or cancelled now."""
        if self._halted() or self._flattens():
            return True
        return self._decided is not None and self._executor.has_work(self._decided, self._window_of(self._decided))

    def _halted(self) -> bool:
        return self._desk.store.mode().mode is Mode.HALTED

    def _flattens(self) -> bool:
        return self._desk.store.halts.flatten_goal() is not None

    def _read(self, *, balances: bool = True) -> BrokerBook:
        """Read the broker and take what it shows into the journal; without `balances` the last ones do."""
        desk = self._desk
        last = self._book.account if self._book is not None and not balances else None
        book = read_book(desk.broker, desk.clock.now(), EXECUTION_DAYS, last)
        if book.account.currency != "USD":
            fix = f"this account is kept in {book.account.currency}: only one that is kept in USD can be traded"
            raise ConfigError("IBKR_ACCOUNT_ID", None, fix)
        result = self._reconciler.update(book)
        if result.fills:
            self._summary.fills += result.fills
            desk.metrics.add(Counter.FILLS, result.fills)
        if result.fills or not self._reconciled:
            self._summary.trades += desk.store.record_closed_trades()
        if not self._reconciled and result.settled:
            self._reconciled = True
            desk.store.set_reconciled(reconciled=True, reason="own records agree with the broker's", now=book.began)
            desk.metrics.put(Gauge.LAST_RECONCILE_TIMESTAMP_SECONDS, book.began.timestamp())
        self._summary.unknown = sum(record.state is IntentState.UNKNOWN for record in result.unknown)
        self._book = book
        return book

    def _decide(self, book: BrokerBook, newest: Session) -> datetime | None:
        """Decide on the newest completed session, once; return when to try again where that is not possible yet."""
        desk = self._desk
        now = desk.clock.now()
        if not self._due(newest, now):
            return None
        if self._executor.cancel_entries(ended_before=now):
            book = self._read()
            if self._executor.cancel_entries(ended_before=now):
                return now + timedelta(seconds=POLL_S)
        held = [position.symbol for position in desk.journal.own_positions()]
        symbols = sorted({*self._symbols, *held})
        market = read_market(desk, newest.day, symbols, self._stages.strategy.fetch_bars)
        self._summary.trades += desk.store.record_closed_trades()
        view = view_of(desk, market, book)
        if view is None:
            desk.log.warning("no bars yet", session=newest.day.isoformat())
            return now + timedelta(seconds=BARS_RETRY_S)
        decision = decide(view, self._stages)
        # The decision comes last: once it is there, nothing before it is done again.
        desk.store.record_equity(
            decision.session, decision.equity, decision.cash, len(view.holdings), decision.drawdown
        )
        desk.store.record_bars(market.panel, self._stages.chart_values(market.panel))
        desk.store.record_decision(decision, desk.clock.now())
        self._decided = decision
        self._publisher.decision(decision, self._summary)
        return None

    def _due(self, newest: Session, now: datetime) -> bool:
        """Return whether a decision is to be taken.

        The first one of all waits for a session whose close this system has seen in time: an earlier one could send
        nothing, and there is nothing to sell.
        """
        if self._decided is not None:
            return self._decided.session < newest.day
        return now <= self._window(newest).ends or bool(self._desk.journal.own_positions())

    def _look(self, book: BrokerBook) -> tuple[Cover, ...]:
        return self._protection.look(book, self._open_session(self._desk.clock.now()))

    def _act(self, at: Circumstances, newest: Session) -> list[datetime | None]:
        """Carry out what was decided and what people asked for."""
        desk = self._desk
        looks: list[datetime | None] = []
        if self._halted() and self._executor.cancel_entries():
            looks.append(at.now + timedelta(seconds=POLL_S))
        if self._flattens():
            outcome = self._executor.flatten(newest.day, self._window(newest), at)
            looks.append(outcome.look_again)
            self._summary.orders += outcome.sent
            if outcome.look_again is None:
                desk.store.halts.end_flatten("all own shares are sold", at.now)
        elif self._decided is not None:
            window = self._window_of(self._decided)
            outcome = self._executor.carry_out(self._decided, window, at)
            self._summary.orders += outcome.sent
            self._summary.refusals += outcome.denied
            looks.append(outcome.look_again)
        if self._summary.orders:
            self._read(balances=False)
        return looks

    def _restore(self, covers: Sequence[Cover], newest: Session) -> bool:
        """Put stops back, once own positions can be trusted and unless an exit is on its way."""
        desk = self._desk
        if not self._reconciled or desk.observes or self._book is None or all(cover.whole for cover in covers):
            return False
        records, positions = desk.journal.intents(), desk.journal.own_positions()
        leaving = set(pending_exits(records, positions))
        if self._decided is not None:
            window = self._window_of(self._decided)
            wanted = self._executor.wanted(self._decided, window)
            leaving |= {wish.position.conid for wish in wanted}
        if self._flattens():
            leaving |= {position.conid for position in positions}
        session = self._open_session(desk.clock.now()) or desk.calendar.next_after(newest.day)
        purpose = Purpose(newest.day, session.day, desk.clock.now())
        return self._protection.restore(covers, frozenset(leaving), self._book, purpose)

    # ---- time

    def _window(self, newest: Session) -> SendWindow:
        target = self._desk.calendar.next_after(newest.day)
        return send_window(newest, target, self._desk.settings.execution)

    def _window_of(self, decision: Decision) -> SendWindow:
        decided = self._desk.calendar.at_or_after(decision.session)
        return self._window(decided)

    def _open_session(self, now: datetime) -> Session | None:
        """Return the session whose regular hours are on."""
        try:
            session = self._desk.calendar.next_after(self._desk.calendar.newest_completed(now, 0.0).day)
        except DataError:
            return None
        return session if session.open <= now < session.close else None

    def _next(self, looks: Sequence[datetime | None]) -> datetime:
        """Return when the next turn is due: an event of the market, a deadline, or the polling interval."""
        desk = self._desk
        now = desk.clock.now()
        events = market_events(now, desk.calendar, desk.settings.execution)
        interval = self._pace.check_interval_s
        if interval is None:
            latest = max(events, default=now + timedelta(days=1))
        else:
            latest = now + timedelta(seconds=interval)
            live = any(record.state is IntentState.WORKING for record in desk.journal.intents(states=MAYBE_LIVE))
            if live and self._open_session(now) is not None:
                latest = min(latest, now + timedelta(seconds=POLL_S))
        if self._ended_at is not None:
            latest = min(latest, self._ended_at + timedelta(seconds=desk.settings.execution.bar_settle_s))
        return next_wake(now, (*looks, *events), latest)

    def _wait(self, next_at: datetime) -> None:
        """Wait until `next_at`; at the end of simulated data only for people."""
        now = self._desk.clock.now()
        if self._pace.market_ended():
            if self._ended_at is None:
                self._ended_at = now
            if now >= self._ended_at + timedelta(seconds=self._desk.settings.execution.bar_settle_s):
                self._idle()
                return
            next_at = min(next_at, self._ended_at + timedelta(seconds=self._desk.settings.execution.bar_settle_s))
        self._desk.clock.wait(next_at)

    def _idle(self) -> None:
        """At the end of the data nothing more is decided; controls and the sign of life go on."""
        self._keeper.tell(SessionState.ENDED, "the simulated market has come to the end of its data")
        while not self._pace.stopping():
            self._pace.taken_up()
            self._controls.take_up()
            self._desk.metrics.put_mode(self._desk.store.mode().mode)
            self._desk.metrics.write()
            self._pace.pause(SIGN_OF_LIFE_S)

    # ---- failures

    def _failed(self, error: Exception, cap_s: float) -> None:
        """Say what went wrong, once while it stays the same, and wait a little longer each time."""
        desk = self._desk
        desk.metrics.add(Counter.CYCLE_ERRORS)
        if isinstance(error, GatewayError):
            desk.metrics.add(Counter.HTTP_ERRORS)
        if str(error) != self._said:
            # The same again and again is no news.
            self._said = str(error)
            desk.log.warning("cycle failed", error=self._said, kind=type(error).__name__)
        if not isinstance(error, GatewayError):
            desk.log.error("unexpected error", exc_info=True)
        self._back_off(cap_s)

    def _broken(self, error: InvariantBroken) -> None:
        """Something that must never happen did: halt, and go on serving people."""
        desk = self._desk
        desk.metrics.add(Counter.CYCLE_ERRORS)
        desk.log.error("invariant broken", invariant=error.invariant, detail=error.detail)
        desk.notifier.alert(error.invariant, describe(error))
        try:
            facts = describe(error)
            desk.store.halts.raise_halt("invariant", facts, reason=facts, actor="system", now=desk.clock.now())
        except InvariantBroken as worse:
            # The database can't be written: no order can leave either, since each needs its row first.
            desk.log.error("the halt could not be stored", detail=worse.detail)  # noqa: TRY400 - the port has no more
        self._back_off(OTHER_CAP_S)

    def _back_off(self, cap_s: float) -> None:
        left = self._backoff.next_pause_s(cap_s)
        while left > 0.0 and not self._pace.stopping() and not self._desk.interrupted():
            self._desk.metrics.write()
            self._pace.pause(min(left, SIGN_OF_LIFE_S))
            left -= SIGN_OF_LIFE_S
