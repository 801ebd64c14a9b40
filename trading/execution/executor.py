"""Carries out a decision inside its window: first the exits, then the entries, each order once.

What is left to do follows from the decision and the journal alone, so a restart at any point goes on where it stood: an
intent that is there is never made again, a PLANNED one is sent, all others are the reconciler's.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta

from trading.execution import gates
from trading.execution.book import BrokerBook
from trading.execution.desk import Circumstances, Desk
from trading.execution.dispatch import POLL_S, Dispatch, Outcome
from trading.execution.entries import Entries
from trading.execution.exits import ExitWish, wishes
from trading.execution.failpoints import failpoint
from trading.execution.protection import awaits_cancel
from trading.execution.sender import Sender
from trading.execution.tickets import Purpose, exit_order
from trading.execution.windows import SendWindow
from trading.market.fills import round_down_to
from trading.model.decision import Decision, Denied, ExitReason
from trading.model.mode import Mode
from trading.model.order import MAYBE_LIVE, IntentState, OrderIntent, Role, Side
from trading.ports import OwnPosition


class Executor:
    """One for each process."""

    def __init__(self, desk: Desk, sender: Sender, refresh: Callable[[], BrokerBook]) -> None:
        """`refresh` reads the broker anew and takes it into the journal."""
        self._desk = desk
        self._sender = sender
        self._dispatch = Dispatch(desk, sender)
        self._entries = Entries(desk, self._dispatch)
        self._refresh = refresh
        # The decision of which everything was sent, or refused for good.
        self._done: Decision | None = None

    def has_work(self, decision: Decision, window: SendWindow) -> bool:
        """Return whether something of a decision may be left to send now."""
        return self._done is not decision and self._desk.clock.now() >= window.begins

    def carry_out(self, decision: Decision, window: SendWindow, at: Circumstances) -> Outcome:
        """Send what is left of a decision and may leave now."""
        outcome = Outcome()
        if not self.has_work(decision, window):
            return outcome
        self._drop_stale(window, outcome)
        self._exits(decision, window, at, outcome)
        self._entries.send(decision, window, at, outcome)
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
            if intent.parent_coid is not None:
                continue
            late = intent.session < window.session.day or now > window.ends
            if intent.role is Role.EXIT and intent.session == window.session.day:
                late = now > window.late_exits_end or (now > window.ends and intent.limit_price is None)
            if late:
                denied = Denied(intent.symbol, "too_old", None, None, "its window is over")
                self._dispatch.deny(self._entries.group(intent), denied, outcome)

    # ---- exits

    def _exits(self, decision: Decision, window: SendWindow, at: Circumstances, outcome: Outcome) -> None:
        self._resend_exits(window, at, outcome)
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
        guarded = gates.account(wanted[0].position.symbol, self._dispatch.guard, at.selected_account)
        if guarded is not None:
            for wish in wanted:
                self._record_denied_exit(wish, decision, window, replace(guarded, symbol=wish.position.symbol), outcome)
            return
        if self._desk.store.mode().mode is Mode.HALTED:
            # Their stops stay; a resume inside the session lets them go out late.
            outcome.again(now + timedelta(seconds=POLL_S))
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
            self._dispatch.refuse((intent,), denied, outcome)
            return
        self._dispatch.submit((intent,), at, lambda: self._check_exit(intent, window, at) is None, outcome)

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
            gates.account(intent.symbol, self._dispatch.guard, at.selected_account)
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
        self._dispatch.deny((intent,), denied, outcome)

    def _resend_exits(self, window: SendWindow, at: Circumstances, outcome: Outcome) -> None:
        """Send exits that were planned for this window: a crash came before they left, or nothing could be sent."""
        for record in self._desk.journal.intents(states=frozenset({IntentState.PLANNED})):
            intent = record.intent
            if intent.role is Role.EXIT and intent.session == window.session.day and not self._desk.interrupted():
                self._send_exit(intent, window, at, outcome)

    def _own(self, conid: int) -> OwnPosition | None:
        return next((p for p in self._desk.journal.own_positions() if p.conid == conid), None)


def _lapsed(conid: int) -> str:
    """Return the key of the session in which an exit was given up because no cancel was confirmed in time."""
    return f"exit_lapsed.{conid}"
