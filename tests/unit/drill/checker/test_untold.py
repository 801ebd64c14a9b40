"""Contracts in which nobody can tell what is ours after a split."""

from __future__ import annotations

from dataclasses import replace

import pytest

from drill.checker import accounts, cover, exposure, life
from drill.checker.untold import untold
from tests.unit.drill.checker.made_up import CONID, STOP, STOP_ID, SYMBOL, TARGET_ID, MadeUp, bought, ticket

FIRST = "0000a.b.01.01"
"""the purchase of the 10 shares that `bought` begins with"""


def split(at: float, ratio: float, quantity: int = 10) -> MadeUp:
    run = bought(quantity)
    run.line(at, "deed", do="split", symbol=SYMBOL, ratio=ratio)
    return run


def take_back(run: MadeUp, at: float) -> MadeUp:
    """Let the broker take back the purchase that the run began with."""
    execution = next(line["execution"] for line in run.truth if line["kind"] == "fill")
    later = f"{execution['execution_id'].rpartition('.')[0]}.02"
    run.line(at, "fill", execution={**execution, "execution_id": later, "quantity": 0})
    return run


@pytest.mark.parametrize(("ratio", "quantity", "told"), [(0.1, 9, False), (0.1, 10, True), (2.0, 9, True)])
def test_reverse_split_that_leaves_less_than_a_share_leaves_nothing_to_see(
    ratio: float, quantity: int, *, told: bool
) -> None:
    assert untold(split(200.0, ratio, quantity).case()) == (frozenset() if told else {CONID})


@pytest.mark.parametrize(("looked", "told"), [(250.0, True), (350.0, False)])
def test_another_own_position_beside_it_is_witness_enough_where_somebody_looked(looked: float, *, told: bool) -> None:
    run = bought(9)
    bracket = next(line for line in run.truth if line["kind"] == "order")
    other = {**bracket["tickets"][0], "order_id": 77, "conid": 7, "coid": "B"}
    run.line(150.0, "order", tickets=[other])
    execution = {"order_id": 77, "conid": 7, "symbol": "XOM", "quantity": 5, "price": 100.0}
    run.line(160.0, "fill", execution={**execution, "execution_id": "0000a.b.77.01", "side": "BUY"})
    run.line(200.0, "deed", do="split", symbol=SYMBOL, ratio=0.1)
    run.line(300.0, "fill", execution={**execution, "execution_id": "0000a.b.78.01", "side": "SELL"})
    run.turn(looked)
    assert untold(run.case()) == (frozenset() if told else {CONID})


@pytest.mark.parametrize(("looked", "told"), [(None, False), ("after", False), ("before", True)])
def test_purchase_from_before_a_split_that_is_taken_back_before_anybody_looked(
    looked: str | None, *, told: bool
) -> None:
    # All at one instant: what counts is what came first.
    run = split(200.0, 1.5)
    if looked == "before":
        run.turn(200.0)
    take_back(run, 200.0)
    if looked == "after":
        run.turn(200.0)
    assert untold(run.case()) == (frozenset() if told else {CONID})


def test_purchase_that_is_taken_back_without_a_split_is_told() -> None:
    assert untold(take_back(bought(), 300.0).case()) == frozenset()


@pytest.mark.parametrize(("sold", "bought_by_hand", "told"), [(16, 16, False), (10, 16, True), (16, 0, True)])
def test_others_purchase_after_an_order_of_ours_sold_too_much_leaves_open_what_is_ours(
    sold: int, bought_by_hand: int, *, told: bool
) -> None:
    run = bought()
    run.fill(200.0, STOP_ID, "SELL", sold)
    if bought_by_hand:
        run.line(210.0, "deed", do="trade", order_id=50, symbol=SYMBOL, side="BUY", quantity=bought_by_hand)
        run.fill(210.0, 50, "BUY", bought_by_hand)
    assert untold(run.case()) == (frozenset() if told else {CONID})


def test_shares_that_are_missing_beside_a_frozen_sell_are_a_persons() -> None:
    for facts, told in (({"frozen": True, "state": "UNKNOWN"}, False), ({"state": "UNKNOWN"}, True), ({}, True)):
        run = bought()
        run.positions[CONID] = 10
        run.line(200.0, "deed", do="trade", order_id=50, symbol=SYMBOL, side="SELL", quantity=10)
        run.fill(200.0, 50, "SELL", 10)
        run.intents[STOP] = replace(run.intents[STOP], **facts)
        run.step(100.0, STOP, "UNKNOWN")
        assert untold(run.case()) == (frozenset() if told else {CONID})


def test_sale_of_what_a_split_left_nothing_of_is_held_against_nobody() -> None:
    for ratio, quantity, count in ((0.1, 9, 0), (0.5, 10, 1)):
        run = split(200.0, ratio, quantity)
        run.turn(250.0)
        run.order(260.0, ticket(9, "SELL", "LMT", 9, coid="B-X"))
        run.turn(270.0)
        run.fill(300.0, 9, "SELL", 9)
        assert len([each for each in exposure.i10_never_short(run.case()) if "sold" in each.sentence]) == count


def test_excess_from_before_nobody_could_tell_goes_on_no_longer_than_that() -> None:
    # A hand sale leaves the stop with too many shares; by the time that anybody looks it is over.
    for ended, count in ((True, 0), (False, 1)):
        run = bought()
        run.line(150.0, "deed", do="trade", order_id=50, symbol=SYMBOL, side="SELL", quantity=4)
        run.fill(150.0, 50, "SELL", 4)
        if ended:
            run.line(200.0, "deed", do="split", symbol=SYMBOL, ratio=1.5)
            take_back(run, 250.0)
            for order in (STOP_ID, TARGET_ID):
                run.over(260.0, order, "cancelled")
        run.turn(400.0)
        assert len([each for each in exposure.i10_never_short(run.case()) if "none of them" in each.sentence]) == count


def test_what_nobody_can_tell_is_held_against_nobody() -> None:
    run = take_back(split(200.0, 1.5), 300.0)
    run.turn(400.0)
    run.positions.clear()
    case = run.case()
    assert list(accounts.i8_positions_are_true(case)) == []
    assert list(cover.i9_shares_are_covered(case)) == []
    assert [each for each in life.i20_all_is_well_again(case) if each.subject == SYMBOL] == []
    told = replace(case, truth=[line for line in case.truth if line.get("do") != "split"][:-1])
    assert [each.invariant for each in accounts.i8_positions_are_true(told)] == ["I8"]
