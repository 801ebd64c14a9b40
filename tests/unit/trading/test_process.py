"""The life of a trading process, and what each of its ends leaves to pages, people and the next start."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path

import pytest

from tests.fakes.heartbeats import leave_beat
from tests.fakes.raw_server import within
from tests.fakes.webhook_receiver import Receiver
from trading.config import Settings
from trading.config.annotations import Secret
from trading.errors import STORAGE, ConfigError, InstanceRunning, InvariantBroken
from trading.market.calendar import TradingCalendar
from trading.model.metric import Duration
from trading.monitoring.health import liveness
from trading.monitoring.heartbeat import EXIT_STUCK
from trading.monitoring.log import LOG_NAME
from trading.monitoring.senders import senders_of
from trading.monitoring.sign_of_life import (
    HEARTBEAT_NAME,
    METRICS_NAME,
    STOP_ASKED_NAME,
    WAITING_NAME,
    Beat,
    read_beat,
)
from trading.notification import before_start
from trading.process import Life, living
from trading.store.boot_time import boot_time
from trading.store.database import StateLock

LONG_AGO = 1_700_000_000.0
# What the programs below begin with: they end for good, each in a process of its own.
BEGINNING = """
import sys
from pathlib import Path
from tests.unit.trading.test_process import Skipping, life_in
folder = Path(sys.argv[1])
"""


def calendar() -> TradingCalendar:
    return TradingCalendar(date(2026, 2, 2), date(2026, 4, 30))


def settings_in(folder: Path) -> Settings:
    return Settings(account_id="DU1234567", tickers=("AAPL",), state_dir=folder / "state", log_dir=folder / "logs")


class Skipping:
    """A real clock whose seconds pass only when a test says so."""

    def __init__(self) -> None:
        self.s = 1000.0

    def monotonic(self) -> float:
        return self.s


@contextmanager
def life_in(folder: Path, skipping: Skipping | None = None, address: str = "") -> Iterator[Life]:
    senders = senders_of(Secret(address)) if address else ()
    monotonic = None if skipping is None else skipping.monotonic
    with living(settings_in(folder), senders, calendar, "1.2.3", monotonic) as life:
        yield life


def last_beat(folder: Path) -> Beat:
    beat = read_beat(folder / "state" / HEARTBEAT_NAME, boot_time())
    assert beat is not None
    return beat


def log_of(folder: Path) -> str:
    return (folder / "logs" / LOG_NAME).read_text(encoding="utf-8")


def silent_for_long(folder: Path) -> None:
    """Let the last sign of life of a state folder have been given long ago."""
    os.utime(folder / "state" / HEARTBEAT_NAME, (LONG_AGO, LONG_AGO))


def ended(folder: Path, program: str) -> subprocess.CompletedProcess[str]:
    """Run a program in a process of its own, which has to end by itself."""
    return subprocess.run(
        [sys.executable, "-c", BEGINNING + program, str(folder)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env=dict(os.environ),
    )


# ---- while it lives


def test_process_that_lives_beats_publishes_and_takes_the_notes_of_its_start_away(tmp_path: Path) -> None:
    (tmp_path / "state").mkdir(mode=0o700)
    for name in (WAITING_NAME, STOP_ASKED_NAME):
        (tmp_path / "state" / name).write_text("it begins", encoding="utf-8")
    with life_in(tmp_path):
        assert last_beat(tmp_path).step == "starts"
        assert 'version="1.2.3"' in (tmp_path / "state" / METRICS_NAME).read_text(encoding="utf-8")
        assert not (tmp_path / "state" / WAITING_NAME).exists()
        assert not (tmp_path / "state" / STOP_ASKED_NAME).exists()


def test_second_process_says_nothing_in_the_name_of_the_first(tmp_path: Path) -> None:
    lock = StateLock(tmp_path / "state")
    try:
        with pytest.raises(InstanceRunning), life_in(tmp_path):
            pass
    finally:
        lock.release()
    assert not (tmp_path / "state" / HEARTBEAT_NAME).exists()


def test_database_that_could_not_be_written_is_well_again_with_the_next_commit(tmp_path: Path) -> None:
    with life_in(tmp_path) as life:
        life.heartbeat.unstored("database or disk is full")
        assert life.heartbeat.beat().unstored
        with life.database.transaction(durable=False):
            pass
        assert life.heartbeat.beat().unstored == ""
        life.metrics.write()
        written = (tmp_path / "state" / METRICS_NAME).read_text(encoding="utf-8")
        assert f"trading_{Duration.DB_COMMIT}_count 0.0" not in written
        life.heartbeat.unstored("database or disk is full")
        with pytest.raises(ZeroDivisionError), life.database.transaction():
            _ = 1 // 0
        assert life.heartbeat.beat().unstored


def test_waits_of_the_loop_are_told_with_their_length(tmp_path: Path) -> None:
    with within(30.0), life_in(tmp_path, Skipping()) as life:
        waits = threading.Thread(target=life.wake.sleep, args=(900.0,))
        waits.start()
        while life.heartbeat.beat().over_s != -900.0:
            pass
        life.wake.wake()
        waits.join()
        assert life.heartbeat.beat().over_s > -900.0


def test_silence_before_the_start_and_what_can_not_be_stored_are_delivered(tmp_path: Path) -> None:
    (tmp_path / "state").mkdir(mode=0o700)
    leave_beat(tmp_path / "state")
    silent_for_long(tmp_path)
    receiver = Receiver()
    try:
        with within(30.0), life_in(tmp_path, address=f"json://127.0.0.1:{receiver.port}/s3cret") as life:
            life.unstored("invariant", "the disk is full")
            receiver.wait_for(lambda text: "the disk is full" in text and "was silent from 2023-11-14" in text, 20.0)
    finally:
        receiver.close()


# ---- how it ends


def test_stop_that_was_asked_for_is_kept_at_once_and_shown_only_when_the_process_ends(tmp_path: Path) -> None:
    with life_in(tmp_path) as life:
        life.wake.request_stop("Ctrl-C")
        life.watcher.look_for_stop()
        assert "Ctrl-C" in (tmp_path / "state" / STOP_ASKED_NAME).read_text(encoding="utf-8")
        # It may be sending an order.
        assert life.heartbeat.beat().ended_at == ""
        life.pulse.look()
        assert last_beat(tmp_path).ended_at == ""
    assert last_beat(tmp_path).ended_by == "Ctrl-C"
    assert '"stopped"' in log_of(tmp_path)


def test_signals_are_heard_until_the_last_sign_of_life(tmp_path: Path) -> None:
    before = signal.getsignal(signal.SIGTERM)
    with life_in(tmp_path) as life:
        signal.raise_signal(signal.SIGTERM)
        assert life.wake.stopping
    assert signal.getsignal(signal.SIGTERM) == before
    assert last_beat(tmp_path).ended_by.startswith("the signal SIGTERM")


def test_process_that_ends_by_itself_says_so(tmp_path: Path) -> None:
    with life_in(tmp_path):
        pass
    assert last_beat(tmp_path).ended_by == "the process itself"


def test_log_of_a_process_hides_its_account_however_others_write_it(tmp_path: Path) -> None:
    with life_in(tmp_path) as life:
        life.log.warning("readings failed", causes="HTTP 500: account_du123_4567")
    assert "account_DU***4567" in log_of(tmp_path)


def test_process_that_can_not_use_its_state_says_why_without_an_account_or_a_folder(tmp_path: Path) -> None:
    path = tmp_path / "state" / "trading.db"
    with pytest.raises(ConfigError), life_in(tmp_path):
        raise ConfigError("IBKR_ACCOUNT_ID", "DU1234567", f"{path} belongs to DU7654321: set that")
    beat = last_beat(tmp_path)
    told = liveness(beat).told
    assert told.startswith("The trading process was stopped.")
    assert told.endswith(": by itself: IBKR_ACCOUNT_ID = '…': trading.db belongs to …: set that")
    line = log_of(tmp_path).splitlines()[-1]
    assert '"level": "error"' in line
    assert "belongs to DU***4321" in line
    silent_for_long(tmp_path)
    assert before_start(settings_in(tmp_path)) is None


@pytest.mark.parametrize(
    ("error", "words"),
    [(InvariantBroken(STORAGE, "trading.db: the disk is full"), "the disk is full"), (ValueError("odd"), "Traceback")],
)
def test_process_that_died_says_why_in_its_log_and_the_next_start_tells_it(
    tmp_path: Path, error: Exception, words: str
) -> None:
    with pytest.raises(type(error)), life_in(tmp_path):
        raise error
    assert words in log_of(tmp_path).splitlines()[-1]
    assert last_beat(tmp_path).ended_at == ""
    silent_for_long(tmp_path)
    told = before_start(settings_in(tmp_path))
    assert told is not None
    assert "it had died or hung" in told.text


def test_process_that_hangs_at_its_end_is_ended_and_says_by_whom(tmp_path: Path) -> None:
    done = ended(
        tmp_path,
        "from trading.cycle.watcher import END_WITHIN_S\n"
        "skipping = Skipping()\n"
        "with life_in(folder, skipping) as life, life.heartbeat.step('sends an order'):\n"
        "    life.wake.request_stop('Ctrl-C')\n"
        "    life.watcher.look_for_stop()\n"
        "    skipping.s += END_WITHIN_S\n"
        "    life.watcher.look_for_stop()\n"
        "    print('it still runs')\n",
    )
    assert (done.returncode, "it still runs" in done.stdout) == (0, False), done.stderr
    assert last_beat(tmp_path).ended_by == "Ctrl-C"
    line = log_of(tmp_path).splitlines()[-1]
    assert "stopped before the loop came to its end" in line
    assert "sends an order" in line
    silent_for_long(tmp_path)
    assert before_start(settings_in(tmp_path)) is None


def test_process_that_is_killed_after_a_stop_was_asked_for_did_not_die(tmp_path: Path) -> None:
    done = ended(
        tmp_path,
        "import os, signal\n"
        "with life_in(folder) as life:\n"
        "    life.wake.request_stop('Ctrl-C')\n"
        "    life.watcher.look_for_stop()\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n",
    )
    assert done.returncode == -signal.SIGKILL, done.stderr
    assert last_beat(tmp_path).ended_at == ""
    silent_for_long(tmp_path)
    assert before_start(settings_in(tmp_path)) is None
    # It counts for the end that it was asked for, and for none after that.
    with pytest.raises(ValueError, match="odd"), life_in(tmp_path):
        raise ValueError("odd")
    silent_for_long(tmp_path)
    assert before_start(settings_in(tmp_path)) is not None


def test_process_whose_loop_is_stuck_is_ended_and_the_next_start_names_the_step(tmp_path: Path) -> None:
    done = ended(
        tmp_path,
        "from trading.monitoring.heartbeat import STUCK_BEATS\n"
        "skipping = Skipping()\n"
        "with life_in(folder, skipping) as life, life.heartbeat.step('decides'):\n"
        "    skipping.s += 1000.0\n"
        "    for _ in range(STUCK_BEATS):\n"
        "        life.pulse.look()\n"
        "    print('it still runs')\n",
    )
    assert done.returncode == EXIT_STUCK, done.stderr
    assert "it still runs" not in done.stdout
    assert "the loop is stuck" in log_of(tmp_path).splitlines()[-1]
    told = before_start(settings_in(tmp_path))
    assert told is not None
    assert 'its step "decides"' in told.text
