"""What a strategy is: one class that measures a panel of bars and says what to buy, at which prices and how much."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol, TypeVar, get_args, get_type_hints

import msgspec
import numpy as np
from msgspec import Meta, Struct
from numpy.typing import NDArray

from trading import rules
from trading.config import RuleSettings
from trading.errors import ConfigError
from trading.market.bars import Panel
from trading.model.contract import PriceIncrement
from trading.model.decision import Denied, Signal
from trading.strategies.signals import SignalPanel

Parameters = TypeVar("Parameters", bound=Struct)


@dataclass(frozen=True, slots=True, eq=False)
class Ladder:
    """Price increments in the form that compiled rules take: ascending lower edges and the step above each."""

    edges: NDArray[np.float64]
    steps: NDArray[np.float64]

    @staticmethod
    def of(increments: Sequence[PriceIncrement]) -> Ladder:
        """Return the ladder of a contract's increments; of none, that of US stocks."""
        if not increments:
            return US_LADDER
        ordered = sorted(increments, key=lambda increment: increment.lower_edge)
        return Ladder(np.array([i.lower_edge for i in ordered]), np.array([i.increment for i in ordered]))


US_LADDER = Ladder(rules.US_EDGES, rules.US_STEPS)


@dataclass(frozen=True, slots=True)
class OrderPrices:
    """Entry limit, stop and target of one signal, on the ladder."""

    limit: float
    stop: float
    target: float


@dataclass(frozen=True, slots=True)
class PositionSize:
    """Whole shares, the size before rounding down, and the cap that bound it."""

    quantity: int
    exact: float
    binding_cap: str


class Strategy(Protocol):
    """The interface, with what all strategies that trade by a bracket have in common; subclass it.

    A strategy is made as `TheClass(parameters, rule_settings)`, keeps no state and looks only at what it is given.
    """

    name: ClassVar[str]
    """Also the name of its module and of its part of config.json."""
    Parameters: ClassVar[type[Struct]]
    """What can be set, each field with its range and meaning (see `parameter`)."""

    def __init__(self, parameters: Any, rule_settings: RuleSettings) -> None:  # noqa: ANN401 - each class has its own
        """Take the strategy's own parameters, an instance of `Parameters`, and the operational ones."""
        ...

    @property
    def warm_up_bars(self) -> int:
        """Bars that must be known for every value to exist."""
        ...

    @property
    def fetch_bars(self) -> int:
        """Bars to fetch, so that also values that remember their whole past agree with those on all data."""
        return self.warm_up_bars

    def generate_signals(self, panel: Panel) -> SignalPanel:
        """Measure all sessions at once; a row depends on that row and those before it, never on later ones."""
        ...

    def order_prices(self, signals: SignalPanel, row: int, column: int, ladder: Ladder) -> OrderPrices:
        """Return the prices of the orders of a signal."""
        ...

    def validate_signals(self, signals: Sequence[Signal]) -> tuple[Denied, ...]:
        """Return a refusal for each signal whose order prices make no sense: those must not be traded."""
        refused = []
        for signal in signals:
            bad, asked, allowed = rules.bad_prices(signal.limit_price, signal.stop_price, signal.target_price)
            if bad:
                refused.append(Denied(signal.symbol, "bad_prices", asked, allowed))
        return tuple(refused)

    def calculate_position_size(self, signal: Signal, equity: float, caps: rules.SizeRules) -> PositionSize:
        """Return the shares to buy under the four caps."""
        quantity, exact, cap = rules.position_size(
            signal.limit_price, signal.stop_price, equity, signal.mean_volume, caps
        )
        return PositionSize(quantity, exact, rules.CAPS[cap])


def parameter(
    meaning: str, *, unit: str = "", ge: float | None = None, gt: float | None = None, le: float | None = None
) -> Meta:
    """Return the annotation of a strategy's parameter: what it means, its unit and its range."""
    bounds = {"ge": ge, "gt": gt, "le": le}
    given: dict[str, Any] = {name: bound for name, bound in bounds.items() if bound is not None}
    meta: Meta = Meta(**given, description=meaning, extra={"unit": unit})
    return meta


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


def describe_parameters(kind: type[Struct]) -> tuple[ParameterInfo, ...]:
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


def parse_parameters(kind: type[Parameters], name: str, given: Mapping[str, object]) -> Parameters:
    """Return the parameters of the strategy `name`, those not given at their defaults.

    Raises: ConfigError, a key is unknown, or a value is of another type or out of range.
    """
    known = {info.name: info for info in describe_parameters(kind)}
    for key, value in given.items():
        path = f"strategy.{name}.{key}"
        info = known.get(key)
        if info is None:
            close = difflib.get_close_matches(key, known, n=1)
            hint = f"; did you mean {close[0]}?" if close else f"; there are {', '.join(known)}"
            raise ConfigError(path, None, f"no such parameter{hint}")
        try:
            msgspec.convert({key: value}, kind)
            finite = not isinstance(value, float) or bool(np.isfinite(value))
        except (msgspec.ValidationError, OverflowError):
            finite = False
        if not finite:
            raise ConfigError(path, value, f"must be {info.allowed}")
    return msgspec.convert(dict(given), kind)
