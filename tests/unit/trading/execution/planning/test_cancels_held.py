"""The rest of an entry whose children the broker holds back."""

from __future__ import annotations

import pytest

from tests.fakes.plans import cancels
from tests.fakes.trading_states import IN_SESSION, after, entry, moment, own, stop, target
from tests.unit.trading.execution.planning.test_cancels import plan_of
from trading.execution.reading.evidence import since_of
from trading.execution.reconciliation.endings import HELD
from trading.model.command import Step
from trading.ports import Sighting


@pytest.mark.parametrize(("seconds", "cancelled"), [(9, False), (10, True), (11, True)])
def test_rest_of_an_entry_is_cancelled_whose_children_wait_though_a_part_has_filled(
    seconds: int, *, cancelled: bool
) -> None:
    child, name = target("E-T", 3, parent="E"), since_of(HELD, "E")
    held = {name: (Sighting(name, after(-seconds)),)}
    state = moment(IN_SESSION, entry(filled=4), stop("E-S", 2, parent="E"), child, positions=[own(4)], sightings=held)
    found = [each for each in cancels(plan_of(state)) if each[0] == "E"]
    assert found == ([("E", Step.CHILD_HELD)] if cancelled else [])
    # It is looked at again when that is due.
    assert cancelled or plan_of(state).look_again == after(10 - seconds)
