"""What a split that nobody saw left of a position that was sold."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.fakes.order_books import OrderBooks
from tests.fakes.trading_states import AAPL, IN_SESSION, after, entry, own, stop, target
from tests.unit.trading.execution.shares_shown import TEN, Judged, judged, shown, traded
from trading.execution.ownership.excess import Excess
from trading.execution.reconciliation.own_shares import Change, Undecided, sold_positions
from trading.model.alarm import AlarmCode
from trading.model.order import Execution, IntentState, OrderIntent, Side
from trading.model.record import IntentRecord, JournalView, OwnPosition, Split
from trading.ports import AdjustmentKind

BOUGHT = replace(entry("E", quantity=64), state=IntentState.FILLED, filled=64, average_price=13.88)
SOLD = replace(stop("S", quantity=128), state=IntentState.FILLED, filled=128)
GONE_NOW = OwnPosition(AAPL, "AAPL", 0, BOUGHT.intent.session, 13.88, 0.0, 0.0, "E")
KNOWN_SPLIT = replace(GONE_NOW, entry_price=6.94, split_ratio=2.0)


def left(
    held: float,
    average: float | None,
    *records: IntentRecord,
    foreign: tuple[Execution, ...] = (),
    excess: Excess | None = None,
) -> Judged:
    seen = shown({AAPL: held}, average=average)
    return judged(seen, position=GONE_NOW, records=records, foreign=foreign, excess=excess)


def test_position_that_was_sold_is_looked_at_with_no_shares_and_what_was_paid() -> None:
    assert sold_positions(JournalView((BOUGHT, SOLD), ())) == (GONE_NOW,)
    assert sold_positions(JournalView((BOUGHT, SOLD), (TEN,))) == ()
    assert sold_positions(JournalView((entry("E"), SOLD), ())) == ()


def test_position_that_was_sold_cost_what_was_paid_for_the_shares_that_splits_made_of_it() -> None:
    journal = JournalView((BOUGHT, SOLD), (), splits=(Split("E", 2.0, IN_SESSION),))
    assert sold_positions(journal) == (KNOWN_SPLIT,)


@pytest.mark.parametrize(
    ("held", "average", "change"),
    [
        # A second split, which nobody knew of when what the first one made was sold.
        (128, 3.47, 128),
        # The split that is known is not found again: the rest is somebody else's.
        (13, 6.94, None),
        (13, 6.31, None),
        (128, 6.94, None),
    ],
)
def test_split_that_is_known_is_not_found_again_after_the_sale(held: int, average: float, change: int | None) -> None:
    found = judged(shown({AAPL: held}, average=average), position=KNOWN_SPLIT, records=(BOUGHT, SOLD))
    if change is None:
        assert found is None
    else:
        assert isinstance(found, Change)
        assert (found.kind, found.quantity, found.ratio) == (AdjustmentKind.SPLIT, change, 4.0)


def test_shares_that_splits_left_of_a_position_that_was_sold_are_own() -> None:
    found = left(128, 3.47, BOUGHT, SOLD)
    assert isinstance(found, Change)
    assert (found.kind, found.quantity, found.ratio) == (AdjustmentKind.SPLIT, 128, 4.0)


@pytest.mark.parametrize(
    ("held", "average", "records"),
    [
        (0, None, (BOUGHT, SOLD)),
        (100, 3.47, (BOUGHT, SOLD)),
        (128, 13.88, (BOUGHT, SOLD)),
        (128, None, (BOUGHT, SOLD)),
        # Nothing was sold.
        (128, 6.94, (BOUGHT,)),
    ],
)
def test_shares_that_no_split_of_a_sold_position_explains_are_somebody_elses(
    held: float, average: float | None, records: tuple[IntentRecord, ...]
) -> None:
    assert left(held, average, *records) is None


@pytest.mark.parametrize(
    ("records", "foreign"),
    [
        ((BOUGHT, SOLD), (traded(1),)),
        ((BOUGHT, SOLD, target("T", quantity=128)), ()),
    ],
)
def test_it_is_undecided_whose_they_are_while_somebody_traded_there_or_an_order_of_ours_is_open(
    records: tuple[IntentRecord, ...], foreign: tuple[Execution, ...]
) -> None:
    assert left(128, 3.47, *records, foreign=foreign) == Undecided(GONE_NOW)


@pytest.mark.parametrize(
    ("excess", "decided"),
    [
        # Two and twice as many, at half of what they cost.
        (Excess(64.0, 6.94, IN_SESSION), None),
        (Excess(128.0, 3.47, IN_SESSION), None),
        (Excess(128.0, None, IN_SESSION), None),
        # Others, fewer than are there, or at a price that no split explains.
        (Excess(64.0, None, IN_SESSION), 128),
        (Excess(64.0, 13.88, IN_SESSION), 128),
        (Excess(2.0, 6.94, IN_SESSION), 128),
        (Excess(0.0, 6.94, IN_SESSION), 128),
    ],
)
def test_what_stood_there_of_others_is_theirs_after_a_split_too(excess: Excess, decided: int | None) -> None:
    found = left(128, 3.47, BOUGHT, SOLD, excess=excess)
    assert (found.quantity if isinstance(found, Change) else found) == decided


@pytest.mark.parametrize(("after_s", "told"), [(0, True), (1, False)])
def test_trades_of_others_before_their_shares_were_known_are_among_those(after_s: float, *, told: bool) -> None:
    trade, known = traded(2, Side.BUY, time=after(after_s)), Excess(2.0, 13.88, IN_SESSION)
    found = left(136, 3.47, BOUGHT, SOLD, foreign=(trade,), excess=known)
    assert isinstance(found, Change) is told
    assert isinstance(found, Undecided) is not told


@pytest.mark.parametrize(
    ("held", "price", "change"),
    [(136, 3.47, 128), (136, 13.88, None), (135, 3.47, None), (8, 3.47, None)],
)
def test_what_a_split_left_beside_shares_of_others_is_told_by_both_together(
    held: int, price: float, change: int | None
) -> None:
    # Sixty-four of ours and two of theirs became four times as many, of which 128 were sold.
    found = left(held, price, BOUGHT, SOLD, excess=Excess(2.0, 13.88, IN_SESSION))
    assert (found.quantity if isinstance(found, Change) else found) == change


def sold_at_target(books: OrderBooks, entry: OrderIntent) -> None:
    _, target_order = books.broker.children(books.record(entry.coid).order_id or 0)
    books.broker.fill(target_order.order_id, 100.0)


def test_shares_of_others_that_a_split_made_more_of_stay_theirs_when_their_trades_are_told_no_more(
    books: OrderBooks,
) -> None:
    entry, *_ = books.bought()
    sold_at_target(books, entry)
    books.broker.trade_by_hand(AAPL, Side.BUY, 2, 100.0)
    books.read()
    books.broker.split(AAPL, 1.5)
    books.read(3600)
    books.broker.fills.pop()
    assert books.read(60).alarms == []
    assert books.shares() == {}


def test_what_a_split_left_is_ours_once_nobody_is_said_to_have_traded_there_any_more(books: OrderBooks) -> None:
    entry, *_ = books.bought()
    books.broker.split(AAPL, 1.5)
    sold_at_target(books, entry)
    for side in (Side.BUY, Side.SELL):
        books.broker.trade_by_hand(AAPL, side, 1, 66.67)
    books.read()
    assert books.shares() == {}
    del books.broker.fills[-2:]
    assert [alarm.code for alarm in books.read(60).alarms] == [AlarmCode.SPLIT]
    assert books.shares() == {"AAPL": 4}


@pytest.mark.parametrize(("limit", "change"), [(13.88, 128), (13.83, 128), (12.6, None)])
def test_price_beyond_the_limit_of_the_entry_proves_no_split(limit: float, change: int | None) -> None:
    bought = replace(BOUGHT, intent=replace(BOUGHT.intent, limit_price=limit))
    found = left(128, 3.47, bought, SOLD)
    assert (found.quantity if isinstance(found, Change) else None) == change


def test_entry_whose_price_was_taken_back_breaks_no_reading() -> None:
    free = replace(own(10), entry_price=0.0)
    assert judged(shown({AAPL: 10}), position=free, records=(BOUGHT,), foreign=(traded(1),)) is None


def test_split_that_came_unseen_before_a_sale_leaves_own_shares_with_their_plan(books: OrderBooks) -> None:
    entry, stop, _ = books.bought()
    planned = books.seen().position(AAPL)
    books.broker.split(AAPL, 2.0)
    stop_order, _ = books.broker.children(books.record(entry.coid).order_id or 0)
    books.broker.fill(stop_order.order_id, 47.0)
    found = books.read()
    assert [alarm.code for alarm in found.alarms] == [AlarmCode.SPLIT]
    position = books.seen().position(AAPL)
    assert position is not None
    assert planned is not None
    assert (position.quantity, position.entry_price) == (9, planned.entry_price / 2.0)
    assert (position.stop_price, position.target_price) == (planned.stop_price / 2.0, planned.target_price / 2.0)
    assert books.read(5).alarms == []
    assert books.record(stop.coid).state is IntentState.FILLED


def test_split_that_was_seen_before_the_sale_leaves_the_rest_to_others_whatever_the_price_is_corrected_to(
    books: OrderBooks,
) -> None:
    entry, *_ = books.bought()
    bought = books.broker.fills[0]
    books.broker.trade_by_hand(AAPL, Side.BUY, 1, 100.0, told=False)
    books.read()
    books.broker.split(AAPL, 2.0)
    assert [alarm.code for alarm in books.read(3600).alarms] == [AlarmCode.SPLIT]
    stop_order, _ = books.broker.children(books.record(entry.coid).order_id or 0)
    books.broker.show(stop_order.order_id, total_quantity=18.0, remaining_quantity=18.0)
    books.broker.fill(stop_order.order_id, 47.0)
    books.read(5)
    assert books.shares() == {}
    # 9 shares at this price cost what 20 do at the broker's average: 18 that were sold, and 2 of somebody else's.
    books.broker.correct(bought, price=111.0)
    assert AlarmCode.SPLIT not in {alarm.code for alarm in books.read(5).alarms}
    assert books.shares() == {}
