from __future__ import annotations

import pytest

from tests.unit.simulator.faults.support import Case, buy, check
from tests.unit.simulator.support import ACCOUNT, Client, Json

ORDER = f"/iserver/account/{ACCOUNT}/order"


def cancelled(on: Client) -> Json:
    """Cancel an order; return the answer's beginning, how the way back broke, state and fill, and a minute later."""
    [row] = buy(on, cOID="a")
    answer = on.call("DELETE", f"/v1/api{ORDER}/{row['order_id']}")
    order = on.broker.exchange.book.orders[int(row["order_id"])]
    seen = [answer.body[:9].decode(), answer.wire.broken if answer.wire else None, (order.state.value, order.filled)]
    on.advance("2014-03-03T14:31:00Z")
    return [*seen, (order.state.value, order.filled)]


def modified(on: Client) -> Json:
    """Modify an order's price; return the answer's beginning, how the way back broke, and the orders there are."""
    [row] = buy(on, cOID="a")
    body = {"conid": on.conid("ABC"), "side": "BUY", "orderType": "LMT", "price": 81.0, "quantity": 10, "tif": "DAY"}
    answer = on.call("POST", f"/v1/api{ORDER}/{row['order_id']}", body)
    orders = on.broker.exchange.book.orders.values()
    seen = [(o.state.value, o.filled, o.ticket.limit, o.ticket.coid) for o in orders]
    return [answer.body[:9].decode(), answer.wire.broken if answer.wire else None, seen]


ASKED, REFUSED = '{"msg":"R', '{"error":'
CASES = [
    Case("O12", cancelled, [REFUSED, None, ("filled", 10), ("filled", 10)]),
    Case("O12", cancelled, [ASKED, None, ("cancelled", 3), ("cancelled", 3)], {"quantity": 3}),
    Case("O13", cancelled, [ASKED, None, ("cancelled", 10), ("cancelled", 10)]),
    Case("O13", cancelled, [ASKED, None, ("cancelled", 0), ("cancelled", 2)], {"quantity": 2, "delay_s": 60}),
    Case("O14", cancelled, [ASKED, None, ("working", 0), ("working", 0)]),
    Case("O14", cancelled, [ASKED, None, ("working", 0), ("cancelled", 0)], {"seconds": 60}),
    Case("O14", cancelled, [REFUSED, None, ("working", 0), ("working", 0)], {"answer": "refused"}),
    Case("O14", cancelled, [REFUSED, None, ("working", 0), ("working", 0)], {"answer": "not_found"}),
    Case("O14", cancelled, ["", "silent", ("working", 0), ("working", 0)], {"answer": "none"}),
    Case("O25", modified, ['[{"order_', None, [("working", 0, 81.0, "a"), ("working", 0, 80.0, "a")]]),
    Case("O26", modified, ['[{"order_', "silent", [("working", 0, 81.0, "a")]]),
    Case(
        "O26", modified, [REFUSED, None, [("working", 4, 80.0, "a")]], {"how": "refused_after_part_fill", "quantity": 4}
    ),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_change_of_an_order_goes_wrong(case: Case) -> None:
    check(case)
