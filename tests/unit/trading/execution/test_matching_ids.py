"""Orders under an id that they had before: after they vanished, or ended in another session."""

from __future__ import annotations

from dataclasses import replace

from tests.fakes.trading_states import EPOCH, IN_SESSION, MSFT, asked, shows, stop
from tests.unit.trading.execution.test_matching import BRACKET, ENTRY, OPEN_BRACKET, ROWS, STOP, TARGET, bind
from trading.execution.matching import Binding, is_still
from trading.model.command import CommandRecord, Step
from trading.model.order import BrokerOrder, BrokerStatus, IntentState
from trading.model.record import IntentRecord, JournalView
from trading.model.request import RequestKind

S = IntentState


def test_order_that_vanished_is_bound_again_by_its_id_where_the_row_is_still_its() -> None:
    vanished = replace(STOP, state=S.UNKNOWN)
    assert bind((vanished,), ROWS[1]) == {"E-S": Binding("E-S", 2)}
    assert bind((vanished,), shows(STOP, BrokerStatus.CANCELLED, parent_id=1)) == {"E-S": Binding("E-S", 2)}
    assert bind((vanished,), ROWS[0]) == {}
    assert bind((vanished,), replace(ROWS[1], conid=MSFT)) == {}
    # Whatever else is open is bound beside it.
    assert bind((ENTRY, vanished, OPEN_BRACKET[2]), *ROWS) == {"E-S": Binding("E-S", 2), "E-T": Binding("E-T", 3)}


def test_id_of_an_order_that_vanished_is_free_where_the_list_shows_another_order_of_ours_under_it() -> None:
    vanished = replace(stop("F-S", 1, parent="F", conid=MSFT), state=S.UNKNOWN)
    found = bind((vanished, *OPEN_BRACKET), *ROWS)
    assert found == {made.coid: Binding(made.coid, made.order_id or 0) for made in BRACKET}


def in_a_later_session(record: IntentRecord, row: BrokerOrder, *commands: CommandRecord) -> bool:
    return is_still(replace(record, seen_epoch=EPOCH - 1), row, JournalView((record,), (), commands), EPOCH)


def test_order_that_was_over_in_another_session_is_its_where_size_and_price_are_those_asked_for_or_after_a_split() -> (
    None
):
    over, row = replace(STOP, state=S.FILLED, filled=9), shows(STOP, BrokerStatus.FILLED)
    assert in_a_later_session(over, row)
    # A person may change an order that works.
    assert in_a_later_session(STOP, shows(STOP, price=94.0))
    split = replace(row, total_quantity=36.0, stop_price=23.75)
    assert in_a_later_session(over, split)
    # The id was given again, to an order of that size or at that price.
    for other in (replace(row, stop_price=94.0), replace(row, total_quantity=36.0), replace(split, stop_price=23.0)):
        assert not in_a_later_session(over, other)
    # A person may have changed it before it was over; then its row has to name our entry as its parent.
    known = JournalView((replace(over, seen_epoch=EPOCH - 1), ENTRY), ())
    for parent_id, is_its in ((1, True), (9, False), (None, False)):
        changed = replace(row, stop_price=94.0, parent_id=parent_id)
        assert is_still(known.records[0], changed, known, EPOCH) is is_its
    # Where this session has not shown that entry, its id may have been given to another one as well.
    older = JournalView((known.records[0], replace(ENTRY, seen_epoch=EPOCH - 1)), ())
    assert not is_still(older.records[0], replace(row, stop_price=94.0, parent_id=1), older, EPOCH)
    resized = asked(over, Step.RESIZE, IN_SESSION, kind=RequestKind.MODIFY, quantity=12, price=95.0)
    assert in_a_later_session(over, replace(row, total_quantity=12.0), resized)
    assert not in_a_later_session(over, replace(row, total_quantity=11.0), resized)


def test_order_that_was_over_in_another_session_is_its_where_its_parent_is_that_of_a_leg_that_this_one_has_shown() -> (
    None
):
    over = replace(TARGET, state=S.FILLED, filled=9, seen_epoch=EPOCH - 1)
    older = replace(ENTRY, state=S.FILLED, filled=9, seen_epoch=EPOCH - 1)
    # A person changed its price just before it filled; its entry, which filled days ago, is in no list any more.
    row = shows(over, BrokerStatus.FILLED, limit_price=108.0, parent_id=1)
    for leg, parent_id, is_its in (
        (STOP, 1, True),
        (STOP, 9, False),
        (STOP, None, False),
        (replace(STOP, seen_epoch=EPOCH - 1), 1, False),
        (replace(STOP, provisional=True), 1, False),
        (stop("F-S", 2, parent="F"), 1, False),
    ):
        journal = JournalView((older, leg, over), ())
        assert is_still(over, replace(row, parent_id=parent_id), journal, EPOCH) is is_its


def test_order_that_was_over_in_this_session_is_not_the_live_one_at_its_id_that_is_only_partly_like_it() -> None:
    over = replace(STOP, state=S.FILLED, filled=9)
    journal = JournalView((over,), ())
    live, done = (shows(STOP, status, price=94.0) for status in (BrokerStatus.SUBMITTED, BrokerStatus.FILLED))
    assert not is_still(over, live, journal, EPOCH)
    # Its last row may come late, with what a person had made of it.
    assert is_still(over, done, journal, EPOCH)
    assert is_still(over, shows(STOP), journal, EPOCH)
