"""Invariants of what is at stake: sells beyond what is held, orders of others, halts."""

from __future__ import annotations

import pytest

from drill.checker import exposure
from drill.checker.logs import Step, Violation
from tests.unit.drill.checker.made_up import (
    ENTRY,
    STOP,
    STOP_ID,
    SYMBOL,
    TARGET,
    TARGET_ID,
    MadeUp,
    bought,
    seconds,
    ticket,
)


def i10(run: MadeUp) -> list[Violation]:
    return list(exposure.i10_never_short(run.case()))


def test_ordinary_run_keeps_every_invariant_of_exposure() -> None:
    case = bought().case()
    every = [value for name, value in vars(exposure).items() if name[0] == "i" and name[1:3].strip("_").isdigit()]
    assert len(every) == 4
    assert [violation for invariant in every for violation in invariant(case)] == []


def test_sale_of_more_than_is_ours_is_told() -> None:
    run = bought()
    run.fill(300.0, STOP_ID, "SELL", 11)
    assert [violation.subject for violation in i10(run)] == [SYMBOL]


@pytest.mark.parametrize(("sold_at", "count"), [(250.0, 0), (100.0, 1)])
def test_stop_that_fills_right_after_a_sale_by_hand_may_sell_short(sold_at: float, count: int) -> None:
    run = bought()
    run.line(sold_at, "deed", do="trade", order_id=50, symbol=SYMBOL, side="SELL", quantity=10)
    run.fill(sold_at, 50, "SELL", 10)
    run.turn(sold_at + 5.0)
    run.fill(300.0, STOP_ID, "SELL", 10)
    assert len([each for each in i10(run) if "sold" in each.sentence]) == count


@pytest.mark.parametrize(("looked_at", "quantity", "count"), [(90.0, 5, 0), (150.0, 5, 1), (90.0, 4, 1)])
def test_what_was_sold_by_hand_and_bought_back_before_a_look_may_be_sold(
    looked_at: float, quantity: int, count: int
) -> None:
    run = bought()
    run.fill(100.0, 50, "SELL", 5)
    run.turn(looked_at)
    run.fill(200.0, 51, "BUY", quantity)
    run.turn(250.0)
    run.fill(3000.0, STOP_ID, "SELL", 10)
    assert len([each for each in i10(run) if "sold" in each.sentence]) == count


def test_look_at_the_instant_of_a_sale_by_hand_and_its_way_back_sees_neither() -> None:
    run = bought()
    run.fill(200.0, 50, "SELL", 5)
    run.fill(200.0, 51, "BUY", 5)
    run.turn(200.0)
    run.fill(3000.0, STOP_ID, "SELL", 10)
    assert i10(run) == []


@pytest.mark.parametrize(
    ("sold_at", "seen_at", "count"),
    [(215.0, 205.0, 0), (325.0, 205.0, 0), (326.0, 205.0, 1), (9000.0, 8999.0, 0), (9000.0, 8879.0, 1)],
)
def test_child_may_sell_more_than_its_parent_had_bought_before_anyone_could_see_that(
    sold_at: float, seen_at: float, count: int
) -> None:
    run = MadeUp()
    legs = [ticket(2, "SELL", "STP", 10, parent_id=1), ticket(3, "SELL", "LMT", 10, parent_id=1)]
    run.order(10.0, ticket(1, "BUY", "LMT", 10, coid=ENTRY), *legs)
    run.fill(200.0, 1, "BUY", 2)
    run.turn(seen_at)
    run.fill(sold_at, 2, "SELL", 10)
    assert len([each for each in i10(run) if "sold" in each.sentence]) == count


@pytest.mark.parametrize(("by", "count"), [("manual", 0), ("client", 1)])
def test_child_of_a_parent_that_a_person_made_smaller_may_sell_what_it_was_for(by: str, count: int) -> None:
    run = MadeUp()
    legs = [ticket(2, "SELL", "STP", 10, parent_id=1), ticket(3, "SELL", "LMT", 10, parent_id=1)]
    run.order(10.0, ticket(1, "BUY", "LMT", 10, coid=ENTRY), *legs)
    run.line(20.0, "modify", ticket=ticket(1, "BUY", "LMT", 1, coid=ENTRY), by=by)
    run.fill(200.0, 1, "BUY", 1)
    run.turn(205.0)
    run.fill(215.0, 2, "SELL", 10)
    assert len([each for each in i10(run) if "sold" in each.sentence]) == count


@pytest.mark.parametrize(
    ("likeness", "by", "sold", "count"),
    [(True, "manual", 13, 0), (True, "manual", 14, 1), (True, "client", 13, 1), (False, "manual", 13, 1)],
    ids=["in doubt", "more than was added", "added by us", "certainly ours"],
)
def test_order_that_may_be_another_s_may_sell_the_shares_that_a_person_added_to_it(
    by: str, sold: int, count: int, *, likeness: bool
) -> None:
    run = bought()
    run.line(-2000.0, "modify", ticket=ticket(TARGET_ID, "SELL", "LMT", 13), by=by)
    run.steps.append(Step(TARGET, "WORKING", seconds(-1000.0), likeness=likeness))
    # Whatever else is in doubt is no excuse of this one.
    run.steps.append(Step(STOP, "WORKING", seconds(-1000.0), likeness=True))
    run.turn(250.0)
    run.fill(300.0, TARGET_ID, "SELL", sold)
    assert len([each for each in i10(run) if "sold" in each.sentence]) == count


@pytest.mark.parametrize(("by", "likeness", "count"), [("manual", True, 0), ("client", True, 1), ("manual", False, 1)])
def test_order_that_a_person_made_smaller_and_nobody_can_prove_is_left_alone(
    by: str, count: int, *, likeness: bool
) -> None:
    # The stop sold all; the target, for one share by now, lives on.
    run = bought()
    run.line(-2000.0, "modify", ticket=ticket(TARGET_ID, "SELL", "LMT", 1), by=by)
    run.steps.append(Step(TARGET, "WORKING", seconds(-1000.0), likeness=likeness))
    run.fill(200.0, STOP_ID, "SELL", 10)
    run.over(200.0, STOP_ID, "filled")
    run.turn(250.0)
    run.fill(3000.0, TARGET_ID, "SELL", 1)
    run.steps.append(Step(TARGET, "FILLED", seconds(3000.0)))
    assert len([each for each in i10(run) if "sold" in each.sentence]) == count


@pytest.mark.parametrize(("sold_at", "count"), [(300.0, 0), (429.0, 0), (431.0, 1), (3000.0, 1)])
def test_sale_beside_a_late_fill_is_held_against_us_once_that_could_be_seen(sold_at: float, count: int) -> None:
    run = bought()
    run.over(200.0, STOP_ID)
    run.fill(300.0, STOP_ID, "SELL", 10)
    run.turn(310.0)
    run.fill(sold_at, TARGET_ID, "SELL", 10)
    assert len([each for each in i10(run) if "sold" in each.sentence]) == count


@pytest.mark.parametrize(("linked", "sold_at", "count"), [(True, 301.0, 1), (False, 301.0, 0), (False, 431.0, 1)])
def test_legs_that_know_nothing_of_each_other_may_both_fill_before_that_could_be_seen(
    sold_at: float, count: int, *, linked: bool
) -> None:
    run = bought()
    run.line(-3500.0, "behaviour", bracket_children_cancel_each_other=linked)
    run.truth.insert(0, run.truth.pop())
    run.fill(300.0, STOP_ID, "SELL", 10)
    run.turn(310.0)
    run.fill(sold_at, TARGET_ID, "SELL", 10)
    assert len([each for each in i10(run) if "sold" in each.sentence]) == count


def test_fault_in_another_contract_or_long_ago_excuses_no_sale() -> None:
    run = bought()
    for fault in ("O13", "O16", "O17", "O24", "C05"):
        run.line(90.0, "fault", id=fault, path="/tickle")
    run.turn(110.0)
    run.fill(300.0, STOP_ID, "SELL", 11)
    assert [violation.subject for violation in i10(run)] == [SYMBOL]


def test_pair_beside_a_purchase_that_was_taken_back_meanwhile_is_not_told() -> None:
    for seen, count in ((False, 0), (True, 1)):
        run = bought()
        run.line(150.0, "status", order_id=STOP_ID, state="cancelled", quantity=10, filled=0)
        run.line(150.0, "status", order_id=TARGET_ID, state="cancelled", quantity=10, filled=0)
        run.turn(200.0)
        run.fill(210.0, 1, "BUY", 0, "0000a.b.01.02")
        run.turn(*((220.0,) if seen else ()))
        run.order(230.0, ticket(9, "SELL", "STP", 10, coid="B-S"))
        assert len([each for each in i10(run) if "can sell together" in each.sentence]) == count


def test_pair_beside_a_purchase_that_was_made_and_taken_back_at_that_instant_is_not_told() -> None:
    run = MadeUp()
    run.order(10.0, ticket(1, "BUY", "LMT", 10, coid=ENTRY))
    run.fill(230.0, 1, "BUY", 10, "0000a.b.01.01")
    run.fill(230.0, 1, "BUY", 9, "0000a.b.01.02")
    run.order(230.0, ticket(9, "SELL", "STP", 10, coid="B-S"))
    run.turn(240.0)
    assert not [each for each in i10(run) if "can sell together" in each.sentence]


@pytest.mark.parametrize(("split_at", "count"), [(230.0, 0), (205.0, 1)])
def test_exit_for_the_shares_of_before_a_split_is_told_where_somebody_had_looked(split_at: float, count: int) -> None:
    run = bought()
    for order_id in (STOP_ID, TARGET_ID):
        run.over(190.0, order_id)
    run.turn(200.0)
    run.line(split_at, "deed", do="split", symbol=SYMBOL, ratio=0.5)
    run.turn(210.0)
    run.order(230.0, ticket(9, "SELL", "MKT", 10, coid="B-X"))
    run.fill(230.0, 9, "SELL", 10)
    run.over(230.0, 9, "filled")
    assert len(i10(run)) == 2 * count


@pytest.mark.parametrize(
    ("sent", "sold_at", "told"),
    [(1, 301.0, []), (1, 421.0, ["sold"]), (2, 301.0, ["together", "sold"])],
    ids=["at once", "after two minutes", "sent twice by us"],
)
def test_exit_that_a_fault_delivers_twice_may_sell_twice_at_once(sent: int, sold_at: float, told: list[str]) -> None:
    run = bought()
    run.over(200.0, STOP_ID)
    run.over(200.0, TARGET_ID)
    run.intent("B", "exit", order_id=4)
    run.line(300.0, "fault", id="T09")
    for _ in range(sent):
        run.about(300.0, "B")
    run.order(300.0, ticket(4, "SELL", "LMT", 10, coid="B"))
    run.fill(300.0, 4, "SELL", 10)
    run.over(300.0, 4, "filled")
    run.order(300.0, ticket(5, "SELL", "LMT", 10, coid="B"))
    run.fill(sold_at, 5, "SELL", 10)
    run.over(sold_at, 5, "filled")
    found = i10(run)
    assert [word for each in found for word in ("together", "sold") if word in each.sentence] == told


def test_exit_that_was_delivered_twice_and_still_works_has_to_go() -> None:
    run = bought()
    run.line(300.0, "fault", id="T09")
    run.about(300.0, "B")
    run.intent("B", "exit", order_id=4)
    run.over(300.0, STOP_ID)
    run.over(300.0, TARGET_ID)
    for order_id in (4, 5):
        run.order(300.0, ticket(order_id, "SELL", "LMT", 10, coid="B"))
    run.turn(300.0, 305.0)
    assert [each.sentence for each in i10(run)] == [
        "own orders could sell more than is ours, and none of them was cancelled"
    ]


def test_second_stop_beside_the_first_could_sell_too_much() -> None:
    run = bought()
    run.order(300.0, ticket(9, "SELL", "STP", 10, coid="B-S"))
    assert "can sell together" in i10(run)[0].sentence


def test_excess_after_a_sale_by_hand_has_to_be_taken_off_once_it_is_seen() -> None:
    for asked, count in ((True, 0), (False, 1)):
        run = bought()
        run.line(200.0, "deed", do="trade", order_id=50, symbol=SYMBOL, side="SELL", quantity=4)
        run.fill(200.0, 50, "SELL", 4)
        run.turn(200.0)
        if asked:
            run.about(205.0, "A-S", verb="DELETE", path=f"/iserver/account/DU1234567/order/{STOP_ID}")
        assert len(i10(run)) == count


def test_stop_that_lives_on_after_its_shares_were_sold_is_told() -> None:
    run = bought()
    run.fill(300.0, TARGET_ID, "SELL", 10)
    run.over(300.0, TARGET_ID, "filled")
    run.order(300.0, ticket(9, "SELL", "STP", 10, coid="B-S"))
    assert {violation.subject for violation in i10(run)} == {SYMBOL}


def test_order_of_another_is_not_touched_and_never_all_orders() -> None:
    for order, count in (("50", 1), ("-1", 1), (str(STOP_ID), 0)):
        run = bought()
        run.line(150.0, "deed", do="order", order_id=50, symbol=SYMBOL, side="BUY", quantity=4, order_type="LMT")
        run.request(200.0, verb="DELETE", path=f"/iserver/account/DU1234567/order/{order}")
        assert len(list(exposure.i11_hands_off(run.case()))) == count, order


def test_order_under_a_name_of_ours_may_be_touched_where_the_broker_made_it() -> None:
    for fault, count in (("O25", 0), ("O24", 1)):
        run = bought()
        run.request(140.0, path="/iserver/account/DU1234567/order/1")
        run.line(140.0, "fault", id=fault, request=len(run.truth) - 1)
        made = {"symbol": SYMBOL, "side": "SELL", "quantity": 4, "order_type": "STP", "coid": ENTRY}
        run.line(150.0, "deed", do="order", order_id=50, **made)
        run.request(200.0, verb="DELETE", path="/iserver/account/DU1234567/order/50")
        assert len(list(exposure.i11_hands_off(run.case()))) == count, fault


def test_id_of_ours_that_another_order_was_given_is_ours_to_the_turn_that_had_read_the_list() -> None:
    for read_again, count in ((True, 1), (False, 0)):
        run = bought()
        run.over(140.0, STOP_ID, "cancelled")
        run.line(150.0, "deed", do="order", order_id=STOP_ID, symbol=SYMBOL, side="BUY", quantity=4, order_type="LMT")
        if read_again:
            run.turn(150.0)
        run.request(150.0, verb="DELETE", path=f"/iserver/account/DU1234567/order/{STOP_ID}")
        run.turn(150.0)
        assert len(list(exposure.i11_hands_off(run.case()))) == count, read_again


def test_id_of_anothers_order_that_a_question_names_for_ours_is_ours() -> None:
    for asked, count in ((160.0, 0), (140.0, 1)):
        run = bought()
        if asked < 150.0:
            run.line(asked, "question", reply_id="r", order_ids=[50], coids=["B-S"])
        run.line(150.0, "deed", do="trade", order_id=50, symbol=SYMBOL, side="BUY", quantity=4, order_type="MKT")
        if asked > 150.0:
            run.line(asked, "question", reply_id="r", order_ids=[50], coids=["B-S"])
        run.request(200.0, verb="DELETE", path="/iserver/account/DU1234567/order/50")
        assert len(list(exposure.i11_hands_off(run.case()))) == count, asked


def test_nothing_is_bought_while_the_mode_is_halted() -> None:
    for at, count in ((-3100.0, 0), (-3000.0, 1), (-2000.0, 0)):
        run = MadeUp()
        run.intent(ENTRY)
        run.mode(-3050.0, "halt", "1", "dashboard")
        run.mode(-2500.0, "halt", "0", "dashboard")
        run.request(at, ENTRY)
        assert len(list(exposure.i13_nothing_is_bought_in_a_halt(run.case()))) == count, at


def test_halt_that_was_asked_for_and_never_committed_is_told() -> None:
    for committed, count in ((None, 1), (-2990.0, 0)):
        run = MadeUp()
        run.event(-3000.0, "request", asked="halt", by="row")
        run.turn(-2990.0)
        run.event(-1000.0, "request", asked="resume", by="row")
        if committed is not None:
            run.mode(committed, "halt", "1", "drill")
        assert len(list(exposure.i13_nothing_is_bought_in_a_halt(run.case()))) == count


def orphan(
    name: str, *, halted: float | None, shows_after: float = 0.0, looks: float = 210.0, over: float | None = None
) -> list[Violation]:
    run = bought()
    run.line(-4000.0, "start", behaviour={"visible_after_s": shows_after})
    run.line(200.0, "deed", do="order", symbol=SYMBOL, side="BUY", quantity=1, price=1.0, order_id=9, coid=name)
    if over is not None:
        run.over(over, 9)
    run.turn(looks)
    if halted is not None:
        run.mode(halted, "halt", "1")
    return list(exposure.i13_nothing_is_bought_in_a_halt(run.case()))


def test_order_under_a_name_like_ours_halts_and_one_of_others_does_not() -> None:
    assert [violation.subject for violation in orphan("A-2", halted=None)] == ["A-2"]
    assert orphan("A-2", halted=210.0) == []
    assert len(orphan("A-2", halted=2000.0)) == 1
    assert orphan("somebody's", halted=None) == orphan(ENTRY, halted=None) == []


def test_order_under_a_name_like_ours_halts_from_the_first_look_at_a_list_that_shows_it() -> None:
    assert orphan("A-2", halted=None, shows_after=60.0) == []
    assert len(orphan("A-2", halted=None, shows_after=60.0, looks=260.0)) == 1


def test_order_under_a_name_like_ours_that_was_over_before_anybody_could_see_it_halts_nothing() -> None:
    assert orphan("A-2", halted=None, over=205.0) == []
    assert len(orphan("A-2", halted=None, over=215.0)) == 1


def test_two_live_orders_of_one_name_are_told() -> None:
    run = bought()
    run.order(300.0, ticket(9, "SELL", "STP", 10, coid="B-S"))
    assert list(exposure.i16_one_order_an_intent(run.case())) == []
    run.order(301.0, ticket(10, "SELL", "STP", 10, coid="B-S"))
    assert [violation.subject for violation in exposure.i16_one_order_an_intent(run.case())] == ["B-S"]
