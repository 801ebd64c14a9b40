"""Orders under an id that they had before: after they vanished, or ended in another session."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.fakes.trading_states import AAPL, ACCOUNT, EPOCH, IN_SESSION, MSFT, asked, reading, shows, stop
from tests.unit.trading.execution.ownership.test_execution_matching import execution
from tests.unit.trading.execution.ownership.test_order_matching import (
    BRACKET,
    ENTRY,
    OPEN_BRACKET,
    ROWS,
    STOP,
    TARGET,
    bind,
)
from trading.execution.ownership.order_matching import Binding, bindings, is_settled, is_still, may_be
from trading.execution.reading.snapshot import Reading
from trading.model.command import CommandRecord, Step
from trading.model.order import (
    LIFE,
    TERMINAL,
    BrokerOrder,
    BrokerStatus,
    Execution,
    ExecutionList,
    IntentState,
    OrderLife,
    Side,
)
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


def test_order_may_be_ours_under_the_id_of_another_of_ours_that_vanished() -> None:
    unproven, sight = OPEN_BRACKET[1], reading(IN_SESSION, orders=[ROWS[1]]).sights[2]
    unproven = replace(unproven, state=S.UNKNOWN)
    for other, free in ((stop("F-S", 2, parent="F", conid=MSFT), True), (stop("F-S", 2, parent="F"), False)):
        vanished = replace(other, state=S.UNKNOWN)
        assert may_be(unproven, sight, JournalView((unproven, vanished), ()), EPOCH) is free
        assert not may_be(unproven, sight, JournalView((unproven, other), ()), EPOCH)


@pytest.mark.parametrize(("order_ref", "order_id", "found"), [("E", 1, {2, 3}), ("E", 4, set()), ("F", 1, set())])
def test_legs_are_bound_by_the_id_that_executions_show_of_an_entry_that_filled_before_it_was_bound(
    order_ref: str, order_id: int, found: set[int]
) -> None:
    filled = replace(OPEN_BRACKET[0], state=S.FILLED, filled=9)
    bought = execution(ENTRY, order_ref=order_ref, order_id=order_id)
    shown = reading(IN_SESSION, orders=ROWS[1:])
    shown = replace(shown, executions=Reading(ExecutionList((bought,)), IN_SESSION))
    journal = JournalView((filled, *OPEN_BRACKET[1:]), ())
    assert {binding.order_id for binding in bindings(journal, shown)} == found


@pytest.mark.parametrize(
    ("changes", "bound"),
    [({}, True), ({"order_ref": None}, False), ({"order_ref": "F"}, False), ({"conid": MSFT}, False)],
)
@pytest.mark.parametrize("status", [BrokerStatus.CANCELLED, BrokerStatus.FILLED])
def test_order_that_is_over_by_our_name_has_the_id_of_one_that_ended_before(
    status: BrokerStatus, changes: dict[str, object], *, bound: bool
) -> None:
    ended, made = replace(STOP, state=S.CANCELLED), replace(ENTRY, state=S.UNKNOWN, order_id=None)
    row = replace(shows(ENTRY, status), order_id=2, **changes)  # type: ignore[arg-type]
    assert ("E" in bind((ended, made), row)) is bound


def test_order_that_is_over_has_the_id_of_one_in_another_contract_that_ended_before() -> None:
    row = shows(STOP, BrokerStatus.CANCELLED, parent_id=1)
    for conid, found in ((MSFT, {"E-S": Binding("E-S", 2)}), (STOP.intent.conid, {})):
        ended = replace(stop("F-S", 2, conid=conid), state=S.CANCELLED)
        assert bind((ended, ENTRY, OPEN_BRACKET[1]), row) == found


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


# ---- rows that are not sure, of orders that have ended

REJECTED = replace(STOP, state=S.REJECTED)


def settled(record: IntentRecord, *rows: BrokerOrder, others: tuple[IntentRecord, ...] = ()) -> bool:
    sight = reading(IN_SESSION, orders=rows).sights[2]
    assert sight.maybe_live
    return is_settled(sight, JournalView((record, *others), ()), EPOCH)


def row_of(record: IntentRecord, status: BrokerStatus = BrokerStatus.INACTIVE, **changes: object) -> BrokerOrder:
    row = shows(record, status, remaining_quantity=9.0)
    return replace(row, **changes)  # type: ignore[arg-type]


@pytest.mark.parametrize("status", [status for status in BrokerStatus if LIFE[status] is not OrderLife.OVER])
def test_order_that_ended_is_settled_where_it_is_inactive(status: BrokerStatus) -> None:
    assert settled(REJECTED, row_of(STOP, status)) is (status is BrokerStatus.INACTIVE)


@pytest.mark.parametrize("state", S)
def test_inactive_order_is_settled_where_it_ended_otherwise_than_by_a_proof_of_its_absence(state: S) -> None:
    assert settled(replace(STOP, state=state), row_of(STOP)) is (state in TERMINAL - {S.LOST})


@pytest.mark.parametrize("first", [True, False])
def test_order_that_ended_and_whose_rows_contradict_each_other_is_not_settled_until_nothing_is_left_of_it(
    *, first: bool
) -> None:
    rows = [row_of(STOP), row_of(STOP, BrokerStatus.SUBMITTED)][:: 1 if first else -1]
    for filled, done in ((8, False), (9, True), (10, True)):
        assert settled(replace(STOP, state=S.CANCELLED, filled=filled), *rows) is done


@pytest.mark.parametrize(
    ("row", "alike"),
    [
        (row_of(STOP), True),
        (row_of(STOP, stop_price=None), False),
        (row_of(STOP, order_type=None, stop_price=None), False),
        (row_of(STOP, total_quantity=8.0), False),
    ],
)
def test_inactive_row_in_a_later_session_has_to_be_just_like_the_order_that_ended(
    row: BrokerOrder, *, alike: bool
) -> None:
    assert settled(REJECTED, row)
    assert settled(replace(REJECTED, seen_epoch=EPOCH - 1), row) is alike


@pytest.mark.parametrize(
    "row", [row_of(STOP, order_ref="other"), row_of(STOP, side=Side.BUY), row_of(STOP, conid=MSFT)]
)
def test_row_of_another_order_under_the_id_of_one_that_ended_is_not_settled(row: BrokerOrder) -> None:
    assert not settled(REJECTED, row)


def test_order_is_settled_by_nothing_but_the_record_that_has_its_id_for_certain() -> None:
    assert settled(REJECTED, row_of(STOP))
    assert not settled(replace(REJECTED, order_id=7), row_of(STOP))
    assert not settled(replace(REJECTED, provisional=True), row_of(STOP))
    assert not settled(REJECTED, row_of(STOP), others=(stop("F-S", 2, parent="F"),))


def test_settled_order_is_no_unproven_one_of_ours_and_is_bound_to_none() -> None:
    newer, ended = replace(stop("F"), state=S.UNKNOWN, order_id=None), replace(stop("S", 2), state=S.REJECTED)
    for row in (row_of(ended, order_ref=None), row_of(ended, order_ref=None, stop_price=None)):
        sight = reading(IN_SESSION, orders=[row]).sights[2]
        assert may_be(newer, sight, JournalView((newer,), ()), EPOCH)
        assert not may_be(newer, sight, JournalView((ended, newer), ()), EPOCH)
    loose = replace(row_of(STOP), parent_id=None)
    assert bind(OPEN_BRACKET, ROWS[0], loose)["E-S"] == Binding("E-S", 2)
    assert "E-S" not in bind((*OPEN_BRACKET, replace(ended, order_id=2)), ROWS[0], loose)


# ---- children that a person made smaller


@pytest.mark.parametrize(("quantity", "filled", "bound"), [(1, 9, True), (1, 0, False), (3, 2, False)])
def test_child_that_a_person_made_smaller_is_bound_by_likeness_alone(
    quantity: int, filled: int, *, bound: bool
) -> None:
    row = replace(ROWS[2], total_quantity=float(quantity), remaining_quantity=float(quantity), parent_id=None)
    ended = replace(ENTRY, state=S.CANCELLED, filled=filled)
    expected = {"E-T": Binding("E-T", 3, provisional=True)} if bound else {}
    assert bind((ended, OPEN_BRACKET[2]), row) == expected


def test_leg_is_bound_by_the_id_that_an_execution_shows_of_its_entry() -> None:
    made = replace(ENTRY, order_id=None, state=S.UNKNOWN)
    bought = Execution("0000a.1.01.01", ACCOUNT, AAPL, "AAPL", Side.BUY, 9, 100.0, 1.0, IN_SESSION, "E", 1)
    for ref, bound in (("E", {"E-S"}), (None, set())):
        listed = Reading(ExecutionList((replace(bought, order_ref=ref),)), IN_SESSION)
        snapshot = replace(reading(IN_SESSION, orders=[ROWS[1]]), executions=listed)
        found = bindings(JournalView((made, OPEN_BRACKET[1]), ()), snapshot)
        assert {each.coid for each in found} == bound
