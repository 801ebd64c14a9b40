from __future__ import annotations

import pytest

from simulator.messages import Break
from tests.unit.simulator.faults.support import ORDERS, Case, check, client, plan, tickle
from tests.unit.simulator.support import Client, Json


def sent_order(on: Client) -> Json:
    """Send a market order; return how the way back broke, its numbers, and whether the order is there."""
    order = {"conid": on.conid("ABC"), "side": "BUY", "orderType": "MKT", "quantity": 1, "tif": "DAY"}
    answer = on.call("POST", f"/v1/api{ORDERS}", {"orders": [order]})
    there = len(on.broker.exchange.book.orders)
    if answer.wire is None:
        return (None, there)
    return (answer.wire.broken, answer.wire.seconds, answer.wire.count, answer.wire.detail, there)


CASES = [
    Case("T01", sent_order, (Break.REFUSED, 5.0, 0, "", 0)),
    Case("T01", sent_order, (Break.REFUSED, 5.0, 3, "", 0), {"connections": 3}),
    Case("T03", sent_order, (Break.RESET, 0.0, 7, "", 0), {"bytes": 7}),
    Case("T04", sent_order, (Break.RESET, 2.0, 0, "", 1), {"delay_s": 2}),
    Case("T05", sent_order, (Break.SILENT, 300.0, 0, "", 1), {"seconds": 300}),
    Case("T06", sent_order, (Break.LATE, 15.0, 0, "", 1), {"seconds": 15}),
    Case("T07", sent_order, (Break.SLOW, 0.5, 2000, "", 1), {"total_s": 2}),
    Case("T11", sent_order, (Break.SILENT, 15.0, 0, "", 0)),
    Case("T12", sent_order, (Break.HALF_OPEN, 4.0, 0, "", 1), {"idle_s": 4}),
    Case("T13", sent_order, (Break.CERTIFICATE, 0.0, 0, "expired", 0), {"certificate": "expired"}),
    Case("H09", sent_order, (Break.CUT, 0.0, 3, "chunked", 1), {"bytes": 3, "framing": "chunked"}),
    Case("G06", sent_order, (Break.CRASH, 0.0, 0, "", 0)),
    Case("G06", sent_order, (Break.CRASH, 0.0, 0, "", 1), {"at": "applied"}),
    Case("G06", sent_order, (Break.CRASH, 0.0, 9, "", 1), {"at": "answer", "bytes": 9}),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_way_back_breaks_before_or_after_the_order_is_taken(case: Case) -> None:
    check(case)


def test_partition_lasts_while_the_market_goes_on() -> None:
    on = client()
    on.order(on.conid("ABC"), "SELL", "STP", 10, price=95.0, tif="GTC")
    plan(on, "T11", "/tickle", seconds=3600)
    broken = []
    for instant in ("2014-03-03T14:30:00Z", "2014-03-03T15:29:59Z", "2014-03-03T15:30:00Z"):
        on.advance(instant)
        broken.append((tickle(on).wire is not None, on.call("GET", "/v1/api/iserver/accounts").wire is not None))
    assert broken == [(True, True), (True, True), (False, False)]
    on.advance("close")
    assert [trade["trade_time"] for trade in on.trades()] == ["20140303-15:35:00"]
