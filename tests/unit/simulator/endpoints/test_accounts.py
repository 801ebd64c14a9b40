from __future__ import annotations

import msgspec
import pytest

from tests.unit.simulator.support import ACCOUNT, QUIET, Row, start

FLAT: Row = (100.0, 100.0, 100.0, 100.0, 1000.0)


def test_accounts_names_ours_as_the_selected_paper_account() -> None:
    answer = start({"ABC": [FLAT]}).get("/iserver/accounts")
    assert (answer["accounts"], answer["selectedAccount"], answer["isPaper"]) == ([ACCOUNT], ACCOUNT, True)


@pytest.mark.parametrize(("body", "status"), [({"acctId": ACCOUNT}, 200), ({"acctId": "U1"}, 500), ({}, 400)])
def test_switch_of_accounts(body: dict[str, str], status: int) -> None:
    assert start({"ABC": [FLAT]}).call("POST", "/v1/api/iserver/account", body).status == status


def test_summaries_are_texts_but_the_plain_one() -> None:
    client = start({"ABC": [FLAT]})
    base = f"/iserver/account/{ACCOUNT}/summary"
    assert client.get(base)["netLiquidationValue"] == 100_000.0
    assert client.get(f"{base}/balances")["total"]["net_liquidation"] == "100,000 USD"
    assert client.get(f"{base}/available_funds")["total"]["buying_power"] == "400,000 USD"
    assert client.get(f"{base}/margins")["commodities"]["current_initial"] == "0 USD"
    assert client.get(f"{base}/market_value")["USD"]["total_cash"] == "100,000"


@pytest.mark.parametrize("part", ["", "/balances", "/available_funds", "/margins", "/market_value"])
def test_summary_of_another_account_is_refused(part: str) -> None:
    assert start({"ABC": [FLAT]}).call("GET", f"/v1/api/iserver/account/U1/summary{part}").status == 400


def test_first_profit_and_loss_of_a_session_is_empty() -> None:
    client = start({"ABC": [FLAT]})
    assert client.get("/iserver/account/pnl/partitioned") == {"upnl": {}}
    assert client.get("/iserver/account/pnl/partitioned")["upnl"][f"{ACCOUNT}.Core"]["nl"] == 100_000.0


def test_accounts_are_looked_up_only_for_users_who_have_many() -> None:
    bars = {"ABC": [FLAT]}
    client = start(bars)
    assert client.call("GET", "/v1/api/iserver/account/search/DU").status == 503
    assert client.call("POST", "/v1/api/iserver/dynaccount", {"acctId": ACCOUNT}).status == 401
    client = start(bars, behaviour=msgspec.structs.replace(QUIET, dynamic_accounts=True))
    assert client.get("/iserver/account/search/DU")["matchedAccounts"][0]["accountId"] == ACCOUNT
    assert client.get("/iserver/account/search/X") == {"matchedAccounts": [], "pattern": "X"}
    assert client.post("/iserver/dynaccount", {"acctId": ACCOUNT}) == {"set": True, "acctId": ACCOUNT}
    assert client.call("POST", "/v1/api/iserver/dynaccount", {"acctId": "U1"}).status == 500


def test_owners_of_the_account() -> None:
    client = start({"ABC": [FLAT]})
    assert client.get(f"/acesws/{ACCOUNT}/signatures-and-owners")["users"][0]["roleId"] == "OWNER"
    assert client.call("GET", "/v1/api/acesws/U1/signatures-and-owners").status == 401


def test_account_says_that_it_trades_whole_shares_and_refuses_others() -> None:
    client = start({"ABC": [FLAT]})
    allowed = client.get("/iserver/accounts")["acctProps"][ACCOUNT]
    assert (allowed["supportsFractions"], allowed["supportsCashQty"]) == (False, False)
    order = {"conid": client.conid("ABC"), "side": "BUY", "orderType": "MKT", "tif": "DAY"}
    for size in ({"quantity": 0.5}, {"cashQty": 50.0}):
        answer = client.post(f"/iserver/account/{ACCOUNT}/orders", {"orders": [order | size]})
        assert answer == {"error": "Invalid order quantity"}
