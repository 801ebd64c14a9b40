"""What a fault says of itself: its id, its title, its parameters with their defaults and what they may be."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from simulator import instants
from simulator.broker import Broker
from simulator.fault_plan import Calls, Fault
from simulator.faults.context import Handler
from simulator.messages import Request

LONGEST_TEXT = 10_000
DAY_S = 86_400.0
YEAR_S = 366 * DAY_S


class Rule(Protocol):
    """What a value may be."""

    @property
    def words(self) -> str:
        """Return it in words."""

    def allows(self, value: object) -> bool:
        """Return whether a value is allowed."""


def _plain(value: float) -> str:
    return f"{value:,.10g}"


@dataclass(frozen=True, slots=True)
class Number:
    """A number within limits; `whole` ones have no fraction."""

    least: float
    most: float
    unit: str = ""
    whole: bool = False

    @property
    def words(self) -> str:
        """Return it in words."""
        kind = "a whole number" if self.whole else "a number"
        return f"{kind} from {_plain(self.least)} to {_plain(self.most)} {self.unit}".strip()

    def allows(self, value: object) -> bool:
        """Return whether a value is allowed."""
        if isinstance(value, bool) or not isinstance(value, int if self.whole else (int, float)):
            return False
        return self.least <= value <= self.most


@dataclass(frozen=True, slots=True)
class Choice:
    """One of several values."""

    values: tuple[object, ...]

    @property
    def words(self) -> str:
        """Return it in words."""
        return "one of " + ", ".join('""' if value == "" else str(value) for value in self.values)

    def allows(self, value: object) -> bool:
        """Return whether a value is allowed."""
        return any(value == known and type(value) is type(known) for known in self.values)


@dataclass(frozen=True, slots=True)
class Flag:
    """True or false."""

    words: str = "true or false"

    def allows(self, value: object) -> bool:
        """Return whether a value is allowed."""
        return isinstance(value, bool)


@dataclass(frozen=True, slots=True)
class Text:
    """A text."""

    words: str = f"a text of at most {LONGEST_TEXT:,} characters"

    def allows(self, value: object) -> bool:
        """Return whether a value is allowed."""
        return isinstance(value, str) and len(value) <= LONGEST_TEXT


@dataclass(frozen=True, slots=True)
class Texts:
    """A list of texts, at least one."""

    most: int = 10

    @property
    def words(self) -> str:
        """Return it in words."""
        return f"a list of 1 to {self.most} texts"

    def allows(self, value: object) -> bool:
        """Return whether a value is allowed."""
        return isinstance(value, list) and 0 < len(value) <= self.most and all(isinstance(item, str) for item in value)


@dataclass(frozen=True, slots=True)
class Instant:
    """A time."""

    words: str = "an ISO 8601 time, for example 2014-03-03T15:00:00Z"

    def allows(self, value: object) -> bool:
        """Return whether a value is allowed."""
        try:
            instants.parse_iso(value)  # type: ignore[arg-type]  # what is no text raises as well
        except (TypeError, ValueError, OverflowError):
            return False
        return True


@dataclass(frozen=True, slots=True)
class Anything:
    """Any JSON value."""

    words: str = "any JSON value"

    def allows(self, _value: object) -> bool:
        """Return that it is allowed."""
        return True


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter of a fault."""

    name: str
    default: Any
    rule: Rule
    meaning: str


def number(
    name: str, default: float, meaning: str, *, least: float = 0.0, most: float = 1e9, unit: str = ""
) -> Parameter:
    """Declare a number."""
    return Parameter(name, default, Number(least, most, unit), meaning)


def whole(name: str, default: int, meaning: str, *, least: int = 0, most: int = 1_000_000, unit: str = "") -> Parameter:
    """Declare a whole number."""
    return Parameter(name, default, Number(least, most, unit, whole=True), meaning)


def seconds(name: str, default: float, meaning: str, *, most: float = YEAR_S) -> Parameter:
    """Declare a time that is counted on the simulated clock."""
    return number(name, default, meaning, most=most, unit="s")


def real_seconds(name: str, default: float, meaning: str, *, most: float = DAY_S) -> Parameter:
    """Declare a time that is counted on the wall clock."""
    return number(name, default, meaning, most=most, unit="s of real time")


def choice(name: str, default: object, values: tuple[object, ...], meaning: str) -> Parameter:
    """Declare a choice."""
    return Parameter(name, default, Choice(values), meaning)


def flag(name: str, meaning: str, *, default: bool = False) -> Parameter:
    """Declare a yes or no."""
    return Parameter(name, default, Flag(), meaning)


def text(name: str, default: str, meaning: str) -> Parameter:
    """Declare a text."""
    return Parameter(name, default, Text(), meaning)


ANY = Calls()
ORDERS = Calls("POST", ("/iserver/account/*/orders",))
REPLIES = Calls("POST", ("/iserver/reply/*",))
MODIFIES = Calls("POST", ("/iserver/account/*/order/*",))
CANCELS = Calls("DELETE", ("/iserver/account/*/order/*",))
WRITES = Calls("*", ("/iserver/account/*/orders", "/iserver/account/*/order/*", "/iserver/reply/*"))
"""every call that does something to orders"""
ORDER_LIST = Calls("GET", ("/iserver/account/orders",))
TRADES = Calls("GET", ("/iserver/account/trades",))
SNAPSHOTS = Calls("GET", ("/iserver/marketdata/snapshot",))
HISTORY = Calls("GET", ("/iserver/marketdata/history",))
MONEY = Calls(
    "GET", ("/portfolio/*/ledger", "/portfolio/*/summary", "/iserver/account/*/summary*", "*/pnl/partitioned")
)
POSITIONS = Calls("GET", ("/portfolio/*/positions", "/portfolio/*/positions/*", "/portfolio2/*/positions"))


Values = Callable[[str], Any]
"""gives the value of a parameter"""
Ready = Callable[[Broker, Request, Values], bool]


@dataclass(frozen=True, slots=True)
class FaultKind:
    """One fault of the catalogue: what it is called, takes and does."""

    id: str
    title: str
    handler: Handler
    parameters: tuple[Parameter, ...] = ()
    calls: Calls = ANY
    """which calls it meets where the selector names none"""
    while_on: Calls | None = None
    """of a fault that stays on for its `seconds`: which calls it meets meanwhile"""
    once: bool | Callable[[Values], bool] = False
    """whether it fires once where the selector has no `times`"""
    counted_by: str = ""
    """the parameter that says how often it fires where the selector has no `times`; 0 is without end"""
    follows_question: bool = False
    """whether it goes on with the reply where the call that it meets raises a question"""
    breaks_off_after: str = ""
    """the parameter that says after how many bytes of the body a call is broken off"""
    ready: Ready | None = None
    """whether what it breaks is there; a call for which it isn't does not count"""

    def parameter(self, name: str) -> Parameter | None:
        """Return a parameter, None where there is none of that name."""
        return next((parameter for parameter in self.parameters if parameter.name == name), None)

    def value(self, fault: Fault, name: str) -> Any:  # noqa: ANN401  (a parameter is JSON)
        """Return what `fault` has for a parameter, or its default.

        Raises:
            KeyError: it is not declared.
        """
        parameter = self.parameter(name)
        if parameter is None:
            raise KeyError(name)
        return fault.parameters.get(name, parameter.default)
