"""The simulator's answers have the shapes of recorded ones: names, types, nesting, status. What differs says why."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.contracts.simulator.shapes import Json, differences, shape_of
from tests.contracts.simulator.tour import Tour

RECORDED: dict[str, Json] = json.loads((Path(__file__).parent / "shapes.json").read_text(encoding="utf-8"))

SWITCHING = 101
UNSETTLED = "sources disagree on the status; the simulator follows what was seen live"
SECTORS = "the simulated positions have sectors"
OPTIONS = "only options have it"
# Recordings that the simulator has no call for, and why.
NOT_COMPARED = {
    "error_auth_status_failed__1": "the documentation's example of a failure that nobody has reported",
    "get_iserver-marketdata-history__7": "several answers, put together by the client that recorded them",
    "ws_ntf__1": "the simulator sends no notifications",
}
# Differences that stay, by recording and place, and why.
DIFFERENCES = {
    "delete_iserver-account-accountid-order-orderid__3": {"status": UNSETTLED},
    "delete_iserver-account-accountid-order-orderid__5": {"status": UNSETTLED},
    "post_iserver-reply-replyid__5": {"status": UNSETTLED},
    "get_iserver-contract-conid-info-and-rules__1": {".rules.orderDefaults.MKT": "the default type here is LMT"},
    "get_iserver-secdef-info__1": {".": "the call answers with a list; the example shows a member of it"},
    "get_iserver-secdef-search__3": {"[].secType": "an example of a search by company"},
    "get_portfolio-accountid-allocation__1": {".sector.long.Others": SECTORS, ".group.long.Others": SECTORS},
    "post_portfolio-allocation__1": {".sector.long.Others": SECTORS, ".group.long.Others": SECTORS},
    "get_portfolio-accountid-position-conid__1": {
        "[].crossCurrency": OPTIONS,
        "[].undComp": OPTIONS,
        "[].undSym": OPTIONS,
    },
    "ws_smd__1": {".83": "a text over REST, a number in this one example"},
}


@pytest.fixture(scope="module")
def tour(bundled_bars: Path) -> Tour:
    return Tour(bundled_bars)


@pytest.mark.parametrize("name", [name for name in RECORDED if name not in NOT_COMPARED])
def test_answer_has_the_recorded_shape(tour: Tour, name: str) -> None:
    response = tour.answers.get(name) or tour.answers[name.rpartition("__")[0]]
    recorded = RECORDED[name]
    found = shape_of(json.loads(response.body), every=True) if response.body[:1] in (b"{", b"[") else "text"
    allowed = DIFFERENCES.get(name, {})
    unexplained = [line for line in differences(recorded["shape"], found) if line.partition(":")[0] not in allowed]
    assert unexplained == []
    if recorded["status"] != SWITCHING and "status" not in allowed:
        assert response.status == recorded["status"]


def test_no_exception_is_listed_that_is_not_needed(tour: Tour) -> None:
    needless = []
    for name, allowed in DIFFERENCES.items():
        response = tour.answers.get(name) or tour.answers[name.rpartition("__")[0]]
        found = shape_of(json.loads(response.body), every=True) if response.body[:1] in (b"{", b"[") else "text"
        places = {line.partition(":")[0] for line in differences(RECORDED[name]["shape"], found)}
        if response.status != RECORDED[name]["status"]:
            places.add("status")
        needless += [f"{name} {place}" for place in allowed if place not in places]
    assert needless == []
