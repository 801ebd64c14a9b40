from __future__ import annotations

import pytest

from tests.unit.simulator.support import Client, Row, start

FLAT: Row = (100.0, 100.0, 100.0, 100.0, 1000.0)
AAPL = 265598


@pytest.fixture
def client() -> Client:
    return start({"AAPL": [FLAT], "PENNY": [(0.5, 0.5, 0.5, 0.5, 10.0)]})


def test_stocks_by_symbol_with_an_empty_list_for_the_unknown(client: Client) -> None:
    answer = client.get("/trsrv/stocks", "symbols=AAPL,NONE")
    [home, *foreign] = answer["AAPL"][0]["contracts"]
    assert home == {"conid": AAPL, "exchange": "NASDAQ", "isUS": True}
    assert foreign[0] == {"conid": 38708077, "exchange": "MEXI", "isUS": False}
    assert answer["NONE"] == []


def test_definitions_and_search(client: Client) -> None:
    assert client.get("/trsrv/secdef", f"conids={AAPL},1")["secdef"][0]["ticker"] == "AAPL"
    assert client.call("GET", "/v1/api/trsrv/secdef").status == 400
    assert client.get("/iserver/secdef/search", "symbol=aapl")[0]["conid"] == str(AAPL)
    assert client.post("/iserver/secdef/search", {"symbol": "APPLE", "name": True})[0]["symbol"] == "AAPL"
    assert client.get("/iserver/secdef/search", "symbol=NONE") == []
    assert client.get("/trsrv/all-conids", "exchange=NASDAQ") == [{"ticker": "AAPL", "conid": AAPL, "exchange": "NMS"}]


def test_search_names_the_months_of_options_from_the_simulated_one_on(client: Client) -> None:
    [row] = client.get("/iserver/secdef/search", "symbol=AAPL")
    options = next(section for section in row["sections"] if section["secType"] == "OPT")
    months = options["months"].split(";")
    assert (months[0], months[-1], len(months)) == ("MAR14", "FEB15", 12)


def test_definitions_may_be_asked_for_with_a_body(client: Client) -> None:
    asked = client.post("/trsrv/secdef", {"conids": [AAPL, client.conid("PENNY")]})
    assert [row["ticker"] for row in asked["secdef"]] == ["AAPL", "PENNY"]
    assert client.call("POST", "/v1/api/trsrv/secdef", {}).status == 400
    form = client.simulator.handle("POST", "/v1/api/trsrv/secdef", body=f"conids={AAPL}".encode())
    assert b'"ticker":"AAPL"' in form.body


@pytest.mark.parametrize("name", ["secType", "sectype"])
def test_only_stocks_have_details(client: Client, name: str) -> None:
    path = "/v1/api/iserver/secdef/info"
    assert client.call("GET", path, query=f"conid={AAPL}&{name}=STK").status == 200
    assert client.call("GET", path, query=f"conid={AAPL}&{name}=OPT&month=202701").status == 400


def test_what_is_not_simulated_is_empty(client: Client) -> None:
    assert client.get("/iserver/secdef/bond-filters", "symbol=BOND&issuerId=e1") == {"bondFilters": []}
    assert client.get("/iserver/secdef/strikes", f"conid={AAPL}") == {"call": [], "put": []}
    assert client.get("/trsrv/futures", "symbols=ES") == {"ES": []}
