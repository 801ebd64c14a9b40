"""Orders on their way: a journal on file, a broker that looks into it, and one process between them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from tests.fakes.fake_broker import Fault
from tests.fakes.trading_context import DECIDED, PRE_OPEN, SESSION, ContextParts
from tests.fakes.trading_states import CONIDS, approved, moment
from trading.execution.planning.order_factory import Purpose, bracket, protective_pair, with_names
from trading.execution.planning.state import TradingState
from trading.execution.reconciliation.reconciler import Reconciled, Reconciler
from trading.execution.sending.submission import Sending, Submission
from trading.model.command import Step
from trading.model.order import BrokerOrder, IntentState, OrderIntent
from trading.model.record import IntentRecord, JournalView

PURPOSE = Purpose(DECIDED, SESSION, PRE_OPEN)


class OrderBooks(ContextParts):
    """A process that submits and reconciles; `restart` begins another one on the same file."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.epoch = 1
        self.begin()

    def begin(self) -> None:
        """Begin a process, as after a boot."""
        context = self.context()
        self.reconciler = Reconciler(context)
        self.submission = Submission(context)
        self.reconciler.start()

    def restart(self) -> None:
        """End the process and begin another one: new objects on the same file."""
        self.reopen()
        self.begin()

    # ---- what is sent

    def plan(self, symbol: str = "AAPL", quantity: int = 9, limit: float = 100.01) -> tuple[OrderIntent, ...]:
        """Plan an entry with its stop and target."""
        drafts = bracket(approved(symbol, quantity, limit), CONIDS[symbol], PURPOSE)
        group = with_names(drafts, self.journal.next_coid)
        self.journal.plan(group)
        return group

    def plan_pair(self) -> tuple[OrderIntent, ...]:
        """Plan a protective pair for the position in AAPL."""
        position = self.seen().position(CONIDS["AAPL"])
        assert position is not None
        group = with_names(protective_pair(position, position.quantity, PURPOSE, None), self.journal.next_coid)
        self.journal.plan(group)
        return group

    def send(
        self, group: Sequence[OrderIntent], *faults: Fault | None, step: Step = Step.ENTRY, allowed: bool = True
    ) -> Sending:
        """Submit what was planned; `allowed` answers the last check before each yes."""
        self.broker.faults.extend(faults)
        return self.submission.submit(group, step, self.state(), lambda: allowed)

    def enter(self, *faults: Fault | None, symbol: str = "AAPL", quantity: int = 9) -> tuple[OrderIntent, ...]:
        """Plan and submit an entry with its stop and target."""
        group = self.plan(symbol, quantity)
        self.send(group, *faults)
        return group

    def witness(self) -> BrokerOrder:
        """Let an order of ours in another contract work, which every list has to hold from now on."""
        group = self.enter(symbol="XOM", quantity=3)
        self.read()
        return self.broker.named(group[0].coid)

    def bought(self, symbol: str = "AAPL", quantity: int = 9, price: float = 100.0) -> tuple[OrderIntent, ...]:
        """Enter and fill; return the group, whose stop and target work."""
        group = self.enter(symbol=symbol, quantity=quantity)
        self.read()
        self.broker.fill(self.broker.named(group[0].coid).order_id, price)
        self.read()
        return group

    # ---- what is read

    def read(self, seconds: float = 0.0, *, skew_s: float | None = 0.0) -> Reconciled:
        """Let time pass, then take one reading in."""
        self.clock.go(seconds)
        return self.reconciler.take_in(self.snapshot(self.epoch), skew_s)

    def read_often(self, times: int, seconds: float) -> list[Reconciled]:
        return [self.read(seconds) for _ in range(times)]

    def seen(self) -> JournalView:
        """Return the journal as a turn looks at it."""
        return self.reconciler.view(self.clock.now())

    def state(self) -> TradingState:
        """Return this moment, with our own closes."""
        return replace(moment(self.clock.now()), epoch=self.epoch, journal=self.seen())

    def shares(self) -> dict[str, int]:
        """Return the own shares by symbol."""
        return {position.symbol: position.quantity for position in self.journal.own_positions()}

    def latches(self) -> set[str]:
        """Return what keeps entries off until a person has looked."""
        return set(self.store.risk_state().latches)

    def record(self, coid: str) -> IntentRecord:
        found = self.journal.intent(coid)
        assert found is not None
        return found

    def states(self, *coids: str) -> list[IntentState]:
        return [self.record(coid).state for coid in coids]
