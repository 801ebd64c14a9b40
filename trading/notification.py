"""Puts the courier together: what it reads, where it keeps what was told, and by which clock it goes."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from trading.config import Settings
from trading.errors import InvariantBroken
from trading.market.calendar import TradingCalendar
from trading.model.notice import News
from trading.model.status import StatusKey
from trading.monitoring.sign_of_life import (
    HEARTBEAT_NAME,
    MAY_TAKE_S,
    STOP_ASKED_NAME,
    read_beat,
    written_at,
)
from trading.monitoring.wall_clock import WallClock
from trading.notices.courier import Courier, Timing
from trading.notices.news import Gathered, StoredFacts, changes, needs_window, news_of, next_window
from trading.notices.silence import silence
from trading.notices.summary import summary
from trading.notices.wording import system_name
from trading.ports import Log
from trading.ports.notices import Sender
from trading.store.boot_time import boot_time
from trading.store.database import Database
from trading.store.notices import SqliteNotices
from trading.store.readers.state import State, read_state


def before_start(settings: Settings, bare: int = 0) -> News | None:
    """Return what is to be told of the time before this start; ask before the first sign of life.

    `bare` are the shares that were known to have no stop.
    """
    file = settings.state_dir / HEARTBEAT_NAME
    beat, last_sign = read_beat(file, boot_time()), written_at(file)
    if beat is None or last_sign is None:
        return None
    stuck = (beat.step, beat.step_s) if beat.over_s > MAY_TAKE_S else None
    return silence(last_sign, beat.ended_at or _stop_asked(settings.state_dir), WallClock().now(), stuck, bare)


def _stop_asked(state_dir: Path) -> str:
    """Return when somebody asked the process before to end, and who: it may have been killed before it could say so."""
    try:
        return (state_dir / STOP_ASKED_NAME).read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""


@contextmanager
def notifying(
    settings: Settings,
    database: Database,
    senders: Sequence[Sender],
    log: Log,
    calendar: Callable[[], TradingCalendar],
    silent: News | None,
) -> Iterator[Callable[[str, str], object]]:
    """Tell people through `senders` beside the block, `silent` first; without any sender nothing is done.

    The block is given who takes what can't be stored.
    """
    if not senders:
        yield lambda _code, _text: None
        return
    clock = WallClock()
    book = SqliteNotices(database, lambda: clock.now().date())
    try:
        book.begin()
        if silent is not None:
            new, _ = changes(Gathered((silent,)), book.known(), clock.now(), simulated=False)
            book.note(new, ())
    except InvariantBroken as error:
        log.warning("notifications held up", problem=str(error))
    timing = Timing(clock.now, clock.monotonic, _in_thread, simulated=settings.simulated)
    desk = Desk(settings, database.path, clock.now, calendar)
    courier = Courier(book, desk.gather, senders, settings.notify, timing, log, system=system_name(settings))
    log.info("notifications", channels=[sender.channel for sender in senders])
    with courier.running():
        yield courier.unstored


class Desk:
    """Reads what people have to know from a database, through a connection of its own: the loop waits for nothing."""

    def __init__(
        self, settings: Settings, path: Path, now: Callable[[], datetime], calendar: Callable[[], TradingCalendar]
    ) -> None:
        """Read from `path`; `now` is the real time, `calendar` is asked for once there is a window to name."""
        self._settings = settings
        self._path = path
        self._now = now
        self._calendar = calendar

    def gather(self) -> Gathered:
        """Return all news of now.

        Raises: DataError, the file can't be read.
        """
        with read_state(self._path) as state:
            facts = self._facts(state)
            sessions = state.notices.untold_sessions() if self._settings.notify.daily_summary else ()
        window = None
        if needs_window(facts):
            window = next_window(facts.now, self._calendar(), self._settings.execution)
        found = news_of(facts, window)
        return Gathered((*found.news, *(summary(session) for session in sessions)), found.unsure)

    def _facts(self, state: State) -> StoredFacts:
        kept, mode = state.account.facts(), state.account.mode()
        return StoredFacts(
            now=self._market_now(kept) if self._settings.simulated else self._now(),
            alerts=state.notices.alerts(),
            halts=() if mode is None else mode.halts,
            latched=None if mode is None else mode.latched,
            loss=state.notices.daily_loss(),
            session=kept,
        )

    def _market_now(self, kept: Mapping[str, str]) -> datetime:
        """Return the latest time of a simulated market that was told; without a login only its session's is."""
        told = [kept.get(key) for key in (StatusKey.MARKET_NOW, StatusKey.STATE_SINCE)]
        return max((datetime.fromisoformat(text) for text in told if text), default=self._now())


def _in_thread(run: Callable[[], None]) -> None:
    threading.Thread(target=run, name="delivery", daemon=True).start()
