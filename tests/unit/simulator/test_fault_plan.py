from __future__ import annotations

import pytest

from simulator import instants
from simulator.fault_plan import STREAM, Calls, Fault, FaultPlan, Planned, Selector, role_of
from simulator.faults.reading import prepare
from simulator.messages import Request

TICKLE = Request("POST", "/tickle")
MINUTE = instants.MINUTE


def fires(plan: FaultPlan, request: Request = TICKLE, now_us: int = 0) -> bool:
    return bool(plan.met(request, now_us)[0])


def fired(selector: Selector, calls: int = 6, request: Request = TICKLE, now_us: int = 0, seed: int = 1) -> list[bool]:
    plan = FaultPlan(seed)
    plan.install([prepare(Fault("H02", selector))], clear=False)
    return [fires(plan, request, now_us) for _ in range(calls)]


def test_nth_match_fires_once() -> None:
    assert fired(Selector(nth=3)) == [False, False, True, False, False, False]


def test_times_bound_the_firings() -> None:
    assert fired(Selector(times=2)) == [True, True, False, False, False, False]


def test_chance_repeats_with_the_seed() -> None:
    first = fired(Selector(probability=0.5), 50)
    assert first == fired(Selector(probability=0.5), 50)
    assert first != fired(Selector(probability=0.5), 50, seed=2)
    assert 10 < sum(first) < 40


def test_chance_of_a_fault_is_the_same_whatever_else_is_planned() -> None:
    chosen = prepare(Fault("H02", Selector(probability=0.5)))
    plan = FaultPlan(1)
    other = prepare(Fault("H05", Selector(probability=0.3)))
    plan.install([other, chosen], clear=False)
    drawn = [any(hit.planned is chosen for hit in plan.met(TICKLE, 0)[0]) for _ in range(50)]
    assert drawn == fired(Selector(probability=0.5), 50)


def test_two_equal_faults_draw_apart() -> None:
    plan = FaultPlan(1)
    plan.install([prepare(Fault("H02", Selector(probability=0.5))) for _ in range(2)], clear=False)
    for _ in range(40):
        fires(plan)
    first, second = plan.planned
    assert first.fired != second.fired or first.name != second.name


def test_window_is_of_simulated_time() -> None:
    selector = Selector(after="2014-03-03T15:00:00Z", until="2014-03-03T16:00:00Z")
    for text, expected in (("14:59:59", False), ("15:00:00", True), ("16:00:00", False)):
        assert fired(selector, 1, now_us=instants.parse_iso(f"2014-03-03T{text}Z")) == [expected]


def test_path_and_method_select() -> None:
    assert fired(Selector(path="/iserver/*"), 1) == [False]
    assert fired(Selector(path="/tick*", method="POST"), 1) == [True]
    assert fired(Selector(method="GET"), 1) == [False]


def test_messages_of_the_websocket_are_no_calls() -> None:
    assert not Calls().include(Request(STREAM, "/ws"))
    assert Calls(STREAM, ("/ws",)).include(Request(STREAM, "/ws"))


@pytest.mark.parametrize(
    ("body", "role"),
    [
        (b'{"orders":[{"side":"BUY","orderType":"LMT"},{"side":"SELL","orderType":"STP"}]}', "entry"),
        (b'{"orders":[{"side":"SELL","orderType":"MKT"}]}', "exit"),
        (b'{"orders":[{"side":"SELL","orderType":"STP"}]}', "stop"),
        (b'{"orders":[{"side":"SELL","orderType":"STOP_LIMIT"}]}', "stop"),
        (b'{"orders":[{"side":"SELL","orderType":"LMT"}]}', "target"),
    ],
)
def test_roles_of_new_orders(body: bytes, role: str) -> None:
    request = Request("POST", "/iserver/account/DU1/orders", body=body)
    assert role_of(request) == role
    assert fired(Selector(role=role), 1, request) == [True]
    assert fired(Selector(role="reply"), 1, request) == [False]


def test_roles_of_other_calls() -> None:
    account = "/iserver/account/DU1"
    assert role_of(Request("POST", f"{account}/order/1")) == "modify"
    assert role_of(Request("DELETE", f"{account}/order/1")) == "cancel"
    assert role_of(Request("POST", "/iserver/reply/x")) == "reply"
    assert role_of(Request("GET", "/iserver/account/orders")) is None
    assert role_of(TICKLE) is None


def test_clear_replaces_the_plan() -> None:
    plan = FaultPlan(1)
    plan.install([prepare(Fault("H01"))], clear=False)
    plan.install([prepare(Fault("H02"))], clear=True, seed=3)
    assert [planned.fault.id for planned in plan.planned] == ["H02"]


def test_fault_that_stays_on_meets_its_calls_until_its_time_is_over() -> None:
    plan = FaultPlan(1)
    fault = Fault("G12", Selector(path="/tickle"))
    plan.install([Planned(fault, Calls("*", ("/tickle",)), 1, 5 * MINUTE, Calls("*", ("/iserver/*",)))], clear=False)
    below = Request("GET", "/iserver/accounts")
    assert [fires(plan, below), fires(plan), fires(plan, below, 4 * MINUTE)] == [False, True, True]
    assert [fires(plan, below, 5 * MINUTE), fires(plan, TICKLE, 5 * MINUTE)] == [False, False]
    assert (plan.planned[0].matched, plan.planned[0].fired) == (1, 1)


def test_matches_that_do_not_fire_are_told() -> None:
    plan = FaultPlan(1)
    plan.install([prepare(Fault("H02", Selector(nth=2))), prepare(Fault("H05"))], clear=False)
    assert plan.met(TICKLE, 0)[1] == [0]
    assert plan.met(TICKLE, 0)[1] == []
    assert [planned.matched for planned in plan.planned] == [2, 2]


def test_fault_that_is_not_ready_does_not_count() -> None:
    plan = FaultPlan(1)
    plan.install([prepare(Fault("H02", Selector(nth=1)))], clear=False)
    assert plan.met(TICKLE, 0, lambda _planned, _request: False) == ([], [])
    assert fires(plan)


def test_what_will_fire_is_foreseen_without_being_counted() -> None:
    plan = FaultPlan(1)
    plan.install(
        [prepare(Fault("H02", Selector(probability=0.4))), prepare(Fault("H05", Selector(role="reply")))], clear=False
    )
    for _ in range(30):
        foreseen = [planned.fault.id for planned in plan.foreseen(TICKLE, 0)]
        assert foreseen == [planned.fault.id for planned in plan.foreseen(TICKLE, 0)]
        assert foreseen == [hit.planned.fault.id for hit in plan.met(TICKLE, 0)[0]]
    assert 0 < plan.planned[0].fired < 30


def test_fault_goes_on_where_it_is_told_to() -> None:
    plan = FaultPlan(1)
    plan.install([prepare(Fault("H02", Selector(path="/nothing")))], clear=False)
    [hit] = plan.met(TICKLE, 0, going_on=(0,))[0]
    assert hit.lasting
    assert plan.planned[0].fired == 0
