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
NOT_THERE = "only stocks are simulated"
WHOLE = "shares are traded whole, and for no amount of cash"
CURRENCIES = "an account with other currencies; the simulated one has dollars"
OTHER_LOGIN = "an example of a login without the gateway program"
CONVERSION = "a conversion of currencies has it"
_WHOLE_ONLY = {".rules.fraqTypes[]": WHOLE, ".rules.cqtTypes[]": WHOLE}
_DEFAULTS = {".rules.orderDefaults.MKT": "the default type here is LMT"}
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
    "delete_iserver-account-accountid-order-orderid__oas1": {
        ".": "a list in the specification, an object everywhere that it was seen",
        "status": "the tour's call is about an unknown order",
    },
    "get_iserver-account-accountid-alerts__oas1": {".": "an object in the specification, a list where it was seen"},
    "get_iserver-account-accountid-summary-market_value__oas1": {
        ".EUR": CURRENCIES,
        ".HKD": CURRENCIES,
        ".JPY": CURRENCIES,
    },
    "get_iserver-account-orders__oas1": {
        ".orders[].exchange": CONVERSION,
        ".orders[].totalCashSize": CONVERSION,
        ".orders[].taxOptimizerId": "an order with a tax optimizer has it",
    },
    "get_iserver-accounts__oas1": {
        ".acctProps.<account>.noFxConv": "noFXConv in all other sources",
        ".aliases.All": "a user with several accounts",
        ".groups[]": "a user with several accounts",
    },
    "get_iserver-contract-conid-info-and-rules__1": {**_WHOLE_ONLY, **_DEFAULTS},
    "get_iserver-contract-conid-info-and-rules__3": _WHOLE_ONLY,
    "get_iserver-contract-conid-info-and-rules__live1": _WHOLE_ONLY,
    "get_iserver-contract-conid-info-and-rules__oas1": {**_WHOLE_ONLY, **_DEFAULTS},
    "post_iserver-contract-rules__live1": {".fraqTypes[]": WHOLE, ".cqtTypes[]": WHOLE},
    "post_iserver-contract-rules__oas1": {".fraqTypes[]": WHOLE, ".cqtTypes[]": WHOLE},
    "get_iserver-secdef-bond-filters__1": {".bondFilters[]": NOT_THERE},
    "get_iserver-secdef-bond-filters__oas1": {".bondFilters[]": NOT_THERE},
    "get_iserver-secdef-strikes__1": {".call[]": NOT_THERE, ".put[]": NOT_THERE},
    "get_iserver-secdef-strikes__oas1": {".call[]": NOT_THERE, ".put[]": NOT_THERE},
    "get_trsrv-futures__1": {".<symbol>[]": NOT_THERE},
    "get_trsrv-futures__oas1": {".<symbol>[]": NOT_THERE},
    "post_iserver-account__oas1": {
        ".set": "a user with another account to change to",
        ".acctId": "a user with another account to change to",
    },
    "get_portfolio-accountid-ledger__oas1": {".AUD": CURRENCIES},
    "get_sso-validate__oas1": {".success": OTHER_LOGIN},
    "post_iserver-auth-ssodh-init__oas1": {".success": OTHER_LOGIN},
    "post_iserver-auth-status__oas1": {".success": OTHER_LOGIN},
    "post_tickle__oas1": {".success": OTHER_LOGIN, ".fail": OTHER_LOGIN},
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
