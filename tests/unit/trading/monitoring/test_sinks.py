from __future__ import annotations

import errno
import io
import logging
import os
import threading
from pathlib import Path

from trading.monitoring import sinks
from trading.monitoring.sinks import Console, LogFile, Sink


class Blocked(logging.Handler):
    """A pipe that nobody reads, until it is opened."""

    def __init__(self) -> None:
        super().__init__()
        self.opened = threading.Event()
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.opened.wait()
        self.lines.append(record.getMessage())


class Full(io.StringIO):
    """A stream on a disk without space."""

    def write(self, text: str) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")


def test_lines_are_written_in_order_before_close_returns(tmp_path: Path) -> None:
    sink = Sink(LogFile(tmp_path / "trading.log"), "t")
    for number in range(1000):
        sink.write(f"line {number}")
    sink.close()
    assert (tmp_path / "trading.log").read_text().splitlines() == [f"line {number}" for number in range(1000)]


def test_blocked_pipe_holds_nobody_up_and_loses_what_does_not_fit() -> None:
    handler = Blocked()
    sink = Sink(handler, "t")
    for number in range(sinks.QUEUE_LINES + 100):
        sink.write(str(number))
    assert sink.dropped >= 99
    sink.close(limit_s=0.01)
    handler.opened.set()


def test_full_disk_raises_nothing_and_is_counted() -> None:
    handler = Console(Full())
    sink = Sink(handler, "t")
    sink.write("line")
    sink.write("line")
    sink.close()
    assert handler.failures == 2


def test_file_is_its_owners_alone_and_rotates_by_size(tmp_path: Path) -> None:
    path = tmp_path / "trading.log"
    handler = LogFile(path)
    handler.maxBytes = 100
    sink = Sink(handler, "t")
    for number in range(30):
        sink.write(f"line {number:03d} of thirty")
    sink.close()
    names = sorted(os.listdir(tmp_path))
    assert names == ["trading.log", *(f"trading.log.{number}" for number in range(1, 6))]
    assert {(tmp_path / name).stat().st_mode & 0o777 for name in names} == {0o600}
    assert all((tmp_path / name).stat().st_size <= 100 for name in names)


def test_file_is_appended_to(tmp_path: Path) -> None:
    path = tmp_path / "trading.log"
    for line in ("one", "two"):
        sink = Sink(LogFile(path), "t")
        sink.write(line)
        sink.close()
    assert path.read_text() == "one\ntwo\n"


def test_folder_that_went_away_raises_nothing(tmp_path: Path) -> None:
    handler = LogFile(tmp_path / "gone" / "trading.log")
    sink = Sink(handler, "t")
    sink.write("line")
    sink.close()
    assert handler.failures == 1
