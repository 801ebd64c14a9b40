"""Sales that the broker refuses."""

from __future__ import annotations

import pytest

from tests.fakes.plans import sold
from tests.fakes.trading_states import IN_SESSION, PRE_OPEN, after, bid, sale, stop, target
from tests.unit.trading.execution.exit_moments import FLAT, bare, plan_of
from trading.execution.planning.protection import MAX_PAIRS
from trading.execution.planning.state import TradingState
from trading.model.alarm import AlarmCode
from trading.model.order import IntentState
from trading.model.record import IntentRecord

S = IntentState
REFUSED, DECLINED, CANCELLED = S.REJECTED, S.DECLINED, S.CANCELLED


def ended(coid: str, state: IntentState, ago_s: float, limit: float | None = 98.0) -> IntentRecord:
    return sale(coid, None, state=state, limit=limit, sent_at=after(-ago_s), detail="the broker's words")


def in_session(*sales: IntentRecord) -> TradingState:
    return bare(IN_SESSION, *sales, quotes=[bid(100.0)], **FLAT)


@pytest.mark.parametrize(
    ("states", "ago_s", "leaves"),
    [
        ([], 0, True),
        ([REFUSED], 1, True),
        ([REFUSED, REFUSED], 899, False),
        ([REFUSED, DECLINED], 899, False),
        ([REFUSED, REFUSED], 900, True),
        ([REFUSED, CANCELLED], 1, True),
        ([REFUSED, CANCELLED, REFUSED], 1, True),
        ([CANCELLED, REFUSED, REFUSED], 1, False),
    ],
)
def test_sale_waits_a_quarter_of_an_hour_once_it_was_refused_at_each_collar(
    states: list[IntentState], ago_s: float, *, leaves: bool
) -> None:
    sales = [ended(f"X{n}", state, ago_s + 10 * (len(states) - n)) for n, state in enumerate(states, 1)]
    plan = plan_of(in_session(*sales))
    assert bool(sold(plan)) is leaves
    told = [alarm for alarm in plan.alarms if alarm.code is AlarmCode.EXIT]
    assert bool(told) is not leaves
    if not leaves:
        assert "the broker's words" in told[0].text
        assert plan.look_again == after(900 - ago_s)


def test_its_cover_stays_meanwhile() -> None:
    sales = [ended(f"X{n}", REFUSED, 10) for n in (1, 2)]
    state = bare(IN_SESSION, stop(), target(), *sales, quotes=[bid(100.0)], **FLAT)
    assert plan_of(state).commands == []


@pytest.mark.parametrize(("sent", "tries"), [(MAX_PAIRS - 2, True), (MAX_PAIRS - 1, False)])
def test_its_cover_is_not_given_up_for_another_try_once_no_pair_is_left_that_would_put_it_back(
    sent: int, *, tries: bool
) -> None:
    sales = [ended(f"X{n}", REFUSED, 900) for n in (1, 2)]
    before = [stop(f"S{n}", 100 + n, state=CANCELLED, sent_at=after(-60 * n)) for n in range(1, sent)]
    state = bare(IN_SESSION, stop(sent_at=after(-30)), target(), *before, *sales, quotes=[bid(100.0)], **FLAT)
    plan = plan_of(state)
    assert bool(plan.commands) is tries
    assert any(alarm.code is AlarmCode.EXIT for alarm in plan.alarms) is not tries
    uncovered = bare(
        IN_SESSION, *before, stop(state=CANCELLED, sent_at=after(-30)), *sales, quotes=[bid(100.0)], **FLAT
    )
    assert sold(plan_of(uncovered))


def test_sales_before_the_open_are_told_apart_from_those_in_the_session() -> None:
    at_market = [ended(f"X{n}", REFUSED, 10, limit=None) for n in (1, 2)]
    assert sold(plan_of(in_session(*at_market)))
    early = [sale(f"X{n}", None, state=REFUSED, sent_at=after(-10, PRE_OPEN)) for n in (1, 2)]
    assert not sold(plan_of(bare(PRE_OPEN, *early, **FLAT)))
