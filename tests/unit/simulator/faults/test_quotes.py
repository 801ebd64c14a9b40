from __future__ import annotations

import pytest

from tests.unit.simulator.faults.support import Case, check
from tests.unit.simulator.support import Client, Json

SNAPSHOT = "/iserver/marketdata/snapshot"


def opened(on: Client) -> None:
    """The stream of quotes is open."""
    on.get(SNAPSHOT, f"conids={on.conid('ABC')}&fields=31")


def fields(*names: str, calls: int = 1) -> Json:
    """Return some fields of as many snapshots, a minute apart."""

    def act(on: Client) -> Json:
        seen = []
        for number in range(calls):
            on.advance(f"2014-03-03T14:{30 + 15 * number}:00Z")
            [row] = on.get(SNAPSHOT, f"conids={on.conid('ABC')}&fields=31,84,86,87,7762")
            seen.append([row.get(name) for name in names])
        return seen

    return act


def volumes(on: Client) -> Json:
    on.advance("close")
    return [
        bar["v"] for bar in on.get("/iserver/marketdata/history", f"conid={on.conid('ABC')}&period=1d&bar=1d")["data"]
    ]


def token(on: Client) -> Json:
    body = on.call("GET", f"/v1/api{SNAPSHOT}", query=f"conids={on.conid('ABC')}&fields=31").body.decode()
    return body.partition('"31":')[2].partition(",")[0]


CASES = [
    Case("M01", fields("31", "_updated", calls=2), [[None, None], ["98.85", 1393857900000]], scene=opened),
    Case("M02", fields("31", "84"), [[None, "100.00"]], scene=opened),
    Case("M02", fields("84", calls=2), [[None], ["98.84"]], {"field": "84", "calls": 1}, scene=opened),
    Case("M03", fields("_updated"), [[1393853400000]], scene=opened),
    Case(
        "M03",
        fields("31", "_updated", calls=2),
        [["100.00", 1393857000000], ["100.00", 1393857900000]],
        {"how": "frozen"},
        scene=opened,
    ),
    Case("M04", fields("31", "84", "86"), [["-1", "-1", "-1"]], scene=opened),
    Case("M04", fields("31", "84"), [["1e12", "100.00"]], {"value": "1e12", "fields": ["31"]}, scene=opened),
    Case("M04", token, "NaN", {"value": "NaN", "unquoted": True}, scene=opened),
    Case("M05", fields("84", "86"), [["100.01", "100.00"]], scene=opened),
    Case("M05", fields("84", "86"), [["0", "100.01"]], {"how": "bid_zero"}, scene=opened),
    Case("M05", fields("84", "86"), [["75.00", "125.01"]], {"how": "wide"}, scene=opened),
    Case("M06", fields("6509"), [["DpB"]], scene=opened),
    Case("M06", fields("6509"), [["YpB"]], {"code": "Y"}, scene=opened),
    Case("M07", fields("31"), [["H100.00"]], scene=opened),
    Case("M07", fields("31"), [["C100.00"]], {"prefix": "C"}, scene=opened),
    Case("M10", volumes, [0]),
    Case("M10", fields("87", "7762"), [["1.2M", "1.2M"]], {"value": "1.2M"}, scene=opened),
    Case("M13", fields("31", calls=2), [["1,000.00"], ["98.85"]], scene=opened),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_quote_is_wrong(case: Case) -> None:
    check(case)
