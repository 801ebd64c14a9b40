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
    test_instruments,
    test_lists,
    test_manual_actions,
    test_questions,
    test_quotes,
    test_refusals,
    test_sessions,
    test_websocket,
)
from tests.unit.simulator.faults.support import (
    buy,
    client,
    plan,
    protected,
    tickle,
    tour,
)
from tests.unit.simulator.support import Json

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
    test_manual_actions,
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


@pytest.mark.parametrize(("fault", "name", "value"), CHOICES)
def test_every_choice_of_a_parameter_can_be_fired(fault: str, name: str, value: Json) -> None:
    on = client()
    protected(on)
    stop = list(on.broker.exchange.book.orders)[1]
    needs_question = fault in ("O04", "O05")
    if needs_question:
        plan(on, "O01")
    smaller: dict[str, Json] = {"bytes": 100_000} if fault == "H12" and name != "bytes" else {}
    plan(on, fault, **smaller, **{} if value is None else {name: value})
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
