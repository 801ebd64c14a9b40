from __future__ import annotations

import pytest

from tests.unit.simulator.faults.support import (
    ORDERS,
    POSITIONS,
    Case,
    buy,
    check,
    client,
    held,
    holding,
    plan,
    protected,
    tickle,
)
from tests.unit.simulator.support import ACCOUNT, Client, Json


def over_night(on: Client) -> Json:
    """Return shares and live orders after a call in the session, and after one over night."""
    seen = []
    for to in ("2014-03-03T15:00:00Z", "close"):
        on.advance(to)
        tickle(on)
        seen.append((held(on), len(on.broker.exchange.book.live)))
    return seen


def known_as(on: Client) -> Json:
    """Return symbol and conid of the position, and whether look-ups find that one."""
    [row] = on.get(POSITIONS)
    found = on.get("/trsrv/secdef", f"conids={row['conid']}")["secdef"]
    stocks = on.get("/trsrv/stocks", f"symbols={row['contractDesc']}")[row["contractDesc"]]
    return (row["contractDesc"], row["conid"] - on.conid("ABC"), len(found), len(stocks))


def gone(on: Client) -> Json:
    """Return what is left of a stock: look-ups, bars, and what an order is told."""
    conid = on.conid("ABC")
    order = {"conid": conid, "side": "BUY", "orderType": "MKT", "quantity": 1, "tif": "DAY"}
    statuses = [
        on.call("GET", "/v1/api/iserver/marketdata/history", query=f"conid={conid}&period=1w&bar=1d").status,
        on.call("POST", f"/v1/api{ORDERS}", {"orders": [order]}).body[:28],
    ]
    return [on.get("/trsrv/stocks", "symbols=ABC"), on.get("/trsrv/secdef", f"conids={conid}"), *statuses]


def ledger(on: Client) -> Json:
    """Return the balances by currency, twice."""
    return [
        {name: row["cashbalance"] for name, row in on.get(f"/portfolio/{ACCOUNT}/ledger").items() if name != "BASE"}
        for _ in range(2)
    ]


CASES = [
    Case("C06", over_night, [(10, 2), (20, 0)], scene=protected),
    Case("C06", over_night, [(15, 0), (15, 0)], {"ratio": "3:2", "overnight": False}, scene=protected),
    Case("C06", over_night, [(10, 2), (1, 0)], {"ratio": "1:10"}, scene=protected),
    Case("C07", known_as, ("NEWCO", 0, 1, 1), scene=holding),
    Case("C07", known_as, ("ABC", 1_000_000, 1, 1), {"what": "conid"}, scene=holding),
    Case(
        "C07",
        gone,
        [{"ABC": []}, {"secdef": []}, 500, b'{"error":"The contract is no'],
        {"what": "delisted"},
        scene=holding,
    ),
    Case("C08", ledger, [{"USD": 99003.5}] * 2, {"amount": 0.5}, scene=holding),
    Case("C08", ledger, [{"USD": 100250.0}] * 2, {"what": "cash", "amount": 250}),
    Case("C08", ledger, [{"USD": -40.0}] * 2, {"what": "negative", "amount": 40}),
    Case("C08", ledger, [{"USD": 100000.0, "EUR": 7.0}] * 2, {"what": "currency", "amount": 7}),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_corporate_action_changes_what_is_there(case: Case) -> None:
    check(case)


def test_order_under_the_new_conid_reaches_the_stock() -> None:
    on = client()
    plan(on, "C07", what="conid", symbol="ABC")
    order = {"conid": on.conid("ABC") + 1_000_000, "side": "BUY", "orderType": "MKT", "quantity": 3, "tif": "DAY"}
    [row] = on.orders(order)
    assert row["order_status"] == "Filled"
    assert held(on) == 3


def test_stock_does_not_split_over_night_while_an_order_of_it_is_filled_in_part() -> None:
    on = client()
    holding(on)
    on.advance("close")
    [row] = buy(on)
    fill = {"do": "fill", "order_id": int(row["order_id"]), "quantity": 4, "price": 80.0}
    on.broker.carry_out(fill)
    plan(on, "C06")
    tickle(on)
    assert held(on) == 14
    on.delete(f"/iserver/account/{ACCOUNT}/order/{row['order_id']}")
    tickle(on)
    assert held(on) == 28
