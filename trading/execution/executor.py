"""Carries out a decision inside its window: first the exits, then the entries, each order once.

What is left to do follows from the decision and the journal alone, so a restart at any point goes on where it stood: an
intent that is there is never made again, a PLANNED one is sent, all others are the reconciler's.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta

from trading.execution import gates
from trading.execution.book import BrokerBook
from trading.execution.desk import Circumstances, Desk
from trading.execution.exits import ExitWish, wishes
from trading.execution.failpoints import failpoint
from trading.execution.protection import awaits_cancel
from trading.execution.sender import Sender, Sending
from trading.execution.tickets import Purpose, bracket, exit_order
from trading.execution.windows import SendWindow
from trading.market.fills import round_down_to
from trading.model.account import Quote
from trading.model.decision import Approved, Decision, Denied, ExitReason
from trading.model.order import MAYBE_LIVE, IntentState, OrderIntent, Role, Side
from trading.ports import OwnPosition

POLL_S = 5.0
MINUTE_S = 60.0
# A refusal of these may pass by itself inside the window; of all others the order is over.
_PASSING = frozenset({"state", "rate", "market_closed", "restricted"})


@dataclass(slots=True)
class Outcome:
    """What one call did. `look_again` is when there is more to do that no event tells of."""

    sent: int = 0
    denied: int = 0
    look_again: datetime | None = None
    waiting: dict[str, Denied] = field(default_factory=dict)

    def again(self, at: datetime) -> None:
        """Ask for another look at `at`, or earlier if somebody asked for that."""
        self.look_again = at if self.look_again is None else min(self.look_again, at)


class Executor:
    """One for each process; it remembers only how many entries left lately, and learns that from the journal."""

    def __init__(self, desk: Desk, sender: Sender, refresh: Callable[[], BrokerBook]) -> None:
        """`refresh` reads the broker anew and takes it into the journal."""
        self._desk = desk
        self._sender = sender
        self._refresh = refresh
        # The decision of which everything was sent, or refused for good.
        self._done: Decision | None = None
        self._sent_at: deque[datetime] = deque(
            record.sent_at
            for record in desk.journal.intents()
            if record.intent.role is Role.ENTRY and record.sent_at is not None
        )

    def carry_out(self, decision: Decision, window: SendWindow, at: Circumstances) -> Outcome:
        """Send what is left of a decision and may leave now."""
        outcome = Outcome()
        if self._done is decision or self._desk.clock.now() < window.begins:
            return outcome
        self._drop_stale(window, outcome)
        self._exits(decision, window, at, outcome)
        self._entries(decision, window, at, outcome)
        if outcome.look_again is None and not self._desk.interrupted():
            self._done = decision
        return outcome

    def cancel_entries(self, *, ended_before: datetime | None = None) -> int:
        """Ask to cancel own working entries: all, or those whose session closed before an instant; return how many."""
        waiting = 0
        for record in self._desk.journal.intents(states=frozenset({IntentState.WORKING})):
            if record.intent.role is not Role.ENTRY:
                continue
            session = self._desk.calendar.session(record.intent.session)
            if ended_before is not None and (session is None or session.close >= ended_before):
                continue
            self._sender.cancel(record)
            waiting += 1
        return waiting

    def flatten(self, newest: date, window: SendWindow, at: Circumstances) -> Outcome:
        """Sell all own positions because a person asked for it; `look_again` None: nothing is left to sell."""
        outcome = Outcome()
        records = self._desk.journal.intents(states=MAYBE_LIVE)
        leaving = {record.intent.conid for record in records if record.intent.role is Role.EXIT}
        positions = self._desk.journal.own_positions()
        wanted = tuple(ExitWish(each, ExitReason.OPERATOR) for each in positions if each.conid not in leaving)
        now = self._desk.clock.now()
        if positions:
            outcome.again(now + timedelta(seconds=POLL_S))
        if not wanted or not (window.before_open(now) or window.in_session(now)):
            return outcome
        self._cancel_children(wanted)
        for wish in wanted:
            self._exit(wish, newest, window, at, outcome)
        return outcome

    def wanted(self, decision: Decision, window: SendWindow) -> tuple[ExitWish, ...]:
        """Return the exits that will still be sent for the window's session, so that no stop is put back for them."""
        found = wishes(decision, window.session.day, self._desk.journal.intents(), self._desk.journal.own_positions())
        day = window.session.day.isoformat()
        over = self._desk.clock.now() > window.late_exits_end
        return () if over else tuple(w for w in found if self._desk.store.value(_lapsed(w.position.conid)) != day)

    # ---- what is over

    def _drop_stale(self, window: SendWindow, outcome: Outcome) -> None:
        """Close PLANNED intents whose time is over: an entry past its window, anything for an earlier session."""
        now = self._desk.clock.now()
        for record in self._desk.journal.intents(states=frozenset({IntentState.PLANNED})):
            intent = record.intent
            late = intent.session < window.session.day or now > window.ends
            if intent.role is Role.EXIT and intent.session == window.session.day:
                late = now > window.late_exits_end or (now > window.ends and intent.limit_price is None)
            if late:
                self._deny((intent,), Denied(intent.symbol, "too_old", None, None, "its window is over"), outcome)

    # ---- exits

    def _exits(self, decision: Decision, window: SendWindow, at: Circumstances, outcome: Outcome) -> None:
        self._resend(Role.EXIT, window, at, outcome)
        records, positions = self._desk.journal.intents(), self._desk.journal.own_positions()
        wanted = wishes(decision, window.session.day, records, positions)
        if not wanted:
            return
        now = self._desk.clock.now()
        if now < window.begins:
            return
        if now > window.ends:
            wanted = self._late(wanted, window, outcome)
        if not wanted:
            return
        guarded = gates.account(wanted[0].position.symbol, self._guard(), at.selected_account)
        if guarded is not None:
            for wish in wanted:
                self._record_denied_exit(wish, decision, window, replace(guarded, symbol=wish.position.symbol), outcome)
            return
        self._cancel_children(wanted)
        for wish in wanted:
            if self._desk.interrupted():
                return
            self._exit(wish, decision.session, window, at, outcome)

    def _late(self, wanted: Sequence[ExitWish], window: SendWindow, outcome: Outcome) -> tuple[ExitWish, ...]:
        """Return what may still go out after the window: nothing whose cancel was not confirmed in time."""
        now = self._desk.clock.now()
        active = self._desk.journal.intents(states=MAYBE_LIVE)
        kept = []
        for wish in wanted:
            key, day = _lapsed(wish.position.conid), window.session.day.isoformat()
            if self._desk.store.value(key) != day and awaits_cancel(active, wish.position.conid):
                self._desk.store.set_value(key, day)
                self._desk.notifier.alert(
                    "exit_lapsed",
                    f"{wish.position.symbol}: the cancel of its stop or target was not confirmed before the open; "
                    "no exit today",
                )
            if self._desk.store.value(key) != day:
                kept.append(wish)
        if now < window.late_exits_begin:
            if kept:
                outcome.again(window.late_exits_begin)
            return ()
        return tuple(kept) if window.in_session(now) else ()

    def _cancel_children(self, wanted: Sequence[ExitWish]) -> None:
        """Cancel every live stop and target of the positions, then read once what became of them."""
        conids = {wish.position.conid for wish in wanted}
        asked = False
        for record in self._desk.journal.intents(states=frozenset({IntentState.WORKING})):
            if (
                record.intent.conid in conids
                and record.intent.side is Side.SELL
                and record.intent.role is not Role.EXIT
            ):
                asked = self._sender.cancel(record) or asked
        if asked:
            self._refresh()

    def _exit(self, wish: ExitWish, decided: date, window: SendWindow, at: Circumstances, outcome: Outcome) -> None:
        """Send one exit when no other sell of ours is live; look again soon while one is."""
        now = self._desk.clock.now()
        conid = wish.position.conid
        active = self._desk.journal.intents(states=MAYBE_LIVE)
        if any(record.intent.conid == conid and record.intent.side is Side.SELL for record in active):
            outcome.again(now + timedelta(seconds=POLL_S))
            return
        position = self._own(conid)
        if position is None:
            return
        limit_price = None
        if now > window.ends:
            limit_price = self._marketable(position, at)
            if limit_price is None:
                outcome.again(now + timedelta(seconds=POLL_S))
                return
        purpose = Purpose(decided, window.session.day, now)
        intent = exit_order(position, self._desk.journal.next_coid(), wish.reason, purpose, limit_price)
        failpoint("K01")
        self._desk.journal.plan((intent,))
        failpoint("K02")
        self._send_exit(intent, window, at, outcome)

    def _send_exit(self, intent: OrderIntent, window: SendWindow, at: Circumstances, outcome: Outcome) -> None:
        denied = self._check_exit(intent, window, at)
        if denied is not None:
            self._refuse((intent,), denied, outcome)
            return
        self._submit((intent,), at, lambda: self._check_exit(intent, window, at) is None, outcome)

    def _check_exit(self, intent: OrderIntent, window: SendWindow, at: Circumstances) -> Denied | None:
        now = replace(at, now=self._desk.clock.now())
        position = self._own(intent.conid)
        others = sum(
            record.intent.quantity - record.filled
            for record in self._desk.journal.intents(states=MAYBE_LIVE)
            if record.intent.conid == intent.conid
            and record.intent.side is Side.SELL
            and record.intent.coid != intent.coid
        )
        reference = intent.limit_price / (1.0 - gates.SELL_COLLAR) if intent.limit_price is not None else None
        return (
            gates.account(intent.symbol, self._guard(), at.selected_account)
            or gates.halted(intent, self._desk.store.mode().mode)
            or gates.market_closed(intent, now, window)
            or gates.short(intent, 0 if position is None else position.quantity, others)
            or gates.price_collar(intent, reference, self._desk.settings.risk.max_price_deviation)
        )

    def _marketable(self, position: OwnPosition, at: Circumstances) -> float | None:
        """Return a limit 2 % below the quote for a sale inside the session, None while there is no usable quote."""
        quote = self._desk.market_data.quotes((position.conid,)).get(position.conid)
        reference = None if quote is None or quote.halted else quote.bid or quote.last
        if reference is None:
            return None
        contract = at.contracts.get(position.symbol)
        step = 0.01 if contract is None else gates.increment_at(reference, contract.increments) or 0.01
        return float(round_down_to(reference * (1.0 - gates.SELL_COLLAR), step))

    def _record_denied_exit(
        self, wish: ExitWish, decision: Decision, window: SendWindow, denied: Denied, outcome: Outcome
    ) -> None:
        purpose = Purpose(decision.session, window.session.day, self._desk.clock.now())
        intent = exit_order(wish.position, self._desk.journal.next_coid(), wish.reason, purpose, None)
        self._desk.journal.plan((intent,))
        self._deny((intent,), denied, outcome)

    # ---- entries

    def _entries(self, decision: Decision, window: SendWindow, at: Circumstances, outcome: Outcome) -> None:
        now = self._desk.clock.now()
        if not decision.entries or now < window.begins:
            return
        self._resend(Role.ENTRY, window, at, outcome)
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
            self._entry(approved, decision, window, at, (quotes, outcome))

    def _entry(
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
        denied = self._check_entry(group[0], approved, window, at)
        if denied is None:
            denied = gates.suspected_split(approved.symbol, at.closes.get(approved.symbol), prior_close)
        if denied is not None and _passes(denied) and now <= window.ends:
            outcome.waiting[approved.symbol] = denied
            outcome.again(now + timedelta(seconds=MINUTE_S if denied.code == "rate" else POLL_S))
            return
        failpoint("K01")
        self._desk.journal.plan(group)
        failpoint("K02")
        if denied is not None:
            self._deny(group, denied, outcome)
            return
        self._send_entry(group, approved, window, at, outcome)

    def _send_entry(
        self, group: Sequence[OrderIntent], approved: Approved, window: SendWindow, at: Circumstances, outcome: Outcome
    ) -> None:
        """W2: check everything again on the state of now, then send."""
        denied = self._check_entry(group[0], approved, window, at)
        if denied is not None:
            self._refuse(group, denied, outcome)
            return
        self._submit(group, at, lambda: self._check_entry(group[0], approved, window, at) is None, outcome)

    def _check_entry(
        self, entry: OrderIntent, approved: Approved, window: SendWindow, at: Circumstances
    ) -> Denied | None:
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
            gates.account(entry.symbol, self._guard(), at.selected_account)
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

    # ---- both

    def _resend(self, role: Role, window: SendWindow, at: Circumstances, outcome: Outcome) -> None:
        """Send PLANNED intents of this window: a crash came before they left, or nothing could be sent."""
        for record in self._desk.journal.intents(states=frozenset({IntentState.PLANNED})):
            intent = record.intent
            if intent.role is not role or intent.session != window.session.day or self._desk.interrupted():
                continue
            if role is Role.EXIT:
                self._send_exit(intent, window, at, outcome)
                continue
            approved = Approved(intent.symbol, intent.quantity, intent.limit_price or 0.0, 0.0, 0.0, 0.0, "")
            self._send_entry(self._group(intent), approved, window, at, outcome)

    def _group(self, parent: OrderIntent) -> tuple[OrderIntent, ...]:
        """Return an entry with its children as they were planned."""
        children = (self._desk.journal.intent(f"{parent.coid}-{end}") for end in ("S", "T"))
        return (parent, *(record.intent for record in children if record is not None))

    def _submit(
        self, group: Sequence[OrderIntent], at: Circumstances, allowed: Callable[[], bool], outcome: Outcome
    ) -> None:
        references = {
            contract.conid: at.closes[symbol] for symbol, contract in at.contracts.items() if symbol in at.closes
        }
        result = self._sender.submit(group, references, allowed)
        if result is Sending.NOT_SENT:
            outcome.again(self._desk.clock.now() + timedelta(seconds=POLL_S))
            return
        if group[0].role is Role.ENTRY:
            self._sent_at.append(self._desk.clock.now())
        outcome.sent += len(group)

    def _refuse(self, group: Sequence[OrderIntent], denied: Denied, outcome: Outcome) -> None:
        """Keep a PLANNED intent for later when the refusal may pass, else close it."""
        if _passes(denied):
            outcome.waiting[group[0].symbol] = denied
            outcome.again(self._desk.clock.now() + timedelta(seconds=POLL_S))
            return
        self._deny(group, denied, outcome)

    def _deny(self, group: Sequence[OrderIntent], denied: Denied, outcome: Outcome) -> None:
        numbers = "" if denied.value is None else f"{denied.value:g} against {denied.limit}"
        detail = " ".join(part for part in (denied.detail, numbers) if part)
        for intent in group:
            self._desk.journal.deny(intent.coid, denied.code, detail, self._desk.clock.now())
        outcome.denied += 1
        self._desk.log.info("order denied", symbol=denied.symbol, code=denied.code, detail=detail)

    def _sent(self, now: datetime) -> gates.Sent:
        while self._sent_at and now - self._sent_at[0] > timedelta(days=1):
            self._sent_at.popleft()
        minute = sum(now - sent < timedelta(seconds=MINUTE_S) for sent in self._sent_at)
        return gates.Sent(minute, sum(sent.date() == now.date() for sent in self._sent_at))

    def _guard(self) -> gates.Guard:
        return gates.Guard(self._desk.account_id, self._desk.kind, self._desk.settings.live_trading)

    def _own(self, conid: int) -> OwnPosition | None:
        return next((p for p in self._desk.journal.own_positions() if p.conid == conid), None)

    def _conid_of(self, symbol: str) -> int | None:
        found, _ = self._desk.market_data.contracts((symbol,))
        return found[symbol].conid if symbol in found else None


def _lapsed(conid: int) -> str:
    """Return the key of the session in which an exit was given up because no cancel was confirmed in time."""
    return f"exit_lapsed.{conid}"


def _passes(denied: Denied) -> bool:
    """Return whether waiting may help: the state of the system, the rate, or a quote that has not come yet."""
    return denied.code in _PASSING or (denied.code == "split" and denied.value is None)
