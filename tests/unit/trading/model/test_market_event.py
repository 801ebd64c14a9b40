from __future__ import annotations

from trading.model.market_event import MarketEvent


def test_kept_word_comes_back_as_its_event() -> None:
    assert [MarketEvent(event.value) for event in MarketEvent] == list(MarketEvent)
