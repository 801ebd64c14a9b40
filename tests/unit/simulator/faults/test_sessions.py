from __future__ import annotations

import pytest

from tests.unit.simulator.faults.support import ORDERS, Case, bracket, buy, check, client, plan, resting, tickle
from tests.unit.simulator.support import ACCOUNT, Client, Json

INIT = {"publish": True, "compete": True}


def init(on: Client) -> Json:
    return on.call("POST", "/v1/api/iserver/auth/ssodh/init", INIT)


def states(on: Client) -> Json:
    """Return what tickle says of the session, how an init ends, what accounts answer; now and in five minutes."""
    seen = []
    for instant in ("2014-03-03T14:30:00Z", "2014-03-03T14:35:00Z"):
        on.advance(instant)
        said = on.post("/tickle")["iserver"]["authStatus"]
        opened = on.post("/iserver/auth/ssodh/init", INIT)["authenticated"]
        found = (said["authenticated"], said["competing"], said["connected"])
        seen.append((found, opened, on.call("GET", "/v1/api/iserver/accounts").status))
    return seen


def flipping(on: Client) -> Json:
    """Return whether an init succeeds in each of four minutes."""
    seen = []
    for minute in range(30, 34):
        on.advance(f"2014-03-03T14:{minute}:00Z")
        seen.append(on.post("/iserver/auth/ssodh/init", INIT)["authenticated"])
    return seen


def calls_over_time(on: Client) -> Json:
    """Return the statuses of tickle and of an init with an hour between, and how the answers begin."""
    seen = []
    for instant in ("2014-03-03T14:30:00Z", "2014-03-03T15:30:00Z"):
        on.advance(instant)
        answer = tickle(on)
        seen.append((answer.status, answer.body[:9].decode(), init(on).status))
    return seen


def reset_in_an_order(on: Client) -> Json:
    order = {"conid": on.conid("ABC"), "side": "BUY", "orderType": "LMT", "price": 80.0, "quantity": 1, "tif": "DAY"}
    status = on.call("POST", f"/v1/api{ORDERS}", {"orders": [order]}).status
    return (status, len(on.broker.exchange.book.orders), on.broker.session.authenticated, on.broker.session.sso)


def id_again(on: Client) -> Json:
    """Cancel the orders; return whether the next one's id was given out before."""
    known = set(on.broker.exchange.book.orders)
    on.delete(f"/iserver/account/{ACCOUNT}/order/-1")
    tickle(on)
    init(on)
    on.get("/iserver/accounts")
    [row] = buy(on)
    return int(row["order_id"]) in known


def selected(on: Client) -> Json:
    answer = on.get("/iserver/accounts")
    return [answer["selectedAccount"], answer["isPaper"]]


LOST, FINE = (False, False, True), (True, False, True)
CASES = [
    Case("G01", states, [((False, True, True), False, 400), ((False, True, True), True, 200)]),
    Case("G01", flipping, [False, True, False, True], {"seconds": 300, "flip_s": 60}),
    Case("G02", states, [((False, False, False), False, 400), ((False, False, False), True, 200)]),
    Case("G03", states, [(LOST, False, 400), (LOST, True, 200)], {"seconds": 300}),
    Case("G04", states, [(LOST, False, 400), (LOST, True, 200)], {"seconds": 300}),
    Case("G04", reset_in_an_order, (503, 1, False, True), {"mid_order": True}),
    Case("G04", reset_in_an_order, (503, 1, False, False), {"mid_order": True, "logout": True}),
    Case("G05", calls_over_time, [(500, '{"error":', 500), (200, '{"session', 200)], {"seconds": 3600}),
    Case("G07", id_again, seen=True, selector={"path": "/tickle"}, scene=resting),
    Case("G08", selected, ["DU7654321", True]),
    Case("G09", selected, ["U1234567", False]),
    Case("G12", calls_over_time, [(200, '{"session', 503), (200, '{"session', 200)], {"seconds": 3600}),
    Case("G13", calls_over_time, [(200, "<!DOCTYPE", 200), (200, '{"session', 200)]),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_session_or_gateway_is_not_itself_for_a_while(case: Case) -> None:
    check(case)


def test_reset_forgets_questions_and_suppressions_and_opens_a_new_epoch() -> None:
    on = client()
    plan(on, "O01", selector={"times": 1})
    [question] = buy(on)
    on.post("/iserver/questions/suppress", {"messageIds": ["o163"]})
    epoch = on.broker.session.epoch
    plan(on, "G04", "/tickle", seconds=60)
    tickle(on)
    on.advance("2014-03-03T14:31:00Z")
    init(on)
    assert on.broker.session.epoch == epoch + 1
    assert on.broker.session.caches.suppressed == set()
    assert "reply id not found" in on.post(f"/iserver/reply/{question['id']}", {"confirmed": True})["error"]


def test_ids_of_live_orders_are_not_given_out_again() -> None:
    on = client()
    resting(on)
    live = set(on.broker.exchange.book.live)
    plan(on, "G07", n=2)
    tickle(on)
    init(on)
    on.get("/iserver/accounts")
    [row] = buy(on)
    assert int(row["order_id"]) not in live
    assert live < set(on.broker.exchange.book.live)


def test_id_of_an_order_whose_children_live_is_not_given_out_again() -> None:
    on = client()
    entry, *children = (int(row["order_id"]) for row in bracket(on))
    on.advance("2014-03-03T14:31:00Z")
    assert set(on.broker.exchange.book.live) == set(children)
    plan(on, "G07", n=3)
    tickle(on)
    init(on)
    on.get("/iserver/accounts")
    [row] = buy(on)
    assert int(row["order_id"]) not in {entry, *children}


def test_paper_account_becomes_of_a_live_one_and_back() -> None:
    on = client()
    plan(on, "G09", account="U7")
    assert selected(on) == ["U7", False]
