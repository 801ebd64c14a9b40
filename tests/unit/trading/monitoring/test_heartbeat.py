"""What the loop is doing is told at every moment, and a loop that hangs from a gateway that does."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from trading.model.boot_time import BootTime
from trading.monitoring.heartbeat import EXIT_STUCK, STEP_S, STUCK_BEATS, Heartbeat, HeartbeatFile, Pulse
from trading.monitoring.sign_of_life import Beat, read_beat
from trading.store.boot_time import boot_time

BEGAN = datetime(2014, 3, 4, 13, 30, tzinfo=UTC)


class Told(Heartbeat):
    """A heartbeat whose time the test moves."""

    def __init__(self) -> None:
        self.s = 0.0
        super().__init__(lambda: self.s, lambda: BEGAN + timedelta(seconds=self.s))

    def after(self, seconds: float) -> Beat:
        self.s += seconds
        return self.beat()


@pytest.fixture
def heart() -> Told:
    return Told()


def fail_a_call(heart: Told, seconds: float) -> None:
    with contextlib.suppress(TimeoutError), heart.calling("POST /tickle", 15.0):
        heart.s += seconds
        raise TimeoutError


# ---- steps and their limits


def test_step_is_told_with_how_long_it_lasts_and_its_limit(heart: Told) -> None:
    assert heart.beat().step == "starts"
    with heart.step("decides", 300.0):
        beat = heart.after(40.0)
        assert (beat.step, beat.step_s, beat.over_s) == ("decides", 40.0, -260.0)
        with heart.step("reads"):
            assert heart.after(STEP_S + 16.0).over_s == 16.0
        beat = heart.after(10.0)
        assert (beat.step, beat.step_s, beat.over_s) == ("decides", 126.0, -290.0)
    assert heart.beat().step == "starts"


def test_calls_have_limits_of_their_own_and_what_follows_begins_anew(heart: Told) -> None:
    with heart.step("reads"):
        for _ in range(20):
            with heart.calling("GET /history", 15.0):
                assert heart.after(14.0).over_s == -1.0
        assert heart.after(0.0).over_s == -STEP_S
        with heart.calling("GET /history", 15.0):
            assert heart.after(31.0).over_s == 16.0


def test_while_one_of_several_calls_is_within_its_limit_the_loop_is_not_stuck(heart: Told) -> None:
    with heart.calling("GET /a", 15.0):
        heart.s = 40.0
        with heart.calling("GET /b", 15.0):
            assert heart.after(5.0).over_s == -10.0
        assert heart.after(0.0).over_s == 30.0


def test_wait_may_take_what_it_was_planned_to_take(heart: Told) -> None:
    with heart.resting(), heart.waiting(900.0):
        beat = heart.after(899.0)
        assert (beat.step, beat.over_s) == ("waits for the next cycle", -1.0)
        assert heart.after(20.0).over_s == 19.0


# ---- a gateway that does not answer


def test_call_is_unanswered_from_the_first_time_that_it_was_asked_until_an_answer_to_it(heart: Told) -> None:
    fail_a_call(heart, 15.0)
    heart.s += 2.0
    with heart.calling("POST /tickle", 15.0):
        beat = heart.after(3.0)
        assert (beat.call, beat.silence_s, beat.silent_since) == ("POST /tickle", 20.0, BEGAN.isoformat())
        assert not beat.answers
    assert heart.beat().silence_s == 0.0


def test_that_others_are_answered_ends_no_silence(heart: Told) -> None:
    with heart.calling("GET /early", 15.0):
        heart.s += 1.0
    heart.s += 1.0
    fail_a_call(heart, 15.0)
    assert not heart.beat().answers
    for _ in range(5):
        with heart.calling("GET /accounts", 15.0):
            heart.s += 5.0
        beat = heart.beat()
        assert (beat.call, beat.answers) == ("POST /tickle", True)
    assert heart.beat().silence_s == 40.0


def test_the_call_that_is_told_is_the_one_without_an_answer_for_longest(heart: Told) -> None:
    fail_a_call(heart, 15.0)
    with heart.calling("GET /orders", 15.0):
        beat = heart.after(12.0)
        assert (beat.call, beat.silence_s) == ("POST /tickle", 27.0)
    with heart.calling("POST /tickle", 15.0), heart.calling("GET /orders", 15.0):
        heart.s += 30.0
    assert heart.beat().call == ""


def test_what_nobody_asks_any_more_is_unanswered_for_a_minute_and_a_half(heart: Told) -> None:
    fail_a_call(heart, 15.0)
    assert heart.after(75.0).silence_s == 90.0
    assert heart.after(1.0).silence_s == 0.0


def test_whole_cycle_ends_what_is_not_being_asked(heart: Told) -> None:
    fail_a_call(heart, 15.0)
    heart.cycle_ended(whole=False)
    assert heart.beat().call == "POST /tickle"
    with heart.calling("GET /orders", 15.0):
        heart.s += 5.0
        heart.cycle_ended(whole=True)
        beat = heart.beat()
        assert (beat.call, beat.silence_s) == ("GET /orders", 5.0)


# ---- whole cycles


def test_cycle_is_late_from_when_it_was_due(heart: Told) -> None:
    assert heart.after(50.0).overdue_s == 50.0
    heart.cycle_ended(whole=True)
    with heart.resting():
        assert heart.after(900.0).overdue_s == 0.0
    assert heart.after(7.0).overdue_s == 7.0


def test_cycle_that_was_not_whole_puts_nothing_off(heart: Told) -> None:
    heart.cycle_ended(whole=True)
    with heart.resting():
        heart.s += 60.0
    for _ in range(3):
        heart.s += 5.0
        heart.cycle_ended(whole=False)
        with heart.resting():
            heart.s += 60.0
    assert heart.beat().overdue_s == 195.0


def test_what_the_store_can_not_say_is_said(heart: Told) -> None:
    heart.unstored("database or disk is full")
    assert heart.beat().unstored == "database or disk is full"
    heart.unstored("storage: /home/DU1234567/trading.db can't be written")
    assert heart.beat().unstored == "storage: /home/…/trading.db can't be written"
    heart.unstored("")
    assert heart.beat().unstored == ""


# ---- the thread


def boot() -> BootTime:
    return BootTime("one", 1.0)


def test_file_can_be_written_over_where_no_new_one_could_be_made(tmp_path: Path) -> None:
    file = HeartbeatFile(tmp_path / "x" / "heartbeat.json", boot)
    assert not file.write(Beat())
    (tmp_path / "x").mkdir()
    assert file.write(Beat())
    (tmp_path / "x").chmod(0o500)
    assert file.write(Beat(step="decides"))
    assert (tmp_path / "x" / "heartbeat.json").stat().st_mode & 0o077 == 0
    (tmp_path / "x").chmod(0o700)


def test_stuck_loop_is_ended_after_so_many_beats_in_a_row(heart: Told, tmp_path: Path) -> None:
    ended: list[Beat] = []
    pulse = Pulse(heart, HeartbeatFile(tmp_path / "heartbeat.json", boot), lambda: None, ended.append)
    # A machine that slept: time is over, and only one beat saw it.
    heart.s = 10_000.0
    pulse.look()
    with heart.step("decides"):
        for _ in range(STUCK_BEATS):
            pulse.look()
        heart.s += STEP_S + 16.0
        for _ in range(STUCK_BEATS - 1):
            pulse.look()
        assert ended == []
        pulse.look()
        pulse.look()
    assert [beat.step for beat in ended] == ["decides"]


def test_numbers_are_published_with_the_first_beat_and_every_fifth_after_it(heart: Told, tmp_path: Path) -> None:
    published: list[float] = []
    file = HeartbeatFile(tmp_path / "heartbeat.json", boot)
    pulse = Pulse(heart, file, lambda: published.append(heart.s), lambda _: None)
    for _ in range(11):
        pulse.look()
        heart.s += 1.0
    assert published == [0.0, 5.0, 10.0]


def test_thread_beats_beside_the_block_and_once_at_its_end(heart: Told, tmp_path: Path) -> None:
    path, beaten = tmp_path / "heartbeat.json", threading.Event()
    pulse = Pulse(heart, HeartbeatFile(path, boot_time), beaten.set, lambda _: None)
    with pulse.beating():
        assert beaten.wait(10)
        assert read_beat(path, boot_time()) is not None
        heart.end("Ctrl-C")
    last = read_beat(path, boot_time())
    assert last is not None
    assert (last.ended_by, last.ended_at) == ("Ctrl-C", BEGAN.isoformat())


def test_process_whose_loop_is_stuck_ends_with_what_its_threads_did() -> None:
    program = (
        "from tests.fakes.memory_metrics import MemoryLog\n"
        "from trading.monitoring.heartbeat import end_stuck\n"
        "from trading.monitoring.sign_of_life import Beat\n"
        "end_stuck(Beat(step='decides'), MemoryLog(), lambda: None)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=False, env=dict(os.environ)
    )
    assert done.returncode == EXIT_STUCK
    assert "most recent call first" in done.stderr


def test_time_since_the_last_answer_is_told(heart: Told) -> None:
    assert heart.beat().answered_s == 1e6
    with heart.calling("GET /a", 15.0):
        heart.s += 3.0
    assert heart.after(7.0).answered_s == 7.0
    with heart.calling("GET /sim/clock", 15.0, counts=False):
        heart.s += 3.0
    assert heart.beat().answered_s == 10.0
