"""The trading loop: each cycle gathers, decides at most once for a completed session, and acts.

`run_cycle` is one cycle and knows nothing of waiting; `run` is the blocking loop around it: it waits for the next event
or deadline, backs off after failures, and ends cleanly when it is told to.
"""

from __future__ import annotations

import contextlib
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from trading.cycle.alerting import Alerting
from trading.cycle.deciding import Deciding
from trading.cycle.flattening import is_flat, progress
from trading.cycle.gather import market_times, open_session
from trading.cycle.operator_requests import OperatorRequests, describe
from trading.cycle.order_events import OrderEvents
from trading.cycle.publish import Publisher
from trading.cycle.schedule import CONNECTION_CAP_S, OTHER_CAP_S, Backoff, market_events, next_wake
from trading.cycle.session_keeper import SessionKeeper, SessionView
from trading.cycle.summary import CycleSummary
from trading.cycle.troubles import Troubles
from trading.cycle.turn import AccountTurns, Turn
from trading.decision import DecisionSystem
from trading.errors import STORAGE, ConfigError, DataError, GatewayError, InvariantBroken, SessionLost, Suspended
from trading.execution.context import TradingContext
from trading.execution.differences import differences
from trading.execution.look_again import POLL_S
from trading.execution.planning.protection import BARE
from trading.execution.resolutions import carry_out
from trading.model.alarm import AlarmCode
from trading.model.metric import Counter, Gauge
from trading.model.mode import Mode
from trading.model.order import IntentState
from trading.model.status import SessionState
from trading.ports import Progress

# At the end of the data people are looked after so often.
IDLE_S = 5.0
# Signals of hundreds of stocks, and functions that are compiled first where nobody did that before.
DECISION_S = 300.0
# Errors or not: with an order live or a position open the broker is looked at so often.
LOOK_AT_LEAST_S = 60.0
# Without a session nothing else was looked at: what was told before stands.
_SESSION_ALONE = (AlarmCode.SESSION,)


@dataclass(frozen=True, slots=True)
class LoopRuntime:
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
    progress: Progress


class TradingSystem:
    """One account, one strategy, one loop."""

    def __init__(
        self,
        context: TradingContext,
        keeper: SessionKeeper,
        requests: OperatorRequests,
        stages: DecisionSystem,
        symbols: Sequence[str],
        loop: LoopRuntime,
        rng: random.Random,
    ) -> None:
        """Take everything as it is; nothing is read or sent before the first cycle. `rng` spreads the back-off."""
        self._context = context
        self._keeper = keeper
        self._requests = requests
        self._loop = loop
        self._backoff = Backoff(rng)
        self._turns = AccountTurns(context, loop.free_bytes)
        self._deciding = Deciding(context, stages, symbols)
        self._alerting = Alerting(context.alerts, context.clock)
        self._events = OrderEvents(context)
        self._publisher = Publisher(context)
        self._troubles = Troubles(context.store, context.clock, context.account_id)
        self._summary = CycleSummary()
        self._said = ""
        self._said_unread: tuple[str, ...] = ()
        self._session_there = False
        self._started = False
        self._ended_at: datetime | None = None

    # ---- the loop

    def run(self) -> None:
        """Run cycles until told to stop; nothing is cancelled at the end: stops stay at the broker."""
        while not self._loop.stopping():
            self._loop.taken_up()
            try:
                with self._loop.progress.step("goes through a cycle"):
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
        """Do one cycle and return when the next one is due.

        Raises: GatewayError, the gateway or the login is not there; InvariantBroken, the system has to halt.
        """
        began = self._loop.stopwatch()
        self._summary = CycleSummary()
        self._session_there = False
        with contextlib.suppress(GatewayError):
            # A simulated market that has never answered has told no time either: the look at the session tells that.
            self._requests.take_up(self._context.clock.now())
        self._turns.cancel_at_once()
        view = self._look_at_the_session()
        self._session_there = True
        self._begin(view)
        next_at = self._gather_decide_act(view)
        real_s = self._loop.stopwatch()
        self._summary.duration_s = round(real_s - began, 4)
        in_session = open_session(self._context, self._context.clock.now()) is not None
        self._publisher.turn(self._summary, next_at, market_open=in_session, real_s=real_s)
        self._loop.progress.cycle_ended(whole=self._troubles.none)
        self._loop.progress.unstored("")
        return next_at

    # ---- one cycle

    def _look_at_the_session(self) -> SessionView:
        """Return the session when it can be used; what a person has to know of one that can't is told all the same.

        Raises: GatewayError, nothing can be asked now.
        """
        try:
            with self._loop.progress.step("looks at the session"):
                view = self._keeper.check()
        except GatewayError:
            self._alerting.present(self._keeper.alarms(), _SESSION_ALONE)
            raise
        # Now, since the turn may not come to its end.
        self._alerting.present(self._keeper.alarms(), _SESSION_ALONE)
        if not view.usable:
            raise SessionLost("session", "not usable yet")
        return view

    def _begin(self, view: SessionView) -> None:
        """Start a session epoch: nothing is bought before own records agree with the broker's."""
        if not self._started:
            self._turns.start()
            self._started = True
        if view.new_epoch:
            self._turns.new_epoch()
            reason = f"session {view.epoch} began"
            self._context.store.set_reconciled(reconciled=False, reason=reason, now=self._context.clock.now())

    def _gather_decide_act(self, view: SessionView) -> datetime:
        context = self._context
        now = context.clock.now()
        self._publisher.began(now)
        times = market_times(context, now)
        due = self._deciding.due(times, now)
        turn = self._turn(view, balances=due or times.window.before_open(now))
        state = turn.state
        if self._requests.reconcile(lambda text, actor: carry_out(text, actor, state, context), now):
            turn = self._turn(view, balances=False)
        awaited = due and self._deciding.awaits(turn.state)
        taken = due and not awaited and self._decide(turn)
        if taken and (context.clock.now() >= times.window.begins or turn.state.flatten):
            turn = self._turn(view, balances=False)
        looks = list(turn.looks)
        if awaited:
            looks.append(now + timedelta(seconds=LOOK_AT_LEAST_S))
        if self._deciding.again_at is not None:
            looks.append(self._deciding.again_at)
        self._summary.uncovered = self._publisher.bare(turn.state)
        self._summary.unknown = turn.unknown
        self._finish_flatten(turn)
        self._say_unread(turn.unread)
        unanswered = any((*turn.unread, self._deciding.unanswered))
        guard = turn.state.guard
        facts, failures = ((), ()) if guard.selected == guard.account_id else self._keeper.not_selected()
        failures = (*turn.problems, self._deciding.problem, *failures)
        cut_short = bool(turn.unread) and context.interrupted()
        self._troubles.cycle(failures, (*turn.facts, *facts), unanswered=unanswered, cut_short=cut_short)
        self._measure_trouble(unanswered=unanswered and not cut_short)
        alarms = [*turn.alarms, *self._deciding.alarms(turn.state), *self._keeper.alarms()]
        self._alerting.present([*alarms, *self._troubles.alarms(told=alarms)], again=turn.state.times.liquid)
        self._events.tell(guarded={alarm.subject for alarm in alarms if alarm.code is AlarmCode.PROTECTION})
        context.store.record_differences(differences(turn.state, turn.halts))
        return self._next(looks, turn)

    def _decide(self, turn: Turn) -> bool:
        """Return whether the decision that is due was taken; what it can't read keeps nothing else from being done."""
        try:
            with self._loop.progress.step("decides", DECISION_S):
                return self._deciding.decide(turn.state, self._publisher, self._summary)
        except GatewayError as error:
            self._deciding.failed(error)
            self._context.metrics.add(Counter.HTTP_ERRORS)
            return False

    def _turn(self, view: SessionView, *, balances: bool) -> Turn:
        """Run one turn with the broker and take what it did into the summary."""
        context = self._context
        was_reconciled = self._turns.reconciled
        with self._loop.progress.step("reads the account and acts on it"):
            turn = self._turns.run(view, self._deciding.decision, balances=balances)
        self._summary.orders += turn.sent
        self._summary.refusals += turn.denied
        self._summary.fills += turn.fills
        if turn.fills:
            context.metrics.add(Counter.FILLS, turn.fills)
        if turn.fills or not was_reconciled:
            self._summary.trades += context.store.record_closed_trades()
        if self._turns.reconciled and not was_reconciled:
            context.metrics.put(Gauge.LAST_RECONCILE_TIMESTAMP_SECONDS, context.clock.now().timestamp())
        return turn

    def _finish_flatten(self, turn: Turn) -> None:
        """End a flatten once nothing of ours is left or may come, else say what was sent and what it waits for."""
        halts = self._context.store.halts
        if halts.flatten_goal() is None:
            return
        now = self._context.clock.now()
        if is_flat(turn.state.journal) and turn.state.snapshot.whole:
            halts.end_flatten("all own shares are sold", now)
            return
        halts.set_flatten_progress(progress(turn.state.journal, turn.waiting), now)

    # ---- time

    def _next(self, looks: Sequence[datetime], turn: Turn) -> datetime:
        """Return when the next cycle is due: an event of the market, a deadline, or the polling interval."""
        context = self._context
        now = context.clock.now()
        if any(turn.state.now < at <= now for at in looks):
            # It came due while the turn went on; one that was over before it began waits for something else.
            return now
        events = market_events(now, context.calendar, context.settings.execution)
        interval = self._loop.check_interval_s
        if interval is None:
            latest = max(events, default=now + timedelta(days=1))
        else:
            latest = now + timedelta(seconds=interval)
            if self._exposed(turn):
                # From look to look: one that took long is followed by a shorter wait.
                look = turn.state.now + timedelta(seconds=min(interval, LOOK_AT_LEAST_S))
                latest = max(look, now + timedelta(seconds=POLL_S))
            live = any(record.state is IntentState.WORKING for record in turn.state.journal.maybe_live)
            if live and turn.state.times.liquid:
                latest = min(latest, now + timedelta(seconds=POLL_S))
        if turn.unread:
            # Whether it was a hiccup is known sooner than at the next event.
            latest = min(latest, now + timedelta(seconds=LOOK_AT_LEAST_S))
        if self._ended_at is not None:
            latest = min(latest, self._ended_at + timedelta(seconds=context.settings.execution.bar_settle_s))
        return next_wake(now, (*looks, *events), latest)

    @staticmethod
    def _exposed(turn: Turn) -> bool:
        return bool(turn.state.journal.positions or turn.state.journal.maybe_live)

    def _wait(self, next_at: datetime) -> None:
        """Wait until `next_at`; at the end of simulated data only for people."""
        now = self._context.clock.now()
        if self._loop.market_ended():
            if self._ended_at is None:
                self._ended_at = now
            over = self._ended_at + timedelta(seconds=self._context.settings.execution.bar_settle_s)
            if now >= over:
                self._idle()
                return
            next_at = min(next_at, over)
        with self._loop.progress.resting():
            self._context.clock.wait(next_at)

    def _idle(self) -> None:
        """At the end of the data nothing more is decided; requests and the sign of life go on."""
        self._keeper.tell(SessionState.ENDED, "the simulated market has come to the end of its data")
        with self._loop.progress.resting(), self._loop.progress.step("has come to the end of the data"):
            while not self._loop.stopping():
                self._loop.taken_up()
                self._requests.take_up(self._context.clock.now())
                self._context.metrics.put_mode(self._context.store.mode().mode)
                self._loop.pause(IDLE_S)

    # ---- failures

    def _failed(self, error: Exception, cap_s: float) -> None:
        """Say what went wrong, once while it stays the same, and wait a little longer each time."""
        context = self._context
        told_by_session = isinstance(error, GatewayError) and not self._session_there
        if not (told_by_session and isinstance(error, SessionLost)):
            # To wait for a login is no error.
            context.metrics.add(Counter.CYCLE_ERRORS)
            self._say_failed(error)
        if not told_by_session:
            self._tell_trouble(error)
        pause_s = self._back_off(cap_s)
        if isinstance(error, Suspended) and self._loop.check_interval_s is None:
            # A simulated market's time moves in waits alone, and a penalty lasts as long as its clock says.
            with contextlib.suppress(GatewayError):
                context.clock.wait(context.clock.now() + timedelta(seconds=pause_s))

    def _say_failed(self, error: Exception) -> None:
        context = self._context
        if isinstance(error, GatewayError):
            context.metrics.add(Counter.HTTP_ERRORS)
        if str(error) != self._said:
            # The same again and again is no news.
            self._said = str(error)
            context.log.warning("cycle failed", error=self._said, kind=type(error).__name__)
        if not isinstance(error, GatewayError):
            context.log.error("unexpected error", exc_info=True)

    def _broken(self, error: InvariantBroken) -> None:
        """Something that must never happen did: halt, and go on; a store that can't be written heals by itself."""
        context = self._context
        context.metrics.add(Counter.CYCLE_ERRORS)
        now, facts = context.clock.now(), describe(error)
        if error.invariant == STORAGE:
            # First: whatever else is told goes into the same file, and may wait for it.
            self._loop.progress.unstored(facts)
        if str(error) != self._said:
            self._said = str(error)
            context.log.error("invariant broken", invariant=error.invariant, detail=error.detail)
            context.alerts.present(AlarmCode.INVARIANT, error.invariant, facts, now)
        try:
            if error.invariant == STORAGE:
                # Nothing can be sent, since each order needs its row first; one reconcile follows the first commit.
                self._turns.new_epoch()
                context.store.set_reconciled(reconciled=False, reason=facts, now=now)
            else:
                context.store.halts.raise_halt(AlarmCode.INVARIANT, facts, reason=facts, actor="system", now=now)
        except InvariantBroken:
            # It is in force all the same; of a file that can't be read any more nobody else shows it.
            if error.invariant != STORAGE:
                context.metrics.put_mode(Mode.HALTED)
        self._tell_trouble(error)
        self._back_off(OTHER_CAP_S)

    def _tell_trouble(self, error: Exception) -> None:
        """Keep what failed a whole cycle as the present error; a store that takes nothing is told of elsewhere."""
        if isinstance(error, GatewayError) and self._context.interrupted():
            return
        with contextlib.suppress(InvariantBroken):
            self._troubles.cycle([str(error)], unanswered=isinstance(error, GatewayError))
            self._alerting.present(self._troubles.alarms(), (AlarmCode.TROUBLE,))
        self._measure_trouble(unanswered=isinstance(error, GatewayError))

    def _measure_trouble(self, *, unanswered: bool) -> None:
        """Show a present error in the metrics; a gateway that gives no usable answers counts as down."""
        self._context.metrics.put(Gauge.TROUBLE, float(self._troubles.present))
        self._keeper.answers(usably=not unanswered)

    def _say_unread(self, unread: tuple[str, ...]) -> None:
        """Log what the gateway gave no usable answer to, once while it stays the same."""
        if unread and unread != self._said_unread:
            self._context.log.warning("readings failed", causes="; ".join(unread))
        self._said_unread = unread

    def _back_off(self, cap_s: float) -> float:
        """Wait after a failure; return the seconds that were to be waited."""
        pause_s = self._backoff.next_pause_s(min(cap_s, self._looks_apart_s()))
        if self._loop.stopping() or self._context.interrupted():
            return 0.0
        with self._loop.progress.step("waits after a failure"):
            self._loop.pause(pause_s)
        return pause_s

    def _looks_apart_s(self) -> float:
        """Return how far apart looks may be by what is at stake: bare shares in the session, own orders and shares."""
        try:
            now = self._context.clock.now()
            journal = self._context.journal.view(now)
            if not journal.positions and not journal.maybe_live:
                return OTHER_CAP_S
            bare = any(subject.startswith(BARE) for subject in self._context.evidence.subjects())
            return POLL_S if bare and open_session(self._context, now) is not None else LOOK_AT_LEAST_S
        except (InvariantBroken, DataError, GatewayError):
            return LOOK_AT_LEAST_S
