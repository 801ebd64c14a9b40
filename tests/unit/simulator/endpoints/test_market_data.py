from __future__ import annotations

import pytest

from tests.unit.simulator.support import Client, Row, start

UP: Row = (100.0, 110.0, 90.0, 105.0, 1001.0)


@pytest.fixture
def client() -> Client:
    return start({"ABC": [UP] * 8, "XYZ": [UP] * 8})


def test_first_snapshot_of_a_contract_only_opens_its_stream(client: Client) -> None:
    conid = client.conid("ABC")
    query = f"conids={conid}&fields=31,55"
    assert client.get("/iserver/marketdata/snapshot", query) == [{"conidEx": str(conid), "conid": conid}]
    assert client.get("/iserver/marketdata/snapshot", query)[0]["31"] == "100.00"
    both = client.get("/iserver/marketdata/snapshot", f"conids={conid},{client.conid('XYZ')}&fields=31")
    assert ["31" in row for row in both] == [True, False]


@pytest.mark.parametrize("query", ["", "conids=", "conids=x", "conids=" + ",".join("1" * 1 for _ in range(101))])
def test_snapshot_of_nothing_is_refused(client: Client, query: str) -> None:
    assert client.call("GET", "/v1/api/iserver/marketdata/snapshot", query=query).status == 400


def test_unknown_conid_is_an_empty_row(client: Client) -> None:
    assert client.get("/iserver/marketdata/snapshot", "conids=0") == [{"conidEx": "0", "conid": 0}]


def test_unsubscription_needs_a_stream_and_a_number(client: Client) -> None:
    conid = client.conid("ABC")
    client.get("/iserver/marketdata/snapshot", f"conids={conid}")
    for body, status in (({"conid": str(conid)}, 500), ({"conid": conid}, 200), ({"conid": conid}, 500)):
        assert client.call("POST", "/v1/api/iserver/marketdata/unsubscribe", body).status == status
    assert client.get("/iserver/marketdata/unsubscribeall") == {"unsubscribed": True}


def test_history_gives_the_bars_of_the_period(client: Client) -> None:
    client.advance("2014-03-10T21:00:00Z")
    answer = client.get("/iserver/marketdata/history", f"conid={client.conid('ABC')}&period=3d&bar=1d")
    assert (len(answer["data"]), answer["points"], answer["startTime"]) == (3, 2, "20140306-14:30:00")
    assert (answer["high"], answer["low"], answer["volumeFactor"]) == ("11000/1001/0", "9000/1001/0", 1)
    assert answer["data"][0]["v"] * answer["volumeFactor"] == 1001


def test_start_time_is_where_the_window_ends(client: Client) -> None:
    client.advance("2014-03-10T21:00:00Z")
    query = f"conid={client.conid('ABC')}&period=2d&bar=1d&startTime=20140305-22:00:00"
    bars = client.get("/iserver/marketdata/history", query)["data"]
    assert [bar["t"] for bar in bars] == [1393943400000, 1394029800000]


def test_period_and_bar_that_are_none_fall_back(client: Client) -> None:
    client.advance("close")
    answer = client.get("/iserver/marketdata/history", f"conid={client.conid('ABC')}&period=INVALID&bar=x")
    assert (answer["timePeriod"], answer["barLength"]) == ("1w", 900)


@pytest.mark.parametrize("query", ["conid=1&period=1d", "direction=1", ""])
def test_history_without_a_chart(client: Client, query: str) -> None:
    text = query if query.startswith("conid") or not query else f"conid={client.conid('ABC')}&{query}"
    assert client.call("GET", "/v1/api/iserver/marketdata/history", query=text).status in (400, 500)


def test_history_of_quotes_has_no_volume_and_says_whether_it_is_of_the_whole_day(client: Client) -> None:
    client.advance("2014-03-10T21:00:00Z")
    query = f"conid={client.conid('ABC')}&period=3d&bar=1d&source=Midpoint&outsideRth=true"
    answer = client.get("/iserver/marketdata/history", query)
    assert ([bar["v"] for bar in answer["data"]], answer["outsideRth"]) == ([0.0, 0.0, 0.0], True)


@pytest.mark.parametrize("bar", ["1min", "30min", "1h", "8h", "1d", "1w", "1m"])
def test_period_that_is_shorter_than_its_bars_has_one(client: Client, bar: str) -> None:
    for time in ("2014-03-07T17:10:00Z", "2014-03-08T02:00:00Z", "2014-03-08T12:00:00Z"):
        client.advance(time)
        answer = client.get("/iserver/marketdata/history", f"conid={client.conid('ABC')}&period=1min&bar={bar}")
        assert len(answer["data"]) >= 1
        assert answer["points"] == len(answer["data"]) - 1
