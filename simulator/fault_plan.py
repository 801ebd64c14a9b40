"""Which faults are planned, and which of them fire for a call."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any

import msgspec

from simulator import instants
from simulator.messages import Request, Response

ROLES = ("entry", "exit", "stop", "target", "modify", "cancel", "reply")
"""what a call can do to orders; a group of orders has the role of its first"""
STREAM = "STREAM"
"""the method of a message that leaves by the websocket, where a fault may meet it like a call"""


class Selector(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Which calls a fault applies to; everything that is given has to hold. What is not given is the fault's own."""

    method: str | None = None
    path: str | None = None
    """below /v1/api, with * for any text"""
    role: str | None = None
    nth: int | None = None
    """only the nth call that matches the rest, from 1"""
    skip: int = 0
    """none of the first so many calls that match the rest"""
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
    """The body of POST /sim/faults, and the content of a faults file; rules are among the faults by then."""

    faults: list[Fault] = []
    clear: bool = False
    seed: int | None = None


@dataclass(frozen=True, slots=True)
class Calls:
    """Calls by method and by patterns of their path, any of which may hold; * is any text."""

    method: str = "*"
    paths: tuple[str, ...] = ("*",)

    def include(self, request: Request) -> bool:
        """Return whether a call is one of them."""
        if self.method != request.method and (self.method != "*" or request.method == STREAM):
            return False
        return any(fnmatchcase(request.path, path) for path in self.paths)


@dataclass(slots=True)
class Planned:
    """A fault with what its kind and its selector make of it, and with its counts."""

    fault: Fault
    calls: Calls = Calls()
    times: int | None = None
    lasts_us: int = 0
    """how long it stays on once it has fired"""
    while_on: Calls = Calls()
    """which calls it meets while it stays on"""
    name: str = ""
    """what its draws are made from, beside the plan's seed"""
    matched: int = 0
    fired: int = 0
    since_us: int = 0
    after_us: int | None = field(init=False)
    until_us: int | None = field(init=False)

    def __post_init__(self) -> None:
        """Read the window's texts."""
        after, until = self.fault.selector.after, self.fault.selector.until
        self.after_us = instants.parse_iso(after) if after is not None else None
        self.until_us = instants.parse_iso(until) if until is not None else None

    @property
    def is_used_up(self) -> bool:
        """Return whether it can't fire again."""
        nth = self.fault.selector.nth
        if self.times is not None and self.fired >= self.times:
            return True
        return nth is not None and self.matched >= nth

    def is_on(self, now_us: int) -> bool:
        """Return whether it has fired and stays on."""
        return self.fired > 0 and now_us < self.since_us + self.lasts_us

    def matches(self, request: Request, now_us: int) -> bool:
        """Return whether its selector holds for a call, its numbers apart."""
        if not self.calls.include(request):
            return False
        if self.after_us is not None and now_us < self.after_us:
            return False
        if self.until_us is not None and now_us >= self.until_us:
            return False
        role = self.fault.selector.role
        return role is None or role == role_of(request)

    def is_wanted(self, draws: random.Random) -> bool:
        """Return whether it fires for a call that matches: by its number, and by chance."""
        selector = self.fault.selector
        if self.matched < selector.skip or (selector.nth is not None and self.matched + 1 != selector.nth):
            return False
        return selector.probability >= 1.0 or draws.random() < selector.probability

    def count_firing(self, now_us: int) -> None:
        """Count a firing that begins now."""
        self.matched += 1
        self.fired += 1
        self.since_us = now_us


@dataclass(slots=True)
class Memory:
    """What faults remember from one firing to the next; but for the steps it is gone with a restart."""

    answers: dict[str, list[tuple[int, Response]]] = field(default_factory=dict)
    """earlier answers by call, for faults that answer with them"""
    over_before: dict[int, frozenset[int]] = field(default_factory=dict)
    """by epoch: ids of the orders that were over at its first list"""
    quotes: dict[int, dict[str, Any]] = field(default_factory=dict)
    """prices that stand, by conid and field"""
    pages: int = 0
    """how many parts of a split answer were given"""
    after_next_read: list[Callable[[], object]] = field(default_factory=list)
    """what is held back until a read has been answered"""
    asked: dict[str, list[int]] = field(default_factory=dict)
    """by reply id: the faults that go on when its question is answered"""
    steps: dict[int, tuple[int, Any]] = field(default_factory=dict)
    """what is to happen at which instant, by number"""
    steps_planned: int = 0


@dataclass(frozen=True, slots=True)
class Hit:
    """A fault that fires for a call; `lasting` where it only stays on."""

    index: int
    planned: Planned
    lasting: bool
    draws: random.Random


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
    kind = str(first.get("orderType", "")).upper()
    return {"MKT": "exit", "MARKET": "exit", "LMT": "target", "LIMIT": "target"}.get(kind, "stop")


Ready = Callable[[Planned, Request], bool]
"""whether what a fault is to break is there"""


def _always(_planned: Planned, _request: Request) -> bool:
    return True


class FaultPlan:
    """The faults that are on. The same seed and the same calls give the same firings, across restarts too.

    Every draw comes from the seed, the fault and how often it had matched: what has to be remembered are the counts.
    """

    def __init__(self, seed: int) -> None:
        """Start with none."""
        self._seed = seed
        self.planned: list[Planned] = []

    def install(self, planned: list[Planned], *, clear: bool, seed: int | None = None) -> None:
        """Add faults, or with `clear` replace those that are on; a `seed` is that of all draws from now on."""
        if seed is not None:
            self._seed = seed
        if clear:
            self.planned = []
        for new in planned:
            written = msgspec.json.encode(new.fault, order="sorted").decode()
            # Draws go by what a fault is, so that a plan from which others were taken out still draws the same.
            same = sum(1 for other in self.planned if other.fault == new.fault)
            new.name = f"{written}/{same}"
            self.planned.append(new)

    def met(
        self, request: Request, now_us: int, ready: Ready = _always, going_on: Sequence[int] = ()
    ) -> tuple[list[Hit], list[int]]:
        """Return the faults that fire for a call as they were planned, and the numbers of those that only matched.

        Those whose numbers are in `going_on` have fired and go on with this call.
        """
        hits: list[Hit] = []
        matched: list[int] = []
        for index, planned in enumerate(self.planned):
            if index in going_on:
                hits.append(Hit(index, planned, lasting=True, draws=self._draws(planned)))
            elif planned.is_on(now_us):
                if planned.while_on.include(request):
                    hits.append(Hit(index, planned, lasting=True, draws=self._draws(planned)))
            elif not planned.is_used_up and planned.matches(request, now_us) and ready(planned, request):
                draws = self._draws(planned)
                if planned.is_wanted(draws):
                    planned.count_firing(now_us)
                    hits.append(Hit(index, planned, lasting=False, draws=draws))
                else:
                    planned.matched += 1
                    matched.append(index)
        return hits, matched

    def foreseen(self, request: Request, now_us: int) -> list[Planned]:
        """Return the faults that will fire for a call of which no body is known yet; nothing is counted.

        Those that go by a role are left out: what an order is stands in its body.
        """
        return [
            planned
            for planned in self.planned
            if planned.fault.selector.role is None
            and not planned.is_used_up
            and planned.matches(request, now_us)
            and planned.is_wanted(self._draws(planned))
        ]

    def _draws(self, planned: Planned) -> random.Random:
        return random.Random(f"{self._seed}/{planned.name}/{planned.matched}")  # noqa: S311  (a schedule, no secret)
