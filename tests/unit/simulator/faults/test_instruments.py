from __future__ import annotations

import pytest

from simulator.faults.instruments import HOSTILE
from tests.unit.simulator.faults.support import Case, check, client, plan
from tests.unit.simulator.support import Client, Json


def look_ups(on: Client) -> Json:
    """Return conid (as far as it is another), currency and exchange that look-ups give."""
    conid = on.conid("ABC")
    [listing, *others] = on.get("/trsrv/stocks", "symbols=ABC")["ABC"][0]["contracts"]
    [row] = on.get("/trsrv/secdef", f"conids={conid}")["secdef"]
    found = on.get("/iserver/secdef/search", "symbol=ABC")
    shown = (
        listing["conid"] - conid,
        row["conid"] - conid,
        row["currency"],
        row["listingExchange"],
        listing["exchange"],
    )
    return [*shown, len(others), len(found)]


def hours(on: Client) -> Json:
    """Return whether Sunday and the Monday of the data are said to have regular hours, by two calls."""
    listed = on.get("/contract/trading-schedule", f"conid={on.conid('ABC')}")["schedules"]
    by_date = [len(listed.get(day, {}).get("liquid_hours", [])) for day in ("20140303", "20140309")]
    [venue] = on.get("/trsrv/secdef/schedule", "assetClass=STK&exchange=NYSE&symbol=ABC")
    special = {row["tradingScheduleDate"]: len(row["sessions"]) for row in venue["schedules"]}
    return [*by_date, special.get("20140303"), special.get("20140309")]


def name(on: Client) -> Json:
    return on.get("/trsrv/secdef", f"conids={on.conid('ABC')}")["secdef"][0]["name"]


CASES = [
    Case("M11", look_ups, [0, 0, "EUR", "NYSE", "NYSE", 0, 1]),
    Case("M11", look_ups, [0, 0, "USD", "LSE", "LSE", 0, 1], {"what": "exchange"}),
    Case("M11", look_ups, [1_000_000, 1_000_000, "USD", "NYSE", "NYSE", 0, 1], {"what": "conid"}),
    Case("M11", look_ups, [0, 0, "USD", "NYSE", "NYSE", 1, 2], {"what": "several"}),
    Case("M14", hours, [1, 1, 1, 1]),
    Case("M14", hours, [0, 0, 0, 0], {"says": "closed"}),
    *(Case("M15", name, text, {"kind": kind}) for kind, text in HOSTILE.items()),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_look_up_is_wrong(case: Case) -> None:
    check(case)


def test_all_hostile_texts_come_together_but_the_long_one() -> None:
    on = client()
    plan(on, "M15")
    assert all((text in name(on)) is (kind != "long") for kind, text in HOSTILE.items())
