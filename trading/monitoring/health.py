"""Whether the system is alive and ready, from facts alone, with the reason and the next step for a person."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from trading.model.mode import Mode
from trading.model.status import SessionState, StatusKey, TroubleKind, kept_count
from trading.monitoring.sign_of_life import BY_ITSELF, STARTS, Beat
from trading.monitoring.verdicts import MODES, SESSIONS, TROUBLE_STEPS, Health

# Beats come each second; three that are missing in a row may be a busy machine.
SILENT_AFTER_S = 15.0
# A single slow answer is no news.
HANGS_AFTER_S = 10.0
OVERDUE_S = 120.0
"""how late a whole cycle may be in which nothing is answered"""
GOES_ON_S = 30.0
LONG_OVERDUE_S = 900.0
"""how late one may be in which answers come all the time"""


@dataclass(frozen=True, slots=True)
class Facts:
    """What health is judged by: `beat` is the trading process's last sign of life, None where it never gave one.

    What the trading process says of its session, empty for nothing: why and since when it is as it is, what happens
    next by itself, and what a person has to do. `starting` is what start.sh waits for before it starts that process.
    `trouble` is what the last cycle could not do. With `market_time` the times that it keeps are those of a simulated
    market.
    """

    beat: Beat | None
    session: SessionState
    mode: Mode | None
    uncovered_shares: int = 0
    unknown_orders: int = 0
    trouble: str = ""
    trouble_since: str = ""
    trouble_kind: TroubleKind = TroubleKind.FAILURE
    session_cause: str = ""
    session_since: str = ""
    session_next: str = ""
    session_person: str = ""
    starting: str = ""
    market_time: bool = False

    @property
    def hangs(self) -> bool:
        """Whether a call has had no answer for a while, nor any other one since, and no session tells of that."""
        return self._silent and self.beat is not None and not self.beat.answers

    @property
    def partly_hangs(self) -> bool:
        """Whether a call has had no answer for a while, though others have."""
        return self._silent and self.beat is not None and self.beat.answers

    @property
    def _silent(self) -> bool:
        return self.beat is not None and self.session not in _UNANSWERED and self.beat.silence_s > HANGS_AFTER_S


# What is known to give no answer, in words of its own.
_UNANSWERED = frozenset({SessionState.GATEWAY_DOWN, SessionState.STALE, SessionState.SUSPENDED})
# No loop goes on there.
_ENDS = frozenset({"stopped", "silent", "stuck"})
# What the trading process says of itself, and not of a session.
_OWN_STATES = frozenset({SessionState.STARTING, SessionState.ENDED})


def read_facts(kept: Mapping[str, str], *, beat: Beat | None, mode: Mode | None, starting: str = "") -> Facts:
    """Return the facts from what the trading process `kept` of itself; a word that is not known counts as starting."""
    word, kind = kept.get(StatusKey.SESSION_STATE, ""), kept.get(StatusKey.TROUBLE_KIND, "")
    return Facts(
        beat=beat,
        session=SessionState(word) if word in frozenset(SessionState) else SessionState.STARTING,
        mode=mode,
        uncovered_shares=kept_count(kept.get(StatusKey.UNCOVERED_SHARES, "")),
        unknown_orders=kept_count(kept.get(StatusKey.UNKNOWN_ORDERS, "")),
        trouble=kept.get(StatusKey.TROUBLE, ""),
        trouble_since=kept.get(StatusKey.TROUBLE_SINCE, ""),
        trouble_kind=TroubleKind(kind) if kind in frozenset(TroubleKind) else TroubleKind.FAILURE,
        session_cause=kept.get(StatusKey.SESSION_DETAIL, ""),
        session_since=kept.get(StatusKey.STATE_SINCE, ""),
        session_next=kept.get(StatusKey.SESSION_NEXT, ""),
        session_person=kept.get(StatusKey.SESSION_PERSON, ""),
        starting=starting,
        market_time=kept.get("gateway", "") == "simulated",
    )


def not_started(starting: str) -> Health:
    """Return what is to be said while start.sh waits for something before it starts the trading process."""
    return Health(
        ok=False,
        code="not_started",
        text="The trading process does not run now.",
        cause=starting,
        next_step="It starts by itself.",
    )


def liveness(beat: Beat | None, starting: str = "") -> Health:
    """Return whether the trading loop is alive; the login, the market and the mode have no part in it."""
    if starting:
        return not_started(starting)
    if beat is None:
        return Health(
            ok=False,
            code="never_seen",
            text="The trading process has not run yet.",
            next_step="Start it: ./start.sh, or make demo.",
        )
    if beat.ended_at:
        return Health(
            ok=False,
            code="stopped",
            text="The trading process was stopped.",
            cause=f"by {beat.ended_by}" if beat.ended_by else "",
            since=beat.ended_at,
            next_step="Mend that, then start it again: ./start.sh, or make demo."
            if beat.ended_by.startswith(BY_ITSELF)
            else "Start it again: ./start.sh, or make demo.",
        )
    if beat.age_s is None or beat.age_s > SILENT_AFTER_S:
        since = "since before this machine was started" if beat.age_s is None else f"for {beat.age_s:.0f} s"
        return Health(
            ok=False,
            code="silent",
            text=f"The trading process has been silent {since}.",
            next_step="Start it again with ./start.sh; the end of logs/trading.log says why it stopped.",
        )
    if beat.stuck:
        return Health(
            ok=False,
            code="stuck",
            text="The trading loop is stuck.",
            cause=f'its step "{beat.step}" should have been over {beat.over_s:.0f} s ago',
            next_step="It ends and is started again by itself after two minutes. If it is not, restart ./start.sh.",
        )
    return Health(ok=True, code="ok", text="The trading loop runs.")


def readiness(facts: Facts) -> Health:
    """Return whether orders can be sent; what is worst comes first.

    They can where the loop is alive and a whole cycle came to its end lately, the gateway answers, the session is
    usable, nothing fails, and the mode is ACTIVE or REDUCING.
    """
    alive = liveness(facts.beat, facts.starting)
    if not alive.ok:
        return _with_stops(alive, facts) if alive.code in _ENDS or facts.uncovered_shares else alive
    verdicts = (_unstored, _hangs, _starts, _session, _uncovered, _partly_hangs, _trouble, _overdue, _unproven)
    present = next((found for found in (verdict(facts) for verdict in verdicts) if found is not None), None)
    return present or MODES.get(facts.mode or Mode.RECONCILING) or _active(facts)


def _with_stops(health: Health, facts: Facts) -> Health:
    """Return a verdict on what keeps orders from being sent, with what protects the shares meanwhile."""
    bare = facts.uncovered_shares
    stops = "Stops stay at the broker" + (f", but {bare} shares have none: place them in TWS." if bare else ".")
    return replace(health, text=f"{health.text} {stops}")


def _uncovered(facts: Facts) -> Health | None:
    """Return that shares have no stop though orders can be sent."""
    if facts.uncovered_shares <= 0:
        return None
    fails = _partly_hangs(facts) or _trouble(facts)
    step = "The system is putting them back; if it can't, place them in TWS."
    return Health(
        ok=False,
        code="uncovered",
        text=f"{facts.uncovered_shares} shares have no stop at the broker.",
        cause="" if fails is None else fails.cause,
        next_step=step if fails is None else "The system may not be able to put them back: place them in TWS.",
    )


def _unstored(facts: Facts) -> Health | None:
    """Return that the database can't be written, which it can't say itself."""
    if facts.beat is None or not facts.beat.unstored:
        return None
    health = Health(
        ok=False,
        code="unstored",
        text="The database can't be written, so that no order is sent.",
        cause=facts.beat.unstored,
        next_step="It is tried again by itself. If it names nothing else, look for a full disk, or another program "
        "that has trading.db open.",
    )
    return _with_stops(health, facts)


def _hangs(facts: Facts) -> Health | None:
    """Return that a call has had no answer for a while; that it has failed is said only later, or never."""
    if facts.beat is None or not facts.hangs:
        return None
    down = replace(SESSIONS[SessionState.GATEWAY_DOWN], cause=_no_answer(facts.beat), since=facts.beat.silent_since)
    return _with_stops(down, facts)


def _partly_hangs(facts: Facts) -> Health | None:
    """Return that one kind of question has had no answer for a while."""
    if facts.beat is None or not facts.partly_hangs:
        return None
    return Health(
        ok=False,
        code="unanswered",
        text="The gateway answers, but not everything.",
        cause=_no_answer(facts.beat),
        since=facts.beat.silent_since,
        next_step=TROUBLE_STEPS[TroubleKind.UNANSWERED],
    )


def _no_answer(beat: Beat) -> str:
    return f"no answer to {beat.call}"


def _overdue(facts: Facts) -> Health | None:
    """Return that no cycle comes to its end though nothing is known to fail."""
    beat = facts.beat
    if beat is None or beat.overdue_s <= OVERDUE_S:
        return None
    if beat.answered_s < GOES_ON_S and beat.overdue_s <= LONG_OVERDUE_S:
        # Many slow answers are not none.
        return None
    health = Health(
        ok=False,
        code="overdue",
        text=f"No whole cycle for {beat.overdue_s / 60.0:.0f} minutes.",
        cause=f"the loop {beat.step}",
        next_step="Look at the end of logs/trading.log; if it says nothing, restart ./start.sh.",
    )
    return _with_stops(health, facts)


def _starts(facts: Facts) -> Health | None:
    """Return that what is stored is still what an earlier process said."""
    if facts.beat is None or not facts.beat.unproven or facts.beat.step != STARTS:
        return None
    health = Health(ok=False, code="starting", text="The trading process starts.")
    return _with_stops(health, facts) if facts.uncovered_shares else health


def _unproven(facts: Facts) -> Health | None:
    """Return that nothing is known yet to have worked in this process."""
    if facts.beat is None or not facts.beat.unproven or facts.session is SessionState.ENDED:
        return None
    return Health(ok=False, code="starting", text="The trading process goes through its first cycle.")


def _session(facts: Facts) -> Health | None:
    """Return what is to be said of a session that can't be used: what it is, since when and why, and what comes next.

    Where the trading process has not said what comes next, the words for any such session have to do.
    """
    health = SESSIONS.get(facts.session)
    if health is not None and facts.session is SessionState.GATEWAY_DOWN and "(HTTP " in facts.session_cause:
        health = replace(health, text="The gateway answers with errors. Nothing can be sent.")
    if health is None or facts.session in _OWN_STATES:
        return health
    person = facts.session_person or ("Nothing for now." if facts.session_next else "")
    steps = " ".join(step for step in (person, facts.session_next) if step)
    told = replace(
        health,
        next_step=steps or health.next_step,
        cause=facts.session_cause,
        since=facts.session_since,
        market_time=facts.market_time,
    )
    return _with_stops(told, facts)


def _trouble(facts: Facts) -> Health | None:
    if not facts.trouble:
        return None
    return Health(
        ok=False,
        code="trouble",
        text="The last cycle could not do all that it is there for.",
        cause=facts.trouble,
        since=facts.trouble_since,
        market_time=facts.market_time,
        next_step=TROUBLE_STEPS[facts.trouble_kind],
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
