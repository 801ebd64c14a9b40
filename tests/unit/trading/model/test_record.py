"""What the journal knows of an order, and of all of them at one moment."""

from __future__ import annotations

from datetime import timedelta
from itertools import product

import pytest

from tests.fakes.orders import CONID, NOW, bracket, market_exit
from trading.model.command import CommandDraft, CommandRecord, CommandState, Step
from trading.model.order import MAYBE_LIVE, IntentState
from trading.model.record import IntentRecord, JournalView, OwnPosition, Split, group_of
from trading.model.request import RequestKind

ENTRY, STOP, TARGET = bracket("TS-1")
OTHER = bracket("TS-2", conid=5, symbol="XOM")[0]
EXIT = market_exit("TS-3")
POSITION = OwnPosition(CONID, "AAPL", 10, ENTRY.session, 100.0, 95.02, 105.03, "TS-1")


def view(*records: IntentRecord, commands: tuple[CommandRecord, ...] = ()) -> JournalView:
    return JournalView(records, (POSITION,), commands)


def test_what_is_left_is_what_was_not_executed() -> None:
    assert IntentRecord(ENTRY, IntentState.WORKING, filled=4).left == 6


@pytest.mark.parametrize("state", IntentState)
def test_order_may_be_live_from_the_first_byte_to_its_end(state: IntentState) -> None:
    assert IntentRecord(ENTRY, state).maybe_live is (state in MAYBE_LIVE)


@pytest.mark.parametrize(
    ("state", "provisional", "unproven"),
    [
        (IntentState.WORKING, False, False),
        (IntentState.WORKING, True, True),
        (IntentState.UNKNOWN, False, True),
        (IntentState.QUESTIONED, False, True),
        (IntentState.CANCELLED, True, False),
    ],
)
def test_order_that_was_bound_by_likeness_is_not_proven(
    state: IntentState,
    provisional: bool,  # noqa: FBT001
    unproven: bool,  # noqa: FBT001
) -> None:
    assert IntentRecord(ENTRY, state, provisional=provisional).unproven is unproven


def test_view_finds_orders_by_name_contract_side_and_role() -> None:
    entry = IntentRecord(ENTRY, IntentState.FILLED)
    stop, target = IntentRecord(STOP, IntentState.WORKING), IntentRecord(TARGET, IntentState.CANCELLED)
    other = IntentRecord(OTHER, IntentState.WORKING)
    seen = view(entry, stop, target, other)
    assert seen.by_coid["TS-1-S"] is stop
    assert seen.of(CONID) == (entry, stop, target)
    assert seen.sells(CONID) == (stop,)
    assert (seen.entries(CONID), seen.entries(5)) == ((), (other,))
    assert seen.children("TS-1") == (stop, target)
    assert seen.maybe_live == (stop, other)


def test_ids_are_bound_that_are_of_live_orders_of_ours_for_certain() -> None:
    live = IntentRecord(STOP, IntentState.WORKING, order_id=1)
    alike = IntentRecord(TARGET, IntentState.WORKING, order_id=2, provisional=True)
    over = IntentRecord(ENTRY, IntentState.FILLED, order_id=3)
    assert view(live, alike, over, IntentRecord(OTHER, IntentState.UNKNOWN)).bound_ids == {1}


def test_children_are_planned_with_their_entry() -> None:
    planned = [IntentRecord(intent, IntentState.PLANNED) for intent in (ENTRY, STOP, TARGET, EXIT)]
    assert [record.coid for record in view(*planned).planned] == ["TS-1", "TS-3"]
    assert group_of(planned[0], planned) == (ENTRY, STOP, TARGET)
    assert group_of(planned[3], planned) == (EXIT,)


def test_position_is_found_by_its_contract() -> None:
    assert view().position(CONID) is POSITION
    assert view().position(5) is None


def test_commands_are_found_by_the_orders_they_are_about() -> None:
    submit = CommandDraft(RequestKind.SUBMIT, ("TS-1", "TS-1-S", "TS-1-T"), Step.ENTRY)
    cancel = CommandDraft(RequestKind.CANCEL, ("TS-1",), Step.HALT, 101)
    commands = tuple(
        CommandRecord(number, draft, CommandState.ACKED, 1, NOW) for number, draft in enumerate((submit, cancel))
    )
    seen = view(commands=commands)
    assert seen.commands_of("TS-1") == commands
    assert seen.commands_of("TS-1-S") == commands[:1]
    assert seen.commands_of("TS-9") == ()


def test_requests_of_one_kind_that_have_left_are_told_apart() -> None:
    left = [state for state in CommandState if state is not CommandState.NOT_SENT]
    commands = tuple(
        CommandRecord(number, CommandDraft(kind, (coid,), Step.REPLACE, 7), state, 1, NOW)
        for number, (kind, coid, state) in enumerate(product(RequestKind, ("TS-1", "TS-2"), CommandState))
    )
    found = view(commands=commands).left_of("TS-2", RequestKind.CANCEL)
    assert [(each.kind, each.coids, each.state) for each in found] == [
        (RequestKind.CANCEL, ("TS-2",), state) for state in left
    ]


def test_splits_of_its_contract_since_it_was_planned_change_an_order() -> None:
    records = (IntentRecord(ENTRY, IntentState.FILLED), IntentRecord(OTHER, IntentState.FILLED))
    soon, before = STOP.created + timedelta(days=1), STOP.created - timedelta(days=1)
    splits = (Split("TS-1", 3.0, before), Split("TS-1", 2.0, soon), Split("TS-2", 5.0, soon), Split("older", 7.0, soon))
    assert JournalView(records, (), splits=splits).split_since(STOP) == 2.0
    assert JournalView(records, ()).split_since(STOP) == 1.0
