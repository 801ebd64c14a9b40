"""Bars that are wrong in number, order, time and price, or don't come."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from simulator.faults.context import Firing
from simulator.faults.declaration import HISTORY, FaultKind, choice, number, whole
from simulator.faults.rewriting import Row, whole_list
from simulator.messages import Response, error

TOO_MANY = 429
DAY_MS = 86_400_000
HOUR_MS = 3_600_000
ZONE_MS = 4 * HOUR_MS
GAP = 5


def _shifted(rows: list[Row], by_ms: int) -> list[Row]:
    return [{**row, "t": row["t"] + by_ms} for row in rows]


def _gap(rows: list[Row], _ratio: float) -> list[Row]:
    middle = len(rows) // 2
    return rows[:middle] + rows[middle + GAP :]


def _duplicate(rows: list[Row], _ratio: float) -> list[Row]:
    middle = len(rows) // 2
    return rows[:middle] + rows[max(middle - 1, 0) :]


def _hour_twice(rows: list[Row], _ratio: float) -> list[Row]:
    middle = len(rows) // 2
    return rows[:middle] + _shifted(rows[middle:], -HOUR_MS)


def _half_day(rows: list[Row], _ratio: float) -> list[Row]:
    return [*rows[:-1], *map(_half, rows[-1:])]


def _today(rows: list[Row], _ratio: float) -> list[Row]:
    return [*rows, *_shifted([_half(row) for row in rows[-1:]], DAY_MS)]


def _split(rows: list[Row], ratio: float) -> list[Row]:
    middle = len(rows) // 2
    return [_divided(row, ratio) for row in rows[:middle]] + rows[middle:]


WRONGS: dict[str, Callable[[list[Row], float], list[Row]]] = {
    "gap": _gap,
    "duplicate": _duplicate,
    "unsorted": lambda rows, _ratio: rows[::-1],
    "zone": lambda rows, _ratio: _shifted(rows, ZONE_MS),
    "hour_twice": _hour_twice,
    "half_day": _half_day,
    "today": _today,
    "split": _split,
}
"""what can be wrong with bars, by its name"""


def _wrong(firing: Firing, rows: list[Any]) -> list[Any]:
    return WRONGS[firing.text("kind")](rows, firing.number("ratio"))


def _half(row: Row) -> Row:
    """Return a bar that ends in the middle of its time."""
    middle = round((row["o"] + row["c"]) / 2.0, 4)
    inner = sorted((row["o"], middle))
    return {**row, "c": middle, "h": inner[1], "l": inner[0], "v": float(int(row["v"] / 2.0))}


def _divided(row: Row, ratio: float) -> Row:
    return {**row, **{name: round(row[name] / ratio, 4) for name in "ohlc"}, "v": row["v"] * ratio}


def _few(firing: Firing, rows: list[Any]) -> list[Any]:
    count = firing.integer("bars")
    return rows[-count:] if count else []


def no_chart(firing: Firing) -> Response:
    """What a history call gets that came too often, or for which there is no chart."""
    if firing.integer("status") == TOO_MANY:
        return error(TOO_MANY, "Too many history charts requests, please try again later.")
    return error(500, "Chart data unavailable")


KINDS = (
    FaultKind(
        "M08",
        "Wrong bars",
        whole_list(_wrong),
        (
            choice(
                "kind",
                "gap",
                tuple(WRONGS),
                f"{GAP} bars missing, one twice, newest first, times of another zone, an hour twice, the last of half "
                "a day, a part of the next day's, a jump as of a split",
            ),
            number("ratio", 2.0, "with kind=split: the older half is divided by it", least=0.01, most=100.0),
        ),
        calls=HISTORY,
    ),
    FaultKind(
        "M09",
        "No history, or hardly any",
        whole_list(_few),
        (whole("bars", 0, "how many bars come"),),
        calls=HISTORY,
    ),
    FaultKind(
        "M12",
        "History refused: too many at once, or no chart",
        no_chart,
        (choice("status", 500, (429, 500), "status of the answer"),),
        calls=HISTORY,
    ),
)
