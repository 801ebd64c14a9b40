"""One turn with the broker: gather what it shows and the journal knows, plan what follows, act, until nothing does.

The plan is a pure function of what was gathered; acting journals before it sends. After a command that may have changed
something everything is gathered anew, so that a cancel that is confirmed is followed by its sale without a wait.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta

import msgspec

from trading.cycle import balances
from trading.cycle.gather import refreshed, trading_state
from trading.cycle.session_keeper import SessionView
from trading.errors import InvariantBroken
from trading.execution.context import TradingContext
from trading.execution.differences import exits_wait_for
from trading.execution.look_again import POLL_S
from trading.execution.ownership.foreign import told_apart, unsettled
from trading.execution.planning import waits
from trading.execution.planning.balances import balance_alarms
from trading.execution.planning.buying_power import account_alarms
from trading.execution.planning.cancels import plan_cancels
from trading.execution.planning.obligations import obligations
from trading.execution.planning.plan import Cancel, Plan
from trading.execution.planning.prices import closes_now
from trading.execution.planning.state import TradingState
from trading.execution.reading.dollars import convert_first, in_dollars
from trading.execution.reading.snapshot import BrokerSnapshot, Reading, read_snapshot
from trading.execution.reconciliation.reconciler import Reconciled, Reconciler
from trading.execution.sending.sender import OLDEST_SNAPSHOT, Sender
from trading.model.account import AccountState
from trading.model.alarm import Alarm, AlarmCode, HaltCause
from trading.model.command import Step
from trading.model.decision import Decision, Denied
from trading.model.metric import Counter
from trading.model.mode import Mode
from trading.model.order import IntentState
from trading.model.status import StatusKey

EXECUTION_DAYS = 7
# A round that acts is followed by another one; so many are enough for any order's way, the rest is the next turn's.
MAX_ROUNDS = 8
INVARIANT = "invariant"


@dataclass(slots=True)
class Turn:
    """What a turn did and found."""

    state: TradingState
    sent: int = 0
    denied: int = 0
    fills: int = 0
    alarms: list[Alarm] = field(default_factory=list)
    found: dict[tuple[str, str], Alarm] = field(default_factory=dict)
    """what earlier rounds found and took into the journal, so that later ones don't see it any more"""
    broken: frozenset[str] = frozenset()
    goes_on: bool = False
    """something was sent or closed, so that another look may show more to do"""
    halts: tuple[HaltCause, ...] = ()
    """what the last reading halts for"""
    waiting: dict[str, str] = field(default_factory=dict)
    looks: list[datetime] = field(default_factory=list)

    @property
    def problems(self) -> tuple[str, ...]:
        """Return what can't be read, and what of it keeps anything from being sold."""
        return (*self.unread, *exits_wait_for(self.state.snapshot, self.state.journal))

    @property
    def facts(self) -> tuple[str, ...]:
        """Return what keeps anything from being bought whatever is decided, until a person does something."""
        return convert_first(self.state.snapshot)

    @property
    def unread(self) -> tuple[str, ...]:
        """Return what the gateway gave no usable answer to."""
        return (*self.state.snapshot.failures, *self.state.unread)

    @property
    def unknown(self) -> int:
        """Return the orders whose outcome is not proven."""
        return sum(record.state is IntentState.UNKNOWN for record in self.state.journal.maybe_live)


class AccountTurns:
    """Turns of one account. What is kept between two are the last reading and balances: a restart reads them anew."""

    def __init__(self, context: TradingContext, free_bytes: Callable[[], int | None]) -> None:
        """Work on the context's ports."""
        self._context = context
        self._free_bytes = free_bytes
        self._reconciler = Reconciler(context)
        self._sender = Sender(context, self._refresh)
        self._balances: Reading[AccountState] | None = None
        self._last: TradingState | None = None
        self.reconciled = False

    def start(self) -> None:
        """After a restart nobody knows what became of a request that was under way."""
        self._reconciler.start()

    def new_epoch(self) -> None:
        """Another session began: nothing is bought before own records agree with the broker's again."""
        self.reconciled = False
        self._balances = None
        self._last = None

    def cancel_at_once(self) -> None:
        """While HALTED, ask for the cancels of entries by the last reading, if a round could still act on it.

        The next reading may have to wait five seconds for the API's limits. It finds these cancels asked for.
        """
        if self._last is None:
            return
        state = self._refresh(self._last)
        if state.mode is not Mode.HALTED or state.now - state.snapshot.began > OLDEST_SNAPSHOT:
            return
        planned = Plan()
        plan_cancels(state, planned)
        due = [each for each in planned.commands if isinstance(each, Cancel) and each.step is Step.HALT]
        self._raise(self._sender.carry_out(Plan(commands=[*due]), state).halts)

    def run(self, session: SessionView, decision: Decision | None, *, balances: bool) -> Turn:
        """Gather, plan and act until nothing more follows; with `balances` they are read anew first.

        Raises: GatewayError, the gateway or the session is gone; InvariantBroken("storage").
        """
        if balances:
            self._balances = None
        turn = self._round(session, decision, None)
        for _ in range(MAX_ROUNDS - 1):
            if not turn.goes_on or self._context.interrupted():
                break
            turn = self._round(session, decision, turn)
        if turn.state.snapshot.whole:
            self._context.store.halts.halt_over(INVARIANT, turn.broken, self._context.clock.now())
        return turn

    def _round(self, session: SessionView, decision: Decision | None, before: Turn | None) -> Turn:
        """Gather, plan and act once; return what the turn did so far, with this round."""
        state, reconciled = self._gather(session, decision)
        self._last = state
        plan = obligations(state)
        done = self._sender.carry_out(plan, state)
        self._raise(done.halts)
        self._keep_evidence(plan)
        turn = Turn(state) if before is None else replace(before, state=state)
        turn.halts = reconciled.halts
        turn.sent += done.sent
        turn.denied += done.denied
        turn.fills += reconciled.fills
        turn.broken |= _facts((*reconciled.halts, *done.halts), INVARIANT)
        turn.found |= {(alarm.code, alarm.subject): alarm for alarm in reconciled.alarms}
        told = (*balance_alarms(state.doubt, state.flows), *account_alarms(state))
        turn.alarms = [*turn.found.values(), *plan.alarms, *told]
        waiting = {**plan.waiting, **done.waiting}
        turn.waiting = {symbol: denied.text for symbol, denied in waiting.items()}
        self._tell_waits((*plan.held, *done.held), [denied for _, denied in sorted(waiting.items())])
        turn.looks = [at for at in (plan.look_again, reconciled.look_again) if at is not None]
        if done.unfinished or done.waiting:
            turn.looks.append(state.now + timedelta(seconds=POLL_S))
        if done.acted or state.doubt is not None:
            self._balances = None
        halted = bool(done.halts) and state.mode is not Mode.HALTED
        turn.goes_on = done.acted or halted or bool(done.denied and not done.unfinished)
        return turn

    def _gather(self, session: SessionView, decision: Decision | None) -> tuple[TradingState, Reconciled]:
        context = self._context
        known = self._balances if self._balances and self._balances.value is not None else None
        snapshot = read_snapshot(
            context.broker,
            context.clock,
            days=EXECUTION_DAYS,
            epoch=session.epoch,
            balances=known,
        )
        self._balances = snapshot.account
        snapshot = told_apart(snapshot, self._reconciler.view(snapshot.began))
        reconciled = self._reconciler.take_in(snapshot, session.skew_s)
        self._stand(reconciled, snapshot)
        if any(alarm.code is AlarmCode.SHARES_MISSING for alarm in reconciled.alarms):
            # The value of the account's stocks is a second witness, which has to be of now.
            self._balances = None
        journal = self._reconciler.view(context.clock.now())
        snapshot = in_dollars(snapshot, journal, closes_now(decision, journal, context.calendar))
        if known is None:
            balances.take_in(context, snapshot, journal)
        money = balances.known_money(context, snapshot.account.value)
        balances.judge_loss(context, snapshot.account.value, money)
        if not self.reconciled and snapshot.whole and not unsettled(journal):
            self.reconciled = True
            context.store.set_reconciled(
                reconciled=True, reason="own records agree with the broker's", now=snapshot.began
            )
        state = trading_state(
            context,
            session,
            snapshot,
            journal,
            decision,
            money,
            reconciled=self.reconciled,
            free_bytes=self._free_bytes(),
        )
        return state, reconciled

    def _stand(self, reconciled: Reconciled, snapshot: BrokerSnapshot) -> None:
        """Halt for what was found, once for the same facts, and let go what is not so any more."""
        halts = self._context.store.halts
        now = self._context.clock.now()
        self._raise(reconciled.halts)
        if snapshot.whole:
            for cause in ("orphan", "short"):
                halts.halt_over(cause, _facts(reconciled.halts, cause), now)

    def _raise(self, found: Iterable[HaltCause]) -> None:
        now = self._context.clock.now()
        for halt in found:
            self._context.store.halts.raise_halt(halt.cause, halt.facts, reason=halt.text, actor="system", now=now)

    def _keep_evidence(self, plan: Plan) -> None:
        evidence = self._context.evidence
        now = self._context.clock.now()
        evidence.forget(plan.over & evidence.subjects())
        for subject, text in plan.notes:
            evidence.record(subject, text, now)

    def _tell_waits(self, began: Iterable[tuple[date, Denied]], waiting: Sequence[Denied]) -> None:
        """Show what orders wait for; keep and count what entries begin to wait for, which they are refused for at last.

        Where that can't be written, a turn goes on.
        """
        context = self._context
        now = context.clock.now()
        try:
            for decided, denied in began:
                context.evidence.record(waits.wait_of(decided, denied.symbol), waits.written(denied), now)
                context.metrics.add(Counter.WAITS, label=denied.code)
                context.log.info("entry waits", symbol=denied.symbol, code=denied.code, detail=denied.text)
            context.store.show({StatusKey.WAITING: msgspec.json.encode(waiting).decode()})
        except InvariantBroken as problem:
            context.log.warning("what orders wait for is not kept", problem=str(problem))

    def _refresh(self, state: TradingState) -> TradingState:
        return refreshed(self._context, state, self._reconciler.view(self._context.clock.now()))


def _facts(halts: Iterable[HaltCause], cause: str) -> frozenset[str]:
    return frozenset(halt.facts for halt in halts if halt.cause == cause)
