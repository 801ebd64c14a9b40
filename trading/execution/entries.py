"""Sends the entries of a decision: planned with all their checks, checked again on the state of now, sent once."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from trading.execution import gates
from trading.execution.desk import Circumstances, Desk
from trading.execution.dispatch import POLL_S, Dispatch, Outcome, passes
from trading.execution.failpoints import failpoint
from trading.execution.tickets import Purpose, bracket
from trading.execution.windows import SendWindow
from trading.model.account import Quote
from trading.model.decision import Approved, Decision, Denied
from trading.model.order import MAYBE_LIVE, IntentState, OrderIntent, Role

MINUTE_S = 60.0


class Entries:
    """One for each process; it remembers only how many left lately, and learns that from the journal."""

    def __init__(self, desk: Desk, dispatch: Dispatch) -> None:
        """Send by `dispatch`."""
        self._desk = desk
        self._dispatch = dispatch
        self._sent_at: deque[datetime] = deque(
            record.sent_at
            for record in desk.journal.intents()
            if record.intent.role is Role.ENTRY and record.sent_at is not None
        )

    def send(self, decision: Decision, window: SendWindow, at: Circumstances, outcome: Outcome) -> None:
        """Send the entries of a decision that are not made yet, and those that were planned and did not leave."""
        now = self._desk.clock.now()
        if not decision.entries or now < window.begins:
            return
        self._resend(window, at, outcome)
        made = {
            record.intent.symbol
            for record in self._desk.journal.intents()
            if record.intent.role is Role.ENTRY and record.intent.decided == decision.session
        }
        left = [approved for approved in decision.entries if approved.symbol not in made]
        if not left:
            return
        quotes = self._quotes(left, at) if now <= window.ends else {}
        for approved in left:
            if self._desk.interrupted():
                return
            self._make(approved, decision, window, at, (quotes, outcome))

    def _make(
        self,
        approved: Approved,
        decision: Decision,
        window: SendWindow,
        at: Circumstances,
        rest: tuple[dict[int, Quote], Outcome],
    ) -> None:
        """W1 for one entry: plan it with its verdict; a refusal that may pass leaves it for later in the window."""
        quotes, outcome = rest
        now = self._desk.clock.now()
        contract = at.contracts.get(approved.symbol)
        conid = contract.conid if contract is not None else self._conid_of(approved.symbol)
        if conid is None:
            outcome.waiting[approved.symbol] = Denied(approved.symbol, "instrument", None, None, "no contract")
            outcome.again(now + timedelta(seconds=MINUTE_S))
            return
        coid = self._desk.journal.next_coid()
        group = bracket(approved, conid, coid, Purpose(decision.session, window.session.day, now))
        quote = quotes.get(conid)
        prior_close = None if quote is None else quote.prior_close
        denied = self._check(group[0], approved, window, at)
        if denied is None:
            denied = gates.suspected_split(approved.symbol, at.closes.get(approved.symbol), prior_close)
        if denied is not None and passes(denied) and now <= window.ends:
            outcome.waiting[approved.symbol] = denied
            outcome.again(now + timedelta(seconds=MINUTE_S if denied.code == "rate" else POLL_S))
            return
        failpoint("K01")
        self._desk.journal.plan(group)
        failpoint("K02")
        if denied is not None:
            self._dispatch.deny(group, denied, outcome)
            return
        self._dispatch_group(group, approved, window, at, outcome)

    def _dispatch_group(
        self, group: Sequence[OrderIntent], approved: Approved, window: SendWindow, at: Circumstances, outcome: Outcome
    ) -> None:
        """W2: check everything again on the state of now, then send."""
        denied = self._check(group[0], approved, window, at)
        if denied is not None:
            self._dispatch.refuse(group, denied, outcome)
            return
        if self._dispatch.submit(group, at, lambda: self._check(group[0], approved, window, at) is None, outcome):
            self._sent_at.append(self._desk.clock.now())

    def _check(self, entry: OrderIntent, approved: Approved, window: SendWindow, at: Circumstances) -> Denied | None:
        """Return the first limit that refuses the entry as things stand now."""
        now = replace(at, now=self._desk.clock.now(), mode=self._desk.store.mode().mode)
        settings = self._desk.settings
        active = self._desk.journal.intents(states=MAYBE_LIVE | {IntentState.PLANNED})
        committed = sum(
            gates.entry_cost(record.intent.quantity - record.filled, record.intent.limit_price or 0.0)
            for record in active
            if record.intent.role is Role.ENTRY and record.intent.coid != entry.coid
        )
        twins = {
            record.intent.coid: str(record.state)
            for record in active
            if record.intent.conid == entry.conid and record.intent.role is Role.ENTRY
        }
        unknown = sum(record.state is IntentState.UNKNOWN for record in active)
        contract = at.contracts.get(entry.symbol)
        return (
            gates.account(entry.symbol, self._dispatch.guard, at.selected_account)
            or gates.too_old(entry, now, window)
            or gates.market_closed(entry, now, window)
            or gates.state(entry.symbol, now, unknown)
            or gates.instrument(entry, contract)
            or gates.stale(entry, at)
            or gates.restricted(entry, settings.risk.restricted, at.blocked)
            or gates.duplicate(entry, twins)
            or gates.price_collar(entry, at.closes.get(entry.symbol), settings.risk.max_price_deviation)
            or gates.fat_finger(entry, contract.increments if contract is not None else ())
            or gates.planned_value(entry, approved.quantity * approved.limit_price)
            or gates.size(entry, at.book.account.net_liquidation, settings.risk, settings.sizing)
            or gates.buying_power(entry, at.book.account.cash, committed, at.book.account.available_funds)
            or gates.rate(entry.symbol, self._sent(now.now))
        )

    def _quotes(self, left: Sequence[Approved], at: Circumstances) -> dict[int, Quote]:
        conids = [at.contracts[approved.symbol].conid for approved in left if approved.symbol in at.contracts]
        return dict(self._desk.market_data.quotes(conids)) if conids and not self._desk.observes else {}

    def _resend(self, window: SendWindow, at: Circumstances, outcome: Outcome) -> None:
        """Send entries that were planned for this window: a crash came before they left, or nothing could be sent."""
        for record in self._desk.journal.intents(states=frozenset({IntentState.PLANNED})):
            intent = record.intent
            if intent.role is Role.ENTRY and intent.session == window.session.day and not self._desk.interrupted():
                approved = Approved(intent.symbol, intent.quantity, intent.limit_price or 0.0, 0.0, 0.0, 0.0, "")
                self._dispatch_group(self.group(intent), approved, window, at, outcome)

    def group(self, parent: OrderIntent) -> tuple[OrderIntent, ...]:
        """Return an entry with its children as they were planned."""
        children = (self._desk.journal.intent(f"{parent.coid}-{end}") for end in ("S", "T"))
        return (parent, *(record.intent for record in children if record is not None))

    def _sent(self, now: datetime) -> gates.Sent:
        while self._sent_at and now - self._sent_at[0] > timedelta(days=1):
            self._sent_at.popleft()
        minute = sum(now - sent < timedelta(seconds=MINUTE_S) for sent in self._sent_at)
        return gates.Sent(minute, sum(sent.date() == now.date() for sent in self._sent_at))

    def _conid_of(self, symbol: str) -> int | None:
        found, _ = self._desk.market_data.contracts((symbol,))
        return found[symbol].conid if symbol in found else None
