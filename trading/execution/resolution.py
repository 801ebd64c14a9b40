"""What became of orders whose outcome is not proven. Reads only; a thing that was not seen is weak evidence.

A read that does not show the order counts as a vote for its absence only when it could have shown it: it is witnessed
by another order that is known to be live and is in the read. Entries have a second way out, their expiry.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from trading.execution.book import BrokerBook, is_live
from trading.execution.desk import Desk
from trading.execution.failpoints import failpoint
from trading.execution.windows import in_reset, next_reset_end
from trading.model.order import IntentState, Role, Tif
from trading.ports import IntentRecord

VOTES_NEEDED = 5
VOTES_APART_S = 30.0
FREEZE_AFTER_S = 600.0
EXPIRED_AFTER = timedelta(minutes=30)
_CLEAN_READS_AFTER_EXPIRY = 2


@dataclass(slots=True)
class _Doubt:
    """What this process has seen of one UNKNOWN."""

    since: float
    voted: float
    clean_after_expiry: int = 0
    clean_after_reset: int = 0


@dataclass(frozen=True, slots=True)
class Witnesses:
    """Orders that were live at the last reading, own and foreign ones, by the broker's id."""

    live: frozenset[int] = field(default_factory=frozenset)

    def present_in(self, book: BrokerBook) -> bool:
        """Return whether there was one at least and all of them are in this reading."""
        return bool(self.live) and self.live <= book.by_id().keys()


class Resolver:
    """Votes, expiry and freezing for intents in UNKNOWN; positive matches were taken before."""

    def __init__(self, desk: Desk) -> None:
        """Begin without any vote of this process."""
        self._desk = desk
        self._doubts: dict[str, _Doubt] = {}
        self._witnesses = Witnesses()

    def resolve(self, unknown: Sequence[IntentRecord], book: BrokerBook, own: dict[int, int]) -> None:
        """Judge each UNKNOWN by this reading; `own` are own shares by conid."""
        now, ticks = self._desk.clock.now(), self._desk.clock.monotonic()
        coids = {record.intent.coid for record in unknown}
        self._doubts = {coid: doubt for coid, doubt in self._doubts.items() if coid in coids}
        # Orders that ended since are in the list of the day still, so presence is what is asked.
        witnessed = self._witnesses.present_in(book)
        for record in unknown:
            doubt = self._doubts.setdefault(record.intent.coid, _Doubt(ticks, ticks))
            unexplained = book.held(record.intent.conid) != own.get(record.intent.conid, 0)
            if unexplained or in_reset(now, self._desk.settings.session) or not self._settled(record, book):
                self._freeze(record, doubt, ticks, now)
                continue
            if self._expired(record, doubt, book) or (witnessed and self._voted_out(record, doubt, ticks, now)):
                self._lost(record, now)
            else:
                self._freeze(record, doubt, ticks, now)
        self._witnesses = Witnesses(frozenset(order.order_id for order in book.orders if is_live(order)))

    def next_look(self, unknown: Iterable[IntentRecord]) -> datetime | None:
        """Return when looking again can bring something new, None when only time and events can."""
        now, ticks = self._desk.clock.now(), self._desk.clock.monotonic()
        times: list[datetime] = []
        for record in unknown:
            doubt = self._doubts.get(record.intent.coid)
            if doubt is None:
                times.append(now)
                continue
            if not record.frozen:
                times.append(now + timedelta(seconds=max(doubt.voted + VOTES_APART_S - ticks, 1.0)))
            over = self._over(record)
            if over is not None:
                reset = next_reset_end(over, self._desk.settings.session)
                times.extend(at for at in (over, reset) if at > now)
        return min(times, default=None)

    def _settled(self, record: IntentRecord, book: BrokerBook) -> bool:
        """Return whether the reading began late enough after the last wire act to show what it did."""
        if record.sent_at is None:
            return True
        visible = timedelta(seconds=2.0 * self._desk.settings.execution.visibility_s)
        return book.began >= record.sent_at + visible

    def _voted_out(self, record: IntentRecord, doubt: _Doubt, ticks: float, now: datetime) -> bool:
        if ticks - doubt.voted < VOTES_APART_S:
            return False
        doubt.voted = ticks
        return self._desk.journal.vote(record.intent.coid, "not in a witnessed reading", now) >= VOTES_NEEDED

    def _over(self, record: IntentRecord) -> datetime | None:
        """Return from when a DAY order that did nothing can't be live any more."""
        if record.intent.tif is not Tif.DAY:
            return None
        session = self._desk.calendar.session(record.intent.session)
        return None if session is None else session.close + EXPIRED_AFTER

    def _expired(self, record: IntentRecord, doubt: _Doubt, book: BrokerBook) -> bool:
        """Return whether a DAY order's session is over and two clean readings since, one past a reset, show nothing."""
        over = self._over(record)
        if over is None or book.began < over or record.filled:
            return False
        doubt.clean_after_expiry += 1
        if book.began >= next_reset_end(over, self._desk.settings.session):
            doubt.clean_after_reset += 1
        return doubt.clean_after_expiry >= _CLEAN_READS_AFTER_EXPIRY and doubt.clean_after_reset >= 1

    def _lost(self, record: IntentRecord, now: datetime) -> None:
        failpoint("K29")
        self._desk.journal.transition(record.intent.coid, IntentState.LOST, "its absence is proven", now)
        self._desk.log.warning("order never arrived", coid=record.intent.coid, symbol=record.intent.symbol)
        self._desk.notifier.alert(
            "order_lost", f"{record.intent.symbol}: the {record.intent.role} {record.intent.coid} never arrived"
        )
        if record.intent.role is Role.ENTRY:
            # Its children went in the same POST.
            for child in self._desk.journal.intents(states=frozenset({IntentState.UNKNOWN})):
                if child.intent.parent_coid == record.intent.coid:
                    self._desk.journal.transition(child.intent.coid, IntentState.LOST, "its parent never arrived", now)

    def _freeze(self, record: IntentRecord, doubt: _Doubt, ticks: float, now: datetime) -> None:
        if record.frozen or ticks - doubt.since < FREEZE_AFTER_S:
            return
        self._desk.journal.freeze(record.intent.coid, now)
        self._desk.log.error("outcome still not proven", coid=record.intent.coid, symbol=record.intent.symbol)
        self._desk.notifier.alert(
            "order_unknown",
            f"{record.intent.symbol}: what became of the {record.intent.role} {record.intent.coid} is not proven; "
            "nothing is bought in it until it is: look it up at the broker",
        )
