from __future__ import annotations

import pytest

from tests.unit.simulator.faults.support import FLAT, ORDERS, Case, check, client, plan, tickle
from tests.unit.simulator.support import Client, Json, start


def sent_order(on: Client) -> Json:
    """Send a market order; return status, the beginning of the answer, and how many orders there are."""
    order = {"conid": on.conid("ABC"), "side": "BUY", "orderType": "MKT", "quantity": 1, "tif": "DAY"}
    answer = on.call("POST", f"/v1/api{ORDERS}", {"orders": [order]})
    return (answer.status, answer.body[:24].decode(), len(on.broker.exchange.book.orders))


def location(on: Client) -> Json:
    answer = tickle(on)
    return (answer.status, dict(answer.headers).get("Location"))


def two_calls(on: Client) -> Json:
    return (tickle(on).status, on.call("GET", "/v1/api/iserver/accounts").status)


def many_calls(on: Client) -> Json:
    return [on.call("GET", "/v1/api/iserver/account/trades").status for _ in range(2)]


CASES = [
    Case("T15", location, (302, "/sso/Login?forwardTo=22&RL=1&ip2loc=US")),
    Case("T15", location, (307, "https://gateway.example/sso/Login"), {"status": 307, "to": "other_host"}),
    Case("H01", two_calls, (401, 200), selector={"nth": 1}),
    Case("H01", two_calls, (401, 401), {"until_login": True}, {"nth": 1}),
    Case("H02", sent_order, (403, "Access Denied", 0)),
    Case("H03", sent_order, (429, '{"error":"Too Many Reque', 0)),
    Case("H03", many_calls, [200, 429], {"limits": "documented"}),
    Case("H04", two_calls, (429, 429), selector={"path": "/tickle"}),
    Case("H05", sent_order, (502, '{"error":"Service Unavai', 0), {"status": 502}),
    Case("H06", sent_order, (503, '{"error":"Service Unavai', 1)),
    Case("H07", sent_order, (200, "<!DOCTYPE html><html><he", 0)),
    Case("H07", sent_order, (200, "<html><head><title>Error", 0), {"page": "error"}),
    Case("H08", sent_order, (200, "", 1)),
    Case("H08", sent_order, (200, "{}", 0), {"body": "{}", "applied": False}),
    Case("G10", sent_order, (200, '{"error":"No trading per', 0)),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_whole_answer_is_another(case: Case) -> None:
    check(case)


@pytest.mark.parametrize("body", ["", "null", "{}", "[]"])
def test_empty_answers_are_empty_in_four_ways(body: str) -> None:
    on = client()
    plan(on, "H08", body=body)
    assert tickle(on).body == body.encode()


def test_page_is_as_long_as_it_is_wanted() -> None:
    on = client()
    plan(on, "H07", size=100_000)
    assert 99_000 < len(tickle(on).body) <= 100_000


@pytest.mark.parametrize(("fault", "parameters"), [("H03", {"limits": "documented"}), ("H04", {})])
def test_limits_and_penalty_box_of_a_fault_end_when_it_is_cleared(fault: str, parameters: dict[str, Json]) -> None:
    on = client()
    plan(on, fault, **parameters)
    assert {tickle(on).status for _ in range(20)} >= {429}
    on.call("POST", "/sim/faults", {"clear": True})
    assert {tickle(on).status for _ in range(20)} == {200}


def test_penalty_box_that_the_client_brought_upon_itself_stays_when_faults_are_cleared() -> None:
    on = start({"ABC": [FLAT]}, pacing=True)
    assert [tickle(on).status for _ in range(11)][-1] == 429
    on.call("POST", "/sim/faults", {"clear": True})
    assert tickle(on).status == 429


def test_login_ends_the_refusals() -> None:
    on = client()
    plan(on, "H01", selector={"times": 1}, until_login=True)
    tickle(on)
    assert tickle(on).status == 401
    on.call("POST", "/sim/account", {"do": "login"})
    assert tickle(on).status == 200
