from __future__ import annotations

from dataclasses import fields

from trading.model.trade import TRADE_COLUMNS
from trading.store.readers.positions import TradeLine


def test_columns_are_the_fields_of_a_closed_trade_in_their_order() -> None:
    names = [field.name.replace("session", "date") for field in fields(TradeLine)]
    assert tuple(name for name in names if name != "doubt") == TRADE_COLUMNS
