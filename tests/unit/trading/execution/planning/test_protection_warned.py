"""What becomes of a stop that the broker put a warning on."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from tests.fakes.plans import cancels
from tests.fakes.trading_states import IN_SESSION, PRE_OPEN, after, moment, own, shows, stop, target
from trading.execution.planning.plan import Plan, Submit
from trading.execution.planning.protection import plan_protection
from trading.execution.reading.evidence import since_of
from trading.model.command import Step
from trading.model.order import BrokerStatus
from trading.ports import Sighting


@pytest.mark.parametrize(("warned_s", "goes"), [(None, False), (59.9, False), (60.0, True), (9_000.0, True)])
def test_stop_that_keeps_a_warning_for_a_minute_is_cancelled(warned_s: float | None, *, goes: bool) -> None:
    rows = [shows(stop(), BrokerStatus.WARN_STATE), shows(target())]
    warned = {} if warned_s is None else {since_of("warned", "S"): (Sighting("warned", after(-warned_s)),)}
    for now in (IN_SESSION, PRE_OPEN):
        plan = Plan()
        plan_protection(moment(now, stop(), target(), positions=[own()], orders=rows, sightings=warned), plan)
        # Before the open it protects nothing yet, and may come to work.
        assert cancels(plan) == ([("S", Step.REPLACE)] if goes and now is IN_SESSION else [])
        assert not any(isinstance(command, Submit) for command in plan.commands)


@pytest.mark.parametrize("now", [IN_SESSION, PRE_OPEN])
def test_target_with_a_warning_that_would_sell_more_than_there_is_is_cancelled(now: datetime) -> None:
    rows = [shows(stop()), shows(target(), BrokerStatus.WARN_STATE)]
    warned = {since_of("warned", "T"): (Sighting("warned", now - timedelta(seconds=60)),)}
    for quantity, gone in ((9, []), (8, [("T", Step.REPLACE)])):
        plan = Plan()
        held = moment(now, stop(), target(), positions=[own(quantity)], orders=rows, sightings=warned)
        plan_protection(held, plan)
        assert cancels(plan) == gone


def test_stop_with_a_warning_stays_beside_another_one_that_works() -> None:
    other = stop("S2", 7)
    rows = [shows(stop(), BrokerStatus.WARN_STATE), shows(other)]
    warned = {since_of("warned", "S"): (Sighting("warned", after(-600)),)}
    plan = Plan()
    plan_protection(moment(IN_SESSION, stop(), other, positions=[own()], orders=rows, sightings=warned), plan)
    assert cancels(plan) == []
