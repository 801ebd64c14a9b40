"""Whose executions are another's, and for how long that is remembered."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.fakes.trading_context import ContextParts
from tests.fakes.trading_states import EPOCH, IN_SESSION, MSFT, after, entry, reading, shows, stop
from tests.unit.trading.execution.ownership.test_execution_matching import TARGET, bare, execution
from trading.execution.ownership.others import (
    certain,
    drop_theirs,
    is_anothers,
    note_theirs,
    theirs,
)
from trading.model.execution_id import fill_key
from trading.model.order import BrokerOrder, BrokerStatus, Execution, IntentState, OrderType, Side
from trading.model.record import IntentRecord, JournalView

ENTRY = replace(entry(), state=IntentState.FILLED, filled=9)
STOP = stop("E-S", 2, parent="E")
UNSEEN = replace(STOP, order_id=None, state=IntentState.UNKNOWN)
ANOTHERS = replace(bare(STOP), order_id=4711)
LISTED = replace(shows(STOP, BrokerStatus.FILLED, filled_quantity=9.0), order_id=4711)


def sure(leg: IntentRecord, found: Execution, *orders: BrokerOrder, known: frozenset[str] = frozenset()) -> bool:
    return bool(certain([found], known, JournalView((ENTRY, leg), ()), reading(IN_SESSION, orders=orders)))


def test_execution_of_a_listed_order_that_is_none_of_ours_is_anothers() -> None:
    assert sure(UNSEEN, ANOTHERS, LISTED)
    assert not sure(UNSEEN, replace(ANOTHERS, price=94.0))
    assert not sure(replace(STOP, order_id=4711), ANOTHERS, LISTED)
    assert not sure(UNSEEN, bare(STOP, price=94.0), LISTED)


@pytest.mark.parametrize("order_id", [4711, None])
@pytest.mark.parametrize(
    ("leg", "price", "quantity", "certain"),
    [
        (UNSEEN, 95.0, 9.0, False),
        (UNSEEN, 99.0, 9.0, True),
        (UNSEEN, 95.0, 10.0, True),
        (replace(TARGET, order_id=None), 99.0, 9.0, True),
        (replace(TARGET, order_id=None), 105.0, 9.0, False),
        (replace(STOP, state=IntentState.CANCELLED), 95.0, 9.0, True),
    ],
)
def test_what_none_of_ours_that_may_be_live_could_have_made_is_anothers(
    leg: IntentRecord, order_id: int | None, price: float, quantity: float, *, certain: bool
) -> None:
    assert sure(leg, bare(STOP, quantity, price, order_id=order_id)) is certain


def test_what_a_list_showed_is_remembered_where_a_leg_of_ours_may_be_taken_for_it(parts: ContextParts) -> None:
    evidence = parts.context().evidence
    journal = JournalView((ENTRY, UNSEEN), ())
    note_theirs(evidence, [ANOTHERS], journal, reading(IN_SESSION, orders=(LISTED,)))
    assert theirs(evidence) == {fill_key(ANOTHERS.execution_id)}
    # The next day it is in no list any more.
    note_theirs(evidence, [ANOTHERS], journal, reading(IN_SESSION))
    assert sure(UNSEEN, ANOTHERS, known=theirs(evidence))
    drop_theirs(evidence, IN_SESSION)
    assert theirs(evidence) == {fill_key(ANOTHERS.execution_id)}
    drop_theirs(evidence, after(1))
    assert theirs(evidence) == frozenset()


def test_order_that_got_an_id_which_ours_had_is_anothers_and_that_is_remembered(parts: ContextParts) -> None:
    evidence = parts.context().evidence
    rejected = replace(ENTRY, state=IntentState.REJECTED, filled=0, seen_epoch=EPOCH - 1)
    bought = execution(rejected, 8, order_ref=None)
    row = shows(rejected, BrokerStatus.FILLED, filled_quantity=8.0)
    journal = JournalView((rejected,), ())
    note_theirs(evidence, [bought], journal, reading(IN_SESSION, orders=(row,)))
    assert theirs(evidence) == frozenset()
    given_again = reading(IN_SESSION, orders=(replace(row, total_quantity=8.0),))
    assert certain([bought], frozenset(), journal, given_again)
    note_theirs(evidence, [bought], journal, given_again)
    assert theirs(evidence) == {fill_key(bought.execution_id)}


@pytest.mark.parametrize(
    ("filled", "price", "anothers"), [(1.0, 100.0, True), (2.0, 100.0, False), (1.0, 100.1, False), (9.0, 100.0, False)]
)
def test_of_two_orders_with_one_id_it_is_of_the_one_that_has_filled_just_so(
    filled: float, price: float, *, anothers: bool
) -> None:
    ours = shows(ENTRY, BrokerStatus.FILLED, filled_quantity=9.0, average_price=100.0)
    by_hand = replace(ours, order_type=OrderType.MARKET, total_quantity=filled, filled_quantity=filled, order_ref=None)
    found = execution(ENTRY, filled if filled == 9.0 else 1.0, order_ref=None)
    rows = (replace(by_hand, average_price=price), ours)
    assert bool(certain([found], frozenset(), JournalView((ENTRY,), ()), reading(IN_SESSION, orders=rows))) is anothers


def test_what_carries_no_id_is_kept_as_anothers_where_a_listed_order_has_filled_just_so(parts: ContextParts) -> None:
    evidence = parts.context().evidence
    journal, sold = JournalView((ENTRY, UNSEEN), ()), bare(STOP, execution_id="sold")
    by_hand = replace(LISTED, order_type=OrderType.MARKET, average_price=100.0)
    for order in (
        LISTED,
        replace(by_hand, average_price=100.1),
        replace(by_hand, order_id=STOP.order_id or 0, conid=MSFT),
    ):
        note_theirs(evidence, [sold], journal, reading(IN_SESSION, orders=(order,)))
        assert theirs(evidence) == frozenset()
    # Of two that look the same one may be ours.
    shown = reading(IN_SESSION, orders=(by_hand,))
    note_theirs(evidence, [sold, replace(sold, execution_id="twin")], journal, shown)
    assert theirs(evidence) == frozenset()
    note_theirs(evidence, [sold], journal, shown)
    assert theirs(evidence) == {"sold"}


@pytest.mark.parametrize(("change", "anothers"), [({}, True), ({"conid": MSFT}, False), ({"side": Side.BUY}, False)])
def test_order_of_another_contract_or_side_has_only_the_same_id(change: dict[str, object], *, anothers: bool) -> None:
    ended = replace(STOP, order_id=4711, state=IntentState.CANCELLED, seen_epoch=EPOCH - 1)
    row = replace(LISTED, **{"total_quantity": 8.0, "filled_quantity": 8.0} | change)  # type: ignore[arg-type]
    journal = JournalView((ENTRY, ended), ())
    assert is_anothers(ANOTHERS, journal, reading(IN_SESSION, orders=(row,))) is anothers


def test_order_that_looks_like_it_makes_no_execution_certain() -> None:
    assert not sure(STOP, bare(STOP, price=94.0), replace(LISTED, order_type=OrderType.MARKET))


@pytest.mark.parametrize(
    ("order_id", "quantity", "kept"),
    [(1, 9.0, True), (None, 8.0, True), (None, 9.0, False)],
    ids=["it had another id", "it asked for another size", "it may be the very order"],
)
def test_what_a_list_showed_is_remembered_beside_an_entry_that_is_not_proven(
    parts: ContextParts, order_id: int | None, quantity: float, *, kept: bool
) -> None:
    evidence = parts.context().evidence
    unproven = replace(ENTRY, order_id=order_id, state=IntentState.UNKNOWN, filled=0)
    bought = execution(unproven, quantity, order_id=4711, order_ref=None)
    row = replace(shows(ENTRY, BrokerStatus.FILLED, filled_quantity=quantity), order_id=4711, order_ref=None)
    listed = reading(IN_SESSION, orders=(replace(row, total_quantity=quantity),))
    note_theirs(evidence, [bought], JournalView((unproven,), ()), listed)
    assert bool(theirs(evidence)) is kept


def test_nothing_is_kept_where_no_leg_of_ours_is_unproven(parts: ContextParts) -> None:
    evidence = parts.context().evidence
    note_theirs(evidence, [ANOTHERS], JournalView((ENTRY, STOP), ()), reading(IN_SESSION, orders=(LISTED,)))
    assert theirs(evidence) == frozenset()
