from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from math import inf, nan

import pytest

from tests.fakes.trading_states import EPOCH, IN_SESSION, MSFT, asked, entry, reading, sale, shows, stop
from tests.unit.trading.execution.ownership.test_order_matching import (
    BRACKET,
    ENTRY,
    NAMELESS,
    OPEN_BRACKET,
    ROWS,
    STOP,
    TARGET,
    bind,
    split,
    unbound,
)
from trading.execution.ownership.likeness import agrees, is_same, is_settled, is_still, may_be, named
from trading.execution.ownership.order_matching import Binding
from trading.model.command import CommandRecord, Step
from trading.model.order import LIFE, TERMINAL, BrokerOrder, BrokerStatus, IntentState, OrderLife, OrderType, Side, Tif
from trading.model.record import IntentRecord, JournalView, Split
from trading.model.request import RequestKind

S = IntentState
REJECTED = replace(STOP, state=S.REJECTED)


def test_an_entry_and_an_exit_have_our_name_at_the_broker_and_a_child_has_none() -> None:
    assert [named(made.intent) for made in (ENTRY, sale(), STOP, stop())] == [True, True, False, True]


@pytest.mark.parametrize(
    "change",
    [
        {"conid": MSFT},
        {"side": Side.SELL},
        {"order_type": OrderType.STOP},
        {"tif": Tif.GTC},
        {"total_quantity": 8.0},
        {"limit_price": 100.02},
        {"limit_price": None},
    ],
)
def test_order_agrees_only_in_contract_side_type_size_and_price(change: dict[str, object]) -> None:
    assert agrees(ENTRY.intent, shows(ENTRY))
    assert not agrees(ENTRY.intent, shows(ENTRY, **change))  # type: ignore[arg-type]


def test_stop_agrees_in_its_stop_price_and_whatever_else_it_shows_as_a_price() -> None:
    assert agrees(STOP.intent, shows(STOP, limit_price=1.0))
    assert not agrees(STOP.intent, shows(STOP, price=94.99))


def test_type_and_tif_that_are_not_shown_are_no_contradiction() -> None:
    assert agrees(ENTRY.intent, shows(ENTRY, order_type=None))
    assert agrees(ENTRY.intent, shows(ENTRY, tif=None))


def test_nothing_proves_an_order_absent_beside_one_like_it_that_is_good_for_longer() -> None:
    unknown = replace(ENTRY, state=S.UNKNOWN, order_id=None)
    (sight,) = reading(IN_SESSION, orders=(shows(ENTRY, order_ref=None, tif=Tif.GTC),)).sights.values()
    assert may_be(unknown, sight, JournalView((unknown,), ()), EPOCH)


# ---- what an id still means


@pytest.mark.parametrize(
    ("change", "same"),
    [
        ({}, True),
        # Another price or another size was set by hand: it is still ours.
        ({"stop_price": 97.0}, True),
        ({"total_quantity": 5.0}, True),
        # Both changed: as in a split, or another order.
        ({"stop_price": 47.5, "total_quantity": 18.0}, True),
        ({"stop_price": 190.0, "total_quantity": 4.5}, True),
        # Fractions of shares are gone, and a warning says nothing.
        ({"stop_price": 475.0, "total_quantity": 1.0}, True),
        ({"stop_price": 42.22, "total_quantity": 19.0}, True),
        ({"stop_price": 950.0, "total_quantity": 0.0, "status": BrokerStatus.CANCELLED}, True),
        ({"stop_price": 47.5, "total_quantity": 18.0, "status": BrokerStatus.WARN_STATE}, True),
        # One that is over may be an earlier order whose id was given again.
        ({"stop_price": 47.5, "total_quantity": 18.0, "status": BrokerStatus.CANCELLED}, True),
        ({"stop_price": 85.5, "total_quantity": 10.0}, True),
        ({"stop_price": 85.5, "total_quantity": 10.0, "status": BrokerStatus.CANCELLED}, False),
        ({"stop_price": 60.0, "total_quantity": 5.0}, False),
        ({"side": Side.BUY}, False),
        ({"conid": MSFT}, False),
        ({"order_type": OrderType.LIMIT}, False),
        ({"order_ref": "other"}, False),
        ({"order_ref": "E"}, True),
    ],
)
def test_order_under_our_id_is_ours_while_it_is_what_we_asked_for_or_what_became_of_it(
    change: dict[str, object],
    *,
    same: bool,
) -> None:
    row = replace(ROWS[1], **change)  # type: ignore[arg-type]
    assert is_same(STOP, row, JournalView(BRACKET, ())) is same


@pytest.mark.parametrize(
    ("bought", "change", "same"),
    [
        (4, {"total_quantity": 4.0}, True),
        (4, {"total_quantity": 6.0, "stop_price": 63.33}, True),
        (4, {"total_quantity": 4.0, "stop_price": 94.0}, True),
        (1, {"total_quantity": 1.0, "stop_price": 63.33}, True),
        (4, {"total_quantity": 3.0, "stop_price": 63.33}, False),
        (0, {"total_quantity": 1.0, "stop_price": 63.33}, False),
    ],
)
def test_child_is_what_its_entry_has_bought_so_far_and_what_a_split_left_of_that(
    bought: int, change: dict[str, object], *, same: bool
) -> None:
    entered = replace(BRACKET[0], filled=bought)
    row = replace(ROWS[1], **change)  # type: ignore[arg-type]
    assert is_same(STOP, row, JournalView((entered, *BRACKET[1:]), ())) is same


@pytest.mark.parametrize(("after", "same"), [(1, True), (-1, False)])
def test_order_that_a_split_changed_is_ours_at_the_price_that_a_person_gave_it_then(after: int, *, same: bool) -> None:
    split = Split("E", 2.0, STOP.intent.created + timedelta(seconds=after))
    row = replace(ROWS[1], status=BrokerStatus.CANCELLED, total_quantity=18.0, stop_price=45.0)
    assert is_same(STOP, row, JournalView(BRACKET, (), splits=(split,))) is same


def test_order_that_was_modified_by_us_is_what_was_asked_for() -> None:
    asked_for = asked(STOP, Step.RESIZE, IN_SESSION, kind=RequestKind.MODIFY, quantity=5, price=60.0)
    row = replace(ROWS[1], stop_price=60.0, total_quantity=5.0)
    assert not is_same(STOP, row, JournalView(BRACKET, ()))
    assert is_same(STOP, row, JournalView(BRACKET, (), (asked_for,)))


# ---- what speaks against an absence


def could_be(record: IntentRecord, row: BrokerOrder, *others: IntentRecord) -> bool:
    snapshot = reading(IN_SESSION, orders=[row])
    return may_be(record, snapshot.sights[row.order_id], JournalView((record, *others), ()), EPOCH)


@pytest.mark.parametrize("change", [{}, {"total_quantity": 1.0}, {"stop_price": 1.0, "total_quantity": 4.0}])
def test_live_order_under_the_id_of_an_unproven_one_may_be_it_whatever_its_size_and_price(
    change: dict[str, object],
) -> None:
    vanished = replace(STOP, state=S.UNKNOWN)
    assert could_be(vanished, replace(ROWS[1], **change))  # type: ignore[arg-type]
    assert not could_be(unbound(STOP), replace(ROWS[1], total_quantity=4.0, stop_price=1.0))


def test_child_of_its_entry_may_be_it_whatever_price_a_person_gave_it() -> None:
    moved = replace(ROWS[1], order_id=88, parent_id=ROWS[0].order_id, stop_price=1.0, oca_group=None)
    assert could_be(unbound(STOP), moved, ENTRY)
    assert not could_be(unbound(STOP), replace(moved, parent_id=4711), ENTRY)
    assert not could_be(
        unbound(STOP), moved, ENTRY, replace(STOP, intent=replace(STOP.intent, coid="F-S"), order_id=88)
    )


@pytest.mark.parametrize("change", [{"side": Side.BUY}, {"conid": MSFT}, {"order_ref": "other"}])
def test_order_of_another_kind_or_name_under_its_id_is_not_it(change: dict[str, object]) -> None:
    assert not could_be(replace(STOP, state=S.UNKNOWN), replace(ROWS[1], **change))  # type: ignore[arg-type]


def test_order_alike_may_be_it_before_and_after_a_split_unless_it_is_over_or_another_of_ours() -> None:
    for row in (ROWS[1], split(ROWS[1], 0.2, 1.0), split(ROWS[1], 2.0, 18.0)):
        assert could_be(unbound(STOP), row)
        assert not could_be(unbound(STOP), replace(row, status=BrokerStatus.CANCELLED))
        assert not could_be(unbound(STOP), row, stop("F-S", 2, parent="F"))


@pytest.mark.parametrize("order_type", [OrderType.STOP, None])
@pytest.mark.parametrize(
    ("price", "alike"),
    [(None, True), (nan, True), (inf, True), (-1.0, True), (0.0, True), (0.01, False), (95.0, True), (95.01, False)],
)
def test_order_whose_price_or_type_cannot_be_read_may_be_it(
    order_type: OrderType | None, price: float | None, *, alike: bool
) -> None:
    assert could_be(unbound(STOP), replace(ROWS[1], order_type=order_type, stop_price=price)) is alike
    limit = replace(NAMELESS[0], order_type=None if order_type is None else OrderType.LIMIT)
    limit = replace(limit, limit_price=ENTRY.intent.limit_price if price == 95.0 else price)
    assert could_be(unbound(ENTRY), limit) is alike
    assert bind((unbound(ENTRY),), limit).keys() == ({"E"} if price == 95.0 else set())


@pytest.mark.parametrize("change", [{"side": Side.SELL}, {"conid": MSFT}, {"order_ref": "other"}])
def test_order_of_another_kind_or_name_is_not_it_though_its_price_cannot_be_read(change: dict[str, object]) -> None:
    row = replace(NAMELESS[0], limit_price=None)
    assert could_be(unbound(ENTRY), row)
    assert not could_be(unbound(ENTRY), replace(row, **change))  # type: ignore[arg-type]
    assert not could_be(unbound(ENTRY), row, entry("F", 1))
    assert not could_be(unbound(ENTRY), replace(row, status=BrokerStatus.CANCELLED))


@pytest.mark.parametrize("quantity", [-1.0, 0.0, 1.0, 8.0, 9.0, 10.0])
def test_order_whose_price_cannot_be_read_may_be_one_of_its_size_or_a_child_of_a_part(quantity: float) -> None:
    entry_row, stop_row, _ = (replace(row, limit_price=None, stop_price=None, parent_id=None) for row in NAMELESS)
    assert could_be(unbound(ENTRY), replace(entry_row, total_quantity=quantity)) is (quantity == 9.0)
    assert could_be(unbound(STOP), replace(stop_row, total_quantity=quantity)) is (0.0 < quantity <= 9.0)


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


@pytest.mark.parametrize(
    ("change", "same"),
    [
        ({}, True),
        ({"oca_group": "1"}, True),
        ({"oca_group": "oco-P"}, False),
        ({"oca_group": "oco-P", "parent_id": 1}, True),
    ],
)
def test_child_that_ended_is_not_the_live_order_at_its_id_that_is_in_another_group(
    change: dict[str, object], *, same: bool
) -> None:
    over = replace(STOP, state=S.CANCELLED)
    row = shows(STOP, **{"order_ref": None, "parent_id": None, **change})  # type: ignore[arg-type]
    assert is_still(over, row, JournalView((ENTRY, over), ()), EPOCH) is same
    # A leg of a pair has no parent.
    leg = replace(stop("P", 2), state=S.CANCELLED)
    row = shows(leg, **{"order_ref": None, **change})  # type: ignore[arg-type]
    assert is_still(leg, row, JournalView((leg,), ()), EPOCH) is ("parent_id" not in change)
