from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator
from pathlib import Path

import pytest

from trading.monitoring.log import LOG_NAME, TradingLog, bound, console_line, get_logger, json_line


class Scene:
    """A log to a file and a console, closed before it is read."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.console = io.StringIO()
        self.log = TradingLog(folder, self.console)

    def lines(self) -> list[dict[str, object]]:
        self.log.close()
        return [json.loads(line) for line in (self.folder / LOG_NAME).read_text().splitlines()]

    def shown(self) -> list[str]:
        self.log.close()
        return self.console.getvalue().splitlines()


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    scene = Scene(tmp_path / "logs")
    yield scene
    scene.log.close()


def test_line_has_time_level_event_and_fields(scene: Scene) -> None:
    get_logger().info("order sent", symbol="AAPL", coid="TS-a", quantity=10)
    (line,) = scene.lines()
    assert list(line)[:3] == ["timestamp", "level", "event"]
    assert (line["level"], line["event"], line["symbol"], line["quantity"]) == ("info", "order sent", "AAPL", 10)
    assert str(line["timestamp"]).endswith("Z")


def test_bound_fields_are_on_every_line_of_the_block_and_no_other(scene: Scene) -> None:
    with bound(cycle=7):
        get_logger().info("inside")
    get_logger().info("outside")
    assert [line.get("cycle") for line in scene.lines()] == [7, None]


def test_hostile_text_stays_one_line_and_accounts_are_masked(scene: Scene) -> None:
    get_logger().info("order sent", symbol="A\r\n2026 INFO fake\x1b[2J", account="DU1234567", password="hunter2")
    text = (scene.lines(), (scene.folder / LOG_NAME).read_text(), scene.console.getvalue())
    assert len(text[0]) == 1
    assert len(text[2].splitlines()) == 1
    for out in text[1:]:
        assert "\x1b" not in out
        assert "DU1234567" not in out
        assert "hunter2" not in out


def test_own_account_is_masked_however_others_write_it(tmp_path: Path) -> None:
    console = io.StringIO()
    log = TradingLog(tmp_path, console, account_id="DU7654321")
    try:
        int("accountdu7654321")
    except ValueError:
        get_logger().warning(
            "readings failed", causes="HTTP 500: DU765 4321 menudu7654321 du_7654321 u8888777", exc_info=True
        )
    log.close()
    for out in ((tmp_path / LOG_NAME).read_text(), console.getvalue()):
        assert "HTTP 500: DU***4321 menuDU***4321 DU***4321 U***8777" in out
        assert "accountDU***4321" in out
        assert not any(digits in out for digits in ("7654321", "765 4321", "8888777"))


def test_exception_is_whole_in_the_file_and_one_line_on_the_console(scene: Scene) -> None:
    try:
        int("account U7651234")
    except ValueError:
        get_logger().error("cycle failed", exc_info=True)
    (line,) = scene.lines()
    assert "Traceback" in str(line["exception"])
    assert "U7651234" not in str(line["exception"])
    assert scene.shown()[0].endswith("'account U***1234'")


def test_warnings_of_libraries_are_taken_in(scene: Scene) -> None:
    # A made-up one: other tests' libraries set the level of the known ones.
    logging.getLogger("pool.of.connections").warning("Connection pool is %s", "full")
    (line,) = scene.lines()
    assert (line["event"], line["library"]) == ("library warning", "pool.of.connections")
    assert line["text"] == "Connection pool is full"


def test_level_leaves_the_lesser_out(tmp_path: Path) -> None:
    log = TradingLog(tmp_path, None, level=logging.WARNING)
    get_logger().info("left out")
    get_logger().warning("kept")
    log.close()
    assert [json.loads(line)["event"] for line in (tmp_path / LOG_NAME).read_text().splitlines()] == ["kept"]


def test_closing_twice_is_no_error_and_later_lines_go_nowhere_near_the_file(scene: Scene) -> None:
    get_logger().info("first")
    scene.log.close()
    assert len(scene.lines()) == 1


def test_console_line_is_aligned_with_symbol_coid_and_cycle_first() -> None:
    event: dict[str, object] = {
        "timestamp": "2014-03-04T14:31:00Z", "level": "info", "event": "order sent",
        "price": 100.012345678, "cycle": 3, "coid": "TS-a", "symbol": "AAPL", "text": "two words",
    }  # fmt: skip
    line = console_line(event, colour=False)
    assert line[8:] == (
        ' info    order sent                       symbol=AAPL  coid=TS-a  cycle=3  price=100.012  text="two words"'
    )


@pytest.mark.parametrize(("level", "coloured"), [("info", False), ("warning", True), ("error", True)])
def test_colour_marks_what_needs_a_look_and_only_where_it_is_wanted(level: str, *, coloured: bool) -> None:
    event: dict[str, object] = {"timestamp": "", "level": level, "event": "x"}
    assert ("\x1b[" in console_line(event, colour=True)) is coloured
    assert "\x1b[" not in console_line(event, colour=False)


def test_json_line_of_anything_is_json() -> None:
    assert json.loads(json_line({"event": "x", "odd": {1, 2}}))["event"] == "x"
