"""What the cycle needs of the outside, as protocols; adapters implement them, `bootstrap` chooses.

Reads raise a `GatewayError` (NotSent, Refused, OutcomeUnknown, SessionLost) and may be repeated by the adapter. Writes
never raise one and are never repeated: `Broker.send` returns an `Outcome`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from trading.market.panel import Panel
from trading.model.account import AccountState, PositionList, Quote, SessionStatus
from trading.model.command import CommandDraft, CommandState
from trading.model.contract import Contract, ContractPin
from trading.model.decision import Decision, RiskState
from trading.model.difference import Difference
from trading.model.metric import Counter, Duration, Gauge
from trading.model.mode import Acknowledgement, FlattenGoal, Halt, Mode, ModeState
from trading.model.operator_request import OperatorRequest
from trading.model.order import BrokerOrder, Execution, ExecutionList, IntentState, OrderIntent, OrderList
from trading.model.outcome import Answer, Outcome
from trading.model.record import IntentRecord, JournalView, OwnPosition
from trading.model.request import BrokerRequest, PreparedRequest


class Clock(Protocol):
    """Market time for decisions, monotonic time for every timeout, age and pacing."""

    def now(self) -> datetime:
        """Return market time, aware UTC."""

    def monotonic(self) -> float:
        """Return seconds that never go back; only differences mean anything."""

    def wait(self, until: datetime) -> None:
        """Return at `until`, or earlier when a control, an order event or a stop request arrives."""


class SessionPort(Protocol):
    """The login and the brokerage session."""

    def keep_alive(self) -> SessionStatus:
        """Tickle and return the session's state; logged out is a status, not an error.

        Raises: NotSent, OutcomeUnknown when the gateway can't be asked.
        """

    def initialise(self) -> SessionStatus:
        """Ask for the brokerage session (`ssodh/init`); never while another one competes."""

    def accounts(self) -> tuple[str, ...]:
        """Return the account ids of this login, the selected one first; required before orders and snapshots."""

    def select(self, account_id: str) -> None:
        """Make `account_id` the selected account, whoever else uses this login.

        Raises: GatewayError.
        """
        ...


class GatewayMemory(Protocol):
    """What the gateway's client keeps over a restart."""

    def penalty_end(self) -> datetime | None:
        """Return until when requests were suspended for too many of them, None where they weren't."""
        ...

    def keep_penalty_end(self, end: datetime | None) -> None:
        """Keep until when requests are suspended; None once they aren't."""
        ...

    def pin(self, symbol: str) -> ContractPin | None:
        """Return which contract a symbol means, None while that was never settled.

        Raises: DataError, it was settled and can't be read.
        """
        ...

    def keep_pin(self, pin: ContractPin) -> None:
        """Keep which contract a symbol means, for good."""
        ...


class MarketData(Protocol):
    """Contracts, completed daily bars and quotes."""

    def contracts(self, symbols: Sequence[str]) -> tuple[Mapping[str, Contract], Mapping[str, str]]:
        """Return the US stock contract of each symbol and, for every other symbol, why there is none."""

    def daily_bars(self, contracts: Iterable[Contract], through: date, count: int) -> tuple[Panel, Mapping[str, str]]:
        """Return the last `count` completed bars up to session `through`, and the symbols left out with the reason.

        A later bar than `through` is dropped; a symbol without a bar on `through` stays in the panel.
        """

    def quotes(self, conids: Sequence[int]) -> Mapping[int, Quote]:
        """Return a snapshot of each contract that the gateway has delivered in time."""


class Broker(Protocol):
    """The account's orders. `prepare` is pure; `send` is the only thing that writes.

    Lists hold the account's rows alone. A row that can't be relied on is told apart and fails nothing but itself; an
    answer that is no list is an error.
    """

    def account(self) -> AccountState:
        """Return balances."""
        ...

    def positions(self) -> PositionList:
        """Return open positions, from the broker's uncached source."""
        ...

    def orders(self) -> OrderList:
        """Return the working orders and those finished today, from a well-formed list (`snapshot` true)."""
        ...

    def executions(self, days: int) -> ExecutionList:
        """Return the fills of the last `days` (1 to 7) days, oldest first."""
        ...

    def order_status(self, order_id: int) -> BrokerOrder | None:
        """Return one order, None where the broker doesn't know it (which proves nothing)."""
        ...

    def prepare(self, request: BrokerRequest) -> PreparedRequest:
        """Return the request as it will leave: the same for the same request.

        Raises: InvariantBroken: a ticket contradicts itself, or an id would reach more than the one order or question.
        """
        ...

    def send(self, prepared: PreparedRequest) -> Outcome:
        """Send once, whatever happens, and classify what came back (EXECUTION rules)."""
        ...


class AdjustmentKind(StrEnum):
    """Why own shares changed without an execution of ours."""

    MANUAL = "manual"
    SPLIT = "split"
    CORRECTION = "correction"
    OVERSOLD = "oversold"


@dataclass(frozen=True, slots=True)
class Counted:
    """What became of an execution: new, a correction of one that was counted, or neither; and shares oversold by it."""

    new: bool
    corrected: bool = False
    oversold: int = 0


@dataclass(frozen=True, slots=True)
class OpenRequest:
    """The numbers of a command and of its row of the wire that waits for the answer."""

    command: int
    wire: int


@dataclass(frozen=True, slots=True)
class Sighting:
    """One reading's evidence about something, and when it was."""

    evidence: str
    at: datetime


class Journal(Protocol):
    """The write-ahead record of orders and own shares. Every method is one committed transaction when it returns."""

    def next_coid(self) -> str:
        """Return a cOID that was never used and never will be again."""
        ...

    def plan(self, intents: Sequence[OrderIntent]) -> None:
        """W1: store the intents as PLANNED."""
        ...

    def record_denial(self, coids: Sequence[str], code: str, detail: str, now: datetime) -> None:
        """Close a PLANNED group that a check refused; the first name is the order that it refused."""
        ...

    def transition(self, coid: str, state: IntentState, detail: str, now: datetime) -> None:
        """Move one intent along an allowed edge.

        Raises: InvariantBroken, the edge is not in the state machine.
        """
        ...

    def bind(self, coid: str, order_id: int, epoch: int, now: datetime, *, provisional: bool = False) -> None:
        """Attach the broker's order id; the intent becomes WORKING where its outcome was open.

        Raises: InvariantBroken, another order that may be live has the id.
        """
        ...

    def mark_seen(self, coids: Iterable[str], epoch: int) -> None:
        """Remember that a reading of this session epoch showed the orders as these intents'."""
        ...

    def freeze(self, coid: str, now: datetime) -> None:
        """Mark an order that could not be resolved in time; its conid stays blocked."""
        ...

    def record_fill(self, coid: str, execution: Execution, now: datetime) -> Counted:
        """Count a fill once: execution row, intent's filled quantity, own position and trade in one transaction.

        A later version of a counted fill takes its place, also one of no shares; a commission that was missing is
        filled in.
        """
        ...

    def adjust(
        self, conid: int, quantity: int, kind: AdjustmentKind, reason: str, now: datetime, *, ratio: float = 1.0
    ) -> None:
        """Change own shares by something that was no execution of ours (sold by hand, split).

        `ratio` is new shares for each old one of a split; the position's prices are divided by it.
        """
        ...

    def set_plan(self, conid: int, stop_price: float, target_price: float, now: datetime) -> None:
        """Take over the stop and target that a person gave to a position at the broker."""
        ...

    def fill_owners(self, execution_ids: Sequence[str]) -> Mapping[str, str]:
        """Return the coid of each execution that was counted already, under this id or an earlier version of it."""
        ...

    def view(self, since: datetime) -> JournalView:
        """Return what a turn needs: what may be live or is planned, what we own, and what ended at `since` or later."""
        ...

    def intents(self, *, states: frozenset[IntentState] | None = None) -> tuple[IntentRecord, ...]:
        """Return intents, oldest first, of the given states or all."""
        ...

    def intent(self, coid: str) -> IntentRecord | None:
        """Return one intent."""
        ...

    def own_positions(self) -> tuple[OwnPosition, ...]:
        """Return own positions with shares, by symbol."""
        ...


class CommandLog(Protocol):
    """What was asked of the broker, written before it leaves and after it is answered; each call is one transaction."""

    def record_request(self, draft: CommandDraft, request: PreparedRequest, epoch: int, now: datetime) -> OpenRequest:
        """W2: record a command and its request (verb, path, digest); the intents of a submission become SENDING."""
        ...

    def record_reply(
        self,
        command: int,
        coids: Sequence[str],
        request: PreparedRequest,
        epoch: int,
        now: datetime,
        *,
        moves: bool,
    ) -> OpenRequest:
        """W2 of the answer to a question; with `moves` the intents become REPLYING (a modification moves none)."""
        ...

    def record_question(self, coids: Sequence[str], reply_id: str, message_ids: Sequence[str], now: datetime) -> None:
        """Store an open question; the intents become QUESTIONED."""
        ...

    def record_response(
        self,
        opened: OpenRequest,
        outcome_class: str,
        answer: Answer | None,
        state: CommandState,
        now: datetime,
        *,
        refused_legs: int = 0,
        detail: str = "",
    ) -> None:
        """W3: record what came back, and what it says of the command."""
        ...

    def settle(self, numbers: Iterable[int], state: CommandState, detail: str, now: datetime) -> None:
        """Say what became of commands: confirmed by a reading, refused because nothing came of it, or lapsed."""
        ...


class Evidence(Protocol):
    """Readings that speak for something that can't be seen, kept over restarts."""

    def record(self, subject: str, evidence: str, now: datetime) -> None:
        """Keep one reading's evidence about a subject."""
        ...

    def of(self, subject: str) -> tuple[Sighting, ...]:
        """Return the evidence about a subject, oldest first."""
        ...

    def subjects(self) -> frozenset[str]:
        """Return what there is evidence about."""
        ...

    def forget(self, subjects: Collection[str]) -> None:
        """Drop the evidence about subjects: it is proven, or the contrary has been seen."""
        ...


class Halts(Protocol):
    """What holds the system back until a person lets it go on; a halt that can't be stored is in force all the same."""

    def raise_halt(self, cause: str, facts: str, *, reason: str, actor: str, now: datetime) -> bool:
        """Halt for `cause`; return False where the same cause with the same facts stands, acknowledged or not."""

    def halt_over(self, cause: str, keep: Collection[str], now: datetime) -> None:
        """End the halts of a cause whose facts are not in `keep` any more; the same facts later halt anew.

        One that nobody has acknowledged halts on until somebody does.
        """

    def acknowledge_halts(
        self, *, seen: int, actor: str, now: datetime, reason: str = "acknowledged"
    ) -> Acknowledgement:
        """Acknowledge the halts up to number `seen`, and take back a flatten that was asked for before it."""

    def acknowledge_halt(self, cause: str, facts: str, *, actor: str, now: datetime) -> bool:
        """Acknowledge one halt alone; return False where it does not halt."""

    def standing(self) -> tuple[Halt, ...]:
        """Return the halts that halt or whose facts hold on, oldest first."""

    def flatten_goal(self) -> FlattenGoal | None:
        """Return the flatten that stands."""

    def set_flatten(self, facts: str, *, reason: str, actor: str, now: datetime) -> None:
        """Halt as a person asked with `facts`, and want all own shares sold, in one step."""

    def set_flatten_progress(self, text: str, now: datetime) -> None:
        """Say what the flatten that stands has under way and what it waits for; the same again writes nothing."""

    def end_flatten(self, outcome: str, now: datetime) -> None:
        """End the flatten that stands; the halt that came with it stays for a person to acknowledge."""


class Store(Protocol):
    """What pages, metrics and the next start read; decisions are kept so that none is taken twice."""

    def record_decision(self, decision: Decision, now: datetime) -> None:
        """Keep a decision with all its verdicts; a second one for the same session is refused (InvariantBroken)."""

    def last_decision(self) -> Decision | None:
        """Return the newest decision, for carrying out what is left of it after a restart."""

    def record_equity(self, session: date, equity: float, cash: float, positions: int, drawdown: float) -> None:
        """Keep one point of the equity curve for the close of `session`."""

    def record_closed_trades(self) -> int:
        """Write a trade row for every own position that became flat since the last call; return how many."""

    def totals(self) -> Mapping[Counter, Mapping[str, int]]:
        """Return counts over the whole life of the state: steps of orders by state, closed trades by exit reason."""

    @property
    def halts(self) -> Halts:
        """Halts by their cause, and the flatten that a person asked for."""

    def mode(self) -> ModeState:
        """Return the mode to show: the strictest of halts that stand, reconciled and risk latches."""

    def set_reconciled(self, *, reconciled: bool, reason: str, now: datetime) -> None:
        """Persist whether this epoch's state is reconciled with the broker."""

    def risk_state(self, through: date | None = None) -> RiskState:
        """Return what the risk rules remember: that of the last decision, or as a person left it since.

        With `through`, for the next decision: the recorded trades that their stops closed since are among it, up to
        that session.
        """

    def set_risk_state(self, risk: RiskState, *, reason: str, actor: str, now: datetime) -> None:
        """Persist the risk rules' memory, with a latch set, or cleared by a person and the peak reset."""

    def record_differences(self, found: Sequence[Difference]) -> None:
        """Keep what a turn found to differ from the broker; the same again writes nothing."""

    def set_value(self, key: str, value: str) -> None:
        """Keep a small fact (session state, next event, heartbeat) for the pages."""

    def value(self, key: str) -> str | None:
        """Return a small fact."""

    def record_bars(self, panel: Panel, lines: Mapping[str, NDArray[np.float64]]) -> int:
        """Keep the bars and the lines of the strategy's charts; return how many bars were new or changed."""
        ...


class Requests(Protocol):
    """Requests of people, stored by dashboard and command line; what can't be read or written is InvariantBroken."""

    def halt_file(self) -> OperatorRequest | None:
        """Return the file `state/HALT` as a request, whatever is in it; never raises."""

    def halt_file_done(self) -> None:
        """Move the file out of the way."""

    def pending(self) -> tuple[OperatorRequest, ...]:
        """Return the stored requests that nobody has answered yet, oldest first."""

    def take_up(self, request: OperatorRequest, now: datetime) -> None:
        """Record that a request is being carried out, before anything of it is."""

    def answer(self, request: OperatorRequest, text: str, now: datetime) -> None:
        """Record what was done, for the page that waits for it."""


class Log(Protocol):
    """Structured lines: a constant event, the facts in fields; the adapter masks and escapes them."""

    def info(self, event: str, **fields: object) -> None:
        """Write what happened."""

    def warning(self, event: str, **fields: object) -> None:
        """Write what may need a look."""

    def error(self, event: str, **fields: object) -> None:
        """Write what went wrong; `exc_info=True` adds the exception that is being handled."""


class Metrics(Protocol):
    """Numbers for /metrics."""

    def add(self, counter: Counter, amount: float = 1.0, *, label: str | None = None) -> None:
        """Count something; `label` is the reason, state or code of a counter that has one."""

    def reach(self, counter: Counter, total: float, *, label: str | None = None) -> None:
        """Bring a counter up to a total that is kept elsewhere, over restarts too; never down."""

    def put(self, gauge: Gauge, value: float) -> None:
        """Set a gauge."""

    def put_mode(self, mode: Mode) -> None:
        """Show which mode is in force."""

    def observe(self, duration: Duration, seconds: float) -> None:
        """Take a length of time into its histogram."""

    def write(self) -> bool:
        """Publish all numbers; False, and no error, where that can't be done now."""


class Notifier(Protocol):
    """Tell a person about something that needs one."""

    def alert(self, code: str, text: str) -> None:
        """Deliver, or log, one alert; never raises."""


class Alerts(Protocol):
    """What a person has to know, with a memory that survives a restart; never raises."""

    def present(self, code: str, subject: str, text: str, now: datetime, *, again_after_s: float | None = None) -> None:
        """Tell that something is so, once while it lasts, or again each time that `again_after_s` have passed."""

    def over(self, code: str, keep_subjects: Collection[str], now: datetime) -> None:
        """End the alerts of a code but those of `keep_subjects`; what comes back later is told anew."""
