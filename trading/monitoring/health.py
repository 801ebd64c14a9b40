"""Whether the system is alive and ready, from facts alone, with the reason and the next step for a person."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

from trading.model.mode import Mode
from trading.model.status import SessionState, StatusKey
from trading.monitoring.sign_of_life import Beat

# Beats come each second; three that are missing in a row may be a busy machine.
SILENT_AFTER_S = 15.0
# A single slow answer is no news.
HANGS_AFTER_S = 10.0
OVERDUE_S = 120.0
"""how late a whole cycle may be"""


@dataclass(frozen=True, slots=True)
class Facts:
    """What health is judged by: `beat` is the trading process's last sign of life, None where it never gave one.

    What the trading process says of its session, empty for nothing: why and since when it is as it is, what happens
    next by itself, and what a person has to do. `starting` is what start.sh waits for before it starts that process.
    """

    beat: Beat | None
    session: SessionState
    mode: Mode | None
    uncovered_shares: int = 0
    unknown_orders: int = 0
    trouble: str = ""
    trouble_since: str = ""
    session_cause: str = ""
    session_since: str = ""
    session_next: str = ""
    session_person: str = ""
    starting: str = ""

    @property
    def hangs(self) -> bool:
        """Whether a call has had no answer for a while, and nothing else is known of the session."""
        if self.beat is None or self.session in _UNANSWERED:
            return False
        return self.beat.silence_s > HANGS_AFTER_S

    @property
    def stopped(self) -> bool:
        """Whether the trading process ended because somebody asked for that."""
        return self.beat is not None and bool(self.beat.ended_at)


@dataclass(frozen=True, slots=True)
class Health:
    """A verdict: `code` is a word for programs, `text` says what is, `next_step` what a person does ("" nothing).

    `command` is how it is done at a shell, where there is such a way. `cause` is why it is so, in the words of what
    failed, and `since` a UTC time as it is kept; "" where nobody knows.
    """

    ok: bool
    code: str
    text: str
    next_step: str = ""
    command: str = ""
    cause: str = ""
    since: str = ""

    @property
    def told(self) -> str:
        """Return all of what is in one line, for readers without a page."""
        since = f"since {_minute(self.since)}" if self.since else ""
        why = ": ".join(part for part in (since, self.cause) if part)
        return f"{self.text} {why[:1].upper()}{why[1:]}" if why else self.text

    @property
    def instruction(self) -> str:
        """Return the next step with its command, for readers without a button."""
        return f"{self.next_step.rstrip('.')}: {self.command}" if self.command else self.next_step


SESSION_WORDS: Mapping[SessionState, str] = MappingProxyType(
    {
        SessionState.STARTING: "connecting",
        SessionState.GATEWAY_DOWN: "gateway down",
        SessionState.REFUSED: "refuses this system",
        SessionState.SUSPENDED: "too many requests",
        SessionState.WAITING_LOGIN: "waiting for login",
        SessionState.CONNECTED: "logged in, no brokerage session",
        SessionState.COMPETING: "taken by another login",
        SessionState.RESET: "nightly reset",
        SessionState.STALE: "not answering",
        SessionState.READY: "ready",
        SessionState.ENDED: "end of the data",
    }
)
"""The broker session in a few words."""

_RESTART_LATER = "Nothing at once: it is tried again by itself. After five minutes, restart it and log in again."
_SESSIONS: Mapping[SessionState, Health] = MappingProxyType(
    {
        SessionState.STARTING: Health(ok=False, code="starting", text="The trading process connects to the gateway."),
        SessionState.GATEWAY_DOWN: Health(
            ok=False,
            code="gateway_down",
            text="The gateway does not answer. Nothing can be sent; stops stay at the broker.",
            next_step=_RESTART_LATER,
        ),
        SessionState.REFUSED: Health(
            ok=False,
            code="refused",
            text="The gateway answers, but refuses this system. Nothing can be sent; stops stay at the broker.",
            next_step="See whether ips.allow in the gateway's conf.yaml, a firewall, a proxy or a VPN keeps it out.",
        ),
        SessionState.SUSPENDED: Health(
            ok=False,
            code="suspended",
            text="The broker was asked too often and answers nothing for 10 to 15 minutes. Stops stay at the broker.",
            next_step="Nothing: it is tried again by itself. Perhaps another program at this address asks as well.",
        ),
        SessionState.WAITING_LOGIN: Health(
            ok=False,
            code="waiting_login",
            text="Nobody is logged in at the gateway. Nothing can be sent; stops stay at the broker.",
            next_step="Log in on the gateway's page.",
        ),
        SessionState.CONNECTED: Health(
            ok=False,
            code="connected",
            text="Somebody is logged in; the broker's session for orders is being opened. Stops stay at the broker.",
        ),
        SessionState.RESET: Health(
            ok=False,
            code="reset",
            text="The broker's nightly reset is on, in which nothing can be sent. Stops stay at the broker.",
        ),
        SessionState.STALE: Health(
            ok=False,
            code="stale",
            text="The login stands, but the broker does not answer. Nothing can be sent; stops stay at the broker.",
            next_step=_RESTART_LATER,
        ),
        SessionState.COMPETING: Health(
            ok=False,
            code="competing",
            text="Another program uses this login, so the broker gives us no session. Stops stay at the broker.",
            next_step="Log out of TWS, IBKR Mobile or the website with this user.",
        ),
        SessionState.ENDED: Health(
            ok=False,
            code="ended",
            text="The simulated market has come to the end of its data; nothing more is decided.",
            next_step="To start over: make demo-reset, then make demo.",
        ),
    }
)
# What is known to give no answer, in words of its own.
_UNANSWERED = frozenset({SessionState.GATEWAY_DOWN, SessionState.STALE, SessionState.SUSPENDED})
# What the trading process says of itself, and not of a session.
_OWN_STATES = frozenset({SessionState.STARTING, SessionState.ENDED})
_MODES: Mapping[Mode, Health] = MappingProxyType(
    {
        Mode.HALTED: Health(
            ok=False,
            code="halted",
            text="Halted: nothing is bought, and only what a person asks for is sold. Protective stops stay.",
            next_step="When the reason is settled, resume.",
            command="python -m trading resume",
        ),
        Mode.RECONCILING: Health(
            ok=False,
            code="reconciling",
            text="Own records are being compared with the broker's. No new orders until they agree.",
        ),
        Mode.REDUCING: Health(
            ok=True,
            code="reducing",
            text="Reducing: exits and stops go on, nothing new is bought.",
            next_step="A daily loss ends by itself. Else decide whether to go on; a drawdown is then measured anew.",
            command="python -m trading resume",
        ),
    }
)


def read_facts(kept: Mapping[str, str], *, beat: Beat | None, mode: Mode | None, starting: str = "") -> Facts:
    """Return the facts from what the trading process `kept` of itself; a word that is not known counts as starting."""
    word = kept.get(StatusKey.SESSION_STATE, "")
    return Facts(
        beat=beat,
        session=SessionState(word) if word in frozenset(SessionState) else SessionState.STARTING,
        mode=mode,
        uncovered_shares=_count(kept.get(StatusKey.UNCOVERED_SHARES, "")),
        unknown_orders=_count(kept.get(StatusKey.UNKNOWN_ORDERS, "")),
        trouble=kept.get(StatusKey.TROUBLE, ""),
        trouble_since=kept.get(StatusKey.TROUBLE_SINCE, ""),
        session_cause=kept.get(StatusKey.SESSION_DETAIL, ""),
        session_since=kept.get(StatusKey.STATE_SINCE, ""),
        session_next=kept.get(StatusKey.SESSION_NEXT, ""),
        session_person=kept.get(StatusKey.SESSION_PERSON, ""),
        starting=starting,
    )


def held_back(mode: Mode) -> str:
    """Return what a mode keeps from being sent, empty for ACTIVE."""
    health = _MODES.get(mode)
    return "" if health is None else health.text


def not_started(starting: str) -> Health:
    """Return what is to be said while start.sh waits for something before it starts the trading process."""
    return Health(
        ok=False,
        code="not_started",
        text="The trading process has not started yet.",
        cause=starting,
        next_step="It starts by itself.",
    )


def liveness(facts: Facts) -> Health:
    """Return whether the trading loop is alive; the login, the market and the mode have no part in it."""
    if facts.starting:
        return not_started(facts.starting)
    beat = facts.beat
    if beat is None:
        return Health(
            ok=False,
            code="never_seen",
            text="The trading process has not run yet.",
            next_step="Start it: ./start.sh, or make demo.",
        )
    if facts.stopped:
        return Health(
            ok=False,
            code="stopped",
            text=f"The trading process was stopped. {_stops(facts)}",
            cause=f"by {beat.ended_by}" if beat.ended_by else "",
            since=beat.ended_at,
            next_step="Start it again: ./start.sh, or make demo.",
        )
    if beat.age_s is None or beat.age_s > SILENT_AFTER_S:
        since = "since before this machine was started" if beat.age_s is None else f"for {beat.age_s:.0f} s"
        return Health(
            ok=False,
            code="silent",
            text=f"The trading process has been silent {since}. {_stops(facts)}",
            next_step="Start it again with ./start.sh; the end of logs/trading.log says why it stopped.",
        )
    if beat.stuck:
        return Health(
            ok=False,
            code="stuck",
            text=f"The trading loop is stuck. {_stops(facts)}",
            cause=f'its step "{beat.step}" should have been over {beat.over_s:.0f} s ago',
            next_step="It ends and is started again by itself after two minutes. If it is not, restart ./start.sh.",
        )
    return Health(ok=True, code="ok", text="The trading loop runs.")


def _stops(facts: Facts) -> str:
    bare = facts.uncovered_shares
    return "Stops stay at the broker" + (f", but {bare} shares have none: place them in TWS." if bare else ".")


def readiness(facts: Facts) -> Health:
    """Return whether orders can be sent; what is worst comes first.

    They can where the loop is alive and a whole cycle came to its end lately, the gateway answers, the session is
    usable, nothing fails, and the mode is ACTIVE or REDUCING.
    """
    alive = liveness(facts)
    if not alive.ok:
        return alive
    if facts.uncovered_shares > 0:
        return Health(
            ok=False,
            code="uncovered",
            text=f"{facts.uncovered_shares} shares have no stop at the broker.",
            next_step="The system is putting them back; if it can't, place them in TWS.",
        )
    mode = facts.mode or Mode.RECONCILING
    present = _unstored(facts) or _hangs(facts) or _session(facts) or _trouble(facts) or _overdue(facts)
    return present or _MODES.get(mode) or _active(facts)


def _unstored(facts: Facts) -> Health | None:
    """Return that the database can't be written, which it can't say itself."""
    if facts.beat is None or not facts.beat.unstored:
        return None
    return Health(
        ok=False,
        code="unstored",
        text="The database can't be written, so that no order is sent. Stops stay at the broker.",
        cause=facts.beat.unstored,
        next_step="It is tried again by itself. Look for a full disk, or another program that has trading.db open.",
    )


def _hangs(facts: Facts) -> Health | None:
    """Return that a call has had no answer for a while; that it has failed is said only later, or never."""
    beat = facts.beat
    if beat is None or not facts.hangs:
        return None
    down = _SESSIONS[SessionState.GATEWAY_DOWN]
    return replace(down, cause=f"no answer to {beat.call}", since=beat.silent_since)


def _overdue(facts: Facts) -> Health | None:
    """Return that no cycle comes to its end though nothing is known to fail."""
    beat = facts.beat
    if beat is None or beat.overdue_s <= OVERDUE_S:
        return None
    return Health(
        ok=False,
        code="overdue",
        text=f"No whole cycle for {beat.overdue_s / 60.0:.0f} minutes. Stops stay at the broker.",
        cause=f"the loop {beat.step}",
        next_step="Look at the end of logs/trading.log; if it says nothing, restart ./start.sh.",
    )


def _session(facts: Facts) -> Health | None:
    """Return what is to be said of a session that can't be used: what it is, since when and why, and what comes next.

    Where the trading process has not said what comes next, the words for any such session have to do.
    """
    health = _SESSIONS.get(facts.session)
    if health is None or facts.session in _OWN_STATES:
        return health
    person = facts.session_person or ("Nothing for now." if facts.session_next else "")
    steps = " ".join(step for step in (person, facts.session_next) if step)
    return replace(health, next_step=steps or health.next_step, cause=facts.session_cause, since=facts.session_since)


def _minute(moment: str) -> str:
    """Return a kept time, which is in UTC, to the minute."""
    return f"{moment[:10]} {moment[11:16]} UTC"


def _trouble(facts: Facts) -> Health | None:
    if not facts.trouble:
        return None
    return Health(
        ok=False,
        code="trouble",
        text="Something fails again and again.",
        cause=facts.trouble,
        since=facts.trouble_since,
        next_step="It is tried again by itself; if it stays, look at what it names.",
    )


def _active(facts: Facts) -> Health:
    if facts.unknown_orders > 0:
        return Health(
            ok=True,
            code="unknown_orders",
            text=f"{facts.unknown_orders} orders are not proven; nothing new is bought in their symbols.",
            next_step="They are looked for by themselves; TWS shows them too.",
        )
    steps = " ".join(step for step in (facts.session_person, facts.session_next) if step and facts.session_person)
    return Health(ok=True, code="ready", text="All is well.", next_step=steps)


def _count(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() else 0
