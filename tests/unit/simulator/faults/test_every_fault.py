"""Every fault is shown by a case: an effect with it that is not there without it."""

from __future__ import annotations

import pytest

from simulator.fault_plan import ROLES
from simulator.faults import KINDS
from tests.unit.simulator.faults import (
    test_acceptance,
    test_accounts,
    test_bars,
    test_bodies,
    test_changes,
    test_connection,
    test_corporate,
    test_delivery,
    test_fills,
    test_hands,
    test_instruments,
    test_lists,
    test_questions,
    test_quotes,
    test_refusals,
    test_sessions,
    test_websocket,
)
from tests.unit.simulator.faults.support import (
    LIST,
    ORDERS,
    POSITIONS,
    buy,
    client,
    plan,
    protected,
    tickle,
)
from tests.unit.simulator.support import ACCOUNT, Client, Json

MODULES = (
    test_acceptance,
    test_accounts,
    test_bars,
    test_bodies,
    test_changes,
    test_connection,
    test_corporate,
    test_delivery,
    test_fills,
    test_hands,
    test_instruments,
    test_lists,
    test_questions,
    test_quotes,
    test_refusals,
    test_sessions,
    test_websocket,
)


def test_every_fault_has_a_case() -> None:
    shown = {case.fault for module in MODULES for case in module.CASES}
    assert shown == set(KINDS)


CHOICES = [
    (kind.id, parameter.name, value)
    for kind in KINDS.values()
    for parameter in kind.parameters
    for value in getattr(parameter.rule, "values", (parameter.default,))
]


def tour(on: Client) -> None:
    """Make every kind of call that a fault may meet."""
    conid = on.conid("ABC")
    order = {"conid": conid, "side": "BUY", "orderType": "LMT", "price": 80.0, "quantity": 10, "tif": "DAY"}
    children = [{**order, "side": "SELL", "orderType": kind, "parentId": "b"} for kind in ("STP", "LMT")]
    calls = [
        ("POST", "/tickle", {}, ""),
        ("POST", ORDERS, {"orders": [{**order, "price": 100.0, "cOID": "t"}]}, ""),
        ("POST", ORDERS, {"orders": [{**order, "cOID": "b"}, *children]}, ""),
        ("POST", ORDERS, {"orders": [{**order, "side": "SELL", "orderType": "MKT", "tif": "OPG"}]}, ""),
        ("POST", f"/iserver/account/{ACCOUNT}/order/{newest(on)}", order, ""),
        ("DELETE", f"/iserver/account/{ACCOUNT}/order/{newest(on)}", None, ""),
        *(("GET", path, None, "") for path in (LIST, "/iserver/account/trades", POSITIONS, "/iserver/accounts")),
        *(("GET", f"/portfolio/{path}", None, "") for path in ("accounts", f"{ACCOUNT}/ledger", f"{ACCOUNT}/summary")),
        ("GET", "/iserver/marketdata/snapshot", None, f"conids={conid}&fields=31,84,86,87"),
        ("GET", "/iserver/marketdata/history", None, f"conid={conid}&period=1w&bar=1d"),
        ("GET", "/trsrv/stocks", None, "symbols=ABC"),
        ("GET", "/contract/trading-schedule", None, f"conid={conid}"),
    ]
    for method, path, body, query in calls:
        on.call(method, f"/v1/api{path}", body, query)
    on.simulator.deliver(b"{}")


def newest(on: Client) -> int:
    return max(on.broker.exchange.book.orders, default=0)


@pytest.mark.parametrize(("fault", "name", "value"), CHOICES)
def test_every_choice_of_a_parameter_can_be_fired(fault: str, name: str, value: Json) -> None:
    on = client()
    protected(on)
    stop = list(on.broker.exchange.book.orders)[1]
    needs_question = fault in ("O04", "O05")
    if needs_question:
        plan(on, "O01")
    plan(on, fault, **{} if value is None else {name: value})
    for instant in ("2014-03-03T18:00:00Z", "close"):
        tour(on)
        on.advance(instant)
    tour(on)
    on.call("POST", "/sim/account", {"do": "fill", "order_id": stop, "price": 50.0})
    if needs_question:
        [question] = buy(on)
        on.post(f"/iserver/reply/{question['id']}", {"confirmed": True})
    tour(on)
    assert fault in {line.get("id") for line in on.truth() if line["kind"] == "fault"}


@pytest.mark.parametrize("fault", KINDS)
def test_fault_is_quiet_where_its_selector_does_not_hold(fault: str) -> None:
    on = client()
    plan(on, fault, selector={"path": "/nowhere"})
    assert tickle(on).status == 200
    assert tickle(on).wire is None
    assert [line for line in on.truth() if line["kind"] == "fault"] == []


@pytest.mark.parametrize("role", ROLES)
def test_fault_of_a_role_leaves_reads_alone(role: str) -> None:
    on = client()
    plan(on, "H02", selector={"role": role})
    assert tickle(on).status == 200
