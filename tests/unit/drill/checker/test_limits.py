"""I12: an entry that the broker took is judged by the limits again, with what the account was worth then."""

from __future__ import annotations

from typing import Any

import pytest

from drill.checker.limits import i12_within_the_limits
from tests.unit.drill.checker.made_up import CONID, ENTRY, SYMBOL, MadeUp, ticket

LIMITS: dict[str, Any] = {
    "standard": True,
    "max_positions": 2,
    "max_exposure": 1.0,
    "max_position_size": 0.1,
    "max_order_value": 25_000.0,
    "max_order_quantity": 500,
    "min_stop_distance": 0.005,
    "max_stop_distance": 0.25,
    "max_price_deviation": 0.01,
    "entries_a_minute": 20,
    "entries_a_day": 200,
}
OTHER = 272093


def run(**changed: object) -> MadeUp:
    """An account of 10,000 that was looked at an hour before the open, and an entry about to leave."""
    made = MadeUp()
    made.event(-3600.0, "start")
    made.event(-3600.0, "limits", **{**LIMITS, **changed})
    made.turn(-3500.0, -3400.0)
    return made


def entry(made: MadeUp, quantity: int, limit: float, at: float = -3000.0, **facts: Any) -> None:  # noqa: ANN401
    number, coid, conid = facts.get("number", 1), facts.get("coid", ENTRY), facts.get("conid", CONID)
    stop = facts.get("stop", round(limit * 0.95, 2))
    made.about(at, coid)
    made.line(
        at,
        "order",
        tickets=[
            ticket(number, "BUY", "LMT", quantity, coid=coid, limit=limit, conid=conid),
            ticket(number + 1, "SELL", "STP", quantity, stop=stop, parent_id=number, conid=conid),
        ],
        standing={
            "equity": facts.get("equity", 10_000.0),
            "cash": facts.get("cash", 10_000.0),
            "prices": {str(CONID): facts.get("price", limit), str(OTHER): 100.0},
        },
    )


def found(made: MadeUp) -> list[str]:
    return [violation.sentence for violation in i12_within_the_limits(made.case())]


def test_an_entry_within_all_limits() -> None:
    made = run()
    entry(made, 10, 100.0)
    assert found(made) == []


def test_without_a_word_on_limits_nothing_is_judged() -> None:
    made = MadeUp()
    entry(made, 10_000, 100.0)
    assert found(made) == []


@pytest.mark.parametrize(("quantity", "fine"), [(499, True), (500, True), (501, False)])
def test_shares_of_one_order(quantity: int, *, fine: bool) -> None:
    made = run()
    entry(made, quantity, 1.0)
    assert (found(made) == []) is fine


@pytest.mark.parametrize(("most", "fine"), [(1000.01, True), (1000.0, True), (999.99, False)])
def test_value_of_one_order(most: float, *, fine: bool) -> None:
    made = run(max_order_value=most)
    entry(made, 10, 100.0)
    assert (found(made) == []) is fine


@pytest.mark.parametrize(("quantity", "fine"), [(10, True), (11, False)])
def test_part_of_the_account_in_one_order(quantity: int, *, fine: bool) -> None:
    made = run()
    entry(made, quantity, 100.0)
    assert (found(made) == []) is fine


@pytest.mark.parametrize(("stop", "fine"), [(99.5, True), (99.6, False), (75.0, True), (74.0, False)])
def test_distance_of_the_stop(stop: float, *, fine: bool) -> None:
    made = run()
    entry(made, 10, 100.0, stop=stop)
    assert (found(made) == []) is fine


@pytest.mark.parametrize(("at", "told"), [(-3450.0, True), (-3300.0, False), (-3000.0, False)])
def test_price_after_a_split_that_nobody_could_have_seen_is_not_held_against_an_entry(at: float, *, told: bool) -> None:
    made = run()
    made.line(at, "deed", do="split", symbol=SYMBOL, ratio=2.0)
    entry(made, 9, 100.0, price=50.0)
    assert (found(made) != []) is told


@pytest.mark.parametrize(("price", "fine"), [(99.1, True), (98.9, False), (120.0, True)])
def test_a_limit_far_above_the_price(price: float, *, fine: bool) -> None:
    made = run()
    entry(made, 9, 100.0, price=price)
    assert (found(made) == []) is fine


def test_an_entry_has_a_limit() -> None:
    made = run()
    made.about(-3000.0, ENTRY)
    standing = {"equity": 1e4, "cash": 1e4, "prices": {str(CONID): 100.0}}
    made.line(-3000.0, "order", tickets=[ticket(1, "BUY", "MKT", 1, coid=ENTRY)], standing=standing)
    assert found(made) == ["an entry has no limit"]


@pytest.mark.parametrize(("cash", "fine"), [(1950.0, True), (1850.0, False)])
def test_cash_for_all_entries_together(cash: float, *, fine: bool) -> None:
    made = run()
    entry(made, 10, 100.0, cash=cash)
    entry(made, 10, 100.0, number=11, coid="B", conid=OTHER, cash=cash)
    assert (found(made) == []) is fine


@pytest.mark.parametrize(("most", "fine"), [(0.2, True), (0.18, False)])
def test_exposure_of_all_entries_together(most: float, *, fine: bool) -> None:
    made = run(max_exposure=most)
    entry(made, 10, 100.0)
    entry(made, 10, 100.0, number=11, coid="B", conid=OTHER)
    assert (found(made) == []) is fine


@pytest.mark.parametrize(("most", "fine"), [(2, True), (1, False)])
def test_positions_of_all_entries_together(most: int, *, fine: bool) -> None:
    made = run(max_positions=most)
    entry(made, 1, 100.0)
    entry(made, 1, 100.0, number=11, coid="B", conid=OTHER)
    assert (found(made) == []) is fine


@pytest.mark.parametrize(("entries", "fine"), [(20, True), (21, False)])
def test_entries_a_minute(entries: int, *, fine: bool) -> None:
    made = run(max_positions=1000)
    for number in range(entries):
        entry(made, 1, 1.0, at=-3000.0 + number, number=10 * number + 1, coid=f"E{number}")
    assert (found(made) == []) is fine


def test_limits_that_only_the_standard_profile_has() -> None:
    made = run(standard=False, max_position_size=0.01)
    entry(made, 600, 1.0, stop=0.5)
    assert found(made) == []


@pytest.mark.parametrize(("at", "hidden"), [(-3450.0, False), (-3400.0, True), (-3100.0, True)])
def test_what_a_false_balance_hides_from_the_trading_system(at: float, *, hidden: bool) -> None:
    made = run()
    made.line(at, "fault", id="C09", index=0)
    entry(made, 11, 100.0)
    assert (found(made) == []) is hidden


def test_a_stop_that_fills_at_a_gap_after_the_account_was_read() -> None:
    made = run()
    made.line(-3000.0, "fault", id="O23", index=0)
    entry(made, 11, 100.0)
    assert found(made) == []


@pytest.mark.parametrize(("name", "hidden"), [(ENTRY, True), ("B", False)])
def test_order_that_a_fault_delivers_twice_is_not_the_clients(name: str, *, hidden: bool) -> None:
    made = run()
    made.request(-3000.0, name)
    made.line(-3000.0, "fault", id="T09", request=len(made.truth) - 1)
    entry(made, 11, 100.0)
    assert (found(made) == []) is hidden


def test_what_a_person_did_since_the_last_look() -> None:
    made = run(max_exposure=0.15)
    made.line(-3100.0, "deed", do="order", order_id=77, symbol=SYMBOL, side="BUY", quantity=5, price=100.0)
    made.fill(-3100.0, 77, "BUY", 5)
    entry(made, 10, 100.0)
    assert found(made) == []


def test_what_a_person_did_before_the_last_look_counts() -> None:
    made = run(max_exposure=0.13)
    made.line(-3450.0, "deed", do="order", order_id=77, symbol=SYMBOL, side="BUY", quantity=5, price=100.0)
    made.fill(-3450.0, 77, "BUY", 5)
    entry(made, 10, 100.0)
    assert len(found(made)) == 1


@pytest.mark.parametrize(("at", "found_"), [(-3450.0, 1), (-3100.0, 0)])
def test_money_that_was_taken_out_after_the_last_look(at: float, found_: int) -> None:
    made = run()
    made.line(at, "deed", do="cash", amount=-9_500.0)
    entry(made, 10, 50.0, cash=300.0)
    assert len(found(made)) == found_
