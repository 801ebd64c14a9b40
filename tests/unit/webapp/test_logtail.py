from __future__ import annotations

import json
from pathlib import Path

from webapp import logtail


def write(path: Path, *lines: object) -> Path:
    path.write_text("".join((line if isinstance(line, str) else json.dumps(line)) + "\n" for line in lines), "utf-8")
    return path


def test_the_newest_line_comes_first_with_its_facts(tmp_path: Path) -> None:
    path = write(
        tmp_path / "t.log",
        {"timestamp": "2026-03-02T21:15:00Z", "level": "info", "event": "decided", "entries": 3},
        {
            "timestamp": "2026-03-03T13:30:00Z",
            "level": "WARNING",
            "event": "waiting",
            "symbol": "AAA",
            "nested": {"a": [1]},
        },
    )
    newest, oldest = logtail.tail(path, level="", find="")
    assert (newest.at, newest.level, newest.text) == ("2026-03-03T13:30:00Z", "warning", "waiting")
    assert newest.facts == (("symbol", "AAA"), ("nested", '{"a": [1]}'))
    assert oldest.facts == (("entries", "3"),)


def test_level_and_text_narrow_it_down(tmp_path: Path) -> None:
    path = write(
        tmp_path / "t.log",
        {"level": "info", "event": "a", "symbol": "XYZ"},
        {"level": "error", "event": "b"},
        "plain xyz",
    )
    assert [line.text for line in logtail.tail(path, level="warning", find="")] == ["b"]
    assert [line.text for line in logtail.tail(path, level="", find="xyz")] == ["plain xyz", "a"]


def test_lines_that_are_no_json_objects_are_shown_as_they_are(tmp_path: Path) -> None:
    path = write(tmp_path / "t.log", "Traceback", "[1, 2]", "{broken", "[" * 100_000)
    assert [line.text[:9] for line in logtail.tail(path, level="", find="")] == [
        "[" * 9,
        "{broken",
        "[1, 2]",
        "Traceback",
    ]


def test_a_long_log_is_read_from_its_end_only(tmp_path: Path) -> None:
    path = write(tmp_path / "t.log", *({"event": f"line {n}", "pad": "x" * 1000} for n in range(2500)))
    lines = logtail.tail(path, level="", find="")
    assert len(lines) == logtail.MAX_LINES
    assert lines[0].text == "line 2499"
    assert logtail.tail(path, level="", find='line 1"') == ()


def test_no_log_is_an_empty_one(tmp_path: Path) -> None:
    assert logtail.tail(tmp_path / "none.log", level="", find="") == ()
