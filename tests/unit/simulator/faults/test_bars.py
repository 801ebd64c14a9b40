from __future__ import annotations

import pytest

from simulator.faults.bars import WRONGS
from tests.unit.simulator.faults.support import Case, check
from tests.unit.simulator.support import Client, Json

HISTORY = "/iserver/marketdata/history"
DAY, HOUR = 86_400_000, 3_600_000


def days(on: Client) -> Json:
    """Return after six sessions the days of the bars, from the first one on, with their closes and volumes."""
    on.advance("2014-03-10T20:00:00Z")
    data = on.get(HISTORY, f"conid={on.conid('ABC')}&period=1m&bar=1d")["data"]
    return [((bar["t"] - 1393857000000) / DAY, bar["c"], bar["v"]) for bar in data]


def hours(on: Client) -> Json:
    on.advance("close")
    data = on.get(HISTORY, f"conid={on.conid('ABC')}&period=1d&bar=1h")["data"]
    return [(bar["t"] - data[0]["t"]) // HOUR for bar in data]


def refused(on: Client) -> Json:
    return on.call("GET", f"/v1/api{HISTORY}", query=f"conid={on.conid('ABC')}&period=1w&bar=1d").status


def bar(day: float, close: float = 105.0, volume: float = 1000.0) -> tuple[float, float, float]:
    return (day, close, volume)


# In New York summer time began on the 9th: the last bar begins an hour earlier.
LAST = 7 - 1 / 24
ALL = [bar(0), bar(1), bar(2), bar(3), bar(4), bar(LAST)]
CASES = [
    Case("M08", days, ALL[:3]),
    Case("M08", days, [*ALL[:3], *ALL[2:]], {"kind": "duplicate"}),
    Case("M08", days, ALL[::-1], {"kind": "unsorted"}),
    Case("M08", days, [bar(day + 1 / 6) for day, _, _ in ALL], {"kind": "zone"}),
    Case("M08", hours, [0, 1, 2, 2, 3, 4, 5], {"kind": "hour_twice"}),
    Case("M08", days, [*ALL[:5], bar(LAST, 102.5, 500.0)], {"kind": "half_day"}),
    Case("M08", days, [*ALL, bar(LAST + 1, 102.5, 500.0)], {"kind": "today"}),
    Case("M08", days, [*(bar(day, 52.5, 2000.0) for day in range(3)), *ALL[3:]], {"kind": "split"}),
    Case("M09", days, []),
    Case("M09", days, ALL[-1:], {"bars": 1}),
    Case("M12", refused, 500),
    Case("M12", refused, 429, {"status": 429}),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_history_is_wrong(case: Case) -> None:
    check(case)


@pytest.mark.parametrize("wrong", WRONGS)
def test_no_bars_stay_none(wrong: str) -> None:
    assert WRONGS[wrong]([], 2.0) == []
