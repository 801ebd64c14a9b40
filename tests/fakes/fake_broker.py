"""A broker in memory that keeps its own truth: what arrived, what it took, what filled.

It loses answers, refuses, asks, hides and contradicts itself on command. Given the journal's file it looks into it
whenever it is asked for something: what arrives has to be written there, unanswered, and committed.
"""

from __future__ import annotations

import hashlib
import sqlite3
from collections import deque
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from tests.fakes.broker_account import ACCOUNT, ANSWER, BrokerAccount
from tests.fakes.fake_clock import FakeClock
from trading.errors import InvariantBroken, OutcomeUnknown
from trading.model.account import AccountState, BrokerPosition, PositionList
from trading.model.order import BrokerOrder, BrokerStatus, ExecutionList, OrderList, OrderTicket, UnreadableRow
from trading.model.outcome import (
    Acknowledged,
    Answer,
    Duplicate,
    NothingSent,
    OrderAck,
    Outcome,
    Questioned,
    RefusedByBroker,
    Unproven,
)
from trading.model.request import (
    BrokerRequest,
    CancelOrder,
    ModifyOrder,
    PreparedRequest,
    ReplyToQuestion,
    RequestKind,
    SubmitOrders,
)

NO_ANSWER = Answer(None, b"")
UNREADABLE = UnreadableRow("no number", None, None, None, ACCOUNT, None)

Fault = Callable[["FakeBroker", PreparedRequest], Outcome | None]


def lost_answer(broker: FakeBroker, request: PreparedRequest) -> Outcome:
    """Apply the request and lose its answer."""
    broker.apply(request)
    return Unproven("read timed out", NO_ANSWER)


def lost_request(_broker: FakeBroker, _request: PreparedRequest) -> Outcome:
    """Lose the request; the client can't tell."""
    return Unproven("reset", NO_ANSWER)


def late(broker: FakeBroker, request: PreparedRequest) -> Outcome:
    """Lose the answer, and apply the request only when `broker.arrive()` is called."""
    broker.under_way.append(request)
    return Unproven("read timed out", NO_ANSWER)


def nothing_sent(_broker: FakeBroker, _request: PreparedRequest) -> Outcome:
    return NothingSent("connection refused")


def refused(_broker: FakeBroker, _request: PreparedRequest) -> Outcome:
    return RefusedByBroker("no trading permission", ANSWER)


def refused_but_taken(broker: FakeBroker, request: PreparedRequest) -> Outcome:
    """Say no, and take the order all the same."""
    broker.apply(request)
    return RefusedByBroker("no trading permission", ANSWER)


def refused_but_taken_without(*places: int) -> Fault:
    """Return a fault that refuses a group and takes it all the same, but for the orders at these places."""

    def refuse(broker: FakeBroker, request: PreparedRequest) -> Outcome:
        assert isinstance(request.content, SubmitOrders)
        broker.take(request.content.tickets, without=places)
        return RefusedByBroker("no trading permission", ANSWER)

    return refuse


def duplicate(_broker: FakeBroker, _request: PreparedRequest) -> Outcome:
    return Duplicate("Local order ID is already registered", ANSWER)


def question(*message_ids: str) -> Fault:
    """Return a fault that asks before anything is taken."""

    def ask(broker: FakeBroker, request: PreparedRequest) -> Outcome:
        return broker.ask(request, message_ids)

    return ask


def legs_refused(*places: int) -> Fault:
    """Return a fault that refuses the orders of a group at these places (0 is the first) and takes the others."""

    def refuse(broker: FakeBroker, request: PreparedRequest) -> Outcome:
        assert isinstance(request.content, SubmitOrders)
        return broker.take(request.content.tickets, without=places)

    return refuse


class FakeBroker(BrokerAccount):
    """Implements `Broker`. `faults` are taken one a write; None, or no fault left, is the normal course.

    `failing` and `empty` name lists ("orders", "executions", "positions", "account", "status") that can't be read, or
    come back well-formed without any row. `nameless` shows orders without our names, `parentless` without parents;
    with `status_names` only the list leaves the names out.
    `first_rows` and `more_rows` are shown before and after the book's, `flat` contracts as positions of 0;
    `cancels_wait` leaves cancels pending. `worth` is shown as the account's net liquidation,
    `told` over its other facts.
    """

    def __init__(self, clock: FakeClock, cash: float = 10_000.0, *, journal: Path | None = None) -> None:
        super().__init__(clock, cash)
        self.journal = journal
        self.faults: deque[Fault | None] = deque()
        self.arrived: list[PreparedRequest] = []
        self.under_way: list[PreparedRequest] = []
        self.replies: list[bool] = []
        self.reads = 0
        self.reads_fail = False
        self.failing: set[str] = set()
        self.empty: set[str] = set()
        self.hidden: set[int] = set()
        self.nameless = False
        self.parentless = self.status_names = False
        self.first_rows: list[BrokerOrder] = []
        self.more_rows: list[BrokerOrder] = []
        self.flat: set[int] = set()
        self.unreadable: dict[str, tuple[UnreadableRow, ...]] = {}
        self.cancels_wait = False
        self.worth: float | None = None
        self.told: dict[str, Any] = {}
        self._open: dict[str, tuple[OrderTicket, ...] | ModifyOrder] = {}

    # ---- reads

    def account(self) -> AccountState:
        self._read("account")
        worth = (
            self.worth
            if self.worth is not None
            else self.cash + sum(shares * self.averages.get(conid, 0.0) for conid, shares in self.held.items())
        )
        return replace(AccountState(ACCOUNT, "USD", worth, self.cash, self.cash, self.cash), **self.told)

    def positions(self) -> PositionList:
        self._read("positions")
        unreadable = self.unreadable.get("positions", ())
        if "positions" in self.empty:
            return PositionList((), unreadable)
        rows = tuple(
            BrokerPosition(conid, self.symbol_of(conid), shares, self.averages.get(conid), None)
            for conid, shares in sorted(self.held.items())
            if shares
        )
        return PositionList(rows, unreadable, frozenset(self.flat))

    def orders(self) -> OrderList:
        self._read("orders")
        rows = [*self.first_rows, *self.book.values(), *self.more_rows]
        shown = () if "orders" in self.empty else tuple(self._shown(row, nameless=self.nameless) for row in rows)
        found = sorted((row for row in shown if row.order_id not in self.hidden), key=lambda row: row.order_id)
        return OrderList(tuple(found), self.unreadable.get("orders", ()))

    def executions(self, days: int) -> ExecutionList:
        self._read("executions")
        start = self.clock.now() - timedelta(days=days)
        shown = () if "executions" in self.empty else tuple(each for each in self.fills if each.time >= start)
        return ExecutionList(shown, self.unreadable.get("executions", ()))

    def order_status(self, order_id: int) -> BrokerOrder | None:
        self._read("status")
        found = None if order_id in self.hidden else self.book.get(order_id)
        return None if found is None else self._shown(found, nameless=self.nameless and not self.status_names)

    # ---- requests

    def prepare(self, request: BrokerRequest) -> PreparedRequest:
        kind, verb, path = _sent_as(request)
        return PreparedRequest(kind, verb, path, hashlib.sha256(repr(request).encode()).hexdigest(), request)

    def send(self, prepared: PreparedRequest) -> Outcome:
        if self.journal is not None:
            assert written(self.journal, prepared), f"{prepared.path} left before it was in the journal"
        self.arrived.append(prepared)
        fault = self.faults.popleft() if self.faults else None
        outcome = fault(self, prepared) if fault is not None else None
        return outcome if outcome is not None else self.apply(prepared)

    # ---- the broker's side

    def apply(self, request: PreparedRequest) -> Outcome:
        """Do what is asked, as a broker without faults."""
        match request.content:
            case SubmitOrders(tickets=tickets):
                return self.take(tickets)
            case ReplyToQuestion(reply_id=reply_id, confirmed=confirmed):
                self.replies.append(confirmed)
                asked = self._open.pop(reply_id)
                if not confirmed:
                    return RefusedByBroker("declined by the client", ANSWER)
                return self.change(asked) if isinstance(asked, ModifyOrder) else self.take(asked)
            case CancelOrder(order_id=order_id):
                if self.cancels_wait:
                    self.show(order_id, status=BrokerStatus.PENDING_CANCEL)
                else:
                    self.end(order_id, BrokerStatus.CANCELLED)
                return Acknowledged((OrderAck(order_id, "Request was submitted"),), ANSWER)
            case ModifyOrder() as change:
                return self.change(change)
            case _:
                raise AssertionError(request)

    def ask(self, request: PreparedRequest, message_ids: tuple[str, ...]) -> Outcome:
        """Ask about a request; what was asked before about it is answered with that."""
        match request.content:
            case SubmitOrders(tickets=tickets):
                about: tuple[OrderTicket, ...] | ModifyOrder = tickets
            case ModifyOrder() as change:
                about = change
            case ReplyToQuestion(reply_id=answered, confirmed=confirmed):
                self.replies.append(confirmed)
                about = self._open.pop(answered)
            case _:
                raise AssertionError(request)
        reply_id = f"reply-{len(self.arrived)}"
        self._open[reply_id] = about
        return Questioned(reply_id, message_ids, tuple(f"About {each}?" for each in message_ids), ANSWER)

    def arrive(self) -> None:
        """Let everything arrive that is still under way."""
        for request in self.under_way:
            self.apply(request)
        self.under_way.clear()

    def contradict(self, order_id: int, *, first: bool = False, **changes: object) -> None:
        """Show another row of an order that says something else, after its own or as the `first` one."""
        rows = self.first_rows if first else self.more_rows
        rows.append(replace(self.book[order_id], **changes))  # type: ignore[arg-type]

    # ---- what a test asks

    def submits(self) -> list[PreparedRequest]:
        return [request for request in self.arrived if request.kind is RequestKind.SUBMIT]

    # ---- inside

    def _read(self, name: str) -> None:
        self.reads += 1
        if self.reads_fail or name in self.failing:
            raise OutcomeUnknown("GET", f"the gateway failed on {name}", 503)

    def _shown(self, order: BrokerOrder, *, nameless: bool) -> BrokerOrder:
        order = replace(order, order_ref=None) if nameless else order
        return replace(order, parent_id=None) if self.parentless else order


def written(journal: Path, request: PreparedRequest) -> bool:
    """Return whether another process sees the request in the journal's file, waiting for its answer."""
    with closing(sqlite3.connect(f"{journal.absolute().as_uri()}?mode=ro", uri=True)) as connection:
        rows = connection.execute(
            "SELECT verb, path, body_sha256 FROM wire WHERE phase = 'ABOUT' AND id = (SELECT max(id) FROM wire)"
        ).fetchall()
    return rows == [(request.verb, request.path, request.body_sha256)]


def _sent_as(request: BrokerRequest) -> tuple[RequestKind, str, str]:
    match request:
        case SubmitOrders():
            return RequestKind.SUBMIT, "POST", "/orders"
        case ReplyToQuestion(reply_id=reply_id):
            return RequestKind.REPLY, "POST", f"/reply/{reply_id}"
        case CancelOrder(order_id=order_id):
            return RequestKind.CANCEL, "DELETE", f"/order/{order_id}"
        case ModifyOrder(order_id=order_id):
            return RequestKind.MODIFY, "POST", f"/order/{order_id}"


class Confused(FakeBroker):
    """Prepares no reply: the question's id would reach more than the one question."""

    def prepare(self, request: BrokerRequest) -> PreparedRequest:
        if isinstance(request, ReplyToQuestion):
            raise InvariantBroken("I18", "the reply id is not one question's")
        return super().prepare(request)
