"""What can be set of a strategy: each parameter with its range and meaning, and the parameters that many share."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, TypeVar, get_args, get_type_hints

import msgspec
import numpy as np
from msgspec import Meta, Struct

from trading.config.options import shortened
from trading.errors import ConfigError


class StrategyParameters(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What a strategy's own class of parameters is made from: `class MyParameters(StrategyParameters, frozen=True)`."""


# Of all names, where none is near: what fits a line.
_NAMED = 8

Parameters = TypeVar("Parameters", bound=StrategyParameters)


def parameter(
    meaning: str, *, unit: str = "", ge: float | None = None, gt: float | None = None, le: float | None = None
) -> Meta:
    """Return the annotation of a strategy's parameter: what it means, its unit and its range."""
    bounds = {"ge": ge, "gt": gt, "le": le}
    given: dict[str, Any] = {name: bound for name, bound in bounds.items() if bound is not None}
    meta: Meta = Meta(**given, description=meaning, extra={"unit": unit})
    return meta


AtrPeriod = Annotated[int, parameter("period of the average true range", unit="bars", ge=1, le=500)]
VolumePeriod = Annotated[int, parameter("window of the volume means", unit="bars", ge=1, le=2000)]
MinDollarVolume = Annotated[float, parameter("least mean turnover of a day", unit="USD", ge=0, le=1e12)]
MinAtrPct = Annotated[float, parameter("least volatility, ATR to close", unit="%", ge=0, le=100)]
MaxAtrPct = Annotated[float, parameter("most volatility, ATR to close", unit="%", ge=0, le=100)]
StopAtr = Annotated[float, parameter("stop below the entry limit", unit="ATR", ge=0, le=100)]
TargetAtr = Annotated[float, parameter("target above the close", unit="ATR", gt=0, le=1000)]
MaxHoldingBars = Annotated[int, parameter("bars after which a position is sold", unit="bars", ge=1, le=10_000)]


@dataclass(frozen=True, slots=True)
class ParameterInfo:
    """One parameter for tables and help texts."""

    name: str
    default: object
    unit: str
    meaning: str
    low: float | None
    high: float | None
    whole: bool
    above_low: bool = False
    """Whether `low` itself is not allowed."""

    @property
    def allowed(self) -> str:
        """Return what a value must be, in words."""
        kind = "a whole number" if self.whole else "a number"
        first = f"above {self.low:,g}, to" if self.above_low else f"from {self.low:,g} to"
        return f"{kind} {first} {self.high:,g}"


def describe_parameters(kind: type[StrategyParameters]) -> tuple[ParameterInfo, ...]:
    """Return what can be set of a strategy, in the order in which its class names it."""
    hints = get_type_hints(kind, include_extras=True)
    found = []
    for field in msgspec.structs.fields(kind):
        base, meta = get_args(hints[field.name])[:2]
        low = meta.ge if meta.ge is not None else meta.gt
        found.append(
            ParameterInfo(
                field.name,
                field.default,
                meta.extra["unit"],
                meta.description,
                low,
                meta.le,
                whole=base is int,
                above_low=meta.ge is None and meta.gt is not None,
            )
        )
    return tuple(found)


def _some_of(names: Sequence[str]) -> str:
    """Return names, and how many there are beside them: a line holds no more."""
    more = len(names) - _NAMED
    return ", ".join(names[:_NAMED]) + (f" and {more} more, which README lists" if more > 0 else "")


def parse_parameters(kind: type[Parameters], name: str, given: Mapping[str, object]) -> Parameters:
    """Return the parameters of the strategy `name`, those not given at their defaults.

    Raises: ConfigError, a key is unknown, or a value is of another type or out of range.
    """
    known = {info.name: info for info in describe_parameters(kind)}
    for key, value in given.items():
        path = f"strategy.{shortened(name)}.{shortened(key)}"
        info = known.get(key)
        if info is None:
            close = difflib.get_close_matches(key, known, n=1)
            hint = f"did you mean {close[0]}?" if close else f"there are {_some_of(list(known))}"
            raise ConfigError(path, None, f"no such parameter; {hint}")
        try:
            msgspec.convert({key: value}, kind)
            finite = not isinstance(value, float) or bool(np.isfinite(value))
        except (msgspec.ValidationError, OverflowError):
            finite = False
        if not finite:
            raise ConfigError(path, shortened(value), f"must be {info.allowed}")
    return msgspec.convert(dict(given), kind)
