from __future__ import annotations

from simulator.choices import all_choices
from simulator.endpoints import ROUTES
from tools.simulator_page import calls, settings


def test_every_call_has_its_row() -> None:
    text = calls()
    assert [route.pattern for route in ROUTES if f"`{route.pattern}` |" not in text] == []
    assert "| GET, POST `/iserver/secdef/search` | brokerage session | by symbol" in text


def test_every_setting_has_its_row() -> None:
    text = settings()
    assert [choice.name for choice in all_choices() if f"| `{choice.name}` | `{choice.default}` |" not in text] == []
