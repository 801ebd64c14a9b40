"""What the stored rows hold that people have to know, as news with names that last."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from types import MappingProxyType

from trading.config import ExecutionSettings
from trading.errors import DataError
from trading.execution.windows import SendWindow, send_window
from trading.market.calendar import TradingCalendar
from trading.model.alarm import CONTESTED, AlarmCode
from trading.model.alert import GOES_ON_WITHIN
from trading.model.decision_words import title
from trading.model.mode import Halt, Latched
from trading.model.notice import URGENT, DailyLoss, News, Notice, NoticeCode, StoredAlert
from trading.model.status import SessionState, StatusKey

LOGIN_REMINDER = timedelta(hours=1)
"""so long before orders can leave a login that is still needed is told of once more"""

# What else keeps the session from being used has alerts of its own.
_STATES: Mapping[SessionState, str] = MappingProxyType(
    {
        SessionState.WAITING_LOGIN: "Login needed: nobody is logged in at the gateway",
        SessionState.SUSPENDED: "The broker was asked too often",
    }
)
# Whoever works in TWS knows that; it becomes news when orders could not leave for it.
_STATES_LATE: Mapping[SessionState, str] = MappingProxyType(
    {**_STATES, SessionState.COMPETING: "Another program uses this login"}
)


@dataclass(frozen=True, slots=True)
class StoredFacts:
    """What the rows hold at one moment, `now` of the market; `halts` are those that nobody has acknowledged."""

    now: datetime
    alerts: tuple[StoredAlert, ...] = ()
    halts: tuple[Halt, ...] = ()
    latched: Latched | None = None
    loss: DailyLoss | None = None
    session: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Gathered:
    """All news of a moment; of codes in `unsure` nobody knows now: what was told of them neither goes on nor ends."""

    news: tuple[News, ...]
    unsure: frozenset[str] = frozenset()


def news_of(facts: StoredFacts, window: SendWindow | None) -> Gathered:
    """Return what people have to know of the rows; `window` is when orders next leave, None where nobody knows."""
    found = [_alert(stored, facts.now, window) for stored in facts.alerts]
    found += [_halt(halt) for halt in facts.halts]
    if facts.latched is not None:
        found.append(_latched(facts.latched))
    if facts.loss is not None:
        found.append(_loss(facts.loss))
    login = _login(facts.session, facts.now, window)
    if login is not None and not _says_the_same(facts):
        found.append(login)
    state = facts.session.get(StatusKey.SESSION_STATE, "")
    starting = state in {"", SessionState.STARTING}
    return Gathered(tuple(found), frozenset({NoticeCode.LOGIN}) if starting else frozenset())


def needs_window(facts: StoredFacts) -> bool:
    """Return whether news of these facts say when orders next leave."""
    return facts.session.get(StatusKey.SESSION_STATE) in _STATES_LATE or any(
        stored.alert.code == AlarmCode.SESSION for stored in facts.alerts
    )


def next_window(now: datetime, calendar: TradingCalendar, settings: ExecutionSettings) -> SendWindow | None:
    """Return when orders leave next or leave now, None where the calendar does not reach so far."""
    try:
        decided = calendar.newest_completed(now, settings.bar_settle_s)
        target = calendar.next_after(decided.day)
        window = send_window(decided, target, settings)
        return window if now <= window.ends else send_window(target, calendar.next_after(target.day), settings)
    except DataError:
        return None


def changes(
    gathered: Gathered, known: Mapping[str, Notice], now: datetime, *, simulated: bool
) -> tuple[tuple[Notice, ...], tuple[Notice, ...]]:
    """Return what is to be noted as new, without a number, and known notices that ended, at a real time.

    Where the market's time is real, what was over before it was noted is as old as it is; else nobody knows how old.
    """
    new, ended, shown = [], [], set()
    for item in gathered.news:
        shown.add(item.topic)
        before = known.get(item.topic)
        if before is None or item.telling > before.telling:
            new.append(_noted(item, now, simulated=simulated))
        elif item.over is not None and before.ended_at is None:
            ended.append(replace(before, over=item.over, ended_at=now if simulated else min(item.over, now)))
    for topic, notice in known.items():
        if topic not in shown and notice.ended_at is None and notice.code not in gathered.unsure:
            ended.append(replace(notice, ended_at=now))
    return tuple(new), tuple(ended)


def time_left(now: datetime, window: SendWindow | None) -> str:
    """Return when orders next leave and how long that is, empty where nobody knows."""
    if window is None:
        return ""
    if now >= window.begins:
        return f"Orders leave now, until {_clock(window.ends)}, for {_length(window.ends - now)}."
    return f"Orders next leave at {_clock(window.begins)}, in {_length(window.begins - now)}."


def _noted(item: News, now: datetime, *, simulated: bool) -> Notice:
    over = item.over
    at = now if over is None or simulated else min(item.told, now)
    end = None if over is None else now if simulated else min(over, now)
    return Notice(0, item.topic, item.telling, item.code, item.text, item.urgent, item.since, over, at, end)


def _alert(stored: StoredAlert, now: datetime, window: SendWindow | None) -> News:
    alert = stored.alert
    # What may still go on has no end to tell.
    lasts = alert.over_at is None or now - alert.over_at <= GOES_ON_WITHIN
    hinders = alert.code == AlarmCode.SESSION and alert.over_at is None
    left = time_left(now, window) if hinders else ""
    return News(
        topic=f"alert {stored.number}",
        telling=max(alert.times, 1) + (hinders and _is_late(now, window)),
        code=alert.code,
        text=f"{alert.text}. {left}" if left else alert.text,
        since=alert.since,
        told=alert.told_at or alert.since,
        over=None if lasts else alert.over_at,
        urgent=alert.code in URGENT or (alert.code == AlarmCode.REJECTED and stored.sale),
    )


def _is_late(now: datetime, window: SendWindow | None) -> bool:
    """Return whether orders leave so soon that what keeps them from it is told of once more."""
    return window is not None and window.begins - now <= LOGIN_REMINDER


def _says_the_same(facts: StoredFacts) -> bool:
    """Return whether an alert tells already that another program uses the login."""
    return facts.session.get(StatusKey.SESSION_STATE) == SessionState.COMPETING and any(
        (stored.alert.code, stored.alert.subject, stored.alert.over_at) == (AlarmCode.SESSION, CONTESTED, None)
        for stored in facts.alerts
    )


def _halt(halt: Halt) -> News:
    cause = "" if halt.cause in {"operator", halt.actor} else f" for {title(halt.cause).lower()}"
    text = f"Halted by {halt.actor}{cause}: {halt.reason}. Nothing is bought; protective stops stay at the broker"
    return _standing(f"halt {halt.halt_id}", NoticeCode.HALTED, text, halt.since)


def _latched(latched: Latched) -> News:
    limits = ", ".join(title(code).lower() for code in latched.codes)
    text = f"Reducing: nothing is bought until a person resumes ({limits}: {latched.reason})"
    return _standing(f"limits {latched.number}", NoticeCode.REDUCING, text, latched.since)


def _loss(loss: DailyLoss) -> News:
    text = f"Reducing: nothing is bought for now ({loss.reason})"
    return _standing(f"loss {loss.number}", NoticeCode.REDUCING, text, loss.since)


def _login(session: Mapping[str, str], now: datetime, window: SendWindow | None) -> News | None:
    """Return what a person has to do about the session, where that is anything, and how long there is for it."""
    late = _is_late(now, window)
    states = _STATES_LATE if late else _STATES
    word, person = session.get(StatusKey.SESSION_STATE, ""), session.get(StatusKey.SESSION_PERSON, "")
    what = states.get(SessionState(word)) if word in frozenset(SessionState) else None
    since = session.get(StatusKey.STATE_SINCE, "")
    if what is None or not person or not since:
        return None
    detail = session.get(StatusKey.SESSION_DETAIL, "")
    why = f" ({detail})" if detail else ""
    text = " ".join(part for part in (f"{what}{why}.", person, time_left(now, window)) if part)
    news = _standing(f"login {since}", NoticeCode.LOGIN, text, datetime.fromisoformat(since))
    return replace(news, telling=2) if late else news


def _standing(topic: str, code: NoticeCode, text: str, since: datetime) -> News:
    return News(topic, 1, code, text, since, since, urgent=code in URGENT)


def _clock(moment: datetime) -> str:
    return f"{moment:%H:%M} UTC on {moment:%Y-%m-%d}"


def _length(length: timedelta) -> str:
    minutes = max(int(length.total_seconds()) // 60, 0)
    days, hours = divmod(minutes // 60, 24)
    parts = ((days, "d"), (hours, "h"), (minutes % 60, "min"))
    return " ".join(f"{amount} {unit}" for amount, unit in parts if amount) or "less than a minute"
