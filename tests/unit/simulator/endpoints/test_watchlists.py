from __future__ import annotations

import pytest

from tests.unit.simulator.support import Client, Row, start

UP: Row = (100.0, 110.0, 90.0, 105.0, 1000.0)
PATH = "/v1/api/iserver/watchlist"


@pytest.fixture
def client() -> Client:
    return start({"ABC": [UP]})


def test_a_list_is_made_read_in_two_steps_and_written_over(client: Client) -> None:
    conid = client.conid("ABC")
    made = client.post("/iserver/watchlist", {"id": "7", "name": "mine", "rows": [{"C": conid}, {"H": ""}, {"C": 1}]})
    assert (made["id"], made["name"], made["instruments"]) == ("7", "mine", [])
    sparse, full = (client.get("/iserver/watchlist", "id=7")["instruments"] for _ in range(2))
    assert sparse[0] == {"C": str(conid), "conid": conid, "name": "ABC"}
    assert (full[0]["ticker"], full[0]["ST"], full[1], full[2]["conid"]) == ("ABC", "STK", {"H": ""}, 1)
    client.post("/iserver/watchlist", {"id": "7", "name": "other", "rows": []})
    [row] = client.get("/iserver/watchlists", "SC=USER_WATCHLIST")["data"]["user_lists"]
    assert (row["id"], row["name"], row["type"]) == ("7", "other", "watchlist")
    assert client.call("DELETE", PATH, query="id=7").status == 200
    assert client.get("/iserver/watchlists")["data"]["user_lists"] == []


def test_what_is_no_list_is_refused_in_the_ways_of_the_real_one(client: Client) -> None:
    assert client.call("DELETE", PATH, query="id=1").status == 503
    assert client.call("GET", PATH, query="id=1").status == 503
    for body, status in (({}, 400), ({"id": "8", "rows": []}, 503), ({"id": "a", "name": "b"}, 503)):
        assert client.call("POST", PATH, body).status == status
    assert client.call("POST", PATH, {"id": "9", "name": "without rows"}).status == 200
    assert client.call("DELETE", PATH, query="id=1").status == 200


def test_a_list_can_be_deleted_by_an_id_in_the_body(client: Client) -> None:
    client.post("/iserver/watchlist", {"id": "7", "name": "mine", "rows": []})
    assert client.call("DELETE", PATH, {"id": "7"}).status == 200
    assert client.get("/iserver/watchlists")["data"]["user_lists"] == []
