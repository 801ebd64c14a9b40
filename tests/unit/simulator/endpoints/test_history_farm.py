from __future__ import annotations

from tests.unit.simulator.support import Row, start

UP: Row = (100.0, 110.0, 90.0, 105.0, 1000.0)
PATH = "/v1/api/hmds/history"


def test_history_of_the_farm_is_there_after_its_own_session_was_opened() -> None:
    client = start({"ABC": [UP] * 3})
    client.advance("2014-03-04T21:00:00Z")
    query = f"conid={client.conid('ABC')}&period=2d&bar=1d"
    assert client.call("GET", PATH, query=query).status == 404
    assert client.post("/tickle")["hmds"] == {"error": "no bridge"}
    assert client.post("/hmds/auth/init")["authenticated"] is True
    assert client.post("/tickle")["hmds"]["authStatus"]["connected"] is True
    answer = client.get("/hmds/history", query)
    assert (answer["startTime"], answer["points"], answer["mktDataDelay"]) == ("20140303-14:30:00", 1, 0)
    assert [bar["c"] for bar in answer["data"]] == [105.0, 105.0]
    assert answer["endTimeVal"] - answer["startTimeVal"] == 30.5 * 3_600_000
    assert client.call("GET", PATH, query="conid=1").status == 500
    client.post("/logout")
    assert client.call("GET", PATH, query=query).status == 401
