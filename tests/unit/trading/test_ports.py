"""The ports: what an adapter must offer, and that a write can't be mistaken for a read."""

from __future__ import annotations

import inspect
from typing import get_type_hints

from trading import ports
from trading.model.outcome import Outcome


def public_methods(port: type) -> dict[str, object]:
    return {name: member for name, member in vars(port).items() if inspect.isfunction(member) and name[0] != "_"}


def test_sending_is_the_only_method_of_the_broker_that_returns_an_outcome() -> None:
    writers = [
        name for name, method in public_methods(ports.Broker).items() if get_type_hints(method).get("return") == Outcome
    ]
    assert writers == ["send"]


def test_every_method_of_every_port_says_what_it_does() -> None:
    protocols = [port for _, port in inspect.getmembers(ports, inspect.isclass) if getattr(port, "_is_protocol", False)]
    assert ports.Broker in protocols
    undocumented = [
        f"{port.__name__}.{name}"
        for port in protocols
        for name, method in public_methods(port).items()
        if not inspect.getdoc(method)
    ]
    assert undocumented == []
