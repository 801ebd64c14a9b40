"""What was sold under the id of a stop whose entry was rejected: another's, for the stop had nothing to sell."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.fakes.trading_states import after
from tests.unit.trading.execution.test_execution_matching import ENTRY, STOP, execution, match
from trading.model.order import IntentState


@pytest.mark.parametrize(
    ("state", "filled", "ours"),
    [
        (IntentState.REJECTED, 0, False),
        (IntentState.REJECTED, 1, True),
        (IntentState.LOST, 0, True),
        (IntentState.WORKING, 0, True),
    ],
)
def test_sale_under_the_id_of_a_stop_is_anothers_where_its_entry_was_rejected_unfilled(
    state: IntentState, filled: int, *, ours: bool
) -> None:
    # The ids are of an earlier session.
    bought = replace(ENTRY, state=state, filled=filled, seen_epoch=1)
    stop = replace(
        STOP,
        intent=replace(STOP.intent, parent_coid=ENTRY.coid),
        state=IntentState.REJECTED,
        ended_at=after(-3600),
        seen_epoch=1,
    )
    sale = execution(stop, 8, order_ref=None)
    matched = match((bought, stop), sale)
    assert [coid for coid, _ in matched.fills] == ([stop.coid] if ours else [])
