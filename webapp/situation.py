"""The state of the whole system as the pages show it: what `monitoring.health` says, with its colour and button."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from trading.model.account import AccountKind, kind_of
from trading.monitoring.health import Facts, not_started, readiness


class Tone(StrEnum):
    """How a state is coloured; never the only way in which it is told."""

    GOOD = "good"
    INFO = "info"
    WARN = "warn"
    BAD = "bad"


class Button(StrEnum):
    """The one button beside the sentence."""

    NONE = ""
    LOGIN = "login"
    RESUME = "resume"
    LOG = "log"


@dataclass(frozen=True, slots=True)
class Situation:
    """One state: `key` names it for styles and tests, `todo` is the next human step.

    `cause` is why it is so, "" for what the headline says, and `since` from when on; `since_is_real` says that this is
    no time of the market, which may be simulated.
    """

    key: str
    tone: Tone
    headline: str
    todo: str
    step: Button = Button.NONE
    cause: str = ""
    since: datetime | None = None
    since_is_real: bool = False


@dataclass(frozen=True, slots=True)
class _Look:
    """How a verdict is shown."""

    tone: Tone
    step: Button = Button.NONE


_LOOKS: Mapping[str, _Look] = {
    "uncovered": _Look(Tone.BAD, Button.LOG),
    "never_seen": _Look(Tone.BAD, Button.LOG),
    "silent": _Look(Tone.BAD, Button.LOG),
    "stuck": _Look(Tone.BAD, Button.LOG),
    "stopped": _Look(Tone.WARN),
    "starting": _Look(Tone.INFO),
    "not_started": _Look(Tone.INFO),
    "gateway_down": _Look(Tone.BAD, Button.LOG),
    "refused": _Look(Tone.BAD, Button.LOG),
    "suspended": _Look(Tone.BAD, Button.LOG),
    "waiting_login": _Look(Tone.WARN, Button.LOGIN),
    "connected": _Look(Tone.INFO),
    "competing": _Look(Tone.WARN),
    "reset": _Look(Tone.INFO),
    "stale": _Look(Tone.BAD, Button.LOG),
    "ended": _Look(Tone.INFO),
    "unstored": _Look(Tone.BAD, Button.LOG),
    "trouble": _Look(Tone.BAD, Button.LOG),
    "unanswered": _Look(Tone.BAD, Button.LOG),
    "overdue": _Look(Tone.BAD, Button.LOG),
    "halted": _Look(Tone.BAD, Button.RESUME),
    "reconciling": _Look(Tone.INFO),
    "reducing": _Look(Tone.WARN, Button.RESUME),
    "unknown_orders": _Look(Tone.WARN),
    "ready": _Look(Tone.GOOD),
}
_FIRST_START = Situation(
    "first_start",
    Tone.INFO,
    "The trading process has not written anything yet.",
    "Wait a moment. If this page still says so after a minute, look at logs/trading.log.",
)


def judge(facts: Facts | None, starting: str = "") -> Situation:
    """Return the situation that most needs a person; `facts` is None before there is a database.

    `starting` is what start.sh waits for then before it starts the trading process.
    """
    if facts is None and not starting:
        return _FIRST_START
    health = not_started(starting) if facts is None else readiness(facts)
    look = _LOOKS.get(health.code, _Look(Tone.INFO if health.ok else Tone.WARN))
    todo = health.next_step or "Nothing."
    since, is_real = moment(health.since), not health.market_time
    return Situation(health.code, look.tone, health.text, todo, look.step, health.cause, since, is_real)


def unreadable(cause: str) -> Situation:
    """Return the situation where the database can't be read, so that nothing is known but this."""
    return Situation(
        "unreadable",
        Tone.BAD,
        "The database can't be read, so these pages know nothing. Trading is another process; it may well go on.",
        "Mend what it names. Halting works meanwhile; TWS shows orders and stops.",
        Button.LOG,
        cause,
    )


def account_kind(account_id: str, *, simulated: bool) -> AccountKind | None:
    """Return whose money is at stake, None while no account is known."""
    if simulated:
        return AccountKind.SIMULATED
    if not account_id:
        return None
    return kind_of(account_id)


def duration(seconds: float) -> str:
    """Return a length of time in the largest unit that says enough: 41 s, 5 min, 3 h, 2 days."""
    whole = max(0, int(seconds))
    for unit, size in (("days", 86_400), ("h", 3_600), ("min", 60)):
        if whole >= 2 * size:
            return f"{whole // size} {unit}"
    return f"{whole} s"


def moment(text: str | None) -> datetime | None:
    """Return a kept time, None where there is none or it makes no sense."""
    try:
        found = None if text is None else datetime.fromisoformat(text)
    except ValueError:
        return None
    return found if found is not None and found.tzinfo is not None else None
