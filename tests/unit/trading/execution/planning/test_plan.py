from __future__ import annotations

from tests.fakes.trading_states import AAPL, DECIDED, IN_SESSION, PRE_OPEN, SESSION, after, approved
from trading.execution.planning.order_factory import Purpose, bracket, with_names
from trading.execution.planning.plan import Plan, Submit
from trading.model.alarm import Alarm, AlarmCode
from trading.model.command import Step

BRACKET = bracket(approved(), AAPL, Purpose(DECIDED, SESSION, PRE_OPEN))


def test_earliest_look_that_anybody_asks_for_is_the_one() -> None:
    plan = Plan()
    for seconds in (20, 5, 60):
        plan.again(after(seconds))
    assert plan.look_again == after(5, IN_SESSION)


def test_group_with_names_is_in_the_journal_already() -> None:
    assert not Submit(BRACKET, Step.ENTRY).planned
    assert Submit(with_names(BRACKET, lambda: "A-1"), Step.ENTRY).planned


def test_alarm_names_its_subject() -> None:
    plan = Plan()
    plan.alarm(AlarmCode.BLIND, "AAPL", "nothing watches it")
    assert plan.alarms == [Alarm(AlarmCode.BLIND, "AAPL", "nothing watches it")]
