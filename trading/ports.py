"""What the cycle needs of the outside, as protocols; adapters implement them, `bootstrap` chooses.

Reads raise a `GatewayError` (NotSent, Refused, OutcomeUnknown, SessionLost) and may be repeated by the adapter. Writes
never raise one and are never repeated: `Broker.send` returns an `Outcome`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from trading.market.panel import Panel
from trading.model.account import AccountState, BrokerPosition, Quote, SessionStatus
from trading.model.contract import Contract
from trading.model.decision import Decision, RiskState
from trading.model.metric import Counter, Duration, Gauge
from trading.model.mode import Acknowledgement, Control, FlattenGoal, Halt, Mode, ModeState
from trading.model.order import BrokerOrder, Execution, IntentState, OrderIntent, OrderTicket
from trading.model.wire import Answer, Outcome, WireRequest


class Clock(Protocol):
    """Market time for decisions, monotonic time for every timeout, age and pacing."""

    def now(self) -> datetime:
        """Return market time, aware UTC."""
        ...

    def monotonic(self) -> float:
        """Return seconds that never go back; only differences mean anything."""
        ...

    def wait(self, until: datetime) -> None:
        """Return at `until`, or earlier when a control, an order event or a stop request arrives."""
        ...


class SessionPort(Protocol):
    """The login and the brokerage session."""

    def keep_alive(self) -> SessionStatus:
        """Tickle and return the session's state; logged out is a status, not an error.

        Raises: NotSent, OutcomeUnknown when the gateway can't be asked.
        """
        ...

    def initialise(self) -> SessionStatus:
        """Ask for the brokerage session (`ssodh/init`); never while another one competes."""
        ...

    def accounts(self) -> tuple[str, ...]:
        """Return the account ids of this login, the selected one first; required before orders and snapshots."""
        ...


class MarketData(Protocol):
    """Contracts, completed daily bars and quotes."""

    def contracts(self, symbols: Sequence[str]) -> tuple[Mapping[str, Contract], Mapping[str, str]]:
        """Return the US stock contract of each symbol and, for every other symbol, why there is none."""
        ...

    def daily_bars(self, contracts: Iterable[Contract], through: date, count: int) -> tuple[Panel, Mapping[str, str]]:
        """Return the last `count` completed bars up to session `through`, and the symbols left out with the reason.

        A later bar than `through` is dropped; a symbol without a bar on `through` stays in the panel.
        """
        ...

    def quotes(self, conids: Sequence[int]) -> Mapping[int, Quote]:
        """Return a snapshot of each contract that the gateway has delivered in time."""
        ...


class Broker(Protocol):
    """The account's orders. Request builders are pure; `send` is the only thing that writes."""

    def account(self) -> AccountState:
        """Return balances."""
        ...

    def positions(self) -> tuple[BrokerPosition, ...]:
        """Return open positions (quantity not zero), from the broker's uncached source."""
        ...

    def orders(self) -> tuple[BrokerOrder, ...]:
        """Return the working orders and those finished today, from a well-formed list (`snapshot` true)."""
        ...

    def executions(self, days: int) -> tuple[Execution, ...]:
        """Return the fills of the last `days` (1 to 7) days, oldest first."""
        ...

    def order_status(self, order_id: int) -> BrokerOrder | None:
        """Return one order, None where the broker doesn't know it (which proves nothing)."""
        ...

    def submit_request(self, tickets: Sequence[OrderTicket]) -> WireRequest:
        """Encode one POST of an order, a bracket (parent first) or an OCA group."""
        ...

    def reply_request(self, reply_id: str, *, confirmed: bool, coids: tuple[str, ...]) -> WireRequest:
        """Encode the answer to an order question about orders with these cOIDs."""
        ...

    def cancel_request(self, order_id: int) -> WireRequest:
        """Encode one DELETE."""
        ...

    def modify_request(self, order_id: int, ticket: OrderTicket) -> WireRequest:
        """Encode a modification; the ticket repeats every attribute of the order."""
        ...

    def send(self, request: WireRequest) -> Outcome:
        """Send once, whatever happens, and classify what came back (EXECUTION rules)."""
        ...


@dataclass(frozen=True, slots=True)
class IntentRecord:
    """One intent with everything the journal knows of it now. `filled` and `average_price` come from executions."""

    intent: OrderIntent
    state: IntentState
    order_id: int | None
    filled: int
    average_price: float | None
    cancel_asked: bool
    reply_id: str | None
    epoch: int
    sent_at: datetime | None
    frozen: bool
    detail: str


@dataclass(frozen=True, slots=True)
class OwnPosition:
    """Own shares by executions and adjustments, with the plan they came from; `quantity` > 0."""

    conid: int
    symbol: str
    quantity: int
    entry_session: date
    entry_price: float
    stop_price: float
    target_price: float
    entry_coid: str


class Journal(Protocol):
    """The write-ahead record of orders. Every method is one committed transaction when it returns."""

    def next_coid(self) -> str:
        """Return a cOID that was never used and never will be again."""
        ...

    def plan(self, intents: Sequence[OrderIntent]) -> None:
        """W1: store the intents as PLANNED."""
        ...

    def deny(self, coid: str, code: str, detail: str, now: datetime | None = None) -> None:
        """Close a PLANNED intent that a check refused before it was sent; without `now` the time is the intent's."""
        ...

    def about(
        self,
        coids: Sequence[str],
        request: WireRequest,
        state: IntentState | None,
        epoch: int,
        now: datetime,
    ) -> int:
        """W2: record the request (verb, path, hash) before it leaves, and return the wire row's number.

        The intents move to `state`; None leaves them where they are.
        """
        ...

    def answered(self, wire_id: int, outcome_class: str, answer: Answer | None, now: datetime) -> None:
        """W3: record what came back for a wire row."""
        ...

    def transition(self, coid: str, state: IntentState, detail: str, now: datetime) -> None:
        """Move one intent along an allowed edge.

        Raises: InvariantBroken, the edge is not in the state machine.
        """
        ...

    def bind(self, coid: str, order_id: int, now: datetime) -> None:
        """Attach the broker's order id; the intent becomes WORKING where it is not further already."""
        ...

    def question(self, coid: str, reply_id: str, message_ids: Sequence[str], now: datetime) -> None:
        """Store an open question; the intent becomes QUESTIONED."""
        ...

    def freeze(self, coid: str, now: datetime) -> None:
        """Mark an UNKNOWN that could not be resolved in time; its conid stays blocked."""
        ...

    def execute(self, coid: str, execution: Execution, now: datetime) -> bool:
        """Count a fill once: execution row, intent's filled quantity and own position in one transaction.

        Returns False when the execution id was counted already (its commission is filled in when it was missing).
        Raises: InvariantBroken (I10), after it was recorded: it sold more than we had.
        """
        ...

    def adjust(self, conid: int, quantity: int, reason: str, now: datetime, *, ratio: float = 1.0) -> None:
        """Change own shares by something that was no execution of ours (sold by hand, split).

        `ratio` is new shares for each old one of a split; the position's prices are divided by it.
        """
        ...

    def vote(self, coid: str, evidence: str, now: datetime) -> int:
        """Record a read that did not find an UNKNOWN; return how many there are since it became one."""
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


class Halts(Protocol):
    """What holds the system back until a person lets it go on; a halt that can't be stored is in force all the same."""

    def raise_halt(self, cause: str, facts: str, *, reason: str, actor: str, now: datetime) -> bool:
        """Halt for `cause`; return False where the same cause with the same facts stands, acknowledged or not."""

    def halt_over(self, cause: str, keep: Collection[str], now: datetime) -> None:
        """End the halts of a cause whose facts are not in `keep` any more; the same facts later halt anew.

        One that nobody has acknowledged halts on until somebody does.
        """

    def acknowledge_halts(self, *, seen: int, actor: str, now: datetime) -> Acknowledgement:
        """Acknowledge the halts up to number `seen`, and take back a flatten that was asked for before it."""

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
        ...

    def last_decision(self) -> Decision | None:
        """Return the newest decision, for carrying out what is left of it after a restart."""
        ...

    def record_equity(self, session: date, equity: float, cash: float, positions: int, drawdown: float) -> None:
        """Keep one point of the equity curve for the close of `session`."""
        ...

    def record_closed_trades(self) -> int:
        """Write a trade row for every own position that became flat since the last call; return how many."""
        ...

    def totals(self) -> Mapping[Counter, Mapping[str, int]]:
        """Return counts over the whole life of the state: steps of orders by state, closed trades by exit reason."""
        ...

    @property
    def halts(self) -> Halts:
        """Halts by their cause, and the flatten that a person asked for."""

    def mode(self) -> ModeState:
        """Return the mode to show: the strictest of halts that stand, reconciled and risk latches."""
        ...

    def set_reconciled(self, *, reconciled: bool, reason: str, now: datetime) -> None:
        """Persist whether this epoch's state is reconciled with the broker."""
        ...

    def risk_state(self, through: date | None = None) -> RiskState:
        """Return what the risk rules remember: that of the last decision, or as a person left it since.

        With `through`, for the next decision: the recorded trades that their stops closed since are among it, up to
        that session.
        """
        ...

    def set_risk_state(self, risk: RiskState, *, reason: str, actor: str, now: datetime) -> None:
        """Persist the risk rules' memory, with a latch set, or cleared by a person and the peak reset."""
        ...

    def set_value(self, key: str, value: str) -> None:
        """Keep a small fact (session state, next event, heartbeat) for the pages."""
        ...

    def value(self, key: str) -> str | None:
        """Return a small fact."""
        ...

    def record_bars(self, panel: Panel, lines: Mapping[str, NDArray[np.float64]]) -> int:
        """Keep the bars and the lines of the strategy's charts; return how many bars were new or changed."""
        ...


class Controls(Protocol):
    """Requests of people, written by the dashboard and the command line."""

    def pending(self) -> tuple[Control, ...]:
        """Return requests that nobody has answered yet, oldest first; a `state/HALT` file counts as one."""
        ...

    def answer(self, control: Control, result: str, now: datetime) -> None:
        """Record what was done, for the page that waits for it."""
        ...


class Log(Protocol):
    """Structured lines: a constant event, the facts in fields; the adapter masks and escapes them."""

    def info(self, event: str, **fields: object) -> None:
        """Write what happened."""
        ...

    def warning(self, event: str, **fields: object) -> None:
        """Write what may need a look."""
        ...

    def error(self, event: str, **fields: object) -> None:
        """Write what went wrong; `exc_info=True` adds the exception that is being handled."""
        ...


class Metrics(Protocol):
    """Numbers for /metrics."""

    def add(self, counter: Counter, amount: float = 1.0, *, label: str | None = None) -> None:
        """Count something; `label` is the reason, state or code of a counter that has one."""
        ...

    def reach(self, counter: Counter, total: float, *, label: str | None = None) -> None:
        """Bring a counter up to a total that is kept elsewhere, over restarts too; never down."""
        ...

    def put(self, gauge: Gauge, value: float) -> None:
        """Set a gauge."""
        ...

    def put_mode(self, mode: Mode) -> None:
        """Show which mode is in force."""
        ...

    def observe(self, duration: Duration, seconds: float) -> None:
        """Take a length of time into its histogram."""
        ...

    def write(self) -> bool:
        """Publish all numbers; False, and no error, where that can't be done now."""
        ...


class Notifier(Protocol):
    """Tell a person about something that needs one."""

    def alert(self, code: str, text: str) -> None:
        """Deliver, or log, one alert; never raises."""
        ...
