from __future__ import annotations

import pytest

from tests.unit.simulator.support import Client, Row, start

UP: Row = (100.0, 110.0, 90.0, 105.0, 1000.0)


@pytest.fixture
def client() -> Client:
    return start({"ABC": [UP]})


def test_a_notice_is_unread_until_it_is_marked(client: Client) -> None:
    [notice] = client.get("/fyi/notifications")
    assert (client.get("/fyi/unreadnumber"), notice["R"]) == ({"BN": 1}, 0)
    answer = client.call("PUT", f"/v1/api/fyi/notifications/{notice['ID']}")
    assert answer.status == 200
    assert (client.get("/fyi/unreadnumber"), client.get("/fyi/notifications")[0]["R"]) == ({"BN": 0}, 1)
    assert client.call("PUT", "/v1/api/fyi/notifications/0").status == 200


def test_notices_by_subject_and_older_ones(client: Client) -> None:
    for number in range(12):
        client.simulator.broker.user_records.post("UA", f"alert {number}", "text", number)
    newest = client.get("/fyi/notifications")
    assert len(newest) == 10
    older = client.get("/fyi/notifications/more", f"id={newest[-1]['ID']}")
    assert [row["MS"] for row in older] == ["alert 1", "alert 0", "Simulated account"]
    assert [row["FC"] for row in client.get("/fyi/notifications", "exclude=UA")] == ["SM"]
    assert len(client.get("/fyi/notifications", "max=3&include=UA")) == 3


def test_subjects_are_switched_and_their_disclaimers_read(client: Client) -> None:
    def row() -> dict[str, object]:
        return next(dict(row) for row in client.get("/fyi/settings") if row["FC"] == "BA")

    assert (row()["A"], row()["H"]) == (1, 0)
    client.post("/fyi/settings/BA", {"enabled": False})
    client.call("PUT", "/v1/api/fyi/disclaimer/BA")
    assert (row()["A"], row()["H"]) == (0, 1)
    assert client.get("/fyi/disclaimer/BA")["FC"] == "BA"
    assert client.call("GET", "/v1/api/fyi/disclaimer/NONE").status == 200


def test_devices_and_mail(client: Client) -> None:
    device = {"deviceName": "phone", "deviceId": "one", "uiName": "Phone", "enabled": True}
    client.post("/fyi/deliveryoptions/device", device)
    client.call("PUT", "/v1/api/fyi/deliveryoptions/email", query="enabled=false")
    assert client.get("/fyi/deliveryoptions") == {"E": [{"NM": "phone", "I": "one", "UI": "Phone", "A": 1}], "M": 0}
    path = "/v1/api/fyi/deliveryoptions/one"
    assert [client.call("DELETE", path).status for _ in range(2)] == [200, 404]
    assert client.call("POST", "/v1/api/fyi/deliveryoptions/device", {}).status == 400
