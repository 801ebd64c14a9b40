"""Orders without a name that are found by those they belong to: a pair's leg by the other one, a child by its entry."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.fakes.trading_states import EPOCH, IN_SESSION, reading, shows, stop, target
from tests.unit.trading.execution.ownership.test_execution_matching import execution
from tests.unit.trading.execution.ownership.test_order_matching import ENTRY, OPEN_BRACKET, ROWS, pair_of
from trading.execution.ownership.likeness import may_be
from trading.execution.ownership.order_matching import Binding, bindings
from trading.execution.reading.snapshot import Reading
from trading.model.order import BrokerOrder, BrokerStatus, ExecutionList, IntentState
from trading.model.record import IntentRecord, JournalView

TWIN = replace(stop("P"), state=IntentState.CANCELLED, filled=3)
TWIN_ROW = shows(TWIN, BrokerStatus.CANCELLED, oca_group="g", filled_quantity=3.0)
REST = shows(target("Q"), order_ref=None, oca_group="g", total_quantity=6.0, remaining_quantity=6.0)


def pair_with(twin: IntentRecord = TWIN) -> JournalView:
    """Return a pair of which the stop has filled in part and ended, and nobody knows what became of the target."""
    journal, _ = pair_of()
    return replace(journal, records=(twin, journal.records[1]))


def test_rest_of_a_target_whose_stop_has_filled_in_part_is_bound_by_their_group() -> None:
    found = bindings(pair_with(), reading(IN_SESSION, orders=(TWIN_ROW, REST)))
    assert found == (Binding("Q", 3),)


@pytest.mark.parametrize(
    "row",
    [
        replace(REST, oca_group="h"),
        replace(REST, oca_group=None),
        replace(REST, limit_price=105.01),
        replace(REST, total_quantity=10.0),
        replace(REST, order_ref="somebody"),
    ],
)
def test_order_of_another_group_price_name_or_of_more_shares_is_not_bound_for_certain(row: BrokerOrder) -> None:
    found = bindings(pair_with(), reading(IN_SESSION, orders=(TWIN_ROW, row)))
    assert Binding("Q", 3) not in found


def test_group_of_a_stop_that_this_session_has_not_shown_says_nothing() -> None:
    seen_before = replace(TWIN, seen_epoch=EPOCH - 1)
    assert Binding("Q", 3) not in bindings(pair_with(seen_before), reading(IN_SESSION, orders=(TWIN_ROW, REST)))
    assert Binding("Q", 3) not in bindings(pair_with(), reading(IN_SESSION, orders=(REST,)))


def test_two_orders_in_the_group_are_bound_to_none() -> None:
    rows = (TWIN_ROW, REST, replace(REST, order_id=9))
    assert bindings(pair_with(), reading(IN_SESSION, orders=rows)) == ()


@pytest.mark.parametrize(("quantity", "possible"), [(6.0, True), (9.0, True), (0.0, False)])
def test_nothing_proves_a_leg_absent_beside_a_part_of_it(quantity: float, *, possible: bool) -> None:
    journal = pair_with()
    (sight,) = reading(IN_SESSION, orders=(replace(REST, total_quantity=quantity),)).sights.values()
    assert may_be(journal.records[1], sight, journal, EPOCH) is possible


@pytest.mark.parametrize(("name", "found"), [("E", {2, 3}), ("F", set())])
def test_legs_of_an_entry_of_which_nobody_knows_the_id_are_bound_though_what_it_bought_was_taken_back(
    name: str, found: set[int]
) -> None:
    unknown = replace(OPEN_BRACKET[0], state=IntentState.UNKNOWN)
    taken_back = execution(ENTRY, 0, order_ref=name, order_id=None)
    shown = reading(IN_SESSION, orders=ROWS[1:])
    shown = replace(shown, executions=Reading(ExecutionList((taken_back,)), IN_SESSION))
    journal = JournalView((unknown, *OPEN_BRACKET[1:]), ())
    assert {binding.order_id for binding in bindings(journal, shown)} == found


@pytest.mark.parametrize(
    ("group", "parent", "provisional"),
    [("of the entry", None, False), ("h", None, True), (None, None, True), (None, "the entry", False)],
)
def test_child_whose_price_a_person_changed_is_bound_for_certain_by_the_group_that_is_called_after_its_entry(
    group: str | None, parent: str | None, *, provisional: bool
) -> None:
    entry_row, stop_row, target_row = ROWS
    moved = replace(
        stop_row,
        stop_price=80.0,
        order_ref=None,
        parent_id=entry_row.order_id if parent else None,
        oca_group=str(entry_row.order_id) if group == "of the entry" else group,
    )
    (found,) = (
        each
        for each in bindings(JournalView(OPEN_BRACKET, ()), reading(IN_SESSION, orders=(entry_row, moved, target_row)))
        if each.order_id == moved.order_id
    )
    assert found.provisional is provisional
