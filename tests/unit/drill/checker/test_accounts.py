"""Invariants of what was counted."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from drill.checker import accounts
from tests.unit.drill.checker.made_up import CONID, ENTRY, ENTRY_ID, SYMBOL, TARGET, TARGET_ID, MadeUp, bought, ticket


def by_hand(run: MadeUp, quantity: int) -> MadeUp:
    run.line(200.0, "deed", do="trade", order_id=50, symbol=SYMBOL, side="SELL", quantity=quantity)
    run.fill(200.0, 50, "SELL", quantity, "0000a.b.50.01")
    return run


def bracket_in(*, names_orders: bool) -> MadeUp:
    """Return a run whose bracket was bought, with its target known; trades name their orders or don't."""
    run = MadeUp()
    run.line(-4000.0, "start", behaviour={"order_id_in_trades": names_orders})
    run.bracket(50.0)
    run.intent(TARGET, "target", order_id=TARGET_ID, side="SELL")
    run.fill(100.0, ENTRY_ID, "BUY", 10)
    return run


def test_ordinary_run_keeps_every_invariant_of_the_accounts() -> None:
    case = bought().case()
    every = [value for name, value in vars(accounts).items() if name[0] == "i" and name[1].isdigit()]
    assert len(every) == 4
    assert [violation for invariant in every for violation in invariant(case)] == []


def test_own_fill_that_is_not_in_the_journal_is_told_with_its_intent() -> None:
    run = bought()
    run.fill(200.0, TARGET_ID, "SELL", 10, "0000a.b.02.01")
    found = list(accounts.i5_all_fills_are_counted(run.case()))
    assert [violation.subject for violation in found] == ["0000a.b.02.01", TARGET]


def test_late_fill_that_no_list_of_its_day_could_show_is_not_asked_for() -> None:
    for looked, count in ((False, 0), (True, 2)):
        run = bought()
        run.line(150.0, "status", order_id=TARGET_ID, state="cancelled", quantity=10, filled=0)
        run.fill(200.0, TARGET_ID, "SELL", 10, "0000a.b.02.01")
        run.turn(210.0, good=looked)
        assert len(list(accounts.i5_all_fills_are_counted(run.case()))) == count


@pytest.mark.parametrize(
    ("by", "names_orders", "looked_at", "count"),
    [
        ("manual", True, None, 0),
        ("manual", True, 120.0, 1),
        ("manual", True, 210.0, 1),
        ("manual", False, 120.0, 0),
        ("manual", False, 210.0, 1),
        ("client", True, None, 1),
    ],
)
def test_fill_at_a_price_that_a_person_gave_an_order_is_not_asked_for_where_no_list_could_show_it(
    by: str, looked_at: float | None, count: int, *, names_orders: bool
) -> None:
    run = MadeUp()
    run.line(-4000.0, "start", behaviour={"order_id_in_trades": names_orders})
    run.bracket(50.0)
    run.fill(100.0, ENTRY_ID, "BUY", 10)
    run.line(110.0, "modify", ticket=ticket(TARGET_ID, "SELL", "LMT", 10, limit=99.0), by=by)
    if looked_at == 120.0:
        run.turn(120.0)
    run.fill(200.0, TARGET_ID, "SELL", 10, "0000a.b.ff.01")
    if looked_at == 210.0:
        run.turn(210.0)
    found = list(accounts.i5_all_fills_are_counted(run.case()))
    assert [each.subject for each in found].count("0000a.b.ff.01") == count


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({}, 0),
        ({"trades_name_orders": True}, 3),
        ({"looked": True}, 3),
        ({"price": 99.0}, 3),
        ({"quantity": 2}, 3),
        ({"booked": True}, 2),
    ],
)
def test_fill_that_looks_just_like_that_of_another_is_not_asked_for_nor_what_its_order_filled_besides(
    change: dict[str, Any], told: int
) -> None:
    run = bought()
    run.line(-4000.0, "start", behaviour={"order_id_in_trades": change.get("trades_name_orders", False)})
    run.line(200.0, "deed", do="trade", order_id=50, symbol=SYMBOL, side="SELL", quantity=3)
    run.fill(200.0, 50, "SELL", change.get("quantity", 3), "0000a.b.50.01", change.get("price", 100.0))
    run.turn(210.0, good=change.get("looked", False))
    run.fill(220.0, TARGET_ID, "SELL", 3, "0000a.b.02.01")
    run.fill(230.0, TARGET_ID, "SELL", 7, "0000a.b.03.01")
    if change.get("booked", False):
        run.booked("0000a.b.03.01", TARGET, "SELL", 7)
    run.turn(240.0)
    assert len(list(accounts.i5_all_fills_are_counted(run.case()))) == told


def with_target(change: dict[str, Any]) -> MadeUp:
    """Return a run whose trades name no orders, unless changed, with a target that has a name of its own if `named`."""
    run = bought()
    run.line(-4000.0, "start", behaviour={"order_id_in_trades": change.get("trades_name_orders", False)})
    if change.get("named", False):
        run.over(110.0, TARGET_ID)
        run.order(120.0, ticket(TARGET_ID, "SELL", "LMT", 10, coid=TARGET))
    return run


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({}, 0),
        ({"trades_name_orders": True}, 1),
        ({"looked": True}, 1),
        ({"given_to": 50}, 1),
        ({"named": True}, 1),
    ],
)
def test_fill_of_an_order_whose_id_another_had_before_a_look_is_not_asked_for(
    change: dict[str, Any], told: int
) -> None:
    run = with_target(change)
    run.fill(200.0, TARGET_ID, "SELL", 10, "0000a.b.02.01")
    run.over(200.0, TARGET_ID, "filled")
    run.turn(210.0, good=change.get("looked", False))
    run.line(220.0, "deed", do="trade", order_id=change.get("given_to", TARGET_ID), symbol=SYMBOL, quantity=10)
    run.turn(240.0)
    found = list(accounts.i5_all_fills_are_counted(run.case()))
    assert len([each for each in found if "never came" in each.sentence]) == told


@pytest.mark.parametrize(("side", "told"), [("SELL", 0), ("BUY", 1)])
def test_what_a_second_order_of_one_call_sold_is_not_asked_for_and_what_it_bought_is(side: str, told: int) -> None:
    run = bought()
    for order_id in (60, 61):
        run.order(200.0, ticket(order_id, side, "MKT", 10, coid="TS-x"))
        run.fill(210.0, order_id, side, 10, f"0000a.b.{order_id}.01")
    run.intent("TS-x", "exit", order_id=60, side=side)
    run.booked("0000a.b.60.01", "TS-x", side, 10)
    found = list(accounts.i5_all_fills_are_counted(run.case()))
    assert len([each for each in found if "never came" in each.sentence]) == told


@pytest.mark.parametrize(
    ("change", "told"),
    [({}, 0), ({"trades_name_orders": True}, 1), ({"first": True}, 1), ({"named": True}, 1)],
)
def test_fill_of_an_order_of_which_one_was_taken_back_is_not_asked_for(change: dict[str, Any], told: int) -> None:
    run = with_target(change)
    run.fill(200.0, TARGET_ID, "SELL", 7, "0000a.b.02.01")
    run.booked("0000a.b.02.01", TARGET, "SELL", 7)
    if change.get("first", False):
        run.fill(205.0, TARGET_ID, "SELL", 1, "0000a.b.03.01")
    run.fill(210.0, TARGET_ID, "SELL", 0, "0000a.b.02.02")
    if not change.get("first", False):
        run.fill(220.0, TARGET_ID, "SELL", 1, "0000a.b.03.01")
    found = list(accounts.i5_all_fills_are_counted(run.case()))
    assert len([each for each in found if "never came" in each.sentence]) == told


def test_purchase_into_shares_that_were_sold_short_by_hand_is_gone_at_once() -> None:
    run = MadeUp()
    by_hand(run, 11)
    run.intent(ENTRY, "entry", order_id=ENTRY_ID)
    run.order(210.0, ticket(ENTRY_ID, "BUY", "LMT", 10, coid=ENTRY))
    run.fill(220.0, ENTRY_ID, "BUY", 10, "0000a.b.01.01")
    run.booked("0000a.b.01.01", ENTRY)
    assert list(accounts.i8_positions_are_true(run.case())) == []


def test_corrected_fill_may_stand_under_either_number() -> None:
    run = bought()
    run.fill(300.0, 1, "BUY", 10, "0000a.b.01.02")
    assert list(accounts.i5_all_fills_are_counted(run.case())) == []


def test_execution_that_the_broker_does_not_know_is_invented() -> None:
    run = bought()
    run.booked("0000a.b.77.01", ENTRY)
    (found,) = accounts.i6_nothing_is_invented(run.case())
    assert "no such execution" in found.sentence


def test_sale_of_another_that_is_booked_as_ours_is_told() -> None:
    run = by_hand(bought(), 3)
    run.booked("0000a.b.50.01", TARGET, "SELL", 3)
    (found,) = accounts.i6_nothing_is_invented(run.case())
    assert "another's" in found.sentence


def test_execution_on_the_wrong_intent_is_told() -> None:
    run = bought()
    run.fill(200.0, TARGET_ID, "SELL", 10, "0000a.b.02.01")
    run.booked("0000a.b.02.01", "A-S", "SELL")
    (found,) = accounts.i6_nothing_is_invented(run.case())
    assert TARGET in found.sentence


def test_two_counted_versions_of_one_fill_are_told() -> None:
    run = bought()
    run.booked("0000a.b.01.02", ENTRY)
    run.intents[ENTRY] = replace(run.intents[ENTRY], filled=20)
    assert [found.subject for found in accounts.i7_counted_once(run.case())] == ["0000a.b.01"]


def test_intent_that_has_filled_other_than_its_executions_is_told() -> None:
    run = bought()
    run.intents[ENTRY] = replace(run.intents[ENTRY], filled=9)
    assert [found.subject for found in accounts.i7_counted_once(run.case())] == [ENTRY]


def test_position_without_the_shares_that_were_sold_by_hand_is_true() -> None:
    for journal, count in ((7, 0), (10, 1), (0, 1)):
        run = by_hand(bought(), 3)
        run.positions[CONID] = journal
        assert len(list(accounts.i8_positions_are_true(run.case()))) == count, journal


def test_sold_and_bought_back_by_hand_between_two_looks_is_nothing() -> None:
    for journal, count in ((10, 0), (7, 0), (11, 1)):
        run = by_hand(bought(), 3)
        run.line(200.0, "deed", do="trade", order_id=51, symbol=SYMBOL, side="BUY", quantity=3)
        run.fill(200.0, 51, "BUY", 3, "0000a.b.51.01")
        run.positions[CONID] = journal
        assert len(list(accounts.i8_positions_are_true(run.case()))) == count, journal


def test_position_that_the_journal_has_and_the_broker_has_not_is_told() -> None:
    run = MadeUp()
    run.positions[CONID] = 5
    assert len(list(accounts.i8_positions_are_true(run.case()))) == 1


def test_fill_under_an_id_that_was_ours_before_may_be_taken_for_ours() -> None:
    for first_ours in (True, False):
        run = MadeUp()
        run.intent(ENTRY, "entry", order_id=ENTRY_ID)
        if first_ours:
            run.order(10.0, ticket(ENTRY_ID, "BUY", "LMT", 10, coid=ENTRY))
            run.line(20.0, "status", order_id=ENTRY_ID, state="cancelled", quantity=10, filled=0)
        run.line(30.0, "deed", do="trade", order_id=ENTRY_ID, symbol=SYMBOL, side="BUY", quantity=10)
        run.fill(30.0, ENTRY_ID, "BUY", 10, "0000a.b.01.01")
        run.booked("0000a.b.01.01", ENTRY)
        assert len(list(accounts.i6_nothing_is_invented(run.case()))) == (0 if first_ours else 1)
        run.intents[ENTRY] = replace(run.intents[ENTRY], filled=10)
        assert len(list(accounts.i5_all_fills_are_counted(run.case()))) == (0 if first_ours else 1)


@pytest.mark.parametrize(("after_s", "told"), [(9.0, 0), (11.0, 1)])
def test_fill_just_before_its_id_was_given_again_may_be_the_next_orders(after_s: float, told: int) -> None:
    run = bought()
    run.over(150.0, TARGET_ID, "cancelled")
    run.fill(200.0, TARGET_ID, "SELL", 10, "0000a.b.09.01")
    run.order(200.0 + after_s, ticket(TARGET_ID, "SELL", "LMT", 10, coid="TS-next"))
    run.intent("TS-next", "target", order_id=TARGET_ID, side="SELL")
    run.booked("0000a.b.09.01", "TS-next", "SELL", 10)
    run.intents["TS-next"] = replace(run.intents["TS-next"], filled=10)
    case = run.case()
    assert len(list(accounts.i6_nothing_is_invented(case))) == told
    assert (len(list(accounts.i5_all_fills_are_counted(case))) > 0) is bool(told)


@pytest.mark.parametrize(("named", "told"), [(ENTRY_ID, 0), (ENTRY_ID + 1, 1)])
def test_fill_under_an_id_that_a_question_named_for_ours_may_be_taken_for_ours(named: int, told: int) -> None:
    run = MadeUp()
    run.intent(ENTRY, "entry", order_id=ENTRY_ID)
    run.line(10.0, "question", reply_id="r", order_ids=[named], coids=[ENTRY])
    run.line(30.0, "deed", do="trade", order_id=ENTRY_ID, symbol=SYMBOL, side="BUY", quantity=10)
    run.fill(30.0, ENTRY_ID, "BUY", 10, "0000a.b.01.01")
    run.booked("0000a.b.01.01", ENTRY)
    assert len(list(accounts.i6_nothing_is_invented(run.case()))) == told


@pytest.mark.parametrize(
    ("names_orders", "sold", "price", "told"),
    [(False, 3, 100.0, 0), (False, 2, 100.0, 1), (False, 3, 100.01, 1), (True, 3, 100.0, 1)],
)
def test_sale_that_makes_up_for_what_was_taken_back_of_a_target_may_be_taken_for_its(
    sold: int, price: float, told: int, *, names_orders: bool
) -> None:
    run = bracket_in(names_orders=names_orders)
    run.fill(200.0, TARGET_ID, "SELL", 10, "0000a.b.02.01", price=100.0)
    run.fill(210.0, TARGET_ID, "SELL", 7, "0000a.b.02.02", price=100.0)
    run.line(220.0, "deed", do="trade", order_id=50, symbol=SYMBOL, side="SELL", quantity=sold)
    run.fill(220.0, 50, "SELL", sold, "0000a.b.50.01", price=price)
    run.booked("0000a.b.50.01", TARGET, "SELL", sold)
    assert len(list(accounts.i6_nothing_is_invented(run.case()))) == told


@pytest.mark.parametrize(
    ("looks", "names_orders", "told"),
    [
        # Nobody had looked before it was corrected.
        ((230.0,), True, 0),
        ((230.0,), False, 0),
        # The order was seen, so that its id tells where trades name it.
        ((60.0, 230.0), True, 1),
        ((60.0, 230.0), False, 0),
        ((205.0, 230.0), False, 1),
    ],
)
def test_sale_of_a_bracket_that_was_corrected_before_any_look_tells_not_that_it_is_ours(
    looks: tuple[float, ...], told: int, *, names_orders: bool
) -> None:
    run = bracket_in(names_orders=names_orders)
    for at in looks:
        if at < 210.0:
            run.turn(at)
    run.fill(200.0, TARGET_ID, "SELL", 10, "0000a.b.70.01", price=100.0)
    run.fill(210.0, TARGET_ID, "SELL", 7, "0000a.b.70.02", price=100.0)
    run.turn(looks[-1])
    found = [each for each in accounts.i5_all_fills_are_counted(run.case()) if "70.02" in each.subject]
    assert len(found) == told
