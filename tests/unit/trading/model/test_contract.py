"""A contract is a value: equal by content, usable as a key, never changed."""

from __future__ import annotations

import dataclasses

import pytest

from trading.model.contract import Contract, PriceIncrement


def apple() -> Contract:
    return Contract(265598, "AAPL", "NASDAQ", "USD", (PriceIncrement(0.0, 0.01),))


def test_equal_contracts_are_one_key() -> None:
    assert len({apple(), apple()}) == 1


def test_a_contract_cannot_be_changed() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        apple().conid = 1  # type: ignore[misc]
