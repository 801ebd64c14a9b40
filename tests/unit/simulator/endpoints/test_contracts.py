from __future__ import annotations

from datetime import date

import pytest

from tests.unit.simulator.support import Client, Row, panel_of, start

FLAT: Row = (100.0, 100.0, 100.0, 100.0, 1000.0)
AAPL = 265598


@pytest.fixture
def client() -> Client:
    return start({"AAPL": [FLAT], "PENNY": [(0.5, 0.5, 0.5, 0.5, 10.0)]})


@pytest.mark.parametrize(("symbol", "increment", "digits"), [("AAPL", 0.01, 2), ("PENNY", 0.0001, 4)])
def test_rules_carry_the_increment_of_the_price(client: Client, symbol: str, increment: float, digits: int) -> None:
    rules = client.get(f"/iserver/contract/{client.conid(symbol)}/info-and-rules")["rules"]
    assert (rules["increment"], rules["incrementDigits"]) == (increment, digits)
    assert client.post("/iserver/contract/rules", {"conid": client.conid(symbol)}) == rules


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("GET", "/iserver/contract/1/info", 400), ("GET", "/iserver/contract/x/info-and-rules", 400),
     ("POST", "/iserver/contract/rules", 400), ("GET", "/iserver/contract/1/algos", 503),
     ("GET", "/iserver/secdef/info", 400), ("GET", "/trsrv/secdef/schedule", 400),
     ("GET", "/contract/trading-schedule", 400), ("GET", "/iserver/exchangerate", 400)],
)  # fmt: skip
def test_unknown_contracts_have_their_status(client: Client, method: str, path: str, status: int) -> None:
    assert client.call(method, f"/v1/api{path}").status == status


def test_schedules_know_half_days() -> None:
    client = start(panel_of({"AAPL": [FLAT] * 3}, date(2014, 11, 26)))
    hours = client.get("/contract/trading-schedule", f"conid={AAPL}")["schedules"]["20141128"]["liquid_hours"]
    assert hours == [{"opening": 1417185000, "closing": 1417197600}]
    [venue] = client.get("/trsrv/secdef/schedule", "symbol=AAPL&exchange=NASDAQ")
    by_day = {row["tradingScheduleDate"]: row["sessions"] for row in venue["schedules"]}
    assert (by_day["20000101"], by_day["20000103"][0]["closingTime"]) == ([], "1600")
    assert by_day["20141128"][0]["closingTime"] == "1300"
