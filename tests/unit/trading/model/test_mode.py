"""The modes stand in the order of their strictness, which the rule "the strictest one shows" relies on."""

from __future__ import annotations

from trading.model.mode import Mode


def test_the_strictest_mode_comes_first() -> None:
    assert list(Mode) == [Mode.HALTED, Mode.RECONCILING, Mode.REDUCING, Mode.ACTIVE]
