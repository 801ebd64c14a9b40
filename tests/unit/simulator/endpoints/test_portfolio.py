from __future__ import annotations

import pytest

from tests.unit.simulator.support import ACCOUNT, Client, Row, start

UP: Row = (100.0, 110.0, 90.0, 105.0, 1000.0)


@pytest.fixture
def client() -> Client:
    made = start({"ABC": [UP]}, cash=10_000.0)
    made.order(made.conid("ABC"), "BUY", "LMT", 10, price=100.0)
    made.advance("close")
    return made


def test_first_read_of_positions_is_sparse(client: Client) -> None:
    sparse, full = (client.get(f"/portfolio/{ACCOUNT}/positions/0")[0] for _ in range(2))
    assert (sparse["strike"], full["strike"]) == (0.0, "0")
    assert "ticker" not in sparse
    assert (full["ticker"], full["position"], full["avgCost"], full["mktValue"]) == ("ABC", 10.0, 100.1, 1050.0)


def test_positions_in_their_several_shapes(client: Client) -> None:
    conid = client.conid("ABC")
    assert client.get(f"/portfolio/{ACCOUNT}/positions")[0]["conid"] == conid
    assert client.get(f"/portfolio/{ACCOUNT}/positions/1") == []
    assert client.get(f"/portfolio/{ACCOUNT}/position/{conid}")[0]["position"] == 10.0
    assert client.get(f"/portfolio/{ACCOUNT}/position/1") == []
    assert client.get(f"/portfolio/positions/{conid}")[ACCOUNT][0]["position"] == 10.0
    assert client.get("/portfolio/positions/1") == {}
    assert client.get(f"/portfolio2/{ACCOUNT}/positions")[0]["conid"] == str(conid)


def test_ledger_and_summary_agree_to_the_cent(client: Client) -> None:
    ledger, summary = client.get(f"/portfolio/{ACCOUNT}/ledger"), client.get(f"/portfolio/{ACCOUNT}/summary")
    assert ledger["BASE"]["netliquidationvalue"] == summary["netliquidation"]["amount"] == 10_049.0
    assert ledger["USD"]["cashbalance"] == summary["totalcashvalue"]["amount"] == 8999.0


def test_allocation_adds_up(client: Client) -> None:
    answer = client.get(f"/portfolio/{ACCOUNT}/allocation")
    assert answer["assetClass"]["long"] == {"STK": 1050.0, "CASH": 8999.0}
    assert client.post("/portfolio/allocation", {"acctIds": [ACCOUNT]}) == answer
    assert client.get("/portfolio/allocation", f"acctIds={ACCOUNT}") == answer
    assert client.call("GET", "/v1/api/portfolio/allocation", query="acctIds=U1").status == 401


@pytest.mark.parametrize(
    "path",
    ["/portfolio/U1/meta", "/portfolio/U1/summary", "/portfolio/U1/ledger", "/portfolio/U1/positions/0",
     "/portfolio/U1/position/1", "/portfolio/U1/allocation", "/portfolio/U1/combo/positions",
     "/portfolio2/U1/positions"],
)  # fmt: skip
def test_another_account_is_401_with_an_empty_body(client: Client, path: str) -> None:
    response = client.call("GET", f"/v1/api{path}")
    assert (response.status, response.body) == (401, b"")


def test_account_rows(client: Client) -> None:
    assert client.get("/portfolio/accounts") == client.get("/portfolio/subaccounts")
    assert client.get(f"/portfolio/{ACCOUNT}/meta")["type"] == "DEMO"
    assert client.post(f"/portfolio/{ACCOUNT}/positions/invalidate") == {"message": "success"}
    assert client.get(f"/portfolio/{ACCOUNT}/combo/positions") == []


def test_positions_are_sorted_by_a_column_both_ways() -> None:
    client = start({"ABC": [UP], "XYZ": [UP]}, cash=100_000.0)
    for symbol, quantity in (("ABC", 10), ("XYZ", 20)):
        client.order(client.conid(symbol), "BUY", "LMT", quantity, price=100.0)
    client.advance("close")

    def order(query: str) -> list[str]:
        return [row["contractDesc"] for row in client.get(f"/portfolio/{ACCOUNT}/positions/0", query)]

    assert order("sort=position&direction=d") == ["XYZ", "ABC"]
    assert order("sort=position&direction=a") == order("sort=nothing&direction=d") == ["ABC", "XYZ"]
    assert order("model=other") == []
    row = client.get(f"/portfolio/{ACCOUNT}/positions/0", "waitForSecDef=false")[0]
    assert "ticker" not in row
    newer = client.get(f"/portfolio2/{ACCOUNT}/positions", "sort=marketValue&direction=d")
    assert [row["description"] for row in newer] == ["XYZ", "ABC"]
