"""The life of the trading process: what it says of itself, who may end it, and what its end leaves to the next start.

However it ends, one of four things is left: who asked for that, why it could not go on, in which step its loop was
stuck, or a sign of life that nothing follows, of one that died.
"""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from trading.config import Settings
from trading.cycle.operator_requests import OperatorRequests
from trading.cycle.watcher import END_WITHIN_S, OnStop, Watcher
from trading.errors import ConfigError, InvariantBroken, TradingError
from trading.gateway.clocks import WakeUp
from trading.market.calendar import TradingCalendar
from trading.model.metric import Duration
from trading.model.mode import Mode
from trading.model.status import StatusKey, kept_count
from trading.monitoring.heartbeat import Heartbeat, HeartbeatFile, Pulse, end_stuck
from trading.monitoring.log import TradingLog, get_logger
from trading.monitoring.metrics import MetricsFile
from trading.monitoring.sign_of_life import BY_ITSELF, HEARTBEAT_NAME, METRICS_NAME, STOP_ASKED_NAME, WAITING_NAME, Beat
from trading.monitoring.wall_clock import WallClock
from trading.notification import before_start, notifying
from trading.ports import Log, Metrics
from trading.ports.notices import Sender
from trading.store.boot_time import boot_time
from trading.store.database import Database
from trading.store.operator_requests import RequestsDatabase
from trading.store.records import SqliteStore

DATABASE, CONTROLS = "trading.db", "controls.db"
_ORDERS_STAY = "orders at the broker stay as they are"


@dataclass(frozen=True, slots=True)
class Life:
    """What a trading process has while it lives; `unstored` takes alerts that can't be stored."""

    wake: WakeUp
    log: Log
    metrics: Metrics
    heartbeat: Heartbeat
    pulse: Pulse
    watcher: Watcher
    database: Database
    requests: OperatorRequests
    now: Callable[[], datetime]
    """a clock for who must not wait for anybody"""
    unstored: Callable[[str, str], object]


@contextmanager
def living(
    settings: Settings,
    senders: Sequence[Sender],
    calendar: Callable[[], TradingCalendar],
    version: str,
    monotonic: Callable[[], float] | None = None,
) -> Iterator[Life]:
    """Hold the state folder, give signs of life and hear people beside the block; say by what it ended.

    `monotonic` stands in for the machine's seconds, by which signs of life and a stop are timed.

    Raises: ConfigError (exit 2), InstanceRunning (exit 3), InvariantBroken (exit 4 where a file can't be used for now).
    """
    clock = WallClock()
    monotonic = monotonic or clock.monotonic
    heartbeat = Heartbeat(monotonic, clock.now)
    wake = WakeUp(heartbeat.waiting)
    metrics = MetricsFile(settings.state_dir / METRICS_NAME, version=version)

    def on_commit(seconds: float) -> None:
        metrics.observe(Duration.DB_COMMIT, seconds)
        heartbeat.unstored("")

    with ExitStack() as stack:
        database = Database(settings.state_dir / DATABASE, on_commit=on_commit)
        stack.callback(_close, database)
        store = SqliteStore(database, lambda mode: show_mode(mode, metrics))
        silent = before_start(settings, kept_count(store.value(StatusKey.UNCOVERED_SHARES)))
        metrics.put_mode(store.mode().mode)
        written = _log_of(settings)
        stack.callback(written.close)
        log = get_logger()
        file = HeartbeatFile(settings.state_dir / HEARTBEAT_NAME, boot_time)
        ending = Ending(wake, heartbeat, file, settings.state_dir, written)
        requests = OperatorRequests(RequestsDatabase(settings.state_dir / CONTROLS), store, log)
        now = _time_without_asking(settings, store)
        watcher = Watcher(wake, requests, now, monotonic, OnStop(ending.asked, ending.force))
        pulse = Pulse(heartbeat, file, metrics.write, ending.stuck)
        _remove(settings.state_dir / STOP_ASKED_NAME)
        # Up to the last sign of life a signal asks for the end, and ends nothing in the middle of it.
        stack.enter_context(watcher.watching())
        stack.enter_context(pulse.beating())
        # From now on it says itself how it is.
        _remove(settings.state_dir / WAITING_NAME)
        unstored = stack.enter_context(notifying(settings, database, senders, log, calendar, silent))
        with ending.told():
            yield Life(wake, log, metrics, heartbeat, pulse, watcher, database, requests, now, unstored)


class Ending:
    """Says who or what ends this process, to pages at once and to the next start, whichever way it ends."""

    def __init__(
        self, wake: WakeUp, heartbeat: Heartbeat, file: HeartbeatFile, state_dir: Path, written: TradingLog
    ) -> None:
        """Say it in the heartbeat, which `file` shows, and in the log that is `written`."""
        self._wake = wake
        self._heartbeat = heartbeat
        self._file = file
        self._state_dir = state_dir
        self._written = written
        self._log: Log = get_logger()

    @contextmanager
    def told(self) -> Iterator[None]:
        """Say by what the block ended: it was asked to, the settings or the state can't be used, or it died."""
        try:
            yield
        except ConfigError as error:
            self._log.error("the trading process can't run", problem=str(error))
            # Pages show it to anybody, so that neither a folder nor an account stands in it.
            self._tell(f"{BY_ITSELF}{str(error).replace(f'{self._state_dir}{os.sep}', '')}")
            raise
        except TradingError as error:
            self._log.error("the trading process died", problem=str(error))
            raise
        except BaseException:
            self._log.error("the trading process died", exc_info=True)
            raise
        self._tell(self._by)
        self._log.info("stopped", by=self._by, note=_ORDERS_STAY)

    def asked(self) -> None:
        """Keep that somebody asked for the end: a process that is killed while it ends has not died by itself.

        It runs on and may be sending an order, so that no page calls it stopped.
        """
        with suppress(OSError):
            (self._state_dir / STOP_ASKED_NAME).write_text(f"{WallClock().now().isoformat()} {self._by}\n", "utf-8")

    def force(self) -> None:
        """End a process that was asked to end and hangs."""
        self._tell(self._by)
        fields = {"by": self._by, "doing": self._heartbeat.beat().step, "seconds": END_WITHIN_S, "note": _ORDERS_STAY}
        self._log.warning("stopped before the loop came to its end", **fields)
        # What is not written now never is.
        self._written.close()
        # The thread of the beats may have written meanwhile what it had found before.
        self._tell(self._by)
        os._exit(0)

    def stuck(self, beat: Beat) -> None:
        """End a process whose loop is stuck for good."""
        end_stuck(beat, self._log, self._written.close)

    @property
    def _by(self) -> str:
        return self._wake.stopped_by or "the process itself"

    def _tell(self, by: str) -> None:
        self._heartbeat.end(by)
        self._file.write(self._heartbeat.beat())


def show_mode(mode: Mode, metrics: Metrics) -> None:
    """Publish a mode when it begins, whatever the loop is doing."""
    metrics.put_mode(mode)
    metrics.write()


def _log_of(settings: Settings) -> TradingLog:
    return TradingLog(
        settings.log_dir,
        sys.stdout,
        colour=sys.stdout.isatty(),
        level=logging.getLevelNamesMapping()[settings.monitoring.log_level],
        account_id=settings.account_id,
    )


def _time_without_asking(settings: Settings, store: SqliteStore) -> Callable[[], datetime]:
    """Return a clock for who must not wait for anybody: of a simulated market, the time that the loop told last."""
    wall_clock = WallClock()
    if not settings.simulated:
        return wall_clock.now

    def now() -> datetime:
        try:
            told = store.value(StatusKey.MARKET_NOW)
        except InvariantBroken:
            told = None
        return wall_clock.now() if told is None else datetime.fromisoformat(told)

    return now


def _remove(note: Path) -> None:
    with suppress(OSError):
        note.unlink(missing_ok=True)


def _close(database: Database) -> None:
    try:
        database.checkpoint()
    except InvariantBroken:
        # The write-ahead log stays and is read at the next start.
        pass
    finally:
        database.close()
