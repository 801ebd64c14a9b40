from __future__ import annotations

import pytest

from tests.unit.simulator.support import Client, Row, start

FLAT: Row = (100.0, 100.0, 100.0, 100.0, 1000.0)


@pytest.fixture
def client() -> Client:
    return start({"ABC": [FLAT]})


def test_pairs_are_those_of_the_dollar(client: Client) -> None:
    rows = client.get("/iserver/currency/pairs", "currency=USD")["USD"]
    assert {"symbol": "EUR.USD", "conid": 12087792, "ccyPair": "EUR"} in rows
    assert client.get("/iserver/currency/pairs", "currency=eur")["EUR"][0]["ccyPair"] == "USD"
    assert client.get("/iserver/currency/pairs", "currency=XXX") == {"XXX": []}
    assert client.call("GET", "/v1/api/iserver/currency/pairs").status == 400


def test_rates_there_and_back_are_one(client: Client) -> None:
    there, back = (
        client.get("/iserver/exchangerate", query)["rate"]
        for query in ("source=USD&target=EUR", "source=EUR&target=USD")
    )
    assert there * back == pytest.approx(1.0, abs=1e-6)
    assert client.get("/iserver/exchangerate", "source=USD&target=USD") == {"rate": 1.0}
    assert client.call("GET", "/v1/api/iserver/exchangerate", query="source=USD&target=XXX").status == 400
