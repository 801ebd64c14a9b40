from __future__ import annotations

from dataclasses import replace
from math import inf, nan

import pytest

from tests.fakes.trading_states import (
    EPOCH,
    IN_SESSION,
    MSFT,
    asked,
    entry,
    reading,
    sale,
    shows,
    stop,
    target,
)
from trading.execution.ownership.order_matching import Binding, agrees, bindings, is_same, may_be, named
from trading.model.command import CommandDraft, CommandRecord, CommandState, Step
from trading.model.order import BrokerOrder, BrokerStatus, IntentState, OrderType, Side
from trading.model.record import IntentRecord, JournalView
from trading.model.request import RequestKind

S = IntentState


def unbound(made: IntentRecord, state: IntentState = S.UNKNOWN) -> IntentRecord:
    return replace(made, state=state, order_id=None)


ENTRY = entry(order_id=1)
STOP, TARGET = stop("E-S", 2, parent="E"), target("E-T", 3, parent="E")
BRACKET = (ENTRY, STOP, TARGET)
OPEN_BRACKET = tuple(unbound(made) for made in BRACKET)
# As an order list shows the bracket: children with their parent's id, and the entry's name.
ROWS = (shows(ENTRY), shows(STOP, parent_id=1), shows(TARGET, parent_id=1))
NAMELESS = tuple(replace(row, order_ref=None) for row in ROWS)


def bind(records: tuple[IntentRecord, ...], *rows: BrokerOrder) -> dict[str, Binding]:
    found = bindings(JournalView(records, ()), reading(IN_SESSION, orders=rows))
    assert len({binding.order_id for binding in found}) == len(found)
    return {binding.coid: binding for binding in found}


# ---- likeness


def test_an_entry_and_an_exit_have_our_name_at_the_broker_and_a_child_has_none() -> None:
    assert [named(made.intent) for made in (ENTRY, sale(), STOP, stop())] == [True, True, False, True]


@pytest.mark.parametrize(
    "change",
    [
        {"conid": MSFT},
        {"side": Side.SELL},
        {"order_type": OrderType.STOP},
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


def test_type_that_is_not_shown_is_no_contradiction() -> None:
    assert agrees(ENTRY.intent, shows(ENTRY, order_type=None))


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


def test_order_that_was_modified_by_us_is_what_was_asked_for() -> None:
    asked_for = asked(STOP, Step.RESIZE, IN_SESSION, kind=RequestKind.MODIFY, quantity=5, price=60.0)
    row = replace(ROWS[1], stop_price=60.0, total_quantity=5.0)
    assert not is_same(STOP, row, JournalView(BRACKET, ()))
    assert is_same(STOP, row, JournalView(BRACKET, (), (asked_for,)))


# ---- binding


def test_bracket_is_bound_by_name_parent_type_and_price_wherever_it_stands() -> None:
    found = bind(OPEN_BRACKET, *reversed(ROWS))
    assert found == {made.coid: Binding(made.coid, made.order_id or 0) for made in BRACKET}


def test_nothing_is_asked_of_the_list_while_everything_is_bound() -> None:
    assert bind(BRACKET, *ROWS) == {}


def test_order_that_carries_our_name_and_is_something_else_is_not_bound() -> None:
    assert bind(OPEN_BRACKET[:1], shows(ENTRY, side=Side.SELL)) == {}


def test_two_orders_that_carry_one_name_are_not_told_apart() -> None:
    assert bind(OPEN_BRACKET[:1], shows(ENTRY), shows(ENTRY, order_id=9)) == {}


def test_order_of_another_size_under_our_name_is_bound_as_it_may_have_been_changed_by_hand() -> None:
    assert set(bind(OPEN_BRACKET[:1], shows(ENTRY, total_quantity=8.0))) == {"E"}


def test_children_without_a_parents_id_are_bound_when_there_is_one_candidate_each() -> None:
    loose = [replace(row, parent_id=None) for row in ROWS]
    assert set(bind(OPEN_BRACKET, *loose)) == {"E", "E-S", "E-T"}
    assert set(bind(OPEN_BRACKET, *loose, replace(loose[1], order_id=9))) == {"E", "E-T"}


def test_child_of_another_parent_is_not_ours() -> None:
    others = [replace(row, parent_id=4711) if row.parent_id else row for row in ROWS]
    assert set(bind(OPEN_BRACKET, *others)) == {"E"}


def test_child_that_names_its_parent_is_ours_though_a_person_gave_it_another_price() -> None:
    assert set(bind(OPEN_BRACKET, ROWS[0], replace(ROWS[1], stop_price=1.0), ROWS[2])) == {"E", "E-S", "E-T"}


@pytest.mark.parametrize("parent", [1, None])
def test_child_of_more_shares_is_bound_provisionally_at_its_price_as_a_person_may_have_made_it_larger(
    parent: int | None,
) -> None:
    larger = shows(TARGET, total_quantity=10.0, parent_id=parent)
    records = (ENTRY, STOP, OPEN_BRACKET[2])
    assert bind(records, ROWS[0], ROWS[1], larger)["E-T"] == Binding("E-T", 3, provisional=True)
    for others in (
        [replace(larger, limit_price=91.0)],
        [replace(larger, order_ref="theirs")],
        [replace(larger, parent_id=4711)],
        [larger, replace(larger, order_id=9)],
    ):
        assert "E-T" not in bind(records, ROWS[0], ROWS[1], *others)
    assert bind(records, *ROWS, replace(larger, order_id=9))["E-T"] == Binding("E-T", 3)


@pytest.mark.parametrize("parent", [1, None])
def test_children_that_work_for_what_has_filled_of_their_entry_are_its(parent: int | None) -> None:
    part = shows(ENTRY, BrokerStatus.CANCELLED, filled_quantity=2.0)
    rows = [replace(row, total_quantity=2.0, remaining_quantity=2.0, parent_id=parent) for row in ROWS[1:]]
    assert set(bind(OPEN_BRACKET, part, *rows)) == {"E", "E-S", "E-T"}
    # The entry has left the list; of its children one is of shares that it never had.
    ended = replace(ENTRY, state=S.CANCELLED, filled=2)
    other = replace(rows[0], total_quantity=3.0, parent_id=None)
    assert set(bind((ended, *OPEN_BRACKET[1:]), other, rows[1])) == {"E-T"}


def test_order_that_is_another_intents_is_not_bound_again() -> None:
    other = stop("F-S", 2, parent="F")
    assert set(bind((*OPEN_BRACKET, other), *ROWS)) == {"E", "E-T"}


def split(row: BrokerOrder, ratio: float, quantity: float) -> BrokerOrder:
    """Return a row as a split leaves it."""
    limit, stopped = (None if price is None else round(price / ratio, 2) for price in (row.limit_price, row.stop_price))
    return replace(row, total_quantity=quantity, remaining_quantity=quantity, limit_price=limit, stop_price=stopped)


@pytest.mark.parametrize(("ratio", "quantity"), [(2.0, 18.0), (1.5, 13.0), (0.2, 1.0)])
@pytest.mark.parametrize("parents", [True, False])
def test_children_that_nobody_saw_before_a_split_are_bound_after_it(
    ratio: float, quantity: float, *, parents: bool
) -> None:
    after_it = [split(row if parents else replace(row, parent_id=None), ratio, quantity) for row in ROWS[1:]]
    records = (replace(ENTRY, state=S.FILLED), *OPEN_BRACKET[1:])
    rivals = [replace(row, order_id=9, parent_id=4711) for row in after_it]
    assert set(bind(records, *after_it, *rivals)) == {"E-S", "E-T"}


def test_child_as_it_was_sent_is_preferred_to_one_that_could_be_it_after_a_split() -> None:
    found = bind(OPEN_BRACKET, *ROWS, replace(split(ROWS[1], 2.0, 18.0), order_id=9, parent_id=None))
    assert found["E-S"] == Binding("E-S", 2)


# ---- without a name


@pytest.mark.parametrize("parents", [True, False])
def test_nameless_bracket_is_bound_for_certain_where_its_stop_and_target_are_listed_too(*, parents: bool) -> None:
    rows = NAMELESS if parents else [replace(row, parent_id=None) for row in NAMELESS]
    found = bind(OPEN_BRACKET, *rows)
    assert {binding.coid: binding.provisional for binding in found.values()} == {"E": False, "E-S": False, "E-T": False}


def test_nameless_bracket_that_has_filled_in_part_is_bound_for_certain_with_children_of_that_part() -> None:
    part = replace(NAMELESS[0], filled_quantity=2.0, remaining_quantity=7.0)
    rows = [replace(row, total_quantity=2.0, remaining_quantity=2.0) for row in NAMELESS[1:]]
    found = bind(OPEN_BRACKET, part, *rows)
    assert {binding.coid: binding.provisional for binding in found.values()} == {"E": False, "E-S": False, "E-T": False}
    assert bind(OPEN_BRACKET, NAMELESS[0], *rows)["E"].provisional


def test_nameless_entry_alone_is_bound_provisionally() -> None:
    assert bind(OPEN_BRACKET, NAMELESS[0]) == {"E": Binding("E", 1, provisional=True)}
    assert bind(OPEN_BRACKET, *NAMELESS[:2])["E"].provisional


def test_provisional_entry_is_bound_for_certain_once_its_children_are_listed() -> None:
    records = (replace(ENTRY, provisional=True), *OPEN_BRACKET[1:])
    assert not bind(records, *NAMELESS)["E"].provisional


def test_of_two_candidates_without_a_name_none_is_bound() -> None:
    assert bind(OPEN_BRACKET[:1], NAMELESS[0], replace(NAMELESS[0], order_id=9)) == {}


@pytest.mark.parametrize("change", [{"order_ref": "somebody's"}, {"parent_id": 7}, {"total_quantity": 8.0}])
def test_order_with_another_name_parent_or_size_is_no_candidate(change: dict[str, object]) -> None:
    assert bind(OPEN_BRACKET[:1], replace(NAMELESS[0], **change)) == {}  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("status", "candidate"),
    [
        (BrokerStatus.SUBMITTED, True),
        (BrokerStatus.FILLED, True),
        (BrokerStatus.CANCELLED, False),
        (BrokerStatus.INACTIVE, False),
    ],
)
def test_only_an_order_that_works_or_has_filled_is_a_candidate(status: BrokerStatus, *, candidate: bool) -> None:
    assert bool(bind(OPEN_BRACKET[:1], shows(ENTRY, status, order_ref=None))) is candidate


def test_order_whose_answer_is_still_awaited_is_not_bound_by_likeness() -> None:
    assert bind((unbound(ENTRY, S.SENDING),), NAMELESS[0]) == {}


def pair_of(*, provisional: bool = False) -> tuple[JournalView, tuple[BrokerOrder, ...]]:
    records = tuple(replace(unbound(made), provisional=provisional) for made in (stop("P"), target("Q")))
    submit = CommandRecord(
        1, CommandDraft(RequestKind.SUBMIT, ("P", "Q"), Step.PROTECTION), CommandState.UNKNOWN, 1, IN_SESSION
    )
    rows = tuple(shows(made, order_ref=None, oca_group="g") for made in (stop("P"), target("Q")))
    return JournalView(records, (), (submit,)), rows


def test_nameless_pair_is_bound_for_certain_where_both_legs_are_listed_in_one_group() -> None:
    journal, rows = pair_of()
    found = bindings(journal, reading(IN_SESSION, orders=rows))
    assert set(found) == {Binding("P", 2), Binding("Q", 3)}


def test_leg_of_a_pair_that_stands_alone_is_bound_provisionally() -> None:
    journal, rows = pair_of()
    found = bindings(journal, reading(IN_SESSION, orders=rows[:1]))
    assert found == (Binding("P", 2, provisional=True),)


def test_leg_is_never_bound_to_the_row_with_which_an_earlier_order_of_ours_ended() -> None:
    journal, rows = pair_of()
    before = replace(journal.records[-1], intent=replace(journal.records[-1].intent, coid="B"), order_id=9)
    before = replace(before, state=S.CANCELLED)
    earlier = replace(rows[1], order_id=9, status=BrokerStatus.CANCELLED)
    both = replace(journal, records=(before, *journal.records))
    found = bindings(both, reading(IN_SESSION, orders=(earlier, rows[0])))
    assert found == (Binding("P", 2, provisional=True),)


def test_single_sale_without_a_name_is_bound_provisionally() -> None:
    made = sale()
    assert bind((unbound(made),), shows(made, order_ref=None)) == {"X": Binding("X", 4, provisional=True)}


def test_nameless_pair_is_bound_after_a_split_too() -> None:
    journal, rows = pair_of()
    found = bindings(journal, reading(IN_SESSION, orders=[split(row, 2.0, 18.0) for row in rows]))
    assert set(found) == {Binding("P", 2), Binding("Q", 3)}


def test_child_at_another_price_that_names_no_parent_is_bound_provisionally() -> None:
    moved = shows(TARGET, limit_price=91.0)
    records = (ENTRY, STOP, OPEN_BRACKET[2])
    assert bind(records, ROWS[0], ROWS[1], moved)["E-T"] == Binding("E-T", 3, provisional=True)
    assert "E-T" not in bind(records, ROWS[0], ROWS[1], moved, replace(moved, order_id=9))
    assert bind(records, ROWS[0], ROWS[1], ROWS[2])["E-T"] == Binding("E-T", 3)


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
