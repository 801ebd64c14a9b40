from __future__ import annotations

from tests.unit.webapp.desk import Dashboard, text_of


def test_the_log_can_be_filtered(ready: Dashboard) -> None:
    lines = (
        '{"event": "one", "level": "info"}',
        '{"event": "two", "level": "warning"}',
        '{"event": "three", "level": "error", "symbol": "AAA"}',
    )
    (ready.logs / "trading.log").write_text("\n".join(lines) + "\n", encoding="utf-8")
    everything, warnings, found = (text_of(ready, f"/log{q}") for q in ("", "?level=warning", "?find=aaa"))
    assert everything.index("<b>three") < everything.index("<b>two") < everything.index("<b>one")
    assert "<b>one</b>" not in warnings
    assert "<b>two</b>" in warnings
    assert "<b>two</b>" not in found
    assert "<b>three</b>" in found
