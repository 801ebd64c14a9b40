"""What the checker looks at, parsed: the truth log, the journal and what the drill itself did, each as plain values."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

Line = Mapping[str, Any]
SECOND = 1.0
FAR = 1e18


@dataclass(frozen=True, slots=True)
class Violation:
    """An invariant that did not hold: which, when, of what, and what was seen in one sentence."""

    invariant: str
    at: float
    subject: str
    sentence: str

    def __str__(self) -> str:
        """Return it as a line."""
        return f"{self.invariant} {shown(self.at)} {self.subject}: {self.sentence}"


@dataclass(frozen=True, slots=True)
class Intent:
    """One intent as the journal ends with it."""

    coid: str
    parent: str | None
    role: str
    conid: int
    side: str
    quantity: int
    state: str
    order_id: int | None
    filled: int
    frozen: bool
    session: str
    created: float


@dataclass(frozen=True, slots=True)
class Step:
    """A state that an intent took; `likeness`: the order that it has then is only like it, nothing proves it."""

    coid: str
    state: str
    at: float
    likeness: bool = False


@dataclass(frozen=True, slots=True)
class Act:
    """A row of the wire: what was about to be sent, or what became of it (`kind` is its class)."""

    number: int
    about: int | None
    coids: tuple[str, ...]
    verb: str
    path: str
    sha256: str
    kind: str | None
    at: float


@dataclass(frozen=True, slots=True)
class Booked:
    """An execution that the journal holds."""

    execution_id: str
    coid: str
    conid: int
    side: str
    quantity: int
    replaced: bool


@dataclass(frozen=True, slots=True)
class ModeRow:
    """A change of one of the three facts of the mode."""

    fact: str
    value: str
    reason: str
    actor: str
    at: float


@dataclass(frozen=True, slots=True)
class Goal:
    """A flatten that a person asked for: from when and until when."""

    since: float
    until: float


@dataclass(frozen=True, slots=True)
class Decided:
    """A decision: on which session, when, what was to be bought, and of what of it there is an order or a refusal."""

    session: str
    at: float
    entries: tuple[str, ...]
    answered: frozenset[str]


@dataclass(frozen=True, slots=True)
class Halt:
    """What halted that nobody has acknowledged: why, and what was seen."""

    cause: str
    facts: str
    since: float


@dataclass(frozen=True, slots=True)
class Journal:
    """What trading.db holds of it."""

    intents: Mapping[str, Intent] = field(default_factory=dict)
    steps: Sequence[Step] = ()
    wire: Sequence[Act] = ()
    executions: Sequence[Booked] = ()
    positions: Mapping[int, int] = field(default_factory=dict)
    modes: Sequence[ModeRow] = ()
    goals: Sequence[Goal] = ()
    decisions: Sequence[Decided] = ()
    halts: Sequence[Halt] = ()


@dataclass(frozen=True, slots=True)
class Case:
    """One run to be judged.

    `events` are the drill's own deeds and the turns of the trading process, `hours` the regular hours of the sessions,
    `contracts` the conids by symbol.
    """

    truth: Sequence[Line]
    journal: Journal
    events: Sequence[Line] = ()
    hours: Sequence[tuple[float, float]] = ()
    contracts: Mapping[str, int] = field(default_factory=dict)
    account: str = ""

    def happened(self, *kinds: str) -> list[Line]:
        """Return the drill's own deeds of some kinds, in order."""
        return [event for event in self.events if event["kind"] in kinds]

    def told(self, kind: str) -> Line:
        """Return what the drill wrote down once of the run as a whole, nothing where it did not."""
        return next(iter(self.happened(kind)), {})

    def fired(self, *ids: str) -> bool:
        """Return whether one of these faults fired."""
        return any(line["kind"] == "fault" and line["id"] in ids for line in self.truth)

    def fired_at(self, *ids: str, path: str = "") -> list[float]:
        """Return when these faults fired, of those that met a call of such a path, in order."""
        return [
            instant(line["at"])
            for line in self.truth
            if line["kind"] == "fault" and line["id"] in ids and path in line.get("path", "")
        ]

    @property
    def end(self) -> float:
        """Return when the run was over."""
        return instant(self.events[-1]["at"]) if self.events else FAR


def instant(text: str) -> float:
    """Return an ISO 8601 time as seconds since 1970."""
    return datetime.fromisoformat(text).timestamp()


def shown(at: float) -> str:
    """Return seconds since 1970 as people read a time, UTC."""
    return "" if at >= FAR else datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def parse_lines(data: bytes) -> list[Line]:
    """Return the objects of a file of JSON lines; a last line that was cut short is left out."""
    whole = data[: data.rfind(b"\n") + 1]
    return [json.loads(line) for line in whole.splitlines()]


def case_of(truth: Iterable[Line], journal: Journal, events: Iterable[Line]) -> Case:
    """Return a case; the account is that of the truth log's first line, hours and contracts the drill wrote down."""
    lines, deeds = list(truth), list(events)
    hours = [(instant(each["open"]), instant(each["close"])) for each in deeds if each["kind"] == "hours"]
    contracts = {each["symbol"]: each["conid"] for each in deeds if each["kind"] == "contract"}
    account = str(lines[0].get("account", "")) if lines else ""
    rest = [each for each in deeds if each["kind"] not in ("hours", "contract")]
    return Case(lines, journal, rest, hours, contracts, account)
