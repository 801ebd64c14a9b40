from __future__ import annotations

from typing import get_type_hints

from tests.unit.trading.ports.contracts import public_methods, undocumented
from trading.model.outcome import Outcome
from trading.ports import gateway


def test_every_method_says_what_it_does() -> None:
    assert undocumented(gateway) == []


def test_sending_is_the_only_method_of_the_broker_that_returns_an_outcome() -> None:
    methods = public_methods(gateway.Broker)
    writers = [name for name, method in methods.items() if get_type_hints(method).get("return") == Outcome]
    assert writers == ["send"]
