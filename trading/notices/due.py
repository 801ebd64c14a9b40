"""Which notices go out next through a channel: a function of what is kept, so that a restart sends the same."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from trading.config import NotifySettings
from trading.model.notice import END_IS_TOLD, SETTLED, Delivery, Notice, Outcome, Part

TOO_OLD = timedelta(days=1)
"""what is over is not told any more after so long"""
TOGETHER = timedelta(seconds=2)
"""so long what comes waits for what comes with it"""
FIRST_PAUSE_S, LONGEST_PAUSE_S = 10.0, 900.0
MOST_CHARACTERS = 3000
"""of the texts of one message: what every service takes"""

Key = tuple[int, Part]


@dataclass(frozen=True, slots=True)
class Telling:
    """One part of a notice that a message tells."""

    notice: Notice
    part: Part


@dataclass(frozen=True, slots=True)
class Due:
    """What to do for a channel now: `tell` in one message, after which all of `settles` is told; `drop` is too old."""

    tell: tuple[Telling, ...] = ()
    settles: tuple[Key, ...] = ()
    drop: tuple[Key, ...] = ()


def due(notices: Sequence[Notice], deliveries: Iterable[Delivery], settings: NotifySettings, now: datetime) -> Due:
    """Return what goes out at `now`, a real time, of `notices` with the `deliveries` of one channel.

    What comes together is told together. After a failure it is tried again, ever less often; what lasts until it is
    told or over, what is over for a day.
    """
    fared = {(delivery.number, delivery.part): delivery for delivery in deliveries}
    pending = _pending(notices, fared)
    drop = tuple(
        (telling.notice.number, part)
        for telling in pending
        if _is_too_old(telling, now)
        for part in ((Part.TOLD, Part.OVER) if _has_both(telling) else (telling.part,))
    )
    ready = [each for each in pending if not _is_too_old(each, now)]
    if is_quiet(settings, now):
        ready = [each for each in ready if each.notice.urgent]
    if not ready or not _came_together(ready, now) or _rests(fared.values(), settings, now):
        return Due(drop=drop)
    tell = _that_fit(ready)
    topics = {telling.notice.topic for telling in tell}
    # A topic's earlier tellings go with its newest, and an end that is told with what ended needs no word of its own.
    settled = [(each.notice.number, each.part) for each in ready if each.notice.topic in topics]
    settled += [
        (each.notice.number, Part.OVER) for each in tell if _has_both(each) and each.notice.ended_at is not None
    ]
    return Due(tell, tuple(dict.fromkeys(settled)), drop)


def is_quiet(settings: NotifySettings, now: datetime) -> bool:
    """Return whether only what is urgent is told now."""
    if not settings.quiet_hours:
        return False
    begin, end = (time.fromisoformat(each) for each in settings.quiet_hours.split("-"))
    local = now.astimezone(ZoneInfo(settings.quiet_zone)).time()
    return begin <= local < end if begin <= end else local >= begin or local < end


def pause_s(attempts: int) -> float:
    """Return how long to wait after so many failures."""
    return min(FIRST_PAUSE_S * 2.0 ** min(attempts - 1, 30), LONGEST_PAUSE_S)


def _pending(notices: Sequence[Notice], fared: Mapping[Key, Delivery]) -> list[Telling]:
    """Return what is not settled, oldest first."""
    newest = {notice.topic: notice for notice in notices}
    heard = {notice.topic for notice in notices if _outcome(fared, notice, Part.TOLD) is Outcome.SENT}
    found = []
    for notice in notices:
        if _outcome(fared, notice, Part.TOLD) not in SETTLED:
            found.append(Telling(notice, Part.TOLD))
        elif (
            notice.ended_at is not None
            and notice.code in END_IS_TOLD
            and newest[notice.topic] is notice
            and notice.topic in heard
            and _outcome(fared, notice, Part.OVER) not in SETTLED
        ):
            found.append(Telling(notice, Part.OVER))
    return found


def _outcome(fared: Mapping[Key, Delivery], notice: Notice, part: Part) -> Outcome | None:
    delivery = fared.get((notice.number, part))
    return None if delivery is None else delivery.outcome


def _is_too_old(telling: Telling, now: datetime) -> bool:
    """Return whether nobody is told any more; what lasts is never old."""
    ended = telling.notice.ended_at
    if ended is None:
        return False
    came = telling.notice.noticed_at if telling.part is Part.TOLD else ended
    return now - came > TOO_OLD


def _has_both(telling: Telling) -> bool:
    """Return whether the end of what is told would be told too."""
    return telling.part is Part.TOLD and telling.notice.code in END_IS_TOLD


def _came_together(ready: Sequence[Telling], now: datetime) -> bool:
    """Return whether the first of them has waited for others."""
    came = min(_came(each) for each in ready)
    return not timedelta(0) <= now - came < TOGETHER


def _came(telling: Telling) -> datetime:
    ended = telling.notice.ended_at
    return telling.notice.noticed_at if telling.part is Part.TOLD or ended is None else ended


def _rests(deliveries: Iterable[Delivery], settings: NotifySettings, now: datetime) -> bool:
    """Return whether the channel was used a moment ago, or failed and is not tried again yet."""
    tried = [each for each in deliveries if each.outcome is not Outcome.DROPPED and each.at <= now]
    if not tried:
        return False
    last = max(each.at for each in tried)
    failed = [each.attempts for each in tried if each.at == last and each.outcome is not Outcome.SENT]
    wait_s = max(settings.apart_s, pause_s(max(failed)) if failed else 0.0)
    return (now - last).total_seconds() < wait_s


def _that_fit(ready: Sequence[Telling]) -> tuple[Telling, ...]:
    """Return the newest telling of each topic, what is urgent first, as many as one message holds."""
    newest = {telling.notice.topic: telling for telling in ready}
    chosen: list[Telling] = []
    size = 0
    for telling in sorted(newest.values(), key=lambda each: (not each.notice.urgent, each.notice.number)):
        size += len(telling.notice.text)
        if chosen and size > MOST_CHARACTERS:
            break
        chosen.append(telling)
    return tuple(chosen)
