"""The broker's book as the truth log tells it."""

from __future__ import annotations

import pytest

from drill.checker.book import Book, final
from tests.unit.drill.checker.made_up import CONID, ENTRY_ID, STOP_ID, SYMBOL, TARGET_ID, MadeUp, bought, ticket


def book_of(run: MadeUp) -> Book:
    return final(run.case())


def test_stop_covers_what_its_entry_has_bought_and_the_target_does_not_count() -> None:
    book = book_of(bought())
    assert (book.own[CONID], book.covered(CONID), book.potential(CONID)) == (10, 10, 10)


def test_children_of_an_entry_that_has_not_filled_can_sell_nothing() -> None:
    run = MadeUp()
    run.bracket(-100.0)
    assert book_of(run).potential(CONID) == 0


def test_child_of_a_partly_filled_entry_covers_as_the_broker_activates_it() -> None:
    covered = {}
    for mode in ("whole", "full"):
        run = MadeUp()
        run.line(-200.0, "start", behaviour={"child_activation": mode})
        run.bracket(-100.0)
        run.fill(10.0, ENTRY_ID, "BUY", 4)
        covered[mode] = book_of(run).covered(CONID)
    assert covered == {"whole": 4, "full": 0}


@pytest.mark.parametrize(("left_at", "expected"), [(10, 10), (4, 4)])
def test_child_sells_as_much_as_the_broker_leaves_it_at_once_its_entry_is_over(left_at: int, expected: int) -> None:
    run = MadeUp()
    run.bracket(-100.0)
    run.fill(10.0, ENTRY_ID, "BUY", 4)
    for child in (STOP_ID, TARGET_ID):
        run.line(10.0, "status", order_id=child, state="working", quantity=left_at, filled=0)
    run.over(20.0, ENTRY_ID)
    book = book_of(run)
    assert (book.own[CONID], book.potential(CONID)) == (4, expected)


def test_status_of_a_child_holds_what_its_sibling_has_sold() -> None:
    run = bought()
    run.fill(200.0, TARGET_ID, "SELL", 4)
    run.line(200.0, "status", order_id=STOP_ID, state="working", quantity=6, filled=0)
    book = book_of(run)
    assert (book.orders[STOP_ID].quantity, book.covered(CONID)) == (10, 6)


def test_what_the_target_sold_the_stop_sells_no_more() -> None:
    run = bought()
    run.fill(200.0, TARGET_ID, "SELL", 4)
    book = book_of(run)
    assert (book.own[CONID], book.covered(CONID)) == (6, 6)


def test_cancelled_stop_covers_nothing() -> None:
    run = bought()
    run.over(200.0, STOP_ID)
    assert book_of(run).covered(CONID) == 0


def test_sale_by_hand_takes_own_shares_only_where_no_others_are_left() -> None:
    run = bought()
    run.line(150.0, "deed", do="trade", order_id=50, symbol=SYMBOL, side="BUY", quantity=5)
    run.fill(150.0, 50, "BUY", 5)
    run.line(200.0, "deed", do="trade", order_id=51, symbol=SYMBOL, side="SELL", quantity=8)
    run.fill(200.0, 51, "SELL", 8)
    book = book_of(run)
    assert (book.held[CONID], book.own[CONID]) == (7, 7)
    assert not book.orders[51].own


def test_correction_replaces_the_fill_before_it() -> None:
    run = bought()
    run.fill(300.0, ENTRY_ID, "BUY", 7, "0000a.b.01.02")
    book = book_of(run)
    assert book.own[CONID] == 7
    assert [execution.quantity for execution in book.executions.values()] == [7]


@pytest.mark.parametrize("own_first", [True, False])
def test_correction_is_of_the_order_that_was_executed_whoever_has_its_id_by_now(own_first: bool) -> None:  # noqa: FBT001
    run = MadeUp()
    entry = ticket(ENTRY_ID, "BUY", "LMT", 5, coid="B")
    if own_first:
        run.order(0.0, entry)
    else:
        run.line(0.0, "deed", do="trade", order_id=ENTRY_ID, symbol=SYMBOL, side="BUY", quantity=5)
    run.fill(10.0, ENTRY_ID, "BUY", 5, "0000a.b.01.01")
    if own_first:
        run.line(20.0, "deed", do="trade", order_id=ENTRY_ID, symbol=SYMBOL, side="BUY", quantity=1)
    else:
        run.order(20.0, entry)
    run.fill(30.0, ENTRY_ID, "BUY", 4, "0000a.b.01.02")
    assert [execution.own for execution in book_of(run).executions.values()] == [own_first]
    assert book_of(run).own[CONID] == (4 if own_first else 0)


def test_price_that_a_person_gave_stays_a_persons_until_we_give_another() -> None:
    run = bought()
    for at, limit, quantity, by, remade in (
        (10.0, 99.0, 10, "manual", True),
        (20.0, 99.0, 12, "manual", True),
        (30.0, 105.0, 12, "client", False),
    ):
        run.line(at, "modify", ticket=ticket(TARGET_ID, "SELL", "LMT", quantity, limit=limit), by=by)
        assert book_of(run).orders[TARGET_ID].remade is remade


@pytest.mark.parametrize(("bought_back", "own"), [(4, -6), (10, 0), (12, 0)])
def test_who_buys_back_what_was_sold_short_leaves_that_much_less_short(bought_back: int, own: int) -> None:
    run = bought()
    run.line(200.0, "deed", do="trade", order_id=50, symbol=SYMBOL, side="SELL", quantity=10)
    run.fill(200.0, 50, "SELL", 10)
    run.fill(300.0, TARGET_ID, "SELL", 10)
    run.line(400.0, "deed", do="trade", order_id=51, symbol=SYMBOL, side="BUY", quantity=bought_back)
    run.fill(400.0, 51, "BUY", bought_back)
    assert book_of(run).own[CONID] == own


def test_split_multiplies_positions_and_the_orders_that_the_broker_keeps() -> None:
    run = MadeUp()
    run.line(-4000.0, "start", behaviour={"split_keeps_orders": True})
    run.bracket(-3000.0)
    run.fill(100.0, ENTRY_ID, "BUY", 10)
    run.over(100.0, ENTRY_ID, "filled")
    run.line(200.0, "deed", do="split", symbol=SYMBOL, ratio=2.0)
    book = book_of(run)
    assert (book.own[CONID], book.held[CONID], book.covered(CONID)) == (20, 20, 20)


def test_orders_of_a_pair_sell_together_only_as_much_as_one() -> None:
    run = bought()
    run.over(200.0, STOP_ID)
    run.over(200.0, TARGET_ID)
    run.order(
        210.0,
        ticket(7, "SELL", "STP", 10, coid="B-S", oca_group="g"),
        ticket(8, "SELL", "LMT", 10, coid="B-T", oca_group="g"),
    )
    book = book_of(run)
    assert (book.covered(CONID), book.potential(CONID)) == (10, 10)


def test_id_that_is_given_again_leaves_the_first_order_known() -> None:
    run = bought()
    run.order(500.0, ticket(ENTRY_ID, "BUY", "LMT", 3, coid="B"))
    book = book_of(run)
    assert [order.coid for order in book.all_orders() if order.order_id == ENTRY_ID] == ["A", "B"]
    assert book.covered(CONID) == 10


@pytest.mark.parametrize(
    ("left", "split", "own"), [(6, False, 4), (0, False, 10), (2, False, 8), (7, False, 3), (0, True, 8)]
)
def test_own_shares_that_somebody_sold_are_ours_again_as_far_as_that_is_taken_back(
    left: int, own: int, *, split: bool
) -> None:
    run = bought()
    run.fill(200.0, 50, "SELL", 6, "0000a.h.01.01")
    if split:
        # What it is taken back in is another share.
        run.line(250.0, "deed", do="split", symbol=SYMBOL, ratio=2.0)
    run.fill(300.0, 50, "SELL", left, "0000a.h.01.02")
    assert final(run.case()).own[CONID] == own
