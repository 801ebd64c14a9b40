from __future__ import annotations

import pytest

from tests.unit.simulator.support import ACCOUNT, Client, Row, start

UP: Row = (100.0, 110.0, 90.0, 105.0, 1000.0)
OURS = {"acctIds": [ACCOUNT]}


@pytest.fixture
def client() -> Client:
    made = start({"ABC": [UP, UP]}, cash=10_000.0)
    made.order(made.conid("ABC"), "BUY", "LMT", 10, price=100.0)
    made.advance("next_close")
    return made


def test_performance_is_that_of_the_closes(client: Client) -> None:
    answer = client.post("/pa/performance", {**OURS, "period": "7D"})
    assert answer["nav"]["data"][0]["navs"] == [10_049.0, 10_049.0]
    assert answer["cps"]["data"][0]["returns"] == [0.0049, 0.0049]
    assert answer["tpps"]["dates"] == ["201403"]
    assert client.post("/pa/allperiods", OURS)[ACCOUNT]["1D"]["nav"] == [10_049.0]


def test_transactions_of_one_contract(client: Client) -> None:
    answer = client.post("/pa/transactions", {**OURS, "conids": [client.conid("ABC")], "days": 30})
    [row] = answer["transactions"]
    assert (row["type"], row["qty"], row["amt"], row["rawDate"]) == ("Buy", 10.0, -1000.0, "20140303")


def test_sales_say_what_they_realized_in_the_end_as_the_position_does() -> None:
    made = start({"ABC": [UP] * 3}, cash=10_000.0)
    conid = made.conid("ABC")
    made.order(conid, "BUY", "LMT", 10, price=100.0)
    made.order(conid, "SELL", "LMT", 4, price=108.0)
    made.advance("2014-03-03T22:00:00Z")
    answer = made.post("/pa/transactions", {**OURS, "conids": [conid], "days": 30})
    [row] = answer["rpnl"]["data"]
    assert float(row["amt"]) == pytest.approx(made.broker.account.positions[conid].realized)
    assert (row["amt"], row["side"], row["date"], row["conid"]) == (answer["rpnl"]["amt"], "L", "20140303", str(conid))


def test_realized_gain_survives_a_split() -> None:
    made = start({"ABC": [UP] * 4}, cash=10_000.0)
    conid = made.conid("ABC")
    made.order(conid, "BUY", "LMT", 10, price=100.0)
    made.advance("2014-03-03T22:00:00Z")
    made.call("POST", "/sim/account", {"do": "split", "symbol": "ABC", "ratio": 2})
    made.advance("open")
    made.order(conid, "SELL", "LMT", 20, price=54.0)
    made.advance("close")
    answer = made.post("/pa/transactions", {**OURS, "conids": [conid], "days": 30})
    assert float(answer["rpnl"]["amt"]) == pytest.approx(20 * 54.0 - 10 * 100.0, abs=3.0)


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [("performance", {**OURS, "period": "2D"}, 400), ("performance", {"acctIds": [], "period": "1D"}, 400),
     ("allperiods", {}, 400), ("allperiods", {"acctIds": ["U1"]}, 500),
     ("performance", {"acctIds": ["U1"], "period": "1D"}, 500), ("transactions", {**OURS, "conids": []}, 400),
     ("transactions", {"acctIds": ["U1"], "conids": [1]}, 500)],
)  # fmt: skip
def test_bad_input_has_its_status(client: Client, path: str, body: object, status: int) -> None:
    assert client.call("POST", f"/v1/api/pa/{path}", body).status == status
