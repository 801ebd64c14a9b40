from __future__ import annotations

import pytest

from tests.unit.simulator.support import Row, start

FLAT: Row = (100.0, 110.0, 90.0, 105.0, 1000.0)


def test_clock_tells_session_phase_and_end() -> None:
    client = start({"ABC": [FLAT, FLAT]})
    clock = client.clock()
    assert clock == {
        "now": "2014-03-03T14:30:00Z",
        "now_ms": 1393857000000,
        "session": "2014-03-03",
        "phase": "open",
        "end": "2014-03-04T21:00:00Z",
        "ended": False,
        "events": 0,
    }
    client.advance("close")
    assert (client.clock()["session"], client.clock()["phase"]) == (None, "closed")
    client.advance("2014-03-04T13:30:00Z")
    assert client.clock()["phase"] == "pre"


@pytest.mark.parametrize(
    ("to", "now"),
    [
        ("open", "2014-03-04T14:30:00Z"),
        ("close", "2014-03-03T21:00:00Z"),
        ("next_close", "2014-03-04T21:00:00Z"),
        ("2014-03-03T15:00:00.000001Z", "2014-03-03T15:00:00.000001Z"),
        ("2014-03-03T10:00:00Z", "2014-03-03T14:30:00Z"),
    ],
)
def test_advance_goes_where_it_is_told_and_never_back(to: str, now: str) -> None:
    assert start({"ABC": [FLAT, FLAT]}).advance(to)["now"] == now


def test_time_ends_with_the_data_and_goes_on_only_when_told_when() -> None:
    client = start({"ABC": [FLAT]})
    client.advance("next_close")
    answer = client.advance("next_close")
    assert (answer["now"], answer["ended"]) == ("2014-03-03T21:00:00Z", True)
    assert client.advance("open")["now"] == "2014-03-03T21:00:00Z"
    assert client.advance("2014-03-03T21:15:00Z")["now"] == "2014-03-03T21:15:00Z"


def test_advance_stops_at_the_first_event_with_all_of_its_instant() -> None:
    client = start({"ABC": [FLAT, FLAT], "XYZ": [FLAT, FLAT]})
    for symbol in ("ABC", "XYZ"):
        client.order(client.conid(symbol), "BUY", "LMT", 10, price=95.0)
    answer = client.advance("close", stop_on_event=True)
    assert (answer["now"], answer["stopped_on_event"], answer["events"]) == ("2014-03-03T15:35:00Z", True, 4)
    assert client.advance("close", stop_on_event=True)["stopped_on_event"] is False


@pytest.mark.parametrize("body", [{}, {"to": "noon"}, {"to": 5}, []])
def test_advance_to_nowhere_is_refused(body: object) -> None:
    assert start({"ABC": [FLAT]}).call("POST", "/sim/advance", body).status == 400


def test_truth_can_be_read_from_any_line() -> None:
    client = start({"ABC": [FLAT]})
    client.advance("close")
    lines = client.truth()
    assert [line["seq"] for line in lines] == list(range(len(lines)))
    assert client.call("GET", "/sim/truth", query=f"since={len(lines) - 1}").body.count(b"\n") == 1
    assert client.call("GET", "/sim/truth", query="since=x").status == 400


def test_faults_are_listed_with_their_counts() -> None:
    client = start({"ABC": [FLAT]})
    client.call("POST", "/sim/faults", {"faults": [{"id": "H01", "selector": {"nth": 2}}]})
    for _ in range(3):
        client.call("POST", "/v1/api/tickle")
    assert b'"matched":2,"fired":1' in client.call("GET", "/sim/faults").body
    assert [line["id"] for line in client.truth() if line["kind"] == "fault"] == ["H01"]


def test_plan_with_a_mistake_is_refused_with_one_line() -> None:
    answer = start({"ABC": [FLAT]}).call("POST", "/sim/faults", {"faults": [{"id": "H01", "selector": {"nth": 0}}]})
    assert (answer.status, b"selector.nth 0 is not allowed" in answer.body) == (400, True)
