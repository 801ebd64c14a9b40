"""What was executed under an id that may have come again, or beside an order of ours that is over."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.fakes.trading_states import AAPL, IN_SESSION, after, reading, sale, shows, stop
from tests.unit.trading.execution.ownership.test_execution_matching import ENTRY, STOP, TARGET, UNSEEN, execution, match
from tests.unit.trading.execution.shares_shown import TEN
from trading.execution.ownership.execution_matching import match_executions
from trading.model.execution_id import fill_key
from trading.model.order import BrokerStatus, IntentState, OrderType
from trading.model.record import JournalView


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


@pytest.mark.parametrize(
    ("row", "ours"),
    [
        ({}, True),
        ({"total_quantity": 8.0}, False),
        ({"order_type": OrderType.MARKET, "limit_price": None}, False),
        (None, True),
    ],
)
def test_purchase_under_the_id_of_a_rejected_entry_is_anothers_where_the_list_shows_another_order(
    row: dict[str, object] | None, *, ours: bool
) -> None:
    rejected = replace(ENTRY, state=IntentState.REJECTED, ended_at=after(-3600), seen_epoch=1)
    bought = execution(rejected, 8, order_ref=None)
    shown = shows(rejected, BrokerStatus.FILLED, order_ref=None, filled_quantity=8.0)
    orders = () if row is None else (replace(shown, **row),)  # type: ignore[arg-type]
    matched = match((rejected,), bought, orders=orders)
    assert [coid for coid, _ in matched.fills] == ([rejected.coid] if ours else [])


@pytest.mark.parametrize(("left", "listed", "ours"), [(0, True, False), (0, False, True), (1, True, True)])
def test_more_than_an_order_was_for_is_anothers_where_the_list_shows_one_under_its_id(
    left: int, *, listed: bool, ours: bool
) -> None:
    full = replace(ENTRY, state=IntentState.FILLED, filled=9 - left, ended_at=after(-60))
    more = execution(full, 1, order_ref=None)
    by_hand = replace(
        shows(full, BrokerStatus.FILLED, order_ref=None),
        order_type=OrderType.MARKET,
        total_quantity=1.0,
        filled_quantity=1.0,
        average_price=100.0,
    )
    orders = (shows(full, BrokerStatus.FILLED), *((by_hand,) if listed else ()))
    assert bool(match((full,), more, orders=orders).fills) is ours


def test_purchase_that_an_earlier_list_showed_to_be_anothers_stays_so_when_its_order_is_listed_no_more() -> None:
    rejected = replace(ENTRY, state=IntentState.REJECTED, ended_at=after(-3600), seen_epoch=1)
    bought = execution(rejected, 8, order_ref=None)
    corrected = replace(bought, execution_id="0000e0d5.00000001.01.02", quantity=0)
    assert not match((rejected,), bought, corrected, theirs=frozenset({fill_key(bought.execution_id)})).fills
    assert match((rejected,), bought, theirs=frozenset({"another"})).fills


def test_execution_long_after_an_order_was_filled_is_of_another_that_has_its_id_now() -> None:
    full = replace(ENTRY, state=IntentState.FILLED, filled=9, ended_at=after(-600))
    assert not match((full,), execution(full, order_ref=None)).fills


@pytest.mark.parametrize(
    ("changes", "held", "ours"),
    [
        ({}, 0.0, True),
        ({}, 9.0, False),
        ({"quantity": 8.0}, 0.0, False),
        ({"time": after(-90_000)}, 0.0, False),
        ({"order_id": 4711}, 0.0, False),
    ],
)
def test_leg_that_is_bound_by_likeness_has_sold_own_shares_that_are_gone_whatever_its_price(
    changes: dict[str, object], held: float, *, ours: bool
) -> None:
    # A person gave the target a price below the one that it was asked for; the list does not show it any more.
    leg = replace(TARGET, provisional=True)
    sold = replace(execution(leg, 9, 99.0), **changes)  # type: ignore[arg-type]
    shown = reading(IN_SESSION, held={AAPL: held})
    assert bool(match_executions([sold], JournalView((ENTRY, leg), ()), shown, 0.0).fills) is ours
    certain = replace(leg, provisional=False, seen_epoch=1)
    assert not match_executions([sold], JournalView((ENTRY, certain), ()), shown, 0.0).fills


@pytest.mark.parametrize("price", [95.0, 97.0])
def test_executions_of_an_order_that_a_person_made_larger_and_moved_are_its_own(price: float) -> None:
    working = replace(STOP, state=IntentState.WORKING)
    row = replace(
        shows(working, BrokerStatus.FILLED, price=price, order_ref=None), total_quantity=15.0, filled_quantity=15.0
    )
    assert match((working,), execution(working, 15, price), orders=(row,)).fills


@pytest.mark.parametrize(
    ("order_id", "held", "ours"), [(4711, -4.0, True), (4711, 0.0, True), (4711, -2.0, False), (None, -4.0, True)]
)
def test_leg_that_nobody_has_seen_may_have_sold_too_many(order_id: int | None, held: float, *, ours: bool) -> None:
    first, *more = (
        execution(TARGET, quantity, 106.0, order_ref=None, order_id=order_id, execution_id=f"{number}")
        for number, quantity in enumerate((9, 2, 2))
    )
    journal = JournalView(UNSEEN, (replace(TEN, quantity=9),))
    matched = match_executions([first, *more], journal, reading(IN_SESSION, held={AAPL: held}), 0.0)
    assert [coid for coid, _ in matched.fills] == ([TARGET.coid] if ours else [])


def test_fills_of_two_orders_under_our_name_are_told_apart_by_the_ids_that_the_list_shows() -> None:
    made = sale()
    ours = shows(made, BrokerStatus.FILLED)
    twin = replace(ours, order_id=4711)
    fills = [execution(made, execution_id="a"), execution(made, execution_id="b", order_id=4711)]
    assert [each.execution_id for _, each in match((made,), *fills, orders=(ours, twin)).fills] == ["a"]
    # Without both rows the name decides: an id may be another one in another list.
    for orders in ((ours,), (twin,), ()):
        assert len(match((made,), *fills, orders=orders).fills) == 2
    assert len(match((replace(made, seen_epoch=1),), *fills, orders=(ours, twin)).fills) == 2
    # What a list has told stays so when it shows them no more.
    assert [each.execution_id for _, each in match((made,), *fills, theirs=frozenset({"a", "b"})).fills] == ["a"]


def test_what_two_orders_under_our_name_bought_is_all_ours() -> None:
    made, ours = replace(ENTRY, filled=0), shows(ENTRY, BrokerStatus.FILLED)
    fills = [execution(made, execution_id="a"), execution(made, execution_id="b", order_id=4711)]
    assert len(match((made,), *fills, orders=(ours, replace(ours, order_id=4711))).fills) == 2


@pytest.mark.parametrize(("by_hand", "held", "ours"), [(0, -9.0, True), (20, 11.0, True), (20, 12.0, False)])
def test_both_legs_that_nobody_has_seen_may_have_filled(by_hand: int, held: float, *, ours: bool) -> None:
    stopped, taken, bought = (
        execution(
            made,
            quantity,
            price,
            order_ref=None,
            order_id=4711 + quantity,
            execution_id=made.coid,
            side=made.intent.side,
        )
        for made, quantity, price in ((STOP, 9, 94.0), (TARGET, 9, 106.0), (ENTRY, by_hand, 100.0))
    )
    listed = [stopped, replace(taken, order_id=4712), *([bought] if by_hand else [])]
    journal = JournalView(UNSEEN, (replace(TEN, quantity=9),))
    matched = match_executions(listed, journal, reading(IN_SESSION, held={AAPL: held}), 0.0)
    assert {coid for coid, _ in matched.fills} == ({STOP.coid, TARGET.coid} if ours else set())


@pytest.mark.parametrize(("bought", "ours"), [((), []), ((9.0,), ["E", "E-S"])])
def test_leg_that_nobody_has_seen_sells_nothing_before_its_entry_has_bought(
    bought: tuple[float, ...], ours: list[str]
) -> None:
    entry = replace(ENTRY, state=IntentState.UNKNOWN)
    fills = [execution(entry, quantity, execution_id="a") for quantity in bought]
    sold = execution(STOP, 9, 94.0, order_ref=None, order_id=4711, execution_id="b")
    held = sum(bought) - 9.0
    shown = reading(IN_SESSION, held={AAPL: held})
    matched = match_executions([*fills, sold], JournalView((entry, *UNSEEN[1:]), ()), shown, 0.0)
    assert [coid for coid, _ in matched.fills] == ours


def test_sale_by_hand_that_was_taken_back_goes_with_no_fill_of_ours() -> None:
    # It comes to no shares, so that it fits beside any fill that does.
    sold = execution(STOP, 2, order_id=None, order_ref=None, price=94.0, execution_id="0000a.b.01.01")
    undone = replace(sold, execution_id="0000a.b.01.02", quantity=0)
    stopped = replace(sold, execution_id="0000a.c.01.01", quantity=1)
    row = shows(STOP, BrokerStatus.CANCELLED, filled_quantity=1.0)
    for spent in (frozenset({fill_key("0000a.b.01.01")}), frozenset[str]()):
        assert match((STOP,), sold, undone, stopped, orders=(row,), spent=spent).fills == (("E-S", stopped),)
    # Alone it is what the row still counts.
    both = replace(row, filled_quantity=2.0)
    assert match((STOP,), sold, undone, orders=(both,)).fills == (("E-S", sold), ("E-S", undone))


@pytest.mark.parametrize(("other", "ours"), [(13.0, ["a"]), (10.0, ["a", "b"]), (0.0, ["a", "b"])])
def test_sale_that_carries_our_name_and_no_id_is_the_other_orders_where_that_one_has_filled_just_so(
    other: float, ours: list[str]
) -> None:
    # The broker made a second order of a modification, under the same name.
    made = sale(quantity=10)
    row = shows(made, BrokerStatus.FILLED, filled_quantity=10.0)
    second = replace(row, order_id=4711, total_quantity=13.0, filled_quantity=other)
    fills = [execution(made, shares, execution_id=name, order_id=None) for name, shares in (("a", 10), ("b", 13))]
    assert [each.execution_id for _, each in match((made,), *fills, orders=(row, second)).fills] == ours


@pytest.mark.parametrize(
    ("state", "quantity", "theirs", "ours"),
    [
        (IntentState.REJECTED, 9, False, True),
        (IntentState.REJECTED, 10, False, False),
        (IntentState.WORKING, 10, False, True),
        (IntentState.WORKING, 9, True, False),
    ],
)
def test_fill_under_an_id_of_this_session_is_anothers_where_a_list_told_or_an_absent_order_was_for_less(
    state: IntentState, quantity: float, *, theirs: bool, ours: bool
) -> None:
    made = replace(ENTRY, state=state)
    bought = execution(made, quantity, order_ref=None)
    known = frozenset({fill_key(bought.execution_id)}) if theirs else frozenset[str]()
    assert bool(match((made,), bought, theirs=known).fills) is ours


@pytest.mark.parametrize("quantity", [0.0, 6.0])
def test_sale_by_hand_that_is_corrected_after_its_id_was_given_to_an_order_of_ours_stays_anothers(
    quantity: float,
) -> None:
    spent = frozenset({fill_key("0000a.b.01.01")})
    corrected = execution(TARGET, quantity, 106.0, order_ref=None, execution_id="0000a.b.01.02")
    assert match((TARGET,), corrected, orders=(shows(TARGET),), spent=spent).fills == ()
    assert len(match((TARGET,), corrected, orders=(shows(TARGET),)).fills) == 1


def test_sale_under_the_id_of_two_stops_is_that_ones_whose_row_has_filled() -> None:
    over = replace(STOP, state=IntentState.CANCELLED, ended_at=after(-3600))
    later = stop("F-S", 2, parent="F", stop=98.0)
    sold = execution(STOP, 9, 95.0, order_ref=None)
    filled = shows(STOP, BrokerStatus.CANCELLED, filled_quantity=9.0)
    unfilled = shows(later, BrokerStatus.INACTIVE)
    matched = match((over, later), sold, orders=(unfilled, filled))
    assert [coid for coid, _ in matched.fills] == [over.coid]
    matched = match((over, later), sold, orders=(replace(unfilled, filled_quantity=9.0),))
    assert [coid for coid, _ in matched.fills] == [later.coid]


@pytest.mark.parametrize(("state", "ours"), [(IntentState.REJECTED, False), (IntentState.WORKING, True)])
def test_sale_under_the_id_of_a_stop_of_this_session_is_anothers_where_its_entry_was_rejected_unfilled(
    state: IntentState, *, ours: bool
) -> None:
    matched = match((replace(ENTRY, state=state), STOP), execution(STOP, 9, 95.0, order_ref=None))
    assert [coid for coid, _ in matched.fills] == ([STOP.coid] if ours else [])
