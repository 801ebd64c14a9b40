from __future__ import annotations

import resource
from pathlib import Path

import pytest

from simulator.truth import LogLostError, StateMismatchError, TruthLog


def test_lines_are_numbered_and_can_be_read_from_any_of_them(tmp_path: Path) -> None:
    for log in (TruthLog(), TruthLog(tmp_path / "log")):
        log.append("start", 0, a=1)
        log.append("clock", 1_000_000, to="x")
        assert log.lines(1) == b'{"seq":1,"at":"1970-01-01T00:00:01Z","kind":"clock","to":"x"}\n'
        assert log.lines(2) == b""
        assert log.count == 2


def test_recorded_commands_come_back_and_their_effects_are_held_against_the_record(tmp_path: Path) -> None:
    path = tmp_path / "log"
    first = TruthLog(path)
    first.append("start", 0)
    first.append("clock", 0, to="x")
    first.append("fill", 5)
    first.close()
    again = TruthLog(path)
    again.append("start", 0)
    for record in again.commands():
        again.append("clock", 0, to=record["to"])
        again.append("fill", 5)
    again.append("clock", 6, to="y")
    assert again.lines().count(b"\n") == 4


def test_effect_that_differs_from_the_record_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "log"
    first = TruthLog(path)
    first.append("clock", 0)
    first.append("fill", 5)
    first.close()
    again = TruthLog(path)
    next(again.commands())
    again.append("clock", 0)
    with pytest.raises(StateMismatchError, match="line 2 is not the fill"):
        again.append("fill", 6)


def test_effects_that_a_crash_kept_from_the_disk_are_written_anew(tmp_path: Path) -> None:
    path = tmp_path / "log"
    path.write_bytes(b'{"seq":0,"at":"1970-01-01T00:00:00Z","kind":"clock"}\n{"seq":1,"at":"19')
    log = TruthLog(path)
    for _ in log.commands():
        log.append("clock", 0)
        log.append("fill", 5)
    assert b'"seq":1' in log.lines(1)
    assert log.count == 2


@pytest.mark.parametrize("line", [b"no json\n", b"[]\n", b'{"kind":"fill"}\n'])
def test_file_that_is_no_log_is_named_with_its_line(tmp_path: Path, line: bytes) -> None:
    path = tmp_path / "log"
    path.write_bytes(line)
    with pytest.raises(StateMismatchError, match="line 1"):
        list(TruthLog(path).commands())


def test_log_that_cannot_be_written_stays_lost(tmp_path: Path) -> None:
    log = TruthLog(tmp_path / "log")
    log.append("start", 0)
    log.flush()
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    log.append("clock", 0, padding="x" * 1000)
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (500, hard))
        with pytest.raises(LogLostError, match=r"can't write .*log: File too large"):
            log.flush()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    with pytest.raises(LogLostError):
        log.flush()
    log.close()
    # What was written of the unanswered line is dropped at the next start.
    again = TruthLog(tmp_path / "log")
    again.append("start", 0)
    assert list(again.commands()) == []
    assert again.count == 1
