from __future__ import annotations

import pytest

from tests.unit.simulator.faults.support import buy, client, plan
from tests.unit.simulator.support import Client, Json

LIST = "/iserver/account/orders"
SNAPSHOT = "/iserver/marketdata/snapshot"


def listed(on: Client) -> list[Json]:
    rows: list[Json] = on.get(LIST)["orders"]
    return rows


@pytest.fixture
def on() -> Client:
    made = client()
    buy(made, cOID="a")
    buy(made, cOID="b")
    made.get(LIST)
    return made


def test_wrong_type_missing_and_renamed_keys(on: Client) -> None:
    plan(on, "H10", LIST, field="orderId", value="x", selector={"nth": 1})
    plan(on, "H11", LIST, field="order_ref", rename="orderRef", selector={"nth": 2})
    assert listed(on)[0]["orderId"] == "x"
    assert {row.get("orderRef") for row in listed(on)} == {"a", "b"}
    assert listed(on)[0]["order_ref"] == "b"


def test_stale_list_shows_what_was_there_before(on: Client) -> None:
    plan(on, "H13", LIST, seconds=600)
    assert len(listed(on)) == 2
    on.delete("/iserver/account/DU1234567/order/-1")
    on.advance("2014-03-03T14:35:00Z")
    assert [row["status"] for row in listed(on)] == ["Submitted"] * 2
    on.advance("2014-03-03T14:50:00Z")
    assert [row["status"] for row in listed(on)] == ["Cancelled"] * 2


def test_lists_that_hide_orders(on: Client) -> None:
    for fault, parameters, count in (
        ("H14", {}, 0),
        ("H15", {"p": 1.0}, 0),
        ("H16", {}, 2),
        ("O09", {"seconds": 60}, 0),
    ):
        on.call("POST", "/sim/faults", {"clear": True})
        plan(on, fault, LIST, **parameters)
        assert len(listed(on)) == count


def test_double_rows_contradict(on: Client) -> None:
    plan(on, "H18", LIST)
    assert [row["status"] for row in listed(on)] == ["Submitted", "Submitted", "Cancelled", "Cancelled"]


def test_other_account_is_named(on: Client) -> None:
    plan(on, "H17", LIST)
    plan(on, "G08", "/iserver/accounts")
    assert listed(on)[0]["acct"] == "DU7654321"
    assert on.get("/iserver/accounts")["selectedAccount"] == "DU7654321"


@pytest.mark.parametrize(
    ("fault", "parameters", "field", "value"),
    [
        ("M01", {}, "31", None),
        ("M02", {"field": "31"}, "31", None),
        ("M04", {"value": "0"}, "31", "0"),
        ("M06", {"value": "DPB"}, "6509", "DPB"),
        ("M07", {"prefix": "H"}, "31", "H100.00"),
        ("M05", {}, "84", "100.01"),
        ("M13", {"factor": 10}, "31", "1000.00"),
        ("M10", {"value": "1.2M"}, "87", "1.2M"),
    ],
)
def test_quotes_that_are_wrong(on: Client, fault: str, parameters: dict[str, Json], field: str, value: Json) -> None:
    query = f"conids={on.conid('ABC')}&fields=31,84,86,87"
    on.get(SNAPSHOT, query)
    plan(on, fault, SNAPSHOT, **parameters)
    assert on.get(SNAPSHOT, query)[0].get(field) == value


@pytest.mark.parametrize(("kind", "check"), [("duplicate", 4), ("gap", 1), ("split", 3), ("unsorted", 3), ("shift", 3)])
def test_bars_that_are_wrong(on: Client, kind: str, check: int) -> None:
    on.advance("2014-03-05T22:00:00Z")
    query = f"conid={on.conid('ABC')}&period=1w&bar=1d"
    before = on.get("/iserver/marketdata/history", query)["data"]
    plan(on, "M08", "*/history", kind=kind)
    after = on.get("/iserver/marketdata/history", query)["data"]
    assert after != before
    assert len(after) == check


def test_hostile_names_are_put_in(on: Client) -> None:
    plan(on, "M15", "/trsrv/secdef")
    assert "<script>" in on.get("/trsrv/secdef", f"conids={on.conid('ABC')}")["secdef"][0]["name"]
