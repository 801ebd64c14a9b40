"""Which executions are kept as sales of own shares by hand, with how many shares, and for how long."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import timedelta

import pytest

from tests.fakes.fake_broker import lost_request
from tests.fakes.kept_evidence import KeptEvidence
from tests.fakes.order_books import OrderBooks
from tests.fakes.trading_states import AAPL, IN_SESSION, MSFT, after, own
from tests.unit.trading.execution.shares_shown import traded
from trading.execution.reconciliation.hand_sales import (
    Spent,
    Untold,
    beside_own,
    drop_spent,
    note_spent,
    note_taken_back,
    note_told,
    spent,
    spent_sales,
    untold,
)
from trading.model.command import Step
from trading.model.execution_id import fill_key
from trading.model.order import BrokerStatus, Execution, IntentState, Side

FIVE = own(5)


def sold(quantity: float, name: str, *, at: int = 0, **changes: object) -> Execution:
    made = replace(traded(quantity), execution_id=name, time=IN_SESSION + timedelta(seconds=at))
    return replace(made, **changes)  # type: ignore[arg-type]


def kept(evidence: KeptEvidence) -> dict[str, int]:
    return {each.execution_id: each.quantity for each in spent_sales(evidence)}


@pytest.mark.parametrize(
    ("sales", "shares"),
    [
        ((4,), {"0": 4}),
        ((3,), {"0": 0}),
        ((5,), {"0": 0}),
        ((4, 4), {"0": 0, "1": 4}),
        ((4, 3, 1), {"0": 0, "1": 3, "2": 1}),
        ((1, 4, 3), {"0": 0, "1": 0, "2": 0}),
        ((4, 0), {"0": 4, "1": 0}),
        ((4, math.nan), {"0": 0, "1": 0}),
        ((), {}),
    ],
)
def test_newest_sales_that_come_to_what_is_gone_explain_it(sales: tuple[float, ...], shares: dict[str, int]) -> None:
    for step in (1, -1):
        evidence = KeptEvidence()
        found = [sold(quantity, str(number), at=number) for number, quantity in enumerate(sales)]
        note_spent(evidence, found[::step], FIVE, 4, IN_SESSION)
        assert kept(evidence) == shares
        assert {each.entry_coid for each in spent_sales(evidence)} <= {FIVE.entry_coid}


def test_sales_of_another_contract_and_purchases_are_none_and_older_ones_than_the_entry_explain_nothing() -> None:
    evidence = KeptEvidence()
    others = [sold(4, "elsewhere", at=9, conid=MSFT), sold(4, "bought", at=9, side=Side.BUY)]
    early = sold(4, "early", time=IN_SESSION - timedelta(days=7))
    note_spent(evidence, [*others, early], FIVE, 4, IN_SESSION)
    assert kept(evidence) == {"early": 0}


def test_sale_explains_but_one_write_off_in_whatever_version_it_is_listed() -> None:
    evidence = KeptEvidence()
    first = sold(4, "0000ffff.00000001.01.01")
    corrected = sold(2, "0000ffff.00000001.01.02", at=5)
    note_spent(evidence, [first], FIVE, 4, IN_SESSION)
    note_spent(evidence, [first, corrected, sold(2, "other")], FIVE, 2, after(60))
    assert kept(evidence) == {first.execution_id: 4, "other": 2}
    assert fill_key(first.execution_id) == fill_key(corrected.execution_id)
    assert fill_key("other") == "other"


def test_what_was_taken_for_a_sale_by_hand_is_remembered_for_as_long_as_it_is_listed() -> None:
    evidence = KeptEvidence()
    note_spent(evidence, [sold(4, "sold")], FIVE, 4, IN_SESSION)
    drop_spent(evidence, IN_SESSION)
    assert spent(evidence) == {"sold"}
    drop_spent(evidence, after(1))
    assert spent(evidence) == frozenset()


def test_sales_that_were_taken_back_explain_nothing_and_are_no_sales_of_ours_all_the_same() -> None:
    evidence = KeptEvidence()
    evidence.record("spent:older", "a sale by hand", IN_SESSION)
    note_spent(evidence, [sold(4, "sold")], FIVE, 4, after(1))
    assert kept(evidence) == {"older": 0, "sold": 4}
    note_taken_back(evidence, [Spent("sold", 0, "E")], FIVE, after(2))
    assert kept(evidence) == {"older": 0, "sold": 0}
    assert spent(evidence) == {"older", "sold"}


# ---- sales that are told of after the shares were written off


def written_off_unexplained() -> KeptEvidence:
    evidence = KeptEvidence()
    note_spent(evidence, [], FIVE, 4, after(60))
    return evidence


@pytest.mark.parametrize(
    ("sales", "shares"),
    [
        ([sold(4, "a", at=60)], {"a": 4}),
        ([sold(3, "a", at=8), sold(1, "b", at=9)], {"a": 3, "b": 1}),
        ([sold(2, "a"), sold(4, "b", at=9)], {"b": 4}),
        ([sold(4, "a", at=61)], {}),
        ([sold(3, "a")], {}),
        ([sold(4, "a", conid=MSFT)], {}),
        ([sold(4, "a", side=Side.BUY)], {}),
    ],
)
def test_sale_that_is_told_of_late_explains_the_write_off_of_then(
    sales: list[Execution], shares: dict[str, int]
) -> None:
    evidence = written_off_unexplained()
    note_told(evidence, sales, FIVE, after(300))
    assert kept(evidence) == shares


def test_write_offs_of_as_many_shares_are_kept_apart() -> None:
    evidence = written_off_unexplained()
    note_spent(evidence, [], FIVE, 4, after(120))
    assert untold(evidence, FIVE) == (Untold(4, after(60)), Untold(4, after(120)))
    note_told(evidence, [sold(4, "first"), sold(4, "second", at=9)], FIVE, after(300))
    assert kept(evidence) == {"first": 4, "second": 4}
    assert untold(evidence, FIVE) == ()


def test_write_off_keeps_what_stood_beside_and_an_older_note_tells_of_nothing() -> None:
    evidence = KeptEvidence()
    evidence.record(f"excess:{FIVE.conid}", "3.0 at 100.0", IN_SESSION)
    note_spent(evidence, [], FIVE, 4, after(60))
    evidence.record(f"untold:{FIVE.entry_coid}:2", "no sale was listed that explains it", after(30))
    assert untold(evidence, FIVE) == (Untold(2, after(30)), Untold(4, after(60), 3.0))


def test_sale_that_is_told_of_late_explains_one_write_off_once() -> None:
    evidence = written_off_unexplained()
    note_told(evidence, [sold(4, "first")], FIVE, after(300))
    note_told(evidence, [sold(4, "first"), sold(4, "second", at=9)], FIVE, after(310))
    assert kept(evidence) == {"first": 4}


def test_nothing_told_of_late_explains_what_a_listed_sale_did_or_what_another_entry_bought() -> None:
    evidence = KeptEvidence()
    note_spent(evidence, [sold(4, "listed")], FIVE, 4, after(60))
    note_told(evidence, [sold(4, "listed"), sold(4, "late", at=9)], FIVE, after(300))
    assert kept(evidence) == {"listed": 4}
    other = written_off_unexplained()
    note_told(other, [sold(4, "late")], replace(FIVE, entry_coid="F"), after(300))
    assert kept(other) == {}


def test_write_off_that_nothing_explains_is_forgotten_with_the_list_of_its_days() -> None:
    evidence = written_off_unexplained()
    drop_spent(evidence, after(61))
    note_told(evidence, [sold(4, "late")], FIVE, after(300))
    assert evidence.subjects() == frozenset()


def test_sale_of_own_shares_that_were_written_off_is_none_of_what_stands_beside_them() -> None:
    evidence = KeptEvidence()
    ours, more, theirs = sold(4, "0000ffff.1.01.01"), sold(6, "0000ffff.2.01.01", at=-9), sold(3, "0000ffff.3.01.01")
    odd = replace(theirs, execution_id="0000ffff.4.01.01", quantity=math.nan)
    note_spent(evidence, [ours], FIVE, 4, IN_SESSION)
    note_spent(evidence, [more], own(6, MSFT), 1, IN_SESSION)
    later = replace(ours, execution_id="0000ffff.1.01.02", quantity=5.0)
    assert beside_own(evidence, [ours, more, theirs]) == (more, theirs)
    assert beside_own(evidence, [later, odd]) == (replace(later, quantity=1.0), odd)


def test_stop_that_never_arrived_is_proven_lost_where_its_shares_were_sold_by_hand_while_nobody_looked(
    books: OrderBooks,
) -> None:
    books.bought(symbol="XOM", quantity=3, price=94.0)
    entry, *_ = books.bought()
    for order in books.broker.children(books.record(entry.coid).order_id or 0):
        books.broker.end(order.order_id, BrokerStatus.CANCELLED)
    books.read()
    pair = books.plan_pair()
    books.send(pair, lost_request, step=Step.PROTECTION)
    books.broker.trade_by_hand(AAPL, Side.SELL, 9, 99.0)
    books.read(3600)
    assert "AAPL" not in books.shares()
    books.read_often(5, 30)
    assert books.states(*(leg.coid for leg in pair)) == [IntentState.LOST] * 2
