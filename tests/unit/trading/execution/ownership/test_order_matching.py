from __future__ import annotations

from dataclasses import replace

import pytest

from tests.fakes.trading_states import (
    AAPL,
    ACCOUNT,
    EPOCH,
    IN_SESSION,
    MSFT,
    entry,
    reading,
    sale,
    shows,
    stop,
    target,
)
from tests.unit.trading.execution.ownership.test_execution_matching import execution
from trading.execution.ownership.likeness import may_be
from trading.execution.ownership.order_matching import Binding, bindings
from trading.execution.reading.snapshot import Reading
from trading.model.command import CommandDraft, CommandRecord, CommandState, Step
from trading.model.order import BrokerOrder, BrokerStatus, Execution, ExecutionList, IntentState, Side
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


@pytest.mark.parametrize(
    ("filled", "change", "bound"),
    [
        (9, {}, True),
        (4, {"total_quantity": 4.0}, True),
        (9, {"parent_id": None}, True),
        (0, {}, False),  # what a list shows first of an entry is the entry itself
        (9, {"total_quantity": 4.0}, False),
        (9, {"limit_price": 110.01}, False),
        (9, {"parent_id": 5}, False),  # one of ours
        (9, {"parent_id": 6}, False),  # one of the list
        (9, {"order_ref": "another's"}, False),
    ],
)
def test_child_of_an_entry_whose_id_nobody_knows_is_bound_by_size_and_price_once_the_entry_has_filled(
    filled: int, change: dict[str, object], *, bound: bool
) -> None:
    made = replace(unbound(ENTRY, S.FILLED if filled == 9 else S.WORKING), filled=filled)
    listed = shows(entry("F", 6), order_ref="another's")
    row = replace(ROWS[2], **{"parent_id": 7} | change)  # type: ignore[arg-type]
    found = bind((made, *OPEN_BRACKET[1:], entry("G", 5)), row, listed)
    assert found == ({"E-T": Binding("E-T", 3)} if bound else {})


def test_of_two_children_of_entries_that_nobody_knows_none_is_bound() -> None:
    made = replace(unbound(ENTRY, S.FILLED), filled=9)
    rows = (replace(ROWS[2], parent_id=7), replace(ROWS[2], order_id=4, parent_id=8))
    assert not bind((made, *OPEN_BRACKET[1:]), *rows)


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


@pytest.mark.parametrize(
    ("change", "bound"),
    [
        ({}, False),
        ({"seen_epoch": EPOCH - 1}, True),
        ({"state": S.LOST}, True),
        ({"state": S.WORKING, "order_id": 8}, True),
    ],
)
def test_pair_is_not_bound_to_rows_like_orders_that_ended_under_those_ids_in_this_session(
    change: dict[str, object], *, bound: bool
) -> None:
    # A list that is minutes old shows them as they were.
    journal, rows = pair_of()
    before = replace(stop("A", 2), **{"state": S.CANCELLED, "seen_epoch": EPOCH} | change)  # type: ignore[arg-type]
    found = bindings(replace(journal, records=(before, *journal.records)), reading(IN_SESSION, orders=rows))
    assert ("P" in {each.coid for each in found}) is bound


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


@pytest.mark.parametrize(("price", "bound"), [(80.0, True), (95.0, False)])
def test_leg_that_filled_unseen_may_have_the_id_of_an_older_leg_that_was_another(price: float, *, bound: bool) -> None:
    older = replace(stop("A-S", 2, parent="A"), state=S.REJECTED, seen_epoch=EPOCH - 1)
    older = replace(older, intent=replace(older.intent, stop_price=price))
    row = replace(ROWS[1], status=BrokerStatus.FILLED, filled_quantity=9.0)
    assert ("E-S" in bind((older, *OPEN_BRACKET), ROWS[0], row)) is bound


def test_order_that_is_over_has_the_id_of_one_in_another_contract_that_ended_before() -> None:
    row = shows(STOP, BrokerStatus.CANCELLED, parent_id=1)
    for conid, found in ((MSFT, {"E-S": Binding("E-S", 2)}), (STOP.intent.conid, {})):
        ended = replace(stop("F-S", 2, conid=conid), state=S.CANCELLED)
        assert bind((ended, ENTRY, OPEN_BRACKET[1]), row) == found


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
