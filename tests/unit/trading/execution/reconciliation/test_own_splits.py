"""Own shares after splits, with what others traded beside them and what was sold before anybody saw them."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import pytest

from tests.fakes.trading_states import (
    AAPL,
    XOM,
    after,
    entry,
    own,
    target,
)
from tests.unit.trading.execution.shares_shown import TEN, judged, shown, traded, votes
from trading.execution.ownership.excess import Excess
from trading.execution.reconciliation.own_shares import (
    Change,
    Shortage,
)
from trading.execution.reconciliation.own_splits import looks_split
from trading.model.order import Execution, IntentState, Side
from trading.ports import AdjustmentKind


@pytest.mark.parametrize(
    ("ratio", "held", "change"),
    [
        (2.0, 20, 10), (3.0, 30, 20), (1.5, 15, 5), (4 / 3, 13, 3), (25.0, 250, 240), (7.0, 70, 60), (1.25, 12, 2),
        (0.5, 5, -5), (1 / 3, 3, -7), (0.1, 1, -9), (0.25, 2, -8),
    ],
)  # fmt: skip
def test_split_is_believed_when_shares_and_average_price_agree(ratio: float, held: int, change: int) -> None:
    found = judged(shown({AAPL: held}, average=100.0 / ratio))
    assert isinstance(found, Change)
    assert (found.kind, found.quantity) == (AdjustmentKind.SPLIT, change)
    assert found.ratio == pytest.approx(ratio)


@pytest.mark.parametrize("average", [100.0, 51.0, None, 0.0])
def test_more_shares_at_another_price_are_somebody_elses(average: float | None) -> None:
    assert judged(shown({AAPL: 20}, average=average)) is None


def test_more_shares_that_somebody_bought_are_no_split() -> None:
    assert judged(shown({AAPL: 20}, average=50.0), foreign=(traded(10, Side.BUY),)) is None


@pytest.mark.parametrize(
    ("own_shares", "held", "average", "could_be"),
    [
        # 10 to 5, 2:1 or nearly 3:2: beyond the middle of the way to that price, or at one that nobody tells.
        (10, 5, 200.0, True), (10, 5, 150.0, True), (10, 5, 122.5, True), (10, 5, None, True), (10, 5, 0.0, True),
        (10, 5, 122.4, False), (10, 5, 100.0, False), (10, 5, 100.11, False), (10, 5, 50.0, False),
        # Of few shares any part fits some ratio: the price says that they were sold.
        (3, 1, 100.0, False), (3, 2, 105.0, False), (3, 1, 300.0, True), (2, 1, 200.0, True), (2, 1, 100.0, False),
        # The whole shares, within one.
        (10, 6, 200.0, True), (10, 4, 200.0, True), (100, 49, 200.0, True), (100, 48, 200.0, False),
        (100, 90, 111.0, False), (10, 0, 200.0, False), (10, 10, 100.0, False),
        # Forward.
        (10, 20, 50.0, True), (10, 20, None, True), (10, 20, 70.7, True), (10, 20, 71.0, False), (10, 20, 100.0, False),
        (10, 18, 50.0, False), (10, 15, 66.7, True), (4, 100, 4.0, True),
    ],
)  # fmt: skip
def test_difference_could_be_a_split_by_shares_and_average_price(
    own_shares: int, held: int, average: float | None, *, could_be: bool
) -> None:
    assert looks_split(own(own_shares), shown({AAPL: held}, average=average)) is could_be


@pytest.mark.parametrize(("average", "written_off"), [(100.0, True), (None, False), (210.0, False)])
@pytest.mark.parametrize(("own_shares", "held"), [(10, 5), (3, 1), (9, 6)])
def test_fewer_shares_are_written_off_by_votes_where_they_can_not_come_from_a_split(
    own_shares: int, held: int, average: float | None, *, written_off: bool
) -> None:
    seen = shown({AAPL: held}, average=average)
    first = judged(seen, position=own(own_shares))
    assert first == Shortage(own(own_shares), held, vote=written_off)
    fifth = judged(seen, position=own(own_shares), votes=votes(4, held=held))
    assert isinstance(fifth, Change) is written_off


def test_shares_of_others_that_are_left_do_not_keep_ours_from_being_written_off() -> None:
    # Ours are sold by hand; five of somebody else, half as many as ours were, have stood there all along.
    assert isinstance(judged(shown({AAPL: 5}, average=101.0), votes=votes(4, held=5)), Change)


def test_fraction_of_a_share_after_a_reverse_split_is_cash() -> None:
    found = judged(shown({AAPL: 3.3333}, average=300.0))
    assert isinstance(found, Change)
    assert (found.kind, found.quantity) == (AdjustmentKind.SPLIT, -7)


def test_two_splits_between_two_looks_are_believed_too() -> None:
    found = judged(shown({AAPL: 19}, average=108.64 / 2.25), position=replace(own(9), entry_price=108.64))
    assert isinstance(found, Change)
    assert (found.kind, found.quantity) == (AdjustmentKind.SPLIT, 10)
    assert found.ratio == pytest.approx(2.25)


@pytest.mark.parametrize(
    ("quantity", "held", "average", "trades", "own_then"),
    [
        # Sold after the split, and before it.
        (5, 17, 25.0, (traded(3, price=25.0),), 17),
        (5, 16, 25.0, (traded(1),), 16),
        # Bought before it: a fraction of both together is cash.
        (25, 2, 1000.0, (traded(1, Side.BUY),), 2),
        (10, 5, 50.0, (traded(15, price=50.0),), 5),
        (10, 10, 50.0, (traded(10, price=50.0),), 10),
        # Bought after it: not ours.
        (10, 23, 50.0, (traded(3, Side.BUY, price=50.0),), 20),
        (10, 19, 50.0, (traded(3, Side.BUY, price=50.0), traded(4, price=50.0)), 19),
    ],
)
def test_split_is_believed_beside_what_others_traded(
    quantity: int, held: float, average: float, trades: tuple[Execution, ...], own_then: int
) -> None:
    found = judged(shown({AAPL: held}, average=average), position=own(quantity), foreign=trades)
    assert isinstance(found, Change)
    assert (found.kind, quantity + found.quantity) == (AdjustmentKind.SPLIT, own_then)


def test_what_others_paid_tells_which_of_their_shares_were_split() -> None:
    before, after = traded(1, Side.BUY, price=102.0), traded(1, Side.BUY, price=51.0)
    snapshot = shown({AAPL: 5}, average=(100.0 + 102.0 + 51.0) / 5)
    found = judged(snapshot, position=own(1), foreign=(before, after))
    assert isinstance(found, Change)
    assert (found.quantity, found.ratio) == (1, 2.0)
    # It is not split once more by the same trades.
    split = replace(own(2), entry_price=50.0, split_ratio=2.0)
    assert judged(snapshot, position=split, foreign=(before, after)) is None


def test_average_without_the_shares_of_others_proves_no_split_that_changes_no_number() -> None:
    # What others paid is shown wrong by little, which is much of what ours cost.
    bought = traded(10, Side.BUY, price=104.0)
    assert judged(shown({AAPL: 12}, average=100.0), position=own(2), foreign=(bought,)) is None


def test_account_that_others_sold_short_shows_no_split() -> None:
    # As many as are missing were sold, at a price that two splits would have left.
    found = judged(shown({AAPL: -12}, average=78.0), position=own(1), foreign=(traded(13),))
    assert isinstance(found, Change)
    assert (found.kind, found.quantity) == (AdjustmentKind.MANUAL, -1)


@pytest.mark.parametrize(
    ("number", "left", "average"),
    # With a fraction paid out, two splits before the sale would explain the second one too.
    [(10, 7, 50.0), (7, 5, 50.06)],
)
def test_split_is_believed_after_a_sale_by_hand_that_was_written_off(number: int, left: int, average: float) -> None:
    bought = replace(entry("E", quantity=number), state=IntentState.FILLED, filled=number, average_price=100.0)
    sold = (traded(number - left),)
    found = judged(shown({AAPL: 2 * left}, average=average), position=own(left), records=(bought,), foreign=sold)
    assert isinstance(found, Change)
    assert (found.kind, found.quantity) == (AdjustmentKind.SPLIT, left)


@pytest.mark.parametrize(("held", "average"), [(7, 50.0), (9, 100.0), (20, 100.0)])
def test_shares_that_a_split_and_what_others_traded_do_not_explain_are_no_split(held: int, average: float) -> None:
    found = judged(shown({AAPL: held}, average=average), foreign=(traded(3),))
    assert not (isinstance(found, Change) and found.kind is AdjustmentKind.SPLIT)


@pytest.mark.parametrize(("ratio", "quantity"), [(2.0, 20), (0.2, 2)])
def test_sale_by_hand_after_a_split_is_explained_at_once(ratio: float, quantity: int) -> None:
    bought = replace(entry("E", quantity=10), state=IntentState.FILLED, filled=10, average_price=100.0)
    split = replace(own(quantity), entry_price=100.0 / ratio, split_ratio=ratio)
    snapshot = shown({AAPL: quantity - 1, XOM: 3}, average=100.0 / ratio)
    found = judged(snapshot, position=split, records=(bought,), foreign=(traded(1),))
    assert isinstance(found, Change)
    assert (found.kind, found.quantity) == (AdjustmentKind.MANUAL, -1)


@pytest.mark.parametrize(
    ("excess", "change"),
    [
        (Excess(8.0, 90.0, after(-3600)), 10),
        (Excess(8.0, 90.0, after(-3599)), None),
        (Excess(8.0, None, after(-3600)), None),
        (Excess(8.0, 80.0, after(-3600)), None),
        (Excess(8.0, 95.0, after(-3600)), None),
        (Excess(7.0, 90.0, after(-3600)), None),
        (None, None),
    ],
)
def test_shares_of_others_that_were_known_are_split_with_ours(excess: Excess | None, change: int | None) -> None:
    found = judged(shown({AAPL: 36}, average=45.0), excess=excess)
    assert (found.quantity if isinstance(found, Change) else None) == change


@pytest.mark.parametrize(
    ("held", "average", "change"),
    [
        (20, 51.5, 10), (15, 103.0 / 1.5, 5), (5, 206.0, -5),
        # At a price of neither; the same shares at another price, which may have been that of shares long sold.
        (20, 53.0, None), (10, 51.5, None), (10, 206.0, None),
    ],
)  # fmt: skip
def test_split_moves_the_average_price_that_the_broker_showed_before(
    held: int, average: float, change: int | None
) -> None:
    assert not isinstance(judged(shown({AAPL: held}, average=average)), Change)
    found = judged(shown({AAPL: held}, average=average), excess=Excess(0.0, 103.0, after(-60)))
    assert (found.quantity if isinstance(found, Change) else None) == change


def test_share_that_a_split_is_rounded_up_to_is_ours_where_nobody_else_has_some() -> None:
    found = judged(
        shown({AAPL: 3}, average=206.0), position=replace(TEN, quantity=5), excess=Excess(0.0, 103.0, after(-60))
    )
    assert isinstance(found, Change)
    assert found.quantity == -2


@pytest.mark.parametrize(("quantity", "held", "became"), [(131, 262, 262), (131, 263, 262), (5, 10, 10)])
def test_share_beyond_a_split_that_leaves_no_fraction_was_bought_since(quantity: int, held: int, became: int) -> None:
    found = judged(shown({AAPL: held}, average=50.0), position=replace(TEN, quantity=quantity))
    assert isinstance(found, Change)
    assert quantity + found.quantity == became


@pytest.mark.parametrize(("told", "change"), [(after(-3600), 10), (after(-3599), None)])
def test_what_others_traded_since_they_were_known_is_not_among_them(told: datetime, change: int | None) -> None:
    known = Excess(8.0, 90.0, after(-3600))
    swapped = (replace(traded(3), time=told), replace(traded(3, side=Side.BUY), time=told))
    found = judged(shown({AAPL: 36}, average=45.0), excess=known, foreign=swapped)
    assert (found.quantity if isinstance(found, Change) else None) == change


@pytest.mark.parametrize(
    ("sold", "price", "gone"),
    [(30, 33.0, True), (30, 43.0, True), (30, 44.0, False), (30, 25.0, False), (28, 33.0, False), (1, 1_000.0, True)],
)
def test_all_that_a_split_made_of_them_was_sold_by_hand_before_anybody_saw_it(
    sold: int, price: float, *, gone: bool
) -> None:
    found = judged(shown({XOM: 3}), foreign=(traded(sold, price=price),))
    assert isinstance(found, Change) is gone
    if isinstance(found, Change):
        assert (found.quantity, found.kind) == (-10, AdjustmentKind.MANUAL)


@pytest.mark.parametrize(("sold", "held", "gone"), [(32, -2, True), (32, -1, True), (34, -2, False), (32, 2, False)])
def test_more_may_have_been_sold_by_hand_than_a_split_made_of_them(sold: int, held: int, *, gone: bool) -> None:
    found = judged(shown({TEN.conid: held, XOM: 3}), foreign=(traded(sold, price=33.0),))
    assert isinstance(found, Change) is gone
    if isinstance(found, Change):
        assert (found.quantity, found.kind) == (-10, AdjustmentKind.MANUAL)


@pytest.mark.parametrize(("price", "gone"), [(1_100.0, True), (110.0, False)])
def test_all_that_a_reverse_split_made_of_them_was_sold_by_our_target(price: float, *, gone: bool) -> None:
    bought = entry("E", quantity=10, filled=10, state=IntentState.FILLED, average_price=100.0)
    sale = target("E-T", quantity=10, filled=1, state=IntentState.FILLED, average_price=price)
    position = replace(own(9), entry_coid="E")
    witness, records = (replace(TEN, conid=XOM, quantity=3),), (bought, sale)
    assert isinstance(judged(shown({XOM: 3}), position=position, records=records, others=witness), Shortage)
    found = judged(shown({XOM: 3}), votes=votes(4), position=position, records=records, others=witness)
    assert isinstance(found, Change)
    expected = (AdjustmentKind.SPLIT, 0.1) if gone else (AdjustmentKind.MANUAL, 1.0)
    assert (found.quantity, found.kind, found.ratio) == (-9, *expected)
