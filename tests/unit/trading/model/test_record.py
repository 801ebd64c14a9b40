from __future__ import annotations

from dataclasses import replace

import pytest

from tests.fakes.orders import CONID, NOW, SESSION, bracket, market_exit
from trading.model.command import CommandDraft, CommandRecord, CommandState, Step
from trading.model.order import MAYBE_LIVE, UNPROVEN, IntentState
from trading.model.record import IntentRecord, JournalView, OwnPosition, group_of
from trading.model.request import RequestKind

S = IntentState
ENTRY, STOP, TARGET = (IntentRecord(intent, S.WORKING) for intent in bracket("TS-a"))
SALE = IntentRecord(market_exit("TS-b", conid=7), S.PLANNED)
POSITION = OwnPosition(CONID, "AAPL", 10, SESSION, 100.0, 95.0, 105.0, "TS-a")


def test_what_is_left_are_the_shares_that_were_not_executed() -> None:
    assert replace(ENTRY, filled=4).left == 6


@pytest.mark.parametrize("state", IntentState)
def test_record_knows_whether_it_may_be_live_and_whether_it_is_proven(state: IntentState) -> None:
    record = replace(ENTRY, state=state)
    assert record.maybe_live is (state in MAYBE_LIVE)
    assert record.unproven is (state in UNPROVEN)
    assert replace(record, provisional=True).unproven is (state in UNPROVEN | {S.WORKING})


def test_view_finds_orders_by_name_contract_side_and_parent() -> None:
    view = JournalView((ENTRY, STOP, TARGET, SALE), (POSITION,))
    assert view.by_coid["TS-a-S"] is STOP
    assert view.of(7) == (SALE,)
    assert view.entries(CONID) == (ENTRY,)
    assert view.sells(CONID) == (STOP, TARGET)
    assert view.children("TS-a") == (STOP, TARGET)
    assert (view.position(CONID), view.position(7)) == (POSITION, None)


def test_only_what_may_be_live_is_among_entries_and_sells() -> None:
    over = replace(ENTRY, state=S.CANCELLED), replace(STOP, state=S.FILLED)
    view = JournalView((*over, TARGET, SALE), ())
    assert (view.entries(CONID), view.sells(CONID), view.sells(7)) == ((), (TARGET,), ())
    assert view.maybe_live == (TARGET,)
    assert view.live_conids == {CONID}


def test_planned_orders_are_listed_without_the_children_of_a_bracket() -> None:
    planned = tuple(replace(record, state=S.PLANNED) for record in (ENTRY, STOP, TARGET))
    assert JournalView((*planned, SALE), ()).planned == (planned[0], SALE)


def test_commands_are_found_by_each_order_that_they_are_about() -> None:
    both = CommandRecord(1, CommandDraft(RequestKind.SUBMIT, ("a", "b"), Step.ENTRY), CommandState.ACKED, 1, NOW)
    one = CommandRecord(2, CommandDraft(RequestKind.CANCEL, ("b",), Step.EXIT), CommandState.SENT, 1, NOW)
    view = JournalView((), (), (both, one))
    assert [view.commands_of(coid) for coid in ("a", "b", "c")] == [(both,), (both, one), ()]


def test_group_of_an_order_is_what_goes_out_in_one_post() -> None:
    records = (ENTRY, SALE, STOP, TARGET)
    assert group_of(ENTRY, records) == (ENTRY.intent, STOP.intent, TARGET.intent)
    assert group_of(SALE, records) == (SALE.intent,)
