from __future__ import annotations

import pytest

from simulator.faults.transport import HANDLERS
from simulator.messages import Break
from tests.unit.simulator.faults.support import buy, client, plan

ORDERS = "*/orders"


@pytest.mark.parametrize(
    ("fault", "broken", "applied"),
    [
        ("T03", Break.RESET, False),
        ("T04", Break.RESET, True),
        ("T05", Break.SILENT, True),
        ("T06", Break.LATE, True),
        ("T07", Break.SLOW, True),
        ("T08", Break.RESET, False),
        ("T10", Break.SILENT, False),
        ("T11", Break.SILENT, False),
        ("H09", Break.CUT, True),
        ("G06", Break.CRASH, False),
    ],
)
def test_way_back_breaks_before_or_after_the_order_is_taken(fault: str, broken: Break, applied: bool) -> None:  # noqa: FBT001
    on = client()
    plan(on, fault, ORDERS)
    body = {"orders": [{"conid": on.conid("ABC"), "side": "BUY", "orderType": "MKT", "quantity": 1, "tif": "DAY"}]}
    response = on.call("POST", "/v1/api/iserver/account/DU1234567/orders", body)
    assert response.wire is not None
    assert response.wire.broken is broken
    assert bool(on.simulator.broker.exchange.book.orders) is applied


@pytest.mark.parametrize(
    ("fault", "status", "applied"),
    [("H01", 401, 0), ("H02", 403, 0), ("H03", 429, 0), ("H05", 503, 0), ("H06", 503, 1), ("H07", 200, 0),
     ("T15", 302, 0), ("H08", 200, 1), ("G05", 500, 0), ("G10", 200, 0), ("G12", 503, 0)],
)  # fmt: skip
def test_answers_that_are_none(fault: str, status: int, applied: int) -> None:
    on = client()
    plan(on, fault, ORDERS)
    body = {"orders": [{"conid": on.conid("ABC"), "side": "BUY", "orderType": "MKT", "quantity": 1, "tif": "DAY"}]}
    assert on.call("POST", "/v1/api/iserver/account/DU1234567/orders", body).status == status
    assert len(on.simulator.broker.exchange.book.orders) == applied


def test_late_order_is_taken_when_its_time_has_come() -> None:
    on = client()
    plan(on, "T08", ORDERS, seconds=30)
    on.call("POST", "/v1/api/iserver/account/DU1234567/orders", {"orders": [{
        "conid": on.conid("ABC"), "side": "BUY", "orderType": "MKT", "quantity": 1, "tif": "DAY"}]})  # fmt: skip
    on.advance("2014-03-03T14:30:29Z")
    assert on.simulator.broker.exchange.book.orders == {}
    on.advance("close")
    assert [trade["trade_time"] for trade in on.trades()] == ["20140303-14:30:30"]


def test_reordered_call_comes_after_the_next_read() -> None:
    on = client()
    plan(on, "T10", ORDERS, {"method": "POST"})
    on.call("POST", "/v1/api/iserver/account/DU1234567/orders", {"orders": [{
        "conid": on.conid("ABC"), "side": "BUY", "orderType": "MKT", "quantity": 1, "tif": "DAY"}]})  # fmt: skip
    on.get("/iserver/auth/status")
    assert len(on.simulator.broker.exchange.book.orders) == 1


def test_call_that_is_delivered_twice_meets_the_check_on_coids() -> None:
    on = client()
    plan(on, "T09", ORDERS)
    assert "order_id" in buy(on, cOID="a")[0]
    assert len(on.simulator.broker.exchange.book.orders) == 1


def test_penalty_box_shuts_every_call_out() -> None:
    on = client()
    plan(on, "H04", "/tickle")
    assert on.call("POST", "/v1/api/tickle").status == 429
    assert on.call("GET", "/v1/api/iserver/accounts").status == 429


@pytest.mark.parametrize("kind", ["nan", "deep", "utf8", "bom", "double"])
def test_hostile_bodies_are_made(kind: str) -> None:
    on = client()
    plan(on, "H12", "/tickle", kind=kind)
    assert on.call("POST", "/v1/api/tickle").body


def test_every_handler_says_what_it_does() -> None:
    assert [name for name, handler in HANDLERS.items() if not handler.__doc__] == []
