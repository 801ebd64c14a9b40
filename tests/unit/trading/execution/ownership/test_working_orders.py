"""Orders of ours at work, also under an id that was given again on the same day; legs that wait for their entry."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from tests.fakes.trading_states import EPOCH, IN_SESSION, MSFT, entry, reading, shows, stop
from trading.execution.ownership.working_orders import waits_for_entry, working
from trading.model.order import BrokerOrder, BrokerStatus, IntentState
from trading.model.record import IntentRecord, JournalView

NEWER = stop("S2", 2)
LIVE = shows(NEWER)
DEAD = shows(NEWER, BrokerStatus.CANCELLED)


def ended(at: datetime = IN_SESSION, **changes: object) -> IntentRecord:
    made = replace(stop("S", 2), state=IntentState.CANCELLED, ended_at=at)
    return replace(made, **changes)  # type: ignore[arg-type]


def works(*rows: BrokerOrder, before: IntentRecord | None = None) -> bool:
    records = (NEWER,) if before is None else (before, NEWER)
    return working(NEWER, reading(IN_SESSION, orders=rows), JournalView(records, ())) is not None


def test_order_works_that_is_shown_alive_as_ours() -> None:
    assert works(LIVE)
    assert not works(DEAD)
    assert not works()
    assert not works(replace(LIVE, conid=MSFT))


def test_row_that_is_over_is_of_the_order_that_ended_under_the_id_today() -> None:
    assert works(DEAD, LIVE, before=ended())
    assert works(LIVE, DEAD, before=ended())
    assert works(shows(NEWER, BrokerStatus.INACTIVE), LIVE, before=ended(state=IntentState.REJECTED))


@pytest.mark.parametrize(
    "before",
    [
        None,
        ended(IN_SESSION - timedelta(days=1)),
        ended(order_id=7),
        ended(state=IntentState.WORKING, ended_at=None),
    ],
)
def test_rows_that_contradict_each_other_prove_nothing_where_none_ended_under_the_id(
    before: IntentRecord | None,
) -> None:
    assert not works(DEAD, LIVE, before=before)


def test_more_rows_than_orders_prove_nothing() -> None:
    assert not works(DEAD, DEAD, LIVE, before=ended())
    assert not works(DEAD, LIVE, shows(NEWER, BrokerStatus.INACTIVE), before=ended())


@pytest.mark.parametrize(("filled", "told", "waits"), [(0, 0.0, True), (1, 0.0, False), (0, 1.0, False)])
def test_leg_waits_until_its_entry_has_bought(filled: int, told: float, *, waits: bool) -> None:
    made, leg = entry("E", 1, filled=filled, seen_epoch=EPOCH), stop("E-S", 2, parent="E")
    snapshot = reading(IN_SESSION, orders=[shows(made, filled_quantity=told)])
    assert waits_for_entry(leg, snapshot, JournalView((made, leg), ())) is waits
