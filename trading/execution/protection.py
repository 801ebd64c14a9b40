"""Own shares without a working stop: found in every cycle, whatever was sent before, and covered again once proven.

Need is the own position by executions, cover what own live stops and exits can sell. Where anything about a sell of
ours is not proven nothing is sent: two resting stops could fire together and leave us short.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from trading.execution.book import BrokerBook, is_live
from trading.execution.desk import Desk
from trading.execution.failpoints import failpoint
from trading.execution.sender import Sender, Sending
from trading.execution.tickets import Purpose, protective_pair
from trading.market.calendar import Session
from trading.model.order import MAYBE_LIVE, UNPROVEN, BrokerOrder, IntentState, Role, Side
from trading.ports import IntentRecord, OwnPosition

MAX_REFUSALS = 2


@dataclass(frozen=True, slots=True)
class Cover:
    """How one position is protected. `doubtful`: some sell of ours in it is not proven, or its fill is on its way."""

    position: OwnPosition
    stop: IntentRecord | None
    target: IntentRecord | None
    covered: int
    doubtful: bool
    leaving: bool
    """An exit order is at the broker."""
    excess: bool = False
    """A stop or target is for more shares than there are, and no entry can add any: it could make us short."""

    @property
    def uncovered(self) -> int:
        """Return the own shares that no live stop or exit would sell."""
        return max(self.position.quantity - self.covered, 0)

    @property
    def whole(self) -> bool:
        """Return whether nothing has to be done: stop and target for all shares, or an exit under way."""
        both = self.stop is not None and self.target is not None
        return self.leaving or (both and self.uncovered == 0 and not self.excess)


def cover_of(position: OwnPosition, records: Iterable[IntentRecord], orders: Mapping[int, BrokerOrder]) -> Cover:
    """Return how `records` (own intents of that contract that may be live) protect a position."""
    stop: IntentRecord | None = None
    target: IntentRecord | None = None
    covered, most, doubtful, leaving, entering = 0, 0, False, False, False
    for record in records:
        if record.intent.side is Side.BUY:
            entering = True
            continue
        order = orders.get(record.order_id) if record.order_id is not None else None
        if record.state in UNPROVEN or order is None or not is_live(order):
            doubtful = True
        elif record.intent.role is Role.STOP:
            stop, covered = record, covered + int(order.remaining_quantity)
            most = max(most, int(order.remaining_quantity))
        elif record.intent.role is Role.TARGET:
            target, most = record, max(most, int(order.remaining_quantity))
        else:
            leaving, covered = True, covered + int(order.remaining_quantity)
    return Cover(position, stop, target, covered, doubtful, leaving, most > position.quantity and not entering)


def covers(positions: Iterable[OwnPosition], records: Sequence[IntentRecord], book: BrokerBook) -> tuple[Cover, ...]:
    """Return the cover of each position by the intents `records` that may be live."""
    orders = book.by_id()
    return tuple(
        cover_of(position, [record for record in records if record.intent.conid == position.conid], orders)
        for position in positions
    )


class Protection:
    """Watches the cover and puts stop and target back where one is missing."""

    def __init__(self, desk: Desk, sender: Sender) -> None:
        """Begin without a refusal."""
        self._desk = desk
        self._sender = sender
        self._refused: dict[int, int] = {}
        self._alarmed: frozenset[int] = frozenset()

    def look(self, book: BrokerBook, session: Session | None) -> tuple[Cover, ...]:
        """Return the cover of all positions; raise the alarm once when shares are uncovered in an open session."""
        found = covers(self._desk.journal.own_positions(), self._desk.journal.intents(states=MAYBE_LIVE), book)
        bare = frozenset(cover.position.conid for cover in found if cover.uncovered and session is not None)
        for cover in found:
            if cover.position.conid in bare - self._alarmed:
                self._desk.notifier.alert(
                    "uncovered", f"{cover.position.symbol}: {cover.uncovered} own shares have no working stop"
                )
        self._alarmed = bare
        return found

    def cancel_leftovers(self) -> bool:
        """Cancel stops and targets of positions that are gone; True when something was asked for."""
        records = self._desk.journal.intents(states=MAYBE_LIVE)
        needed = {position.conid for position in self._desk.journal.own_positions()}
        needed |= {record.intent.conid for record in records if record.intent.side is Side.BUY}
        left = [
            record
            for record in records
            if record.intent.role in {Role.STOP, Role.TARGET}
            and record.state is IntentState.WORKING
            and record.intent.conid not in needed
        ]
        return any([self._sender.cancel(record) for record in left])

    def restore(self, found: Iterable[Cover], leaving: frozenset[int], book: BrokerBook, purpose: Purpose) -> bool:
        """Put stop and target back as one pair where that is proven to be right; True when something was sent.

        `leaving` are contracts whose exit is about to be sent, which need no new stop.
        """
        acted = False
        for cover in found:
            if cover.whole or cover.doubtful or cover.position.conid in leaving or self._desk.interrupted():
                continue
            if book.held(cover.position.conid) < cover.position.quantity:
                # The broker has fewer than we think: a new stop could make us short.
                continue
            acted = self._restore_one(cover, purpose) or acted
        return acted

    def _restore_one(self, cover: Cover, purpose: Purpose) -> bool:
        """Cancel the leg that is left and wait for its end, or send the new pair when none is left."""
        conid = cover.position.conid
        left = [record for record in (cover.stop, cover.target) if record is not None]
        if left:
            return any([self._sender.cancel(record) for record in left])
        if self._refused.get(conid, 0) >= MAX_REFUSALS:
            return False
        journal = self._desk.journal
        pair = protective_pair(cover.position, (journal.next_coid(), journal.next_coid()), purpose)
        journal.plan(pair)
        failpoint("K16")
        self._desk.log.warning("stop and target are put back", symbol=cover.position.symbol, coid=pair[0].coid)
        result = self._sender.submit(pair, {}, lambda: not self._desk.observes)
        failpoint("K18")
        if result is Sending.NOT_SENT:
            for intent in pair:
                journal.deny(intent.coid, "not_sent", "the gateway was not reached", self._desk.clock.now())
        elif result in {Sending.REFUSED, Sending.DECLINED}:
            self._refused[conid] = self._refused.get(conid, 0) + 1
            self._desk.notifier.alert("uncovered", f"{cover.position.symbol}: the broker refused a stop: sell by hand")
        else:
            self._refused.pop(conid, None)
        return True


def awaits_cancel(records: Iterable[IntentRecord], conid: int) -> bool:
    """Return whether a sell of that contract was asked to be cancelled and is not proven to be."""
    return any(
        record.intent.conid == conid
        and record.intent.side is Side.SELL
        and record.cancel_asked
        and record.state is IntentState.WORKING
        for record in records
    )
