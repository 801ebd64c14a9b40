"""External events at instants of simulated time: done there, once, also over a restart."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from tests.unit.simulator.support import ACCOUNT, Client, Json, Row, start

DAY: Row = (100.0, 110.0, 90.0, 100.0, 1000.0)
BARS = {"ABC": [DAY] * 4, "XYZ": [DAY] * 4}
SPLIT = {"at": "2014-03-04T13:00:00Z", "do": "split", "symbol": "ABC", "ratio": 2.0}
HALT = {"at": "2014-03-04T15:00:00Z", "do": "halt", "symbol": "XYZ"}
RESUME = {"at": "2014-03-04T16:00:00Z", "do": "resume", "symbol": "XYZ"}


def plan(client: Client, *entries: object) -> Json:
    return msgspec.json.decode(client.call("POST", "/sim/schedule", entries).body)


def done(client: Client) -> list[bool]:
    shown = msgspec.json.decode(client.call("GET", "/sim/schedule").body)
    return [row["done"] for row in shown["schedule"]]


def external_events(client: Client) -> list[tuple[str, str]]:
    return [(line["at"], line["do"]) for line in client.truth() if line["kind"] == "deed"]


def equity(client: Client) -> float:
    return float(client.get(f"/iserver/account/{ACCOUNT}/summary")["netLiquidationValue"])


def test_each_deed_is_done_at_its_instant() -> None:
    client = start(BARS)
    client.call("POST", "/sim/account", {"do": "trade", "symbol": "ABC", "side": "BUY", "quantity": 5, "price": 100.0})
    plan(client, RESUME, SPLIT, HALT)
    client.advance("2014-03-04T12:59:59Z")
    before = equity(client)
    assert done(client) == [False, False, False]
    client.advance("2014-03-04T13:00:00Z")
    assert done(client) == [False, True, False]
    assert equity(client) == before
    assert client.broker.account.held(client.conid("ABC")) == 10
    client.advance("close")
    assert external_events(client)[1:] == [(entry["at"], entry["do"]) for entry in (SPLIT, HALT, RESUME)]


def test_clock_that_stops_at_events_stops_at_a_deed() -> None:
    client = start(BARS)
    plan(client, SPLIT)
    answer = client.advance("2014-03-05T12:00:00Z", stop_on_event=True)
    assert (answer["now"], answer["stopped_on_event"]) == (SPLIT["at"], True)


@pytest.mark.parametrize("stop", ["2014-03-03T20:00:00Z", "2014-03-04T14:00:00Z", "2014-03-04T15:30:00Z"])
def test_restart_does_what_is_left_and_nothing_twice(tmp_path: Path, stop: str) -> None:
    first = start(BARS, state_dir=tmp_path)
    plan(first, SPLIT, HALT)
    plan(first, RESUME)
    first.advance(stop)
    first.simulator.close()
    second = start(BARS, state_dir=tmp_path)
    assert done(second) == done(first)
    second.advance("2014-03-05T14:00:00Z")
    assert [what for _, what in external_events(second)] == ["split", "halt", "resume"]
    second.simulator.close()
    third = start(BARS, state_dir=tmp_path)
    assert done(third) == [True] * 3
    assert third.broker.market.scale(0) == 2.0


def test_deed_that_has_become_impossible_is_left_out_and_noted() -> None:
    client = start(BARS)
    plan(client, {"at": "2014-03-03T15:00:00Z", "do": "cancel", "order_id": 7})
    client.advance("close")
    [line] = [line for line in client.truth() if line["kind"] == "schedule" and "left_out" in line]
    assert line["left_out"] == "order_id: 7 is no order"
    assert done(client) == [True]


def test_session_can_be_lost_at_an_instant() -> None:
    client = start(BARS)
    plan(client, {"at": "2014-03-03T15:00:00Z", "do": "compete"})
    client.advance("2014-03-03T14:59:00Z")
    assert client.post("/iserver/auth/status")["competing"] is False
    client.advance("2014-03-03T15:00:00Z")
    assert client.post("/iserver/auth/status")["competing"] is True


@pytest.mark.parametrize(
    ("entry", "text"),
    [
        (3, 'entry 2: it is 3; write an object with "at" and "do"'),
        ({"do": "halt"}, "entry 2: at: None is no time; write for example"),
        ({**HALT, "at": "soon"}, "entry 2: at: 'soon' is no time; write for example"),
        (
            {**HALT, "at": "2013-01-01"},
            "is not ahead of the simulated clock; write a time from 2014-03-03T14:30:00Z to",
        ),
        ({**HALT, "at": "2099-01-01"}, "is not ahead of the simulated clock; write a time from"),
        ({**HALT, "do": "stop"}, "entry 2: do: 'stop' is no external event; there are order, trade"),
        ({**HALT, "symbol": "NONE"}, "entry 2: symbol: 'NONE' is not in the bars"),
        ({**SPLIT, "ratio": 0}, "entry 2: ratio: 0; a split is 0.001 to 1000 shares for one"),
        ({**SPLIT, "ratio": "two"}, "entry 2: event: Expected `float | null`, got `str` - at `$.ratio`"),
        ({"at": SPLIT["at"], "do": "split", "symbol": "ABC"}, "entry 2: ratio: missing; 'split' needs symbol, ratio"),
        ({**HALT, "do": "login"}, "entry 2: symbol: 'login' takes no fields"),
        ({**HALT, "entry": 1}, "entry 2: entry: is the schedule's own"),
    ],
)
def test_bad_entry_is_named_and_nothing_is_kept(entry: object, text: str) -> None:
    client = start(BARS)
    answer = plan(client, SPLIT, entry)
    assert text in answer["error"]
    assert "\n" not in answer["error"]
    assert done(client) == []


@pytest.mark.parametrize(("data", "text"), [(b"{", "is no JSON"), (b"{}", "is an object"), (b'"x"', "is a text")])
def test_what_is_no_list_is_no_schedule(data: bytes, text: str) -> None:
    client = start(BARS)
    answer = client.simulator.handle("POST", "/sim/schedule", body=data)
    assert (answer.status, text in answer.body.decode()) == (400, True)
