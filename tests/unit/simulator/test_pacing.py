from __future__ import annotations

import pytest

from simulator.messages import Request
from simulator.pacing import GLOBAL_PER_SECOND, LIMITS, Limit, Pacing, refusal

ORDERS = Request("GET", "/iserver/account/orders")
STATUS = Request("GET", "/iserver/auth/status")


def test_call_of_its_own_limit_is_refused_until_its_window_is_over() -> None:
    pacing = Pacing(enabled=True)
    assert pacing.check(ORDERS, 0.0) is None
    assert pacing.check(ORDERS, 3.0) is Limit.CALL
    assert pacing.check(ORDERS, 5.0) is None


def test_eleventh_call_of_a_second_leads_into_the_penalty_box() -> None:
    pacing = Pacing(enabled=True, penalty_s=600.0)
    assert [pacing.check(STATUS, 0.01 * number) for number in range(10)] == [None] * 10
    assert pacing.check(STATUS, 0.5) is Limit.ALL
    assert pacing.check(STATUS, 599.0) is Limit.BOX
    assert pacing.check(STATUS, 601.0) is None


def test_ten_calls_a_second_for_long_are_allowed() -> None:
    pacing = Pacing(enabled=True)
    assert all(pacing.check(STATUS, number / 10) is None for number in range(200))


def test_limits_that_are_off_refuse_nothing_but_in_the_box() -> None:
    pacing = Pacing(enabled=False)
    assert all(pacing.check(ORDERS, 0.0) is None for _ in range(50))
    pacing.box(0.0, 60.0)
    assert pacing.check(ORDERS, 30.0) is Limit.BOX


def test_tickle_is_limited_as_the_table_has_it_by_get_alone() -> None:
    pacing = Pacing(enabled=True)
    tickles = [Request(method, "/tickle") for method in ("POST", "POST", "GET", "GET")]
    assert [pacing.check(tickle, 0.0) is None for tickle in tickles] == [True, True, True, False]


def test_forced_list_of_orders_leaves_the_next_one_free() -> None:
    pacing = Pacing(enabled=True)
    forced = Request("GET", "/iserver/account/orders", {"force": "true"})
    assert [pacing.check(call, 0.0) for call in (forced, ORDERS, forced)] == [None, None, None]
    assert pacing.check(ORDERS, 1.0) is Limit.CALL


@pytest.mark.parametrize(("method", "path", "seconds", "calls"), LIMITS)
def test_each_call_of_the_table_is_limited_with_or_without_a_slash_at_its_end(
    method: str, path: str, seconds: float, calls: int
) -> None:
    pacing = Pacing(enabled=True)
    for number in range(calls):
        assert pacing.check(Request(method, path), 0.9 * number / calls) is None
    over = pacing.check(Request(method, f"{path}/"), 0.85)
    assert over is (Limit.ALL if calls == GLOBAL_PER_SECOND else Limit.CALL)
    if over is Limit.CALL:
        assert pacing.check(Request(method, path), seconds + 1.0) is None


def test_calls_below_fyi_are_limited_each_by_itself() -> None:
    pacing = Pacing(enabled=True)
    assert pacing.check(Request("GET", "/fyi/settings"), 0.0) is None
    assert pacing.check(Request("GET", "/fyi/notifications"), 0.1) is None
    assert pacing.check(Request("PUT", "/fyi/disclaimer/SM"), 0.2) is None
    assert pacing.check(Request("PUT", "/fyi/disclaimer/BA"), 0.3) is Limit.CALL
    assert pacing.check(Request("GET", "/fyi/settings"), 1.0) is None


def test_refusals_say_429_and_a_chart_too_many_says_why() -> None:
    assert refusal(Limit.ALL).body == b'{"error":"Too Many Requests"}'
    assert b"Too many history charts requests" in refusal(Limit.CHARTS).body
    assert {refusal(limit).status for limit in Limit} == {429}
