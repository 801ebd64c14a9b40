"""What a fault has to work with when it fires."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import msgspec

from simulator.broker import Broker
from simulator.exchange.external_events import ExternalEventError
from simulator.fault_plan import Fault
from simulator.messages import Request, Response, decode_json


def json_of(response: Response) -> Any:  # noqa: ANN401  (JSON)
    """Return the JSON of an answer, None where it is none, or is too deep: another fault may have made it."""
    try:
        return decode_json(response.body)
    except msgspec.DecodeError:
        return None


@dataclass(frozen=True, slots=True)
class Firing:
    """One firing: the call, and `proceed`, which applies it and returns its true answer."""

    broker: Broker
    fault: Fault
    request: Request
    proceed: Callable[[], Response]
    apply: Callable[[Request], Response]
    """applies any call, past all faults"""
    draws: random.Random
    value: Callable[[str], Any]
    """gives a declared parameter, or its default"""
    since_us: int = 0
    """when the fault began; of one that stays on, earlier than now"""
    lasting: bool = False
    """whether it only stays on"""

    def number(self, name: str) -> float:
        """Return a parameter that is a number."""
        return float(self.value(name))

    def integer(self, name: str) -> int:
        """Return a parameter that is a whole number."""
        return int(self.value(name))

    def text(self, name: str) -> str:
        """Return a parameter that is a text."""
        return str(self.value(name))

    def flag(self, name: str) -> bool:
        """Return a parameter that is true or false."""
        return bool(self.value(name))

    def answer(self) -> tuple[Response, Any]:
        """Apply the call; return the true answer and its JSON, None where it is none."""
        response = self.proceed()
        return response, json_of(response)

    def external_event(self, **facts: Any) -> dict[str, Any] | None:  # noqa: ANN401  (an external event is JSON)
        """Carry out an external event; one that is impossible by now is left out."""
        try:
            return self.broker.carry_out(facts)
        except ExternalEventError:
            return None


Handler = Callable[[Firing], Response]
