"""What a strategy says of itself: its checks in sentences and the lines of its charts, kept with each decision."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

WriteNumber = Callable[[float, int], str]
"""How a reader writes a number with so many decimals."""


class Unit(StrEnum):
    """What a measured value counts, which says how it is written; PERCENT is of a fraction."""

    NUMBER = "number"
    COUNT = "count"
    PERCENT = "%"
    USD = "USD"
    USD_MILLIONS = "million USD"


_RELATIONS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        ">=": ("is at least", "is less than"),
        ">": ("is above", "is not above"),
        "<=": ("is at most", "is more than"),
        "<": ("is below", "is not below"),
    }
)


@dataclass(frozen=True, slots=True)
class Check:
    """One comparison of a rule: the column `measure` against `limit`, a number or another column.

    Several checks may carry the same `code`, the rule's; the first that fails speaks for it. `relation` is what has to
    hold between the two: ">=", ">", "<=" or "<". `title` names the symbols that are left where it holds; `passed` and
    `failed` are sentences with `{value}` and `{limit}`, `missing` the one for a value that is infinite or undefined.
    Whatever is not given is made from the names.
    """

    code: str
    measure: str
    limit: float | str
    relation: str
    title: str = ""
    passed: str = ""
    failed: str = ""
    missing: str = ""
    unit: Unit = Unit.NUMBER

    @property
    def heading(self) -> str:
        """Return the title, or one made from the rule's code."""
        return self.title or plain(self.code)

    def sentence(self, value: float | None, limit: float | None, write: WriteNumber, *, passed: bool) -> str:
        """Return what was found, with the measured value and what it is held against."""
        if value is None:
            return self.missing or f"{plain(self.measure)} is not known."
        given = self.passed if passed else self.failed
        held_against = "its limit" if limit is None else written(limit, self.unit, write)
        if given:
            return given.format(value=written(value, self.unit, write), limit=held_against)
        against = f"{words(self.limit)}, " if isinstance(self.limit, str) else ""
        relation = _RELATIONS[self.relation][0 if passed else 1]
        return f"{plain(self.measure)}, {written(value, self.unit, write)}, {relation} {against}{held_against}."


class Look(StrEnum):
    """How a line of a chart is drawn."""

    EDGE = "edge"
    MIDDLE = "middle"
    LEVEL = "level"
    BAND = "band"


@dataclass(frozen=True, slots=True)
class ChartLine:
    """A line of the chart: a column of the strategy with its name in the legend.

    Lines of one title are one thing, such as both edges of a channel. One that is not `in_scale` may leave the picture.
    """

    column: str
    title: str
    look: Look
    in_scale: bool = False


@dataclass(frozen=True, slots=True)
class StrategyWords:
    """The words of one strategy with the parameters that it decided by; a sell signal is a close below `exit_level`."""

    name: str = ""
    checks: tuple[Check, ...] = ()
    lines: tuple[ChartLine, ...] = ()
    exit_level: str = "its exit level"


def written(value: float, unit: Unit, write: WriteNumber) -> str:
    """Return a value with its unit."""
    match unit:
        case Unit.COUNT:
            return write(value, 0 if float(value).is_integer() else 2)
        case Unit.PERCENT:
            return f"{write(100.0 * value, 1)} %"
        case Unit.USD:
            return f"{write(value, 2)} USD"
        case Unit.USD_MILLIONS:
            return f"{write(value / 1e6, 1)} million USD"
        case _:
            return write(value, 2)


def words(name: str) -> str:
    """Return a name of the code as words."""
    return name.replace("_", " ")


def plain(name: str) -> str:
    """Return a name of the code as the begin of a sentence."""
    return words(name).capitalize()
