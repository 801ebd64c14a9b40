"""Which faults are planned, and which of them fire for a call."""

from __future__ import annotations

import random
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

import msgspec

from simulator import instants
from simulator.messages import Request


class Selector(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Which calls a fault applies to; everything that is given has to hold."""

    method: str = "*"
    path: str = "*"
    """below /v1/api, with * for any text"""
    role: str | None = None
    """entry | exit | stop | cancel | modify | reply: what the call does to orders"""
    nth: int | None = None
    """only the nth call that matches the rest, from 1"""
    probability: float = 1.0
    after: str | None = None
    until: str | None = None
    """a window of simulated time, ISO 8601"""
    times: int | None = None
    """how often it fires at most"""


class Fault(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """One fault of the catalogue."""

    id: str
    selector: Selector = Selector()
    parameters: dict[str, Any] = {}


class PlanRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The body of POST /sim/faults, and the content of a faults file."""

    faults: list[Fault] = []
    clear: bool = False
    seed: int | None = None


@dataclass(slots=True)
class Planned:
    """A fault with how often its selector matched and it fired."""

    fault: Fault
    matched: int = 0
    fired: int = 0


def role_of(request: Request) -> str | None:
    """Return what a call does to orders, None for one that does nothing to them."""
    parts = request.path.strip("/").split("/")
    if "order" in parts and request.method in ("DELETE", "POST"):
        return "cancel" if request.method == "DELETE" else "modify"
    if request.method != "POST" or ("reply" not in parts and parts[-1] != "orders"):
        return None
    return "reply" if "reply" in parts else _role_of_new(request)


def _role_of_new(request: Request) -> str:
    orders = request.json_object().get("orders")
    first = orders[0] if isinstance(orders, list) and orders and isinstance(orders[0], dict) else {}
    if str(first.get("side", "")).upper() == "BUY":
        return "entry"
    return "exit" if str(first.get("orderType", "")).upper() == "MKT" else "stop"


class FaultPlan:
    """The faults that are on; the same seed and the same calls give the same firings."""

    def __init__(self, seed: int) -> None:
        """Start with none."""
        self._generator = random.Random(seed)  # noqa: S311  (a seeded schedule, no secret)
        self.planned: list[Planned] = []

    @property
    def generator(self) -> random.Random:
        """Return the generator that every draw of a fault comes from."""
        return self._generator

    def install(self, faults: list[Fault], *, clear: bool, seed: int | None = None) -> None:
        """Add faults, or with `clear` replace those that are on; a `seed` starts the draws anew."""
        if seed is not None:
            self._generator.seed(seed)
        if clear:
            self.planned = []
        self.planned += [Planned(fault) for fault in faults]

    def firing(self, request: Request, now_us: int) -> list[Planned]:
        """Return the faults that fire for a call, in the order in which they were planned."""
        return [planned for planned in self.planned if self._fires(planned, request, now_us)]

    def _fires(self, planned: Planned, request: Request, now_us: int) -> bool:
        selector = planned.fault.selector
        if not _matches(selector, request, now_us):
            return False
        planned.matched += 1
        if selector.nth is not None and planned.matched != selector.nth:
            return False
        if selector.times is not None and planned.fired >= selector.times:
            return False
        if selector.probability < 1.0 and self._generator.random() >= selector.probability:
            return False
        planned.fired += 1
        return True


def _matches(selector: Selector, request: Request, now_us: int) -> bool:
    if selector.method not in ("*", request.method) or not fnmatchcase(request.path, selector.path):
        return False
    if selector.after is not None and now_us < instants.parse_iso(selector.after):
        return False
    if selector.until is not None and now_us >= instants.parse_iso(selector.until):
        return False
    return selector.role is None or selector.role == role_of(request)
