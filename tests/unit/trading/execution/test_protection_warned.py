"""What becomes of a stop that the broker put a warning on."""

from __future__ import annotations

import pytest

from tests.fakes.plans import cancels
from tests.fakes.trading_states import AAPL, IN_SESSION, after, moment, own, shows, stop, target
from trading.execution.plan import Plan, Submit
from trading.execution.protection import BARE, plan_protection
from trading.model.command import Step
from trading.model.order import BrokerStatus
from trading.ports import Sighting


@pytest.mark.parametrize(
    ("status", "bare_s", "goes"),
    [
        (BrokerStatus.WARN_STATE, 59.9, False),
        (BrokerStatus.WARN_STATE, 60.0, True),
        (BrokerStatus.INACTIVE, 600.0, False),
    ],
)
def test_stop_that_keeps_a_warning_for_a_minute_is_cancelled(
    status: BrokerStatus, bare_s: float, *, goes: bool
) -> None:
    rows = [shows(stop(), status), shows(target())]
    bare = {f"{BARE}{AAPL}": (Sighting("no working stop", after(-bare_s)),)}
    plan = Plan()
    plan_protection(moment(IN_SESSION, stop(), target(), positions=[own()], orders=rows, sightings=bare), plan)
    assert cancels(plan) == ([("S", Step.REPLACE)] if goes else [])
    assert not any(isinstance(command, Submit) for command in plan.commands)
