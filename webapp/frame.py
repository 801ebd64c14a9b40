"""What stands around every page: mode, kind of account, market clock, and the state in one sentence."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from flask import render_template

from trading.errors import DataError
from trading.model.account import AccountKind, mask_account
from trading.model.mode import Mode, ModeState
from trading.model.status import SessionState, StatusKey
from trading.monitoring.health import Facts, liveness, read_facts
from trading.monitoring.verdicts import SESSION_WORDS, held_back
from trading.store.readers.state import State
from webapp import agenda
from webapp.security import current_session
from webapp.services import services, state
from webapp.situation import (
    Situation,
    account_kind,
    duration,
    judge,
    moment,
    unreadable,
)

NAVIGATION = (
    ("overview.overview", "Overview", "gauge"),
    ("decisions.decisions", "Decisions", "list"),
    ("trades.trades", "Trades", "swap"),
    ("log.log", "Log", "lines"),
)
_STALE_EVENT = timedelta(minutes=10)
_PHASES = {"open": "market open", "pre": "before the open", "closed": "market closed"}


@dataclass(frozen=True, slots=True)
class Frame:
    """The frame of one page; before there is a database `mode` and `health` are None and `account` is empty."""

    kind: AccountKind | None
    account: str
    mode: ModeState | None
    situation: Situation
    health: Facts | None
    session_since: datetime | None
    session_detail: str
    market_now: datetime | None
    market_phase: str
    next_event: str
    unreadable: DataError | None = None
    """why nothing of the database can be shown; halting works all the same"""

    @property
    def halted(self) -> bool:
        """Whether a person's halt is in force."""
        return self.mode is not None and self.mode.mode is Mode.HALTED

    @property
    def alive(self) -> bool:
        """Whether the trading process has been heard of lately."""
        return self.health is not None and liveness(self.health.beat, self.health.starting).ok

    @property
    def held_back(self) -> str:
        """Return what the mode keeps from being sent, empty where nothing is."""
        return "" if self.mode is None else held_back(self.mode.mode)

    @property
    def process_word(self) -> str:
        """Return the trading process in a few words: what its loop does, or since when nothing was heard of it."""
        if self.health is None or self.health.beat is None:
            return "never seen"
        beat = self.health.beat
        if beat.age_s is None:
            return "not since this machine was started"
        verdict = liveness(self.health.beat, self.health.starting)
        if verdict.ok:
            return beat.step
        if verdict.code == "stuck":
            return f"stuck: {beat.step}, for {duration(beat.step_s)}"
        return f"seen {duration(beat.age_s)} ago"

    @property
    def session_word(self) -> str:
        """Return the broker session in a few words."""
        if self.health is None:
            return "not known"
        return SESSION_WORDS[SessionState.STALE if self.health.hangs else self.health.session]

    @property
    def session_good(self) -> bool:
        """Whether the broker session is all that it has to be."""
        return (
            self.health is not None
            and not self.health.hangs
            and self.health.session in {SessionState.READY, SessionState.ENDED}
        )


def make_frame() -> Frame:
    """Return the frame of a page as things stand now; it says so where the database can't be read."""
    try:
        return _frame_of(state())
    except DataError as error:
        return _frame_without_state(error)


def _frame_without_state(error: DataError) -> Frame:
    settings, clock = services().settings, services().clock
    return Frame(
        kind=account_kind("", simulated=settings.simulated),
        account="",
        mode=None,
        situation=unreadable(f"the file {Path(error.subject).name} {error.problem}"),
        health=None,
        session_since=None,
        session_detail="",
        market_now=None if settings.simulated else clock.now(),
        market_phase="",
        next_event="",
        unreadable=error,
    )


def _frame_of(read: State) -> Frame:
    made = services()
    settings = made.settings
    account_reader = read.account
    mode = account_reader.mode()
    kept = account_reader.facts()
    starting, beat, health = made.starting(), made.beat(), None
    # A database that is not there may be one that was taken away from a process that runs.
    if mode is not None or (beat is not None and beat.unstored):
        health = read_facts(kept, beat=beat, mode=None if mode is None else mode.mode, starting=starting)
    account = kept.get("account", "")
    market_now = moment(kept.get(StatusKey.MARKET_NOW)) if settings.simulated else made.clock.now()
    return Frame(
        kind=account_kind(account, simulated=settings.simulated),
        account=mask_account(account),
        mode=mode,
        situation=judge(health, starting),
        health=health,
        session_since=moment(kept.get(StatusKey.SESSION_SINCE)),
        session_detail=kept.get(StatusKey.SESSION_DETAIL, ""),
        market_now=market_now,
        market_phase=_PHASES.get(kept.get(StatusKey.MARKET_PHASE, ""), ""),
        next_event=_next_event(kept, market_now),
    )


def render(template: str, frame: Frame, **values: object) -> str:
    """Return a page in its frame."""
    session = current_session()
    return render_template(
        template,
        frame=frame,
        navigation=NAVIGATION,
        csrf_token="" if session is None else session.csrf_token,
        now=services().clock.now(),
        **values,
    )


def _next_event(kept: Mapping[str, str], market_now: datetime | None) -> str:
    """Return what the trading process waits for; empty while that is not known, or long past."""
    at = moment(kept.get(StatusKey.NEXT_EVENT))
    if at is None or market_now is None or at < market_now - _STALE_EVENT:
        return ""
    return agenda.sentence(kept.get(StatusKey.NEXT_EVENT_KIND, ""), at, market_now)
