"""What a fault has to work with when it fires."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import msgspec

from simulator.broker import Broker
from simulator.fault_plan import Fault
from simulator.messages import Request, Response

if TYPE_CHECKING:
    import random


@dataclass(frozen=True, slots=True)
class Firing:
    """One firing: the call, and `proceed`, which applies it and returns its true answer."""

    broker: Broker
    fault: Fault
    request: Request
    proceed: Callable[[], Response]
    apply: Callable[[Request], Response]
    """applies any call, past all faults"""

    @property
    def draws(self) -> random.Random:
        """Return the plan's generator."""
        return self.broker.faults.generator

    def number(self, name: str, default: float) -> float:
        """Return a parameter as a number."""
        value = self.fault.parameters.get(name, default)
        return float(value) if isinstance(value, (int, float)) else default

    def integer(self, name: str, default: int) -> int:
        """Return a parameter as a whole number."""
        return int(self.number(name, default))

    def text(self, name: str, default: str) -> str:
        """Return a parameter as a text."""
        value = self.fault.parameters.get(name, default)
        return value if isinstance(value, str) else default

    def flag(self, name: str) -> bool:
        """Return whether a parameter is true."""
        return self.fault.parameters.get(name) is True

    def value(self, name: str, default: object = None) -> Any:  # noqa: ANN401  (a parameter is JSON)
        """Return a parameter as it is."""
        return self.fault.parameters.get(name, default)

    def answer(self) -> tuple[Response, Any]:
        """Apply the call; return the true answer and its JSON, None where it is none."""
        response = self.proceed()
        try:
            return response, msgspec.json.decode(response.body)
        except msgspec.DecodeError:
            return response, None


Handler = Callable[[Firing], Response]
