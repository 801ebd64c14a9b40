"""What became of orders whose outcome is not proven. A thing that was not seen is weak evidence.

A reading that does not show the order counts as a vote for its absence only when it could have shown it: it is
witnessed by another order of ours that the list of the day has to hold, and holds. DAY orders have a second way out,
the end of their session.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from trading.config import Settings
from trading.execution.ownership.excess import Excess
from trading.execution.ownership.likeness import may_be
from trading.execution.ownership.order_matching import twins
from trading.execution.ownership.share_trades import net
from trading.execution.reading.snapshot import BrokerSnapshot
from trading.execution.reconciliation.endings import EXPIRED_AFTER
from trading.execution.windows import in_reset, next_reset_end
from trading.market.calendar import TradingCalendar
from trading.model.alarm import Alarm, AlarmCode
from trading.model.exchange_time import exchange_date
from trading.model.intent_state import DECLARED_ABSENT
from trading.model.order import BROKER_IDLE, Execution, IntentState, Role, Side, Tif
from trading.model.record import IntentRecord, JournalView
from trading.ports import Journal, Sighting

VOTES_NEEDED = 5
VOTES_APART = timedelta(seconds=30)
FREEZE_AFTER = timedelta(minutes=10)
LOOKS_APART = timedelta(seconds=5)
# A list of positions may be older than executions by as much.
_LISTS_APART = timedelta(minutes=10)
_CLEAN_READINGS = 2


class Vote(StrEnum):
    """Kinds of evidence for an absence, as the journal keeps them."""

    WITNESSED = "not in a witnessed reading"
    AFTER_SESSION = "not there after the end of its session"
    AFTER_RESET = "not there after the nightly reset that followed its session"


@dataclass(frozen=True, slots=True)
class Judgement:
    """What a reading says of one unproven order: a vote to be kept, and whether its absence is proven with it."""

    vote: Vote | None = None
    lost: bool = False


def judge(
    record: IntentRecord,
    votes: tuple[Sighting, ...],
    snapshot: BrokerSnapshot,
    journal: JournalView,
    calendar: TradingCalendar,
    settings: Settings,
    others: Collection[float] = (0.0,),
) -> Judgement:
    """Judge an unproven order by one reading that does not show it; `votes` are those since it became unproven.

    `others` are how many shares beside ours speak of nothing that the order did (`shares_of_others`).
    """
    if not _could_show(record, snapshot, journal, settings):
        return Judgement()
    if snapshot.held(record.intent.conid) - journal.owned(record.intent.conid) not in others:
        return Judgement()
    over = over_at(record, calendar)
    if over is not None and snapshot.began >= over and record.filled == 0:
        return _after_session(over, votes, snapshot, settings)
    if votes and snapshot.began - votes[-1].at < VOTES_APART:
        return Judgement()
    if not witnessed(record.coid, snapshot, journal):
        return Judgement()
    so_far = sum(vote.evidence == Vote.WITNESSED for vote in votes)
    return Judgement(Vote.WITNESSED, lost=so_far + 1 >= VOTES_NEEDED)


def votes_on(record: IntentRecord, sightings: Sequence[Sighting]) -> tuple[Sighting, ...]:
    """Return the votes about an order that were kept since it became unproven."""
    return tuple(each for each in sightings if record.unknown_since is None or each.at >= record.unknown_since)


def over_at(record: IntentRecord, calendar: TradingCalendar) -> datetime | None:
    """Return from when a DAY order that did nothing can't be live any more, None for an order that stays."""
    session = calendar.session(record.intent.session)
    return None if record.intent.tif is not Tif.DAY or session is None else session.close + EXPIRED_AFTER


def witnessed(coid: str, snapshot: BrokerSnapshot, journal: JournalView) -> bool:
    """Return whether the list holds all orders of ours, and one at least, that it has to hold.

    Those are the ones that work, and those that filled or were cancelled today in this session; what was rejected may
    go from the list, and what is lost is not in it. Without one an empty list looks the same as one that is falsely
    empty.
    """
    today = exchange_date(snapshot.began)
    wanted = [
        record.order_id
        for record in journal.records
        if record.coid != coid
        and record.order_id is not None
        and not record.provisional
        and record.seen_epoch == snapshot.epoch
        and record.state not in DECLARED_ABSENT
        and (record.maybe_live or (record.ended_at and exchange_date(record.ended_at) == today))
        and not record.unproven
    ]
    return bool(wanted) and all(order_id in snapshot.sights for order_id in wanted)


def goes_with_another(record: IntentRecord, journal: JournalView) -> bool:
    """Return whether an order is not proven because its entry isn't, or the stop of its pair.

    What is found out of that tells of this one too.
    """
    entry = journal.by_coid.get(record.intent.parent_coid or "")
    others: Sequence[IntentRecord] = ()
    if entry is not None:
        others = [entry]
    elif record.intent.role is Role.TARGET:
        others = twins(record, journal)
    return record.order_id is None and any(each.state is IntentState.UNKNOWN for each in others)


def next_look(
    record: IntentRecord,
    now: datetime,
    calendar: TradingCalendar,
    settings: Settings,
    votes: Sequence[Sighting] = (),
) -> datetime | None:
    """Return when looking again can bring something new about an unproven order, None when only events can.

    Of a frozen one more looks do while they bring `votes`: the gateway may have been away for as long as it was
    unproven, and tomorrow's list may have no witness.
    """
    times: list[datetime] = []
    if not record.frozen or (votes and now - votes[-1].at <= 2 * VOTES_APART):
        settled = (record.sent_at or now) + timedelta(seconds=2.0 * settings.execution.visibility_s)
        # It may turn up any moment while it may not be visible yet; later a look tells as much as a vote.
        times.append(now + (LOOKS_APART if now < settled else VOTES_APART))
    over = over_at(record, calendar)
    if over is not None:
        times += [at for at in (over, next_reset_end(over, settings.session)) if at > now]
    return min(times, default=None)


def _could_show(record: IntentRecord, snapshot: BrokerSnapshot, journal: JournalView, settings: Settings) -> bool:
    """Return whether the reading would show the order if it were there, and shows none like it."""
    if not snapshot.whole or snapshot.unsure(record.intent.conid) or in_reset(snapshot.began, settings.session):
        return False
    visible = timedelta(seconds=2.0 * settings.execution.visibility_s)
    if record.sent_at is not None and snapshot.began < record.sent_at + visible:
        return False
    # What has been Inactive or over through all votes is no live order: one that is bound is over much sooner.
    working = {row.order_id for row in snapshot.order_rows if row.status not in BROKER_IDLE}
    return not any(may_be(record, snapshot.sights[each], journal, snapshot.epoch) for each in working)


def shares_of_others(
    record: IntentRecord, excess: Excess | None, traded: Iterable[Execution], now: datetime, settings: Settings
) -> frozenset[float]:
    """Return how many shares beside ours there may be without the order: with what others traded since they were seen.

    `excess` are the shares of others that are known in its contract: so many as were seen for a while before it was
    sent, or before a sale was no longer proven, which adds none. `traded` are executions that no order of ours made, of
    all days that are listed; a list of positions may be older than those of just now.
    """
    if record.sent_at is None:
        return frozenset({0.0})
    before = record.unknown_since or record.sent_at if record.intent.side is Side.SELL else record.sent_at
    stood, since, settled = 0.0, record.sent_at, False
    if excess is not None and before - excess.since >= timedelta(seconds=settings.execution.visibility_s):
        stood, since, settled = excess.shares, max(excess.since, since), True
    of_contract = [each for each in traded if each.conid == record.intent.conid]
    trades = [each for each in of_contract if each.time >= since]
    found = {stood + net(trades)}
    if any(now - each.time < _LISTS_APART for each in trades):
        found.add(stood)
    if not settled:
        # They may have bought before, when no reading could tell how many are theirs.
        found.add(net(of_contract))
    return frozenset(found)


def _after_session(
    over: datetime, votes: tuple[Sighting, ...], snapshot: BrokerSnapshot, settings: Settings
) -> Judgement:
    """Two clean readings after the end of its session prove the absence of a DAY order, one of them past a reset."""
    reset = snapshot.began >= next_reset_end(over, settings.session)
    kinds = [vote.evidence for vote in votes if vote.evidence in {Vote.AFTER_SESSION, Vote.AFTER_RESET}]
    vote = Vote.AFTER_RESET if reset else Vote.AFTER_SESSION
    if len(kinds) + 1 >= _CLEAN_READINGS and (reset or Vote.AFTER_RESET in kinds):
        return Judgement(vote, lost=True)
    # One vote of a kind is enough to wait for the next event with.
    return Judgement(None if vote in kinds and not reset else vote)


def freeze(port: Journal, record: IntentRecord, journal: JournalView, now: datetime) -> Alarm | None:
    """Freeze an order that has not been proven for long, and return what is to be told of it by then."""
    if now - (record.unknown_since or record.sent_at or now) >= FREEZE_AFTER:
        if not record.frozen:
            port.freeze(record.coid, now)
    elif not record.frozen:
        return None
    return None if goes_with_another(record, journal) else unproven_alarm(record)


def unproven_alarm(record: IntentRecord) -> Alarm:
    """Return what a person has to know of an order whose outcome is not proven, and what there is to do."""
    what = f"order {record.order_id} looks like it; claim it or cancel it at the broker"
    text = what if record.provisional else "look it up at the broker, then decide with `reconcile`"
    return Alarm(
        AlarmCode.ORDER_UNKNOWN,
        record.coid,
        f"{record.intent.symbol}: what became of the {record.intent.role} {record.coid} is not proven; "
        f"nothing is bought in it until it is: {text}",
    )


def declare_lost(port: Journal, record: IntentRecord, journal: JournalView, why: str, now: datetime) -> set[str]:
    """Let an unproven order count as absent, and return the names of all that go with it.

    What of it was executed before stands, only its rest is gone. With an entry go the children that nobody has seen
    either.
    """
    port.transition(record.coid, IntentState.CANCELLED if record.filled else IntentState.LOST, why, now)
    gone = {record.coid}
    if record.filled:
        return gone
    for child in journal.children(record.coid):
        if child.state is IntentState.UNKNOWN and child.order_id is None:
            port.transition(child.coid, IntentState.LOST, "its entry never arrived", now)
            gone.add(child.coid)
    return gone
