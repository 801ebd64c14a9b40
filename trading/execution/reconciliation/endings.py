"""How orders that are bound end: by what a reading shows of them, once their executions agree with it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from trading.config import Settings
from trading.errors import GatewayError
from trading.execution.ownership.execution_matching import is_correction
from trading.execution.ownership.likeness import agrees, is_same
from trading.execution.ownership.working_orders import ended_under_its_id
from trading.execution.reading.evidence import Since
from trading.execution.reading.snapshot import BrokerSnapshot, OrderSight
from trading.market.calendar import TradingCalendar
from trading.model.command import CommandState, Step
from trading.model.order import LIFE, BrokerOrder, BrokerStatus, IntentState, OrderLife, Role, Tif
from trading.model.record import IntentRecord, JournalView
from trading.model.request import RequestKind
from trading.ports import Broker

EXECUTIONS_LATE_AFTER_S = 60.0
INACTIVE_AFTER_S = 30.0
UNCONFIRMED_AFTER_S = 60.0
# The list shows what ended today.
_LISTED_FOR = timedelta(days=1)
WARNED = "warned"
"""since when the broker has shown a warning on an order, in `since`"""
HELD = "held"
"""since when a part of an entry has filled and nothing tells that its stop works, in `since`"""
_LATE = "late"
_UNCONFIRMED = "unconfirmed"
_SHOWN = "shown"
_INACTIVE = "inactive"
_MISSING = "missing"
_ABOUT_ORDERS = (WARNED, HELD, _LATE, _UNCONFIRMED, _SHOWN, _INACTIVE, _MISSING)
# By then nothing of a session's DAY orders can be on the book.
EXPIRED_AFTER = timedelta(minutes=30)
_ENDED = {
    BrokerStatus.FILLED: IntentState.FILLED,
    BrokerStatus.CANCELLED: IntentState.CANCELLED,
    BrokerStatus.FAILED: IntentState.REJECTED,
    BrokerStatus.INACTIVE: IntentState.REJECTED,
}


@dataclass(frozen=True, slots=True)
class Ending:
    """What became of an order: the state to go to, and its row as `gap` where executions tell of fewer or more."""

    state: IntentState
    detail: str
    gap: BrokerOrder | None = None


class Endings:
    """Judges the working orders of one reading."""

    def __init__(
        self,
        snapshot: BrokerSnapshot,
        journal: JournalView,
        since: Since,
        broker: Broker,
        calendar: TradingCalendar,
        settings: Settings,
    ) -> None:
        """`broker` is asked for single orders that the list lacks, or shows as cancelled though nobody asked for it."""
        self._snapshot = snapshot
        self._journal = journal
        self._since = since
        self._broker = broker
        self._calendar = calendar
        self._settings = settings
        self.told: dict[str, BrokerOrder] = {}
        """what single orders say, by coid, that the list lacks and that filled by more than their executions tell"""
        self.alive: set[str] = set()
        """the orders that the list lacks and that work by their id, as this session had not shown before"""

    def of(self, record: IntentRecord, now: datetime) -> Ending | None:
        """Return how a working order ended, None while it works or that can't be told."""
        sight = self._snapshot.sight_of(record.order_id)
        if sight is not None and not is_same(record, sight.order, self._journal):
            sight = None
        if record.filled >= self._ordered(record, sight):
            return Ending(IntentState.FILLED, "")
        if record.order_id is None and not record.filled:
            # An execution alone had proven it, which the broker took back.
            return Ending(IntentState.UNKNOWN, "no id, and its executions were taken back")
        if sight is None:
            return self._missing(record, now)
        ending = self._judge(record, sight, now)
        return None if ending is not None and self._denied(record, ending) else ending

    def _ordered(self, record: IntentRecord, sight: OrderSight | None) -> int:
        """Return the most shares that the order may be for by now: we or a person may have made it larger, or a split.

        The row may be older than what we asked for last.
        """
        asked = [
            command.draft.quantity or 0
            for command in self._journal.left_of(record.coid, RequestKind.MODIFY)
            if command.state is not CommandState.REFUSED
        ]
        shown = 0 if sight is None else round(sight.order.total_quantity)
        return max(record.intent.quantity, shown, *asked)

    def _judge(self, record: IntentRecord, sight: OrderSight, now: datetime) -> Ending | None:
        order = sight.order
        if sight.life is OrderLife.LIVE:
            self._note_shown(record, now)
            self._note_held(record, now)
        if sight.life is OrderLife.LIVE or self._is_earlier(record, order, now):
            return None
        if order.status is BrokerStatus.WARN_STATE:
            # Protection gives it up after a while.
            self._since.seconds(WARNED, record.coid)
        if sight.life is OrderLife.UNSURE and order.status is not BrokerStatus.INACTIVE:
            # Rows that contradict each other speak against nothing that was so before.
            self._since.was(_INACTIVE, record.coid)
            return None
        if sight.life is OrderLife.UNSURE and self._since.seconds(_INACTIVE, record.coid) < INACTIVE_AFTER_S:
            return None
        if round(order.filled_quantity) != record.filled:
            if self._may_be_late(record):
                return None
            text = f"exec_gap: {order.filled_quantity:g} filled, executions say {record.filled}"
            return Ending(self._state(record, order, now), text, gap=order)
        return Ending(self._state(record, order, now), str(order.status))

    def _may_be_late(self, record: IntentRecord) -> bool:
        """Return whether executions that are missing may yet come: for a minute from a list that lacks them.

        A list that can't be read lacks nothing.
        """
        if self._snapshot.executions.value is None:
            self._since.was(_LATE, record.coid)
            return True
        return self._since.seconds(_LATE, record.coid) < EXECUTIONS_LATE_AFTER_S and not self._corrected(record)

    def _denied(self, record: IntentRecord, ending: Ending) -> bool:
        """Return whether an order that the list shows as cancelled, which nobody asked for, works by its id.

        The list may show a row too many and lack the true one. Where nobody answers, it is believed a minute later.
        """
        if ending.state is not IntentState.CANCELLED or record.order_id is None or self._asked(record):
            return False
        try:
            order = self._broker.order_status(record.order_id)
        except GatewayError:
            return self._since.seconds(_UNCONFIRMED, record.coid) < UNCONFIRMED_AFTER_S
        return order is not None and LIFE[order.status] is OrderLife.LIVE and is_same(record, order, self._journal)

    def _asked(self, record: IntentRecord, *, but: Step | None = None) -> bool:
        """Return whether we asked to cancel it, in another step than one."""
        return any(command.step is not but for command in self._journal.left_of(record.coid, RequestKind.CANCEL))

    def _corrected(self, record: IntentRecord) -> bool:
        """Return whether the broker may have changed or taken back an execution of it: the row's number is older."""
        listed = self._snapshot.executions.value
        return listed is not None and any(
            each.order_id in {None, record.order_id}
            and (each.conid, each.side) == (record.intent.conid, record.intent.side)
            and is_correction(each)
            for each in listed.executions
        )

    def _is_earlier(self, record: IntentRecord, order: BrokerOrder, now: datetime) -> bool:
        """Return whether it may be an earlier order with the same id: ours was sent just now, and does not show yet.

        The row looks otherwise than ours, or the id is that of one of ours that had ended, which may look the same.
        Once ours was shown alive under it, and we didn't ask to cancel it, what has ended is ours.
        """
        if record.sent_at is None or order.order_ref == record.coid:
            return False
        visible = timedelta(seconds=self._settings.execution.visibility_s)
        if not agrees(record.intent, order):
            return now < record.sent_at + visible
        if now >= record.sent_at + 2.0 * visible or not self._ended_before(record):
            return False
        return not self._since.was(_SHOWN, record.coid) or self._asked(record)

    def _note_shown(self, record: IntentRecord, now: datetime) -> None:
        """Keep that an order is alive under an id that one of ours had, once no list shows that one alive any more."""
        visible = timedelta(seconds=self._settings.execution.visibility_s)
        ended = self._ended_before(record)
        recent = record.sent_at is not None and now < record.sent_at + 2.0 * visible
        if ended and recent and now >= max(ended) + visible:
            self._since.seconds(_SHOWN, record.coid)

    def _note_held(self, record: IntentRecord, now: datetime) -> None:
        """Keep that an entry has filled in part while its target does not work in regular hours: nor may its stop.

        A stop shows the same whether it rests or waits for the rest of the entry.
        """
        session = self._calendar.session(record.intent.session)
        if record.intent.role is not Role.ENTRY or not record.filled or session is None:
            return
        children = self._journal.children(record.coid)
        sights = [self._snapshot.sight_of(each.order_id) for each in children if each.intent.role is Role.TARGET]
        works = any(sight is not None and sight.order.status is BrokerStatus.SUBMITTED for sight in sights)
        if children and not works and session.open <= now < session.close:
            self._since.seconds(HELD, record.coid)

    def _ended_before(self, record: IntentRecord) -> list[datetime]:
        """Return when orders of ours had ended under its id, of those that may be listed still."""
        sent_at = record.sent_at
        if sent_at is None:
            return []
        ended = ended_under_its_id(record, self._journal)
        return [at for at in ended if timedelta(0) <= sent_at - at < _LISTED_FOR]

    def _state(self, record: IntentRecord, order: BrokerOrder, now: datetime) -> IntentState:
        ended = _ENDED.get(order.status, IntentState.CANCELLED)
        asked = self._asked(record, but=Step.SESSION_OVER)
        if ended is IntentState.CANCELLED and record.intent.tif is Tif.DAY and not asked:
            session = self._calendar.session(record.intent.session)
            if session is not None and now >= session.close:
                return IntentState.EXPIRED
        return ended

    def _missing(self, record: IntentRecord, now: datetime) -> Ending | None:
        """An order that is not in the list: ask for it by its id; where nobody knows one it is unproven."""
        if self._snapshot.orders.value is None or self._snapshot.unsure(record.intent.conid):
            # A row that can't be read speaks against nothing that was so before.
            for what in _ABOUT_ORDERS:
                self._since.was(what, record.coid)
            return None
        missing_s = self._since.seconds(_MISSING, record.coid)
        if record.provisional:
            return Ending(IntentState.UNKNOWN, "the order that looked like it is gone")
        if record.order_id is None:
            return self._unlisted(record, missing_s, now)
        try:
            order = self._broker.order_status(record.order_id)
        except GatewayError:
            return None
        if order is not None and is_same(record, order, self._journal):
            if round(order.filled_quantity) > record.filled:
                self.told[record.coid] = order
            if LIFE[order.status] is OrderLife.LIVE and record.seen_epoch != self._snapshot.epoch:
                self.alive.add(record.coid)
            return self._judge(record, OrderSight(order, LIFE[order.status]), now)
        return self._unlisted(record, missing_s, now)

    def _unlisted(self, record: IntentRecord, missing_s: float, now: datetime) -> Ending | None:
        """Judge an order that nobody knows by its id either."""
        session = self._calendar.session(record.intent.session)
        over = session is not None and now >= session.close + EXPIRED_AFTER
        if record.intent.tif is Tif.DAY and over:
            # Whether it filled before is told by executions alone.
            readable = self._snapshot.executions.value is not None
            return Ending(IntentState.EXPIRED, "its session is over, and it is in no list") if readable else None
        if missing_s < 2.0 * self._settings.execution.visibility_s:
            return None
        return Ending(IntentState.UNKNOWN, "vanished without a terminal status")
