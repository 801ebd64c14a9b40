"""Takes into the journal what a reading proves of own shares, and says what it leaves in doubt."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial

from trading.execution.context import TradingContext
from trading.execution.look_again import POLL_S, LooksAgain
from trading.execution.ownership.excess import Excess, excess_in, note_excess
from trading.execution.ownership.others import certain, theirs
from trading.execution.ownership.share_trades import SharesSeen, net, of_others
from trading.execution.reading.snapshot import BrokerSnapshot
from trading.execution.reading.told import kept_told
from trading.execution.reconciliation import doubts
from trading.execution.reconciliation.absence import VOTES_APART
from trading.execution.reconciliation.hand_sales import (
    Spent,
    forget_untold,
    note_spent,
    note_taken_back,
    note_told,
    returned,
    spent_sales,
    there_again,
    untold,
)
from trading.execution.reconciliation.own_shares import (
    Change,
    Shortage,
    Undecided,
    judge_shares,
    sold_positions,
    subject_of,
)
from trading.model.alarm import Alarm, AlarmCode
from trading.model.order import Execution, Side
from trading.model.record import JournalView, OwnPosition
from trading.ports import AdjustmentKind, Evidence

# Shares are missed, and the reading can't tell whether they are gone: only an event can.
_NO_VOTE_APART = timedelta(minutes=5)
_SOON = timedelta(seconds=POLL_S)


@dataclass(slots=True)
class SharesFound(LooksAgain):
    """What there is to be told of own shares."""

    alarms: list[Alarm] = field(default_factory=list)


def check_shares(
    context: TradingContext,
    snapshot: BrokerSnapshot,
    journal: JournalView,
    foreign: tuple[Execution, ...],
    now: datetime,
) -> SharesFound:
    """Compare own shares with the broker's; `foreign` are the executions of others that the reading shows."""
    found = SharesFound()
    kept: set[str] = set()
    changed: set[int] = set()
    undecided: set[int] = set()
    seen, visibility_s = (
        _judged_by(context.evidence, snapshot, journal, foreign),
        context.settings.execution.visibility_s,
    )
    snapshot, foreign = seen.snapshot, seen.foreign
    positions = (*journal.positions, *sold_positions(journal))
    for position in positions:
        note_told(context.evidence, foreign, position, now)
    spent = spent_sales(context.evidence)
    for position in positions:
        excess = excess_in(position.conid, context.evidence)
        if _came_back(context, position, spent, seen, excess, found):
            changed.add(position.conid)
            continue
        subject = subject_of(position)
        votes = context.evidence.of(subject)
        match judge_shares(position, votes, seen, visibility_s, excess):
            case Change(quantity=quantity, kind=kind, text=text, ratio=ratio):
                changed.add(position.conid)
                if kind is AdjustmentKind.MANUAL:
                    # First: once they are written off nobody asks again which sales explain it.
                    note_spent(context.evidence, foreign, position, -quantity, now)
                context.journal.adjust(position.conid, quantity, kind, text, now, ratio=ratio)
                found.alarms.append(Alarm(AlarmCode(kind), position.symbol, f"{position.symbol}: {text}"))
            case Undecided():
                undecided.add(position.conid)
            case Shortage(held=held, vote=vote, denied=denied, soon=soon):
                # What is denied begins anew.
                kept |= set() if denied else {subject}
                if vote:
                    context.evidence.record(subject, str(held), snapshot.began)
                text = (
                    f"{position.symbol}: the broker shows {held} of {position.quantity} own shares; the stop "
                    "stays until that is proven, and could sell short"
                )
                found.alarms.append(Alarm(AlarmCode.SHARES_MISSING, position.symbol, text))
                found.again(now + (_SOON if soon else VOTES_APART if vote or votes else _NO_VOTE_APART))
    if snapshot.positions.value is not None:
        _note_shown(context, snapshot, journal, changed, found)
        context.evidence.forget({s for s in context.evidence.subjects() if s.startswith("shares:")} - kept)
        note_excess(context.evidence, snapshot, journal, changed | undecided)
    return found


def _judged_by(
    evidence: Evidence, snapshot: BrokerSnapshot, journal: JournalView, foreign: tuple[Execution, ...]
) -> SharesSeen:
    """Return what own shares are judged by: the reading, without what others bought while some were missing."""
    sure = certain(foreign, theirs(evidence), journal, snapshot)
    meanwhile = _bought_meanwhile(evidence, journal, sure)
    for conid, trades in meanwhile.items():
        snapshot = snapshot.less(conid, net(trades))
    left_out = [each for trades in meanwhile.values() for each in trades]
    foreign, sure = (tuple(each for each in some if each not in left_out) for some in (foreign, sure))
    told = kept_told(evidence)
    short = (record for record in journal.records if record.intent.side is Side.SELL and record.coid in told)
    missing = frozenset(each.intent.conid for each in short if told[each.coid].filled > each.filled)
    return SharesSeen(snapshot, journal, foreign, sure, missing)


def _bought_meanwhile(
    evidence: Evidence, journal: JournalView, certain: Collection[Execution]
) -> Mapping[int, Sequence[Execution]]:
    """Return by contract what others have traded since own shares were missing, where they bought more than they sold.

    What they bought is none of the missing shares.
    """
    found: dict[int, Sequence[Execution]] = {}
    for position in journal.positions:
        since = doubts.missing_since(evidence.of(doubts.shown_of(position.conid)), position.quantity)
        if since is not None:
            trades = [each for each in of_others(position, certain) if each.time >= since]
            if net(trades) > 0.0:
                found[position.conid] = trades
    return found


def _came_back(
    context: TradingContext,
    position: OwnPosition,
    sales: Sequence[Spent],
    seen: SharesSeen,
    excess: Excess | None,
    found: SharesFound,
) -> bool:
    """Undo a write-off whose `sales` the broker took back, or whose shares stand there again; False where none was.

    Only then what explained it is forgotten: shares that are back must not stay bare. It is undone once, wherever the
    process ends in between: what is ours again isn't written off any more.
    """
    evidence, now = context.evidence, context.clock.now()
    forget: Callable[[], None]
    if (back := returned(position, sales, seen)) is not None:
        change, forget = back[0], partial(note_taken_back, evidence, back[1], position, now)
    elif (again := there_again(position, untold(evidence, position), seen, excess)) is not None:
        change, forget = again[0], partial(forget_untold, evidence, position, again[1])
    else:
        return False
    context.journal.adjust(position.conid, change.quantity, change.kind, change.text, now, ratio=change.ratio)
    forget()
    found.alarms.append(Alarm(AlarmCode(change.kind), position.symbol, f"{position.symbol}: {change.text}"))
    return True


def _note_shown(
    context: TradingContext,
    snapshot: BrokerSnapshot,
    journal: JournalView,
    changed: Collection[int],
    found: SharesFound,
) -> None:
    """Keep what is shown of own shares that were missing lately; those that were put right by it are in no doubt."""
    settled = [position for position in journal.positions if position.conid not in changed]
    doubts.forget_others(context.evidence, [position.conid for position in settled])
    visible = max(timedelta(seconds=context.settings.execution.visibility_s), doubts.LONGEST)
    for position in settled:
        if snapshot.unclear(position.conid) or snapshot.unclear(None):
            continue
        held = snapshot.shares(position.conid)
        noted = (position.conid, held, position.quantity, snapshot.began, visible)
        if doubts.note_shown(context.evidence, *noted) and held >= position.quantity:
            found.again(snapshot.began + doubts.APART)
