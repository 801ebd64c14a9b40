from __future__ import annotations

from simulator.messages import Request
from simulator.pacing import Pacing

ORDERS = Request("GET", "/iserver/account/orders")
STATUS = Request("GET", "/iserver/auth/status")


def test_call_of_its_own_limit_is_refused_until_its_window_is_over() -> None:
    pacing = Pacing(enabled=True)
    assert pacing.check(ORDERS, 0.0) is None
    refused = pacing.check(ORDERS, 3.0)
    assert refused is not None
    assert refused.status == 429
    assert pacing.check(ORDERS, 5.0) is None


def test_eleventh_call_of_a_second_leads_into_the_penalty_box() -> None:
    pacing = Pacing(enabled=True, penalty_s=600.0)
    assert [pacing.check(STATUS, 0.01 * number) for number in range(10)] == [None] * 10
    assert pacing.check(STATUS, 0.5) is not None
    assert pacing.check(STATUS, 599.0) is not None
    assert pacing.check(STATUS, 601.0) is None


def test_ten_calls_a_second_for_long_are_allowed() -> None:
    pacing = Pacing(enabled=True)
    assert all(pacing.check(STATUS, number / 10) is None for number in range(200))


def test_limits_that_are_off_refuse_nothing_but_in_the_box() -> None:
    pacing = Pacing(enabled=False)
    assert all(pacing.check(ORDERS, 0.0) is None for _ in range(50))
    pacing.box(0.0, 60.0)
    assert pacing.check(ORDERS, 30.0) is not None
    assert pacing.refused == 1


def test_tickle_is_limited_as_the_table_has_it_by_get_alone() -> None:
    pacing = Pacing(enabled=True)
    tickles = [Request(method, "/tickle") for method in ("POST", "POST", "GET", "GET")]
    assert [pacing.check(tickle, 0.0) is None for tickle in tickles] == [True, True, True, False]
