from __future__ import annotations

import pytest

from simulator.messages import Break
from tests.unit.simulator.faults.support import Case, buy, check, client, plan
from tests.unit.simulator.support import Client, Json, start

FLAT = (100.0, 110.0, 90.0, 105.0, 1000.0)


def orders_over_time(on: Client) -> Json:
    """Send an order; return how many there are now, 29 and 31 seconds later, and after a read."""
    path = f"/v1/api/iserver/account/{on.broker.config.account_id}/orders"
    order = {"conid": on.conid("ABC"), "side": "BUY", "orderType": "LMT", "price": 80.0, "quantity": 1, "tif": "DAY"}
    wire = on.call("POST", path, {"orders": [order]}).wire
    seen: list[Json] = [wire.broken if wire is not None else None, len(on.broker.exchange.book.orders)]
    for instant in ("2014-03-03T14:30:29Z", "2014-03-03T14:30:31Z"):
        on.advance(instant)
        seen.append(len(on.broker.exchange.book.orders))
    on.get("/iserver/auth/status")
    return [*seen, len(on.broker.exchange.book.orders)]


def delivered(on: Client) -> Json:
    """Send an order with a cOID; return the cOIDs of the orders there are."""
    buy(on, cOID="a")
    return [order.ticket.coid for order in on.broker.exchange.book.orders.values()]


CASES = [
    Case("T08", orders_over_time, [Break.RESET, 0, 0, 1, 1], {"seconds": 30}),
    Case("T08", orders_over_time, [Break.SILENT, 0, 0, 1, 1], {"seconds": 30, "seen": "silence"}),
    Case("T09", delivered, ["a", "a"], {"dedupe": "none"}),
    Case("T10", orders_over_time, [Break.SILENT, 0, 0, 0, 1], selector={"role": "entry"}),
    Case("T10", orders_over_time, [Break.SILENT, 0, 0, 1, 1], {"window_s": 30}, {"role": "entry"}),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_order_is_applied_late_twice_or_after_the_next_read(case: Case) -> None:
    check(case)


@pytest.mark.parametrize(("dedupe", "count"), [("configured", 1), ("session", 1), ("day", 1), ("none", 2)])
def test_second_delivery_meets_the_check_that_is_asked_for(dedupe: str, count: int) -> None:
    on = client()
    plan(on, "T09", dedupe=dedupe)
    buy(on, cOID="a")
    assert len(on.broker.exchange.book.orders) == count
    assert on.broker.behaviour.duplicate_coid == "day"


def test_order_that_is_still_to_be_applied_outlives_a_restart(tmp_path: object) -> None:
    settings: Json = {"state_dir": tmp_path}
    first = start({"ABC": [FLAT, FLAT]}, **settings)
    plan(first, "T08", seconds=30, selector={"role": "entry"})
    first.call("POST", f"/v1/api/iserver/account/{first.broker.config.account_id}/orders", {"orders": [
        {"conid": first.conid("ABC"), "side": "BUY", "orderType": "MKT", "quantity": 1, "tif": "DAY"}]})  # fmt: skip
    second = start({"ABC": [FLAT, FLAT]}, **settings)
    assert second.broker.exchange.book.orders == {}
    second.advance("2014-03-03T14:31:00Z")
    assert [trade["trade_time"] for trade in second.trades()] == ["20140303-14:30:30"]
    third = start({"ABC": [FLAT, FLAT]}, **settings)
    third.advance("close")
    assert len(third.broker.exchange.book.orders) == 1
