from __future__ import annotations

import pytest

from tests.unit.simulator.faults.support import LIST, Case, buy, check, client, holding, plan, resting
from tests.unit.simulator.support import ACCOUNT, Client, Json

TRADES = "/iserver/account/trades"


def listed(on: Client) -> Json:
    return [row["order_ref"] for row in on.get(LIST)["orders"]]


def after_cancel(on: Client) -> Json:
    """Cancel everything; return the statuses right before, right after, and ten minutes later."""
    seen = [[row["status"] for row in on.get(LIST)["orders"]]]
    on.delete("/iserver/account/DU1234567/order/-1")
    for instant in ("2014-03-03T14:30:30Z", "2014-03-03T14:40:00Z"):
        on.advance(instant)
        seen.append([row["status"] for row in on.get(LIST)["orders"]])
    return seen


def whole(on: Client) -> Json:
    return (listed(on), on.get(LIST, f"accountId={ACCOUNT}")["snapshot"], on.get(LIST)["orders"] == [])


def statuses(on: Client) -> Json:
    return [row["status"] for row in on.get(LIST)["orders"]]


def closed_in_a_new_session(on: Client) -> Json:
    """Cancel everything; return how many orders are listed, and how many in a new brokerage session."""
    on.get(LIST)
    on.delete("/iserver/account/DU1234567/order/-1")
    first = len(on.get(LIST)["orders"])
    on.call("POST", "/sim/account", {"do": "lose_session"})
    on.post("/iserver/auth/ssodh/init", {"publish": True, "compete": True})
    on.get("/iserver/accounts")
    on.get(LIST)
    return [first, len(on.get(LIST)["orders"])]


def accounts(on: Client) -> Json:
    selected = on.get("/iserver/accounts")
    return [selected["selectedAccount"], selected["accounts"], on.get("/portfolio/accounts")[0]["accountId"]]


def young_order(on: Client) -> Json:
    """Place an order; return whether the list and its id know it, now and a minute later."""
    [row] = buy(on, cOID="c")
    seen = []
    for instant in ("2014-03-03T14:30:00Z", "2014-03-03T14:31:00Z"):
        on.advance(instant)
        status = on.call("GET", f"/v1/api/iserver/account/order/status/{row['order_id']}").status
        seen.append(("c" in listed(on), status))
    return seen


def executions(on: Client) -> Json:
    """Trade twice more; return the sizes that two reads list."""
    for quantity in (2, 3):
        on.order(on.conid("ABC"), "SELL", "MKT", quantity)
    return [[row["size"] for row in on.get(TRADES)] for _ in range(2)]


def later_executions(on: Client) -> Json:
    """Return how many executions are listed now and a minute later, and the order's status."""
    on.get(LIST)
    seen = [len(on.get(TRADES))]
    on.advance("2014-03-03T14:31:00Z")
    return [*seen, len(on.get(TRADES)), on.get(LIST)["orders"][0]["status"]]


def prices(on: Client) -> Json:
    body = on.call("GET", f"/v1/api{TRADES}").body.decode()
    return body.partition('"price":')[2][:8]


WORKING, GONE = ["Submitted"] * 2, ["Cancelled"] * 2
CASES = [
    Case("H13", after_cancel, [WORKING, WORKING, GONE], {"seconds": 60}, scene=resting),
    Case("H14", whole, ([], False, True), scene=resting),
    Case("H14", whole, ([], True, False), {"calls": 1}, scene=resting),
    Case("H14", whole, ([], True, True), {"when": "without_account"}, scene=resting),
    Case("H15", listed, [], {"p": 1.0}, scene=resting),
    Case("H16", closed_in_a_new_session, [2, 0], scene=resting),
    Case("H17", accounts, ["DU7654321", ["DU7654321"], "DU7654321"]),
    Case("H17", accounts, ["DU1234567", ["DU7654321", "DU1234567"], "DU7654321"], {"how": "first"}),
    Case("H17", accounts, ["DU9", ["DU9", "DU1234567"], "DU9"], {"how": "selected", "account": "DU9"}),
    Case("H18", statuses, [*WORKING, *GONE], scene=resting),
    Case("H18", statuses, ["Filled", "Filled", *WORKING], {"status": "Filled", "order": "first"}, scene=resting),
    Case("O09", young_order, [(False, 503), (True, 200)], {"seconds": 60}, scene=resting),
    Case("O15", executions, [[3.0, 3.0, 2.0, 2.0, 10.0, 10.0]] * 2, {"how": "duplicated"}, scene=holding),
    Case("O15", executions, [[3.0, 2.0], [10.0]], {"how": "split"}, scene=holding),
    Case("O15", executions, [[], []], {"how": "late"}, scene=holding),
    Case("O18", prices, '"110.06"', scene=holding),
    Case("O18", prices, '"0.00","', {"price": "zero"}, scene=holding),
    Case("O18", prices, 'NaN,"sub', {"price": "nan_token"}, scene=holding),
    Case("O19", later_executions, [0, 1, "Filled"], {"seconds": 60}, scene=holding),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_list_is_not_what_there_is(case: Case) -> None:
    check(case)


def test_shuffled_executions_are_in_another_order() -> None:
    on = client()
    holding(on)
    on.order(on.conid("ABC"), "SELL", "MKT", 2)
    plan(on, "O15")
    assert [row["size"] for row in on.get(TRADES)] == [10.0, 2.0]


def test_forced_list_alone_is_empty() -> None:
    on = client()
    resting(on)
    plan(on, "H14", when="forced", snapshot=True)
    assert len(on.get(LIST)["orders"]) == 2
    assert on.get(LIST, "force=true") == {"orders": [], "snapshot": True}


def test_list_after_hours_alone_is_empty() -> None:
    on = client()
    resting(on)
    plan(on, "H14", when="after_hours")
    assert len(on.get(LIST)["orders"]) == 2
    on.advance("close")
    assert on.get(LIST)["orders"] == []


def test_cached_answers_are_not_kept_for_ever() -> None:
    on = client()
    resting(on)
    plan(on, "H13", seconds=60)
    for minute in range(31, 59):
        on.advance(f"2014-03-03T14:{minute}:00Z")
        on.get(LIST)
    assert {len(answers) for answers in on.broker.memory.answers.values()} == {2}


def test_half_of_the_rows_is_missing_by_chance() -> None:
    on = client()
    for _ in range(40):
        buy(on)
    on.get(LIST)
    plan(on, "H15")
    counts = {len(on.get(LIST)["orders"]) for _ in range(10)}
    assert len(counts) > 1
    assert all(5 < count < 35 for count in counts)
