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
from trading.model.status import GOOD_SESSIONS, SessionState, StatusKey
from trading.monitoring.freshness import beside_no_database, mode_now, reads_the_broker
from trading.monitoring.health import Facts, liveness, read_facts
from trading.monitoring.verdicts import SESSION_WORDS, held_back
from trading.store.readers.state import State
from webapp import agenda
from webapp.numbers import local_near, new_york_near
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
_TAKEN_AWAY = DataError(
    "trading.db", "was taken away from the trading process, which sends no order without it: put it back"
)
# What they show is in the database alone.
_OF_RECORDS = frozenset({"overview.html", "decisions.html", "trades.html", "symbol.html"})
_STALE_EVENT = timedelta(minutes=10)
_PHASES = {"open": "market open", "pre": "before the open", "closed": "market closed"}


@dataclass(frozen=True, slots=True)
class Frame:
    """The frame of one page; before there is a database `mode` and `health` are None and `account` is empty.

    `real_now` is the time of this machine, `market_now` that of the market. What the trading process says of itself
    holds now while it is `alive`, else as of `known_at`, a real time; None where it was never seen. `read_at` is when
    the account was read last, by the market's time.
    """

    kind: AccountKind | None
    account: str
    mode: ModeState | None
    situation: Situation
    health: Facts | None
    alive: bool
    known_at: datetime | None
    read_at: datetime | None
    session_since: datetime | None
    session_detail: str
    real_now: datetime
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
    def since(self) -> str:
        """Return since when the situation is what it is, empty where nobody knows."""
        since = self.situation.since
        return "" if since is None else self.when(since, real=self.situation.since_is_real)

    @property
    def as_last_seen(self) -> str:
        """Return how old what the trading process has said of itself is, in words; empty while it lives."""
        if self.alive or self.health is None:
            return ""
        if self.known_at is None:
            return "as last recorded"
        return f"as last seen {self.when(self.known_at, real=True)} ({self.age})"

    @property
    def age(self) -> str:
        """Return the same without its time, empty where that is not known."""
        if self.alive or self.known_at is None:
            return ""
        return self._ago(self.known_at)

    @property
    def reading_is_old(self) -> bool:
        """Whether the account may be another by now than the last turn read it."""
        return self.health is not None and not (self.alive and reads_the_broker(self.health))

    @property
    def as_last_read(self) -> str:
        """Return how old what is shown of positions and orders is, in words; empty where it holds now."""
        if not self.reading_is_old:
            return ""
        if self.read_at is None:
            return "as last recorded"
        # How long a simulated market has stood still is no length of time.
        ago = "" if self.kind is AccountKind.SIMULATED else f" ({self._ago(self.read_at)})"
        return f"as of {self.when(self.read_at)}{ago}"

    def _ago(self, moment: datetime) -> str:
        return f"{duration((self.real_now - moment).total_seconds())} ago"

    def when(self, moment: datetime, *, real: bool = False) -> str:
        """Return a moment in New York, short; beside a simulated market, whose own is marked, a `real` one as here."""
        if self.kind is not AccountKind.SIMULATED:
            return new_york_near(moment, self.real_now)
        return local_near(moment, self.real_now) if real else f"{new_york_near(moment, self.market_now)} market time"

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
        return self.health is not None and not self.health.hangs and self.health.session in GOOD_SESSIONS

    @property
    def orders_word(self) -> str:
        """Return whether every own order is known at the broker, in a few words."""
        if self.health is not None and self.health.unknown_orders:
            return f"{self.health.unknown_orders} not proven"
        compared = self.mode is not None and self.mode.mode is not Mode.RECONCILING
        return "all proven" if compared else "not compared yet"


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
        alive=False,
        known_at=None,
        read_at=None,
        session_since=None,
        session_detail="",
        real_now=clock.now(),
        market_now=None if settings.simulated else clock.now(),
        market_phase="",
        next_event="",
        unreadable=error,
    )


def _frame_of(read: State) -> Frame:
    made = services()
    settings = made.settings
    account_reader = read.account
    kept = account_reader.facts()
    starting, beat, real_now, health = made.starting(), made.beat(), made.clock.now(), None
    mode = mode_now(account_reader.mode(), beat)
    beat = beside_no_database(beat) if mode is None else beat
    # A database that is not there may be one that was taken away from a process that runs.
    if mode is not None or (beat is not None and beat.unstored):
        health = read_facts(kept, beat=beat, mode=None if mode is None else mode.mode, starting=starting)
    alive = health is not None and liveness(beat, starting).ok
    lost = _TAKEN_AWAY if mode is None and health is not None else None
    account = kept.get("account", "")
    read_at = moment(kept.get(StatusKey.MARKET_NOW))
    market_now = read_at if settings.simulated else real_now
    return Frame(
        kind=account_kind(account, simulated=settings.simulated),
        account=mask_account(account),
        mode=mode,
        situation=judge(health, starting),
        health=health,
        alive=alive,
        known_at=made.known_at(beat),
        read_at=read_at,
        session_since=moment(kept.get(StatusKey.SESSION_SINCE)),
        session_detail=kept.get(StatusKey.SESSION_DETAIL, ""),
        real_now=real_now,
        market_now=market_now,
        market_phase=_PHASES.get(kept.get(StatusKey.MARKET_PHASE, ""), "") if alive else "",
        next_event=_next_event(kept, market_now) if alive else "",
        unreadable=lost,
    )


def render(template: str, frame: Frame, **values: object) -> str:
    """Return a page in its frame.

    Raises: DataError, the page is one of records, and these are not there any more: that none are known is not none.
    """
    if frame.unreadable is not None and template in _OF_RECORDS:
        raise frame.unreadable
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
