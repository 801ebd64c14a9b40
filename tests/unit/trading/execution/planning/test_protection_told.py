"""What people are told of shares without a stop."""

from __future__ import annotations

from dataclasses import replace

from tests.fakes.trading_states import (
    IN_SESSION,
    PRE_OPEN,
    after,
    bid,
    moment,
    own,
)
from trading.execution.planning.plan import Plan
from trading.execution.planning.protection import Cover, bare_shares, plan_protection
from trading.execution.planning.state import TradingState
from trading.model.alarm import AlarmCode


def plan_of(state: TradingState) -> Plan:
    plan = Plan()
    plan_protection(state, plan)
    return plan


def test_bare_shares_are_told_of_and_in_regular_hours_looked_at_every_five_seconds() -> None:
    for price in (95.5, 97.0, 120.0, None):
        plan = plan_of(moment(IN_SESSION, positions=[own()], quotes=[bid(price)]))
        assert [alarm.code for alarm in plan.alarms] == [AlarmCode.UNCOVERED]
        assert plan.look_again == after(5)
    before = plan_of(moment(PRE_OPEN, positions=[own()]))
    assert [alarm.code for alarm in before.alarms] == [AlarmCode.UNCOVERED]
    assert before.look_again != after(5)


def test_outside_regular_hours_shares_on_their_way_out_or_in_doubt_are_not_called_bare() -> None:
    cover = Cover(own(), None, None, 0, unproven=False, exiting=False)
    for doubtful in (replace(cover, unproven=True), replace(cover, exiting=True)):
        assert bare_shares(doubtful, moment(IN_SESSION)) == 9
        assert bare_shares(doubtful, moment(PRE_OPEN)) == 0
    assert bare_shares(cover, moment(PRE_OPEN)) == 9
