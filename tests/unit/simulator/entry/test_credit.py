"""What the broker says of orders that the account is too small for."""

from __future__ import annotations

import msgspec
import pytest

from tests.unit.simulator.support import ACCOUNT, QUIET, Client, Json, Row, start

FLAT: Row = (100.0, 100.0, 100.0, 100.0, 1000.0)
CASH = msgspec.structs.replace(QUIET, account_type="cash")


def order(client: Client, side: str, quantity: int, **fields: Json) -> Json:
    return client.order(client.conid("ABC"), side, "LMT", quantity, **{"price": 100.0, "tif": "IOC", **fields})


def preview(client: Client, side: str, quantity: int) -> Json:
    client.get("/iserver/marketdata/snapshot", f"conids={client.conid('ABC')}&fields=31")
    body = {"conid": client.conid("ABC"), "side": side, "orderType": "LMT", "quantity": quantity, "price": 100.0}
    return client.post(f"/iserver/account/{ACCOUNT}/orders/whatif", {"orders": [{**body, "tif": "DAY"}]})


def test_margin_account_buys_for_twice_its_equity_and_no_more() -> None:
    client = start({"ABC": [FLAT]}, cash=10_000.0)
    refused = order(client, "BUY", 200)["error"]
    assert refused.startswith(
        "YOUR ORDER IS NOT ACCEPTED. IN ORDER TO OBTAIN THE DESIRED POSITION YOUR EQUITY WITH LOAN VALUE "
        "[9999.00 USD] MUST EXCEED THE INITIAL MARGIN [10000.00 USD]"
    )
    assert order(client, "BUY", 199)[0]["order_status"] == "Filled"
    assert "error" in order(client, "BUY", 2)
    assert order(client, "SELL", 199)[0]["order_status"] == "Filled"


def test_margin_account_sells_short_and_covers() -> None:
    client = start({"ABC": [FLAT]}, cash=10_000.0)
    assert "error" in order(client, "SELL", 200)
    assert order(client, "SELL", 150)[0]["order_status"] == "Filled"
    assert client.broker.account.held(client.conid("ABC")) == -150
    assert order(client, "BUY", 150)[0]["order_status"] == "Filled"


def test_turning_a_position_needs_margin_for_what_is_added_only() -> None:
    client = start({"ABC": [FLAT]}, cash=10_000.0)
    order(client, "BUY", 150)
    assert order(client, "SELL", 300)[0]["order_status"] == "Filled"
    assert "error" in order(client, "BUY", 400)


def test_children_and_the_second_of_a_group_need_nothing() -> None:
    client = start({"ABC": [FLAT]}, cash=10_000.0)
    base = {"conid": client.conid("ABC"), "tif": "GTC", "side": "SELL", "isSingleGroup": True, "quantity": 150}
    rows = client.orders({**base, "orderType": "LMT", "price": 110}, {**base, "orderType": "STP", "price": 90})
    assert [row["order_status"] for row in rows] == ["Submitted", "PreSubmitted"]


def test_cash_account_needs_settled_cash_for_the_whole_value() -> None:
    client = start({"ABC": [FLAT, FLAT, FLAT]}, cash=10_000.0, behaviour=CASH)
    assert order(client, "BUY", 100)["error"].startswith("YOUR ORDER IS NOT ACCEPTED. A CASH ACCOUNT NEEDS")
    assert order(client, "BUY", 99)[0]["order_status"] == "Filled"
    assert order(client, "SELL", 99)[0]["order_status"] == "Filled"
    ledger = client.get(f"/portfolio/{ACCOUNT}/ledger")["USD"]
    assert (ledger["cashbalance"], ledger["settledcash"]) == (9_998.0, 99.0)
    assert "error" in order(client, "BUY", 1)
    client.advance("2014-03-04T04:59:59Z")
    assert client.get(f"/iserver/account/{ACCOUNT}/summary")["cashBalances"][0]["settledCash"] == 99.0
    client.advance("2014-03-04T05:00:00Z")
    assert client.get(f"/iserver/account/{ACCOUNT}/summary")["cashBalances"][0]["settledCash"] == 9_998.0
    client.advance("open")
    assert order(client, "BUY", 90)[0]["order_status"] == "Filled"


def test_sale_on_friday_settles_on_monday() -> None:
    client = start({"ABC": [FLAT] * 6}, cash=10_000.0)
    client.advance("2014-03-07T15:00:00Z")
    order(client, "BUY", 10)
    order(client, "SELL", 10)
    client.advance("2014-03-09T20:00:00Z")
    assert client.broker.account.settled_cash(client.broker.now_us) == 8_999.0
    client.advance("2014-03-10T04:00:00Z")
    assert client.broker.account.settled_cash(client.broker.now_us) == 9_998.0


def test_cash_account_counts_its_working_purchases_and_does_not_sell_short() -> None:
    client = start({"ABC": [FLAT]}, cash=10_000.0, behaviour=CASH)
    order(client, "BUY", 90, price=90.0, tif="GTC")
    assert "error" in order(client, "BUY", 90)
    assert order(client, "SELL", 1)["error"].startswith("YOUR ORDER IS NOT ACCEPTED. A CASH ACCOUNT MAY NOT SELL SHORT")


@pytest.mark.parametrize(("spends", "taken"), [(False, False), (True, True)])
def test_refused_order_may_spend_its_coid(spends: bool, taken: bool) -> None:  # noqa: FBT001
    client = start(
        {"ABC": [FLAT]}, cash=10_000.0, behaviour=msgspec.structs.replace(QUIET, rejection_spends_coid=spends)
    )
    order(client, "BUY", 500, cOID="a")
    again = order(client, "BUY", 1, cOID="a")
    assert ("already registered" in str(again)) is taken


def test_preview_has_the_same_figures_and_the_refusal() -> None:
    client = start({"ABC": [FLAT]}, cash=10_000.0)
    order(client, "BUY", 100)
    preview(client, "BUY", 10)
    shown = preview(client, "BUY", 10)
    assert (shown["initial"], shown["maintenance"]) == (
        {"current": "5,000", "change": "500", "after": "5,500"},
        {"current": "2,500", "change": "250", "after": "2,750"},
    )
    assert shown["error"] is None
    assert preview(client, "SELL", 300)["initial"]["change"] == "5,000"
    assert preview(client, "BUY", 300)["error"] == order(client, "BUY", 300)["error"]
