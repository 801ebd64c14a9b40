from __future__ import annotations

from tests.unit.trading.ports.contracts import undocumented
from trading.ports import monitoring


def test_every_method_says_what_it_does() -> None:
    assert undocumented(monitoring) == []
