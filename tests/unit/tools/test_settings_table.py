"""README's tables of settings; that README holds them is test_readme's business."""

from __future__ import annotations

import pytest

from tools.settings_table import settings_text, shown
from trading.config import OPTIONS
from trading.strategies.discovery import strategy_names


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
