from __future__ import annotations

from simulator import instants
from simulator.fault_plan import Fault, FaultPlan, Selector, role_of
from simulator.messages import Request

TICKLE = Request("POST", "/tickle")
BUY = b'{"orders":[{"side":"BUY","orderType":"LMT"},{"side":"SELL","orderType":"STP"}]}'


def fired(selector: Selector, calls: int = 6, request: Request = TICKLE, now_us: int = 0, seed: int = 1) -> list[bool]:
    plan = FaultPlan(seed)
    plan.install([Fault("H01", selector)], clear=False)
    return [bool(plan.firing(request, now_us)) for _ in range(calls)]


def test_nth_match_fires_once() -> None:
    assert fired(Selector(nth=3)) == [False, False, True, False, False, False]


def test_times_bound_the_firings() -> None:
    assert fired(Selector(times=2)) == [True, True, False, False, False, False]


def test_chance_repeats_with_the_seed() -> None:
    first = fired(Selector(probability=0.5), 50)
    assert first == fired(Selector(probability=0.5), 50)
    assert first != fired(Selector(probability=0.5), 50, seed=2)
    assert 10 < sum(first) < 40


def test_window_is_of_simulated_time() -> None:
    selector = Selector(after="2014-03-03T15:00:00Z", until="2014-03-03T16:00:00Z")
    for text, fires in (("14:59:59", False), ("15:00:00", True), ("16:00:00", False)):
        assert fired(selector, 1, now_us=instants.parse_iso(f"2014-03-03T{text}Z")) == [fires]


def test_path_and_method_select() -> None:
    assert fired(Selector(path="/iserver/*"), 1) == [False]
    assert fired(Selector(path="/tick*", method="POST"), 1) == [True]
    assert fired(Selector(method="GET"), 1) == [False]


def test_roles_of_calls() -> None:
    account = "/iserver/account/DU1"
    assert role_of(Request("POST", f"{account}/orders", body=BUY)) == "entry"
    assert (
        role_of(Request("POST", f"{account}/orders", body=b'{"orders":[{"side":"SELL","orderType":"MKT"}]}')) == "exit"
    )
    assert (
        role_of(Request("POST", f"{account}/orders", body=b'{"orders":[{"side":"SELL","orderType":"STP"}]}')) == "stop"
    )
    assert role_of(Request("POST", f"{account}/order/1")) == "modify"
    assert role_of(Request("DELETE", f"{account}/order/1")) == "cancel"
    assert role_of(Request("POST", "/iserver/reply/x")) == "reply"
    assert role_of(Request("GET", "/iserver/account/orders")) is None
    assert role_of(TICKLE) is None


def test_clear_replaces_the_plan() -> None:
    plan = FaultPlan(1)
    plan.install([Fault("H01")], clear=False)
    plan.install([Fault("H02")], clear=True, seed=3)
    assert [planned.fault.id for planned in plan.planned] == ["H02"]
