"""Where lines and numbers go in a run."""

from __future__ import annotations

import logging
from datetime import UTC, datetime
from pathlib import Path

from drill.voices import MOST_LINES, FileLog, MemoryLog, NoMetrics, quiet
from trading.model.metric import Counter, Duration, Gauge
from trading.model.mode import Mode

NOW = datetime(2014, 3, 3, 14, 30, tzinfo=UTC)


def test_line_has_its_time_its_level_and_its_facts() -> None:
    log = MemoryLog(lambda: NOW)
    log.info("fill", symbol="AAPL", quantity=5)
    log.warning("order")
    assert list(log.lines) == [
        "2014-03-03T14:30:00 info fill symbol=AAPL quantity=5",
        "2014-03-03T14:30:00 warning order",
    ]


def test_lines_in_a_file_are_there_at_once_and_stay(tmp_path: Path) -> None:
    path = tmp_path / "log.txt"
    for text in ("one", "two\nlines"):
        log = FileLog(lambda: NOW, path)
        log.info("start", text=text)
        assert path.read_text(encoding="utf-8").splitlines()[-1].endswith(text.replace("\n", " "))
        log.close()
    assert len(path.read_text(encoding="utf-8").splitlines()) == 2


def test_exception_is_told_with_the_place_that_raised_it() -> None:
    log = MemoryLog(lambda: NOW)
    try:
        _ = [][1]
    except IndexError:
        log.error("unexpected error", exc_info=True)  # noqa: G201  (the port has no more)
    (line,) = log.lines
    assert "IndexError" in line
    assert f"{__file__}:" in line


def test_only_the_newest_lines_are_kept() -> None:
    log = MemoryLog(lambda: NOW)
    for number in range(MOST_LINES + 5):
        log.info("line", number=number)
    assert len(log.lines) == MOST_LINES
    assert log.lines[0].endswith("number=5")


def test_numbers_go_nowhere() -> None:
    metrics = NoMetrics()
    metrics.add(Counter.CYCLES)
    metrics.reach(Counter.CYCLES, 5.0)
    metrics.put(Gauge.GATEWAY_UP, 1.0)
    metrics.put_mode(Mode.ACTIVE)
    metrics.observe(Duration.CYCLE, 1.0)
    assert metrics.write()


def test_end_of_each_cycle_is_told() -> None:
    told: list[bool] = []
    metrics = NoMetrics(told.append)
    for counter in (Counter.CYCLES, Counter.FILLS, Counter.CYCLE_ERRORS):
        metrics.add(counter)
    assert told == [False, True]


def test_what_libraries_log_does_not_reach_the_console() -> None:
    root = logging.getLogger()
    before, level = list(root.handlers), root.level
    try:
        quiet()
        logging.getLogger("trading.gateway.channel").warning("too many requests")
        assert not root.isEnabledFor(logging.ERROR)
    finally:
        root.handlers, root.level = before, level
        root.setLevel(level)
