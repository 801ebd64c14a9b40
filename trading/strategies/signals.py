"""What a strategy found over a panel: measured values, failed checks and exit levels as columns, reasons on demand."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from trading.market.panel import Panel, SymbolBars
from trading.model.decision import Reason
from trading.model.strategy_words import Check

Floats = NDArray[np.float64]

# In `failed`, beside the bits of the checks that failed (0: a buy signal).
NO_BAR, WARM_UP = -2, -1


_HOLDS: Mapping[str, Callable[[Floats, Floats | float], NDArray[np.bool_]]] = MappingProxyType(
    {">=": np.greater_equal, ">": np.greater, "<=": np.less_equal, "<": np.less}
)


@dataclass(frozen=True, slots=True, eq=False)
class SignalPanel:
    """A strategy's answer for every session and symbol of `panel`; all arrays have its shape.

    `columns` are the measured values by name, NaN where undefined; `score`, `atr` and `mean_volume` are needed. `needs`
    are the bars that each of them takes, in the order in which `warm_up` looks for the first undefined one. A held
    position whose close is below `exit_level` is sold, and so is one that was held for `max_holding_bars` bars. The
    target of an order starts from `target_base`.
    """

    panel: Panel
    columns: Mapping[str, Floats]
    needs: Mapping[str, int]
    checks: tuple[Check, ...]
    exit_level: Floats
    target_base: Floats
    bar_count: NDArray[np.int32]
    """Bars of the symbol up to and including the session, from the begin of the panel."""
    max_holding_bars: int
    failed: NDArray[np.int32] = field(init=False)
    """Bit *i* is set where `checks[i]` failed; NO_BAR, or WARM_UP where any column is undefined."""

    def __post_init__(self) -> None:
        """Hold every bar to the checks."""
        object.__setattr__(self, "failed", _failed(self.panel, self.columns, self.checks))

    def value(self, name: str, row: int, column: int) -> float | None:
        """Return one measured value, None where it is undefined."""
        value = float(self.columns[name][row, column])
        return value if np.isfinite(value) else None

    def values(self, row: int, column: int) -> dict[str, float]:
        """Return the measured values of a symbol in a session; the undefined ones are absent."""
        found = ((name, float(values[row, column])) for name, values in self.columns.items())
        return {name: value for name, value in found if np.isfinite(value)}

    def signal_columns(self, row: int) -> list[int]:
        """Return the columns of the symbols with a buy signal in a session."""
        found: list[int] = np.flatnonzero(self.failed[row] == 0).tolist()
        return found

    def failed_checks(self, row: int, column: int) -> tuple[int, ...] | None:
        """Return the places of the checks that a symbol failed in a session, None where it could not be judged."""
        bits = int(self.failed[row, column])
        if bits in {NO_BAR, WARM_UP}:
            return None
        return tuple(number for number in range(len(self.checks)) if bits >> number & 1)

    def reasons(self, row: int, column: int) -> tuple[Reason, ...]:
        """Return why a symbol gave no signal in a session: a reason for each rule that failed, in the rules' order."""
        bits = int(self.failed[row, column])
        if bits == NO_BAR:
            return (Reason("no_bar", None, None),)
        if bits == WARM_UP:
            return (self._warm_up(row, column),)
        found: dict[str, Reason] = {}
        for number, check in enumerate(self.checks):
            if bits >> number & 1 and check.code not in found:
                limit = check.limit
                threshold = self.value(limit, row, column) if isinstance(limit, str) else limit
                found[check.code] = Reason(check.code, self.value(check.measure, row, column), threshold, check.measure)
        return tuple(found.values())

    def reason_counts(self, row: int) -> dict[str, int]:
        """Return how many symbols each rule kept from a signal in a session, without building the reasons."""
        bits = self.failed[row]
        counts = {"no_bar": int((bits == NO_BAR).sum()), "warm_up": int((bits == WARM_UP).sum())}
        masks: dict[str, int] = {}
        for number, check in enumerate(self.checks):
            masks[check.code] = masks.get(check.code, 0) | 1 << number
        judged = bits[bits > 0]
        counts.update({code: int(((judged & mask) != 0).sum()) for code, mask in masks.items()})
        return {code: count for code, count in counts.items() if count}

    def _warm_up(self, row: int, column: int) -> Reason:
        for name, need in self.needs.items():
            if np.isnan(self.columns[name][row, column]):
                return Reason("warm_up", float(self.bar_count[row, column]), float(need), name)
        return Reason("warm_up", float(self.bar_count[row, column]), None)


def over_symbols(
    panel: Panel, names: Sequence[str], measure: Callable[[SymbolBars], Floats]
) -> tuple[dict[str, Floats], NDArray[np.int32]]:
    """Call `measure` with the bars of each symbol, without gaps, and lay the results out over the panel.

    `measure` returns the values of `names` as an array of shape (names, bars). Returns the columns by name and
    `bar_count`, as SignalPanel takes them.
    """
    days, symbols = panel.close.shape
    # Symbol by symbol in memory, which is how it is written; the transposed views have the panel's shape.
    values = np.full((len(names), symbols, days), np.nan)
    for column in range(symbols):
        rows = np.flatnonzero(~np.isnan(panel.close[:, column]))
        prices = (array[rows, column] for array in (panel.open, panel.high, panel.low, panel.close, panel.volume))
        values[:, column, rows] = measure(SymbolBars(panel.sessions[rows], *prices))
    count = np.cumsum(~np.isnan(panel.close), axis=0, dtype=np.int32)
    return {name: values[number].T for number, name in enumerate(names)}, count


def _failed(panel: Panel, columns: Mapping[str, Floats], checks: Sequence[Check]) -> NDArray[np.int32]:
    """Return where which checks fail, as `SignalPanel.failed`."""
    failed = np.zeros(panel.close.shape, dtype=np.int32)
    undefined = np.zeros(panel.close.shape, dtype=np.bool_)
    for values in columns.values():
        undefined |= np.isnan(values)
    for number, check in enumerate(checks):
        limit = columns[check.limit] if isinstance(check.limit, str) else float(check.limit)
        failed[~_HOLDS[check.relation](columns[check.measure], limit)] |= 1 << number
    failed[undefined] = WARM_UP
    failed[np.isnan(panel.close)] = NO_BAR
    return failed
