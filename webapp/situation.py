"""The state of the whole system in words: what is, why, and what a person has to do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from trading.model.account import AccountKind
from trading.model.mode import Mode, ModeState

SILENT_CYCLES = 3
SILENT_AT_LEAST_S = 20.0


class Tone(StrEnum):
    """How a state is coloured; never the only way in which it is told."""

    GOOD = "good"
    INFO = "info"
    WARN = "warn"
    BAD = "bad"


class SessionWord(StrEnum):
    """What the trading process says of the broker session, as the fact `session_state`."""

    STARTING = "starting"
    GATEWAY_DOWN = "gateway_down"
    WAITING_LOGIN = "waiting_login"
    COMPETING = "competing"
    READY = "ready"
    ENDED = "ended"


SESSION_WORDS: Mapping[SessionWord, str] = {
    SessionWord.STARTING: "connecting",
    SessionWord.GATEWAY_DOWN: "gateway down",
    SessionWord.WAITING_LOGIN: "waiting for login",
    SessionWord.COMPETING: "taken by another login",
    SessionWord.READY: "ready",
    SessionWord.ENDED: "end of the data",
}


class Step(StrEnum):
    """The one button beside the sentence."""

    NONE = ""
    LOGIN = "login"
    RESUME = "resume"
    LOG = "log"


@dataclass(frozen=True, slots=True)
class Pulse:
    """What is known of the trading process: how long it has been silent (None: never seen) and what it said last."""

    silent_s: float | None
    session: SessionWord
    session_since: datetime | None
    session_detail: str
    uncovered_shares: int
    unknown_orders: int


@dataclass(frozen=True, slots=True)
class Situation:
    """One state: `key` names it for styles and tests, `todo` is the next human step."""

    key: str
    tone: Tone
    headline: str
    todo: str
    step: Step = Step.NONE


def silent_after_s(check_interval_s: float) -> float:
    """Return how long the trading process may be quiet before the page says so."""
    return max(SILENT_AT_LEAST_S, SILENT_CYCLES * check_interval_s)


def read_pulse(facts: Mapping[str, str], silent_s: float | None) -> Pulse:
    """Return what the facts say; a word that this page doesn't know counts as starting."""
    word = facts.get("session_state", "")
    known = word in frozenset(SessionWord)
    return Pulse(
        silent_s=silent_s,
        session=SessionWord(word) if known else SessionWord.STARTING,
        session_since=_time(facts.get("session_since")),
        session_detail=facts.get("session_detail", ""),
        uncovered_shares=_count(facts.get("uncovered_shares")),
        unknown_orders=_count(facts.get("unknown_orders")),
    )


def account_kind(account_id: str, *, simulated: bool) -> AccountKind | None:
    """Return whose money is at stake, None while no account is known."""
    if simulated:
        return AccountKind.SIMULATED
    if not account_id:
        return None
    return AccountKind.PAPER if account_id.upper().startswith("D") else AccountKind.LIVE


def masked(account_id: str) -> str:
    """Return an account id with all but its first two letters and last four digits hidden."""
    if not account_id:
        return ""
    head = 2 if account_id[:2].isalpha() else 1
    return f"{account_id[:head]}***{account_id[-4:]}" if len(account_id) > head + 4 else f"{account_id[:head]}***"


def judge(pulse: Pulse | None, mode: ModeState | None, *, silent_limit_s: float) -> Situation:
    """Return the situation that most needs a person, the worst first. `pulse` is None before there is a database."""
    if pulse is None:
        return Situation(
            "first-start",
            Tone.INFO,
            "First start: the trading process has not written anything yet.",
            "Wait a moment. If this page still says so after a minute, look at logs/trading.log.",
        )
    for verdict in (_money_at_risk(pulse), _process(pulse, silent_limit_s), _session(pulse), _mode(mode)):
        if verdict is not None:
            return verdict
    return Situation("active", Tone.GOOD, "All is well.", "Nothing.")


def _money_at_risk(pulse: Pulse) -> Situation | None:
    if pulse.uncovered_shares > 0:
        return Situation(
            "uncovered",
            Tone.BAD,
            f"{pulse.uncovered_shares} shares have no stop at the broker.",
            "Look at the positions below. The system is putting the stops back; if it can't, place them in TWS.",
            Step.LOG,
        )
    return None


def _process(pulse: Pulse, silent_limit_s: float) -> Situation | None:
    if pulse.session is SessionWord.ENDED:
        return Situation(
            "ended",
            Tone.INFO,
            "The simulated market has come to the end of its data. Nothing more is decided.",
            "Nothing. To start over: make demo-reset, then make demo.",
        )
    if pulse.silent_s is None or pulse.silent_s > silent_limit_s:
        silence = "has not been seen" if pulse.silent_s is None else f"silent for {duration(pulse.silent_s)}"
        return Situation(
            "stale",
            Tone.BAD,
            f"Trading process {silence}. Stops stay at the broker.",
            "Start it again with ./start.sh, or look at the end of the log for why it stopped.",
            Step.LOG,
        )
    return None


def _session(pulse: Pulse) -> Situation | None:
    match pulse.session:
        case SessionWord.GATEWAY_DOWN:
            return Situation(
                "gateway-down",
                Tone.BAD,
                "The gateway does not answer. Nothing can be sent; stops stay at the broker.",
                "Nothing at once: it is tried again by itself. After five minutes, restart the gateway.",
                Step.LOG,
            )
        case SessionWord.WAITING_LOGIN:
            return Situation(
                "waiting-login",
                Tone.WARN,
                "Waiting for login: nobody is logged in at the gateway.",
                "Open https://localhost:5055 and log in with your paper user.",
                Step.LOGIN,
            )
        case SessionWord.COMPETING:
            return Situation(
                "competing",
                Tone.WARN,
                "Another program uses this login, so the broker gives us no session.",
                "Log out of TWS, IBKR Mobile or the website with this user, or give the system a user of its own.",
            )
        case SessionWord.STARTING:
            return Situation("starting", Tone.INFO, "Connecting to the broker.", "Nothing.")
        case SessionWord.READY | SessionWord.ENDED:
            return None


def _mode(mode: ModeState | None) -> Situation | None:
    match None if mode is None else mode.mode:
        case Mode.HALTED:
            return Situation(
                "halted",
                Tone.BAD,
                "Halted: nothing is bought or sold. Protective stops stay.",
                "When the reason is settled, resume.",
                Step.RESUME,
            )
        case Mode.REDUCING:
            return Situation(
                "reducing",
                Tone.WARN,
                "Reducing: exits and stops go on, nothing new is bought.",
                "Decide whether to go on; resuming takes today's equity as the new peak.",
                Step.RESUME,
            )
        case Mode.RECONCILING:
            return Situation(
                "reconciling",
                Tone.INFO,
                "Comparing our record with the broker's. No new orders until they agree.",
                "Nothing.",
            )
        case _:
            return None


def duration(seconds: float) -> str:
    """Return a length of time in the largest unit that says enough: 41 s, 5 min, 3 h, 2 days."""
    whole = max(0, int(seconds))
    for unit, size in (("days", 86_400), ("h", 3_600), ("min", 60)):
        if whole >= 2 * size:
            return f"{whole // size} {unit}"
    return f"{whole} s"


def _time(text: str | None) -> datetime | None:
    try:
        return None if text is None else datetime.fromisoformat(text)
    except ValueError:
        return None


def _count(text: str | None) -> int:
    return int(text) if text is not None and text.isascii() and text.isdigit() else 0
