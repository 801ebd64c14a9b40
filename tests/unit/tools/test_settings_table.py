"""README's tables of settings; that README holds them is test_readme's business."""

from __future__ import annotations

from pathlib import Path

import pytest

from tools.settings_table import BEGIN, END, main, settings_text, shown, with_tables
from trading.config import OPTIONS
from trading.strategies.discovery import strategy_names

OLD = f"before\n{BEGIN}\nthe table of yesterday\n{END}\nafter\n"


def test_tables_stand_between_the_markers_and_nothing_else_changes() -> None:
    fresh = with_tables(OLD)
    assert fresh.startswith(f"before\n{BEGIN}\n\n")
    assert fresh.endswith(f"\n\n{END}\nafter\n")
    assert "yesterday" not in fresh
    assert with_tables(fresh) == fresh


@pytest.mark.parametrize("text", ["", BEGIN, END, f"{BEGIN}{END}{BEGIN}"])
def test_text_without_the_two_markers_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="must stand there once"):
        with_tables(text)


def test_every_option_and_every_strategy_has_its_row() -> None:
    text = settings_text()
    assert [o.key for o in OPTIONS if f"| `{o.env or o.key}` |" not in text] == []
    assert [name for name in strategy_names() if f"`strategy.{name}`" not in text] == []


@pytest.mark.parametrize(
    ("value", "cell"),
    [(None, "–"), ("", "–"), (True, "`true`"), (5e6, "`5000000`"), (0.01, "`0.01`"), (("a", "b"), "`a`, `b`")],
)
def test_default_is_shown_as_one_would_write_it(value: object, cell: str) -> None:
    assert shown(value) == cell


def test_check_tells_by_its_exit_code_and_writes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "README.md"
    path.write_text(OLD, encoding="utf-8")
    assert main([str(path), "--check"]) == 1
    assert path.read_text(encoding="utf-8") == OLD
    assert main([str(path)]) == 0
    assert main([str(path), "--check"]) == 0
