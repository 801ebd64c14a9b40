from __future__ import annotations

from pathlib import Path

import pytest

from tools.pages import Part, run, table

PART = Part("things", "tools/things.py", lambda: "new")
OLD = f"before\n{PART.begin}\nthe table of yesterday\n{PART.end}\nafter\n"


def test_part_stands_between_the_markers_and_nothing_else_changes() -> None:
    fresh = PART.put(OLD)
    assert fresh == f"before\n{PART.begin}\n\nnew\n\n{PART.end}\nafter\n"
    assert PART.put(fresh) == fresh


@pytest.mark.parametrize("text", ["", PART.begin, PART.end, f"{PART.begin}{PART.end}{PART.begin}"])
def test_page_without_the_two_markers_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="must stand there once"):
        PART.put(text)


def test_page_is_written_and_checked(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(OLD, encoding="utf-8")
    assert run([str(page), "--check"], PART) == 1
    assert page.read_text(encoding="utf-8") == OLD
    assert run([str(page)], PART) == 0
    assert run([str(page), "--check"], PART) == 0


def test_table_keeps_bars_within_their_cell() -> None:
    assert table(("a", "b"), [("x|y", "z")]) == "| a | b |\n| --- | --- |\n| x\\|y | z |"
