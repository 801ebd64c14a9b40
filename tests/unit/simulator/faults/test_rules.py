from __future__ import annotations

import json

import pytest

from simulator.faults import APART, KINDS
from tests.unit.simulator.faults.support import LIST, bracket, buy, client, holding
from tests.unit.simulator.support import ACCOUNT, Client, Json, start

ACCOUNTS, POSITIONS = "/iserver/accounts", f"/portfolio2/{ACCOUNT}/positions"


def ruled(*rules: Json, scene: Json = holding) -> Client:
    """Return a client after a scene, under rules."""
    on = client()
    scene(on)
    answer = on.call("POST", "/sim/faults", list(rules))
    assert answer.status == 200, answer.body
    return on


def test_set_changes_adds_and_removes_what_dotted_paths_name() -> None:
    on = ruled(
        {
            "path": ACCOUNTS,
            "set": {
                "selectedAccount": "All",
                "accounts": ["F1"],
                "acctProps": "__drop__",
                "made.up": 1,
                "accounts.0": 2,
            },
        }
    )
    answer = on.get(ACCOUNTS)
    assert (answer["selectedAccount"], answer["accounts"], answer["made"]) == ("All", [2], {"up": 1})
    assert "acctProps" not in answer


def test_set_steps_into_lists_and_leaves_what_is_not_there() -> None:
    on = ruled(
        {"path": POSITIONS, "set": {"0.currency": "EUR", "7.currency": "EUR", "0.conid.deep": 1, "0.group": "__drop__"}}
    )
    [row] = on.get(POSITIONS)
    assert row["currency"] == "EUR"
    assert isinstance(row["conid"], str)
    assert "group" not in row


def test_each_changes_every_row() -> None:
    on = ruled({"path": LIST, "each": {"order_ref": "__drop__", "model": "Core"}}, scene=bracket)
    on.get(LIST)
    rows = on.get(LIST)["orders"]
    assert len(rows) == 3
    assert {(row.get("order_ref"), row["model"]) for row in rows} == {(None, "Core")}


def test_rows_are_added_to_a_list_and_into_the_list_of_an_object() -> None:
    on = ruled(
        {"path": "/portfolio2/*/positions", "add": [{"conid": "1"}]},
        {"path": LIST, "into": "orders", "add": [{"orderId": 7}, {"orderId": -2}]},
        {"path": ACCOUNTS, "into": "nowhere", "add": [{}]},
    )
    assert [row["conid"] for row in on.get(POSITIONS)][-1] == "1"
    assert [row["orderId"] for row in on.get(LIST)["orders"]][-2:] == [7, -2]
    assert "nowhere" not in on.get(ACCOUNTS)


@pytest.mark.parametrize("replaced", [[], {"a": 1}, "text", 0, False])
def test_answer_is_replaced_whole(replaced: Json) -> None:
    assert ruled({"path": POSITIONS, "replace": replaced}).get(POSITIONS) == replaced


@pytest.mark.parametrize("raw", ["", "{", '{"error":"unavailable","statusCode":500}'])
def test_bytes_and_status_are_another(raw: str) -> None:
    answer = ruled({"path": POSITIONS, "raw": raw, "status": 500}).call("GET", f"/v1/api{POSITIONS}")
    assert (answer.body.decode(), answer.status) == (raw, 500)


def test_status_alone_leaves_the_body() -> None:
    on = ruled()
    before = on.call("GET", f"/v1/api{POSITIONS}").body
    on.call("POST", "/sim/faults", {"rules": [{"path": POSITIONS, "status": 203}]})
    answer = on.call("GET", f"/v1/api{POSITIONS}")
    assert (answer.body, answer.status) == (before, 203)


def test_rule_begins_after_so_many_answers_and_ends_after_so_many() -> None:
    on = ruled({"path": POSITIONS, "replace": 0, "after": 2, "times": 3})
    assert [on.get(POSITIONS) == 0 for _ in range(7)] == [False, False, True, True, True, False, False]


def test_rule_counts_on_over_a_restart(tmp_path: Json) -> None:
    bars = {"ABC": [(100.0, 110.0, 90.0, 105.0, 1000.0)]}
    first = start(bars, state_dir=tmp_path)
    first.call("POST", "/sim/faults", [{"path": POSITIONS, "replace": 0, "after": 2, "times": 2}])
    assert [first.get(POSITIONS) == 0 for _ in range(3)] == [False, False, True]
    first.simulator.close()
    second = start(bars, state_dir=tmp_path)
    assert [second.get(POSITIONS) == 0 for _ in range(2)] == [True, False]


@pytest.mark.parametrize(("method", "is_met"), [("*", True), ("GET", True), ("POST", False)])
def test_method_of_a_rule(method: str, is_met: bool) -> None:  # noqa: FBT001
    on = ruled({"path": "/tickle", "method": method, "replace": 0})
    assert (json.loads(on.call("GET", "/v1/api/tickle").body) == 0) is is_met


def test_call_is_applied_and_the_rule_is_in_the_log() -> None:
    on = ruled({"path": "/iserver/account/*/orders", "raw": "", "status": 502})
    order = {"conid": on.conid("ABC"), "side": "BUY", "orderType": "MKT", "quantity": 1, "tif": "DAY", "cOID": "x"}
    on.call("POST", f"/v1/api/iserver/account/{ACCOUNT}/orders", {"orders": [order]})
    assert [order.ticket.coid for order in on.broker.exchange.book.orders.values()] == ["p", "x"]
    assert [line["id"] for line in on.truth() if line["kind"] == "fault"] == ["rules"]


def test_error_is_left_alone_where_something_is_to_be_set() -> None:
    on = ruled({"path": "/iserver/account/order/status/0", "set": {"size": "1"}})
    answer = on.call("GET", "/v1/api/iserver/account/order/status/0")
    assert (answer.status, "size" in json.loads(answer.body)) == (400, False)


def test_rules_meet_each_others_answers_and_keep_their_own_values() -> None:
    on = ruled(
        {"path": POSITIONS, "each": {"seen": []}},
        {"path": POSITIONS, "set": {"0.tags": ["a"]}, "into": "0.tags", "add": ["b"]},
    )
    for _ in range(2):
        assert [(row["tags"], row["seen"]) for row in on.get(POSITIONS)] == [(["a", "b"], [])]


def test_rules_stand_beside_faults_and_are_cleared_with_them() -> None:
    on = client()
    plan = {"faults": [{"id": "O06"}], "rules": [{"path": ACCOUNTS, "replace": 0}]}
    assert on.call("POST", "/sim/faults", plan).status == 200
    assert (on.get(ACCOUNTS), "error" in buy(on)) == (0, True)
    on.call("POST", "/sim/faults", {"clear": True})
    assert (on.get(ACCOUNTS) == 0, "error" in buy(on)) == (False, False)


@pytest.mark.parametrize(
    ("rule", "problem"),
    [
        ({"path": "/x", "colour": 1}, "rule 1: colour is unknown; there are path, method, after, times, set, each"),
        ({"path": "/x", "add": {}}, "rules: add {} is not allowed; it has to be a list of 1 or more JSON values"),
        ({"path": "/x", "set": [1]}, "rules: set [1] is not allowed; it has to be an object of dotted paths"),
        ({"path": "/x", "status": 99}, "rules: status 99 is not allowed"),
        ({"path": "/x", "after": -1}, "rules: selector.skip -1 is not allowed"),
        (7, "rule 1: it 7 is not allowed"),
    ],
)
def test_mistake_in_a_rule_is_named_and_nothing_is_switched_on(rule: Json, problem: str) -> None:
    on = client()
    answer = on.call("POST", "/sim/faults", [rule])
    assert answer.status == 400
    assert json.loads(answer.body)["error"].startswith(problem)
    assert on.broker.faults.planned == []


def test_rules_are_listed_apart_from_the_catalogue() -> None:
    assert set(APART).isdisjoint(KINDS)
    shown = json.loads(client().call("GET", "/sim/faults", query="catalogue").body)
    assert [row["id"] for row in shown["apart"]] == ["rules"]
