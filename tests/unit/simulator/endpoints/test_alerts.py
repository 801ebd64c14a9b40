from __future__ import annotations

import pytest

from tests.unit.simulator.support import ACCOUNT, Client, Json, Row, start

UP: Row = (100.0, 110.0, 90.0, 105.0, 1000.0)
PATH = f"/iserver/account/{ACCOUNT}/alert"


@pytest.fixture
def client() -> Client:
    return start({"ABC": [UP] * 3})


def condition(client: Client, operator: str, value: str, bind: str = "n") -> dict[str, object]:
    conidex = f"{client.conid('ABC')}@SMART"
    return {
        "conidex": conidex,
        "logicBind": bind,
        "operator": operator,
        "triggerMethod": "0",
        "type": 1,
        "value": value,
    }


def make(client: Client, *conditions: dict[str, object], **fields: object) -> Json:
    body = {"alertName": "one", "alertMessage": "look", "tif": "GTC", "conditions": list(conditions), **fields}
    return client.post(PATH, body)


def listed(client: Client) -> list[dict[str, Json]]:
    rows: list[dict[str, Json]] = client.get(f"/iserver/account/{ACCOUNT}/alerts")
    return rows


def test_alert_is_triggered_when_the_price_gets_there_and_says_so(client: Client) -> None:
    number = make(client, condition(client, ">=", "109.00"))["order_id"]
    assert [(row["alert_triggered"], row["alert_active"]) for row in listed(client)] == [(False, 1)]
    client.advance("close")
    assert [(row["alert_triggered"], row["alert_active"]) for row in listed(client)] == [(True, 0)]
    assert client.get("/fyi/notifications")[0]["MS"] == "one"
    detail = client.get(f"/iserver/account/alert/{number}", "type=Q")
    assert (detail["condition_size"], detail["conditions"][0]["condition_value"]) == (1, "109.00")


def test_price_of_before_the_alert_does_not_count(client: Client) -> None:
    client.advance("2014-03-03T20:30:00Z")
    make(client, condition(client, "<=", "91.00"))
    client.advance("close")
    assert not listed(client)[0]["alert_triggered"]


@pytest.mark.parametrize(("bind", "triggered"), [("a", False), ("o", True)])
def test_conditions_are_bound_by_and_or_or(client: Client, bind: str, *, triggered: bool) -> None:
    make(client, condition(client, ">=", "109.00", bind), condition(client, ">=", "500.00"))
    client.advance("close")
    assert listed(client)[0]["alert_triggered"] is triggered


def test_alert_is_switched_off_changed_and_deleted(client: Client) -> None:
    number = make(client, condition(client, ">=", "109.00"))["order_id"]
    assert client.post(f"{PATH}/activate", {"alertId": number, "alertActive": 0})["success"] is True
    client.advance("close")
    assert not listed(client)[0]["alert_triggered"]
    assert make(client, condition(client, ">=", "120.00"), orderId=number)["order_id"] == number
    renamed = client.call("POST", f"/v1/api{PATH}", {"alertName": "x", "orderId": number, "conditions": [{"type": 1}]})
    assert renamed.status == 500
    assert client.delete(f"{PATH}/{number}")["order_id"] == number
    assert listed(client) == []


def test_what_is_no_alert_is_refused_in_the_ways_of_the_real_one(client: Client) -> None:
    for body, status in (({}, 400), ({"alertName": "x"}, 500)):
        assert client.call("POST", f"/v1/api{PATH}", body).status == status
    assert client.call("POST", f"/v1/api{PATH}/activate", {"alertId": 0, "alertActive": 1}).status == 503
    assert client.call("DELETE", f"/v1/api{PATH}/0").status == 503
    assert "error" in client.get("/iserver/account/alert/0", "type=Q")
    assert client.call("GET", "/v1/api/iserver/account/U1/alerts").status == 400


def test_everybody_has_the_alert_of_the_trading_assistant(client: Client) -> None:
    found = client.get("/iserver/account/mta")
    assert found["alert_active"] == 1
    assert client.get(f"/iserver/account/alert/{found['order_id']}") == found
