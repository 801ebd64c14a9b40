from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from tests.fakes.trading_states import (
    AAPL,
    IN_SESSION,
    MSFT,
    XOM,
    after,
    entry,
    own,
    reading,
    shows,
    stop,
    target,
    unreadable,
)
from trading.execution.own_shares import (
    Change,
    Doubt,
    excess_of,
    judge_shares,
    looks_split,
    note_excess,
    sold_positions,
    subject_of,
)
from trading.execution.snapshot import BrokerSnapshot, Reading
from trading.model.account import BrokerPosition, PositionList
from trading.model.order import BrokerOrder, BrokerStatus, Execution, IntentState, Side
from trading.model.record import IntentRecord, JournalView, OwnPosition
from trading.ports import AdjustmentKind, Sighting

VISIBILITY_S = 60.0
# Shares of another contract of ours, which the list has to hold too.
OTHER = own(3, XOM)
TEN = own(10)
VOTED = after(-30)


def shown(
    held: dict[int, float],
    *,
    average: float | None = 100.0,
    now: datetime = IN_SESSION,
    orders: tuple[BrokerOrder, ...] = (),
    flat: frozenset[int] = frozenset(),
) -> BrokerSnapshot:
    rows = tuple(BrokerPosition(conid, str(conid), shares, average, None, "STK") for conid, shares in held.items())
    return replace(reading(now, orders=orders), positions=Reading(PositionList(rows, (), flat), now))


def judged(
    snapshot: BrokerSnapshot,
    *,
    position: OwnPosition = TEN,
    votes: tuple[Sighting, ...] = (),
    records: tuple[IntentRecord, ...] = (),
    foreign: tuple[Execution, ...] = (),
    others: tuple[OwnPosition, ...] = (OTHER,),
) -> Change | Doubt | None:
    journal = JournalView(records, (position, *others))
    return judge_shares(position, votes, snapshot, journal, foreign, VISIBILITY_S)


def votes(count: int, *, held: int = 0, last: datetime = VOTED) -> tuple[Sighting, ...]:
    return tuple(Sighting(str(held), last - timedelta(seconds=30 * n)) for n in reversed(range(count)))


def traded(quantity: float, side: Side = Side.SELL, *, conid: int = AAPL, time: datetime = IN_SESSION) -> Execution:
    return Execution("x", "DU1234567", conid, "AAPL", side, quantity, 100.0, 1.0, time, None, 4711)


GONE = Change(TEN, -10, AdjustmentKind.MANUAL, "10 of 10 own shares were sold by hand")
EMPTY = shown({XOM: 3})


def test_nothing_is_missing_while_the_broker_shows_as_many_or_more() -> None:
    assert judged(shown({AAPL: 10})) is None
    assert judged(shown({AAPL: 17})) is None


def test_nothing_is_known_where_the_list_can_not_tell() -> None:
    assert judged(reading(IN_SESSION, failed=["positions"])) is None
    assert judged(reading(IN_SESSION, unreadable_positions=[unreadable(AAPL)])) is None
    assert judged(reading(IN_SESSION, unreadable_positions=[unreadable(None)])) is None
    assert judged(reading(IN_SESSION, unreadable_positions=[unreadable(MSFT)])) is not None


# ---- votes


def test_missing_shares_are_a_doubt_until_the_fifth_vote() -> None:
    assert judged(EMPTY) == Doubt(TEN, 0, vote=True)
    assert judged(EMPTY, votes=votes(3)) == Doubt(TEN, 0, vote=True)
    assert judged(EMPTY, votes=votes(4)) == GONE


@pytest.mark.parametrize(("apart", "vote"), [(29, False), (30, True)])
def test_votes_are_thirty_seconds_apart(apart: float, *, vote: bool) -> None:
    assert judged(EMPTY, votes=votes(1, last=after(-apart))) == Doubt(TEN, 0, vote=vote)


@pytest.mark.parametrize(("value", "counts"), [(1_300.0, False), (801.0, False), (800.0, True), (None, True)])
def test_shares_that_the_ledger_still_counts_are_not_voted_away(value: float | None, *, counts: bool) -> None:
    # Ten shares of 100 dollars are missing; the list shows three others of 100.
    account = replace(reading(IN_SESSION).account.value, stock_value=value)  # type: ignore[type-var]
    snapshot = replace(EMPTY, account=Reading(account, IN_SESSION))
    assert judged(snapshot, votes=votes(4)) == (GONE if counts else Doubt(TEN, 0, vote=False))


def test_shares_are_not_written_off_before_twice_the_delay_after_first_sight() -> None:
    quick = tuple(Sighting("0", after(-119 + n)) for n in range(4))
    assert judged(EMPTY, votes=quick) == Doubt(TEN, 0, vote=True)
    slow = tuple(Sighting("0", after(-120 + n)) for n in range(4))
    assert judged(EMPTY, votes=slow) == GONE


def test_votes_count_only_for_as_many_shares_as_they_saw() -> None:
    assert judged(EMPTY, votes=votes(4, held=9)) == Doubt(TEN, 0, vote=True)


def test_short_position_is_counted_as_none() -> None:
    assert judged(shown({AAPL: -5, XOM: 3}), votes=votes(4)) == GONE


def test_evidence_is_about_so_many_shares_of_a_contract() -> None:
    assert subject_of(TEN) != subject_of(own(9))
    assert subject_of(TEN) != subject_of(own(10, XOM))


# ---- witnesses


def test_empty_list_is_not_believed_without_a_witness() -> None:
    assert judged(shown({}), votes=votes(4)) == Doubt(TEN, 0, vote=False)
    assert judged(shown({}), votes=votes(4), others=()) == Doubt(TEN, 0, vote=False)


def test_shares_of_somebody_else_in_another_contract_are_no_witness() -> None:
    assert judged(shown({MSFT: 5}), votes=votes(4)) == Doubt(TEN, 0, vote=False)


def test_another_position_with_fewer_shares_than_ours_is_no_witness() -> None:
    assert judged(shown({XOM: 2}), votes=votes(4)) == Doubt(TEN, 0, vote=False)


def test_row_of_the_contract_itself_is_a_witness() -> None:
    assert judged(shown({}, flat=frozenset({AAPL})), votes=votes(4)) == GONE
    nine = Change(TEN, -1, AdjustmentKind.MANUAL, "1 of 10 own shares were sold by hand")
    assert judged(shown({AAPL: 9}), votes=votes(4, held=9)) == nine


# ---- what is in flight


@pytest.mark.parametrize(
    "record",
    [
        stop(state=IntentState.UNKNOWN, order_id=None),
        stop(state=IntentState.SENDING, order_id=None),
        entry(provisional=True),
    ],
)
def test_unproven_order_there_is_in_flight(record: IntentRecord) -> None:
    assert judged(EMPTY, votes=votes(4), records=(record,)) == Doubt(TEN, 0, vote=False)


@pytest.mark.parametrize(
    "row",
    [
        shows(stop(), BrokerStatus.FILLED, filled_quantity=9.0),
        shows(stop(), BrokerStatus.CANCELLED),
        shows(stop(), filled_quantity=4.0, remaining_quantity=5.0),
    ],
)
def test_order_that_is_over_or_has_filled_beyond_its_executions_is_in_flight(row: BrokerOrder) -> None:
    snapshot = shown({XOM: 3}, orders=(row,))
    assert judged(snapshot, votes=votes(4), records=(stop(),)) == Doubt(TEN, 0, vote=False)


def test_stop_that_rests_is_not_in_flight() -> None:
    assert judged(shown({XOM: 3}, orders=(shows(stop()),)), votes=votes(4), records=(stop(),)) == GONE


def test_order_in_another_contract_is_not_in_flight_here() -> None:
    elsewhere = stop(conid=XOM, state=IntentState.UNKNOWN, order_id=None)
    assert judged(EMPTY, votes=votes(4), records=(elsewhere,)) == GONE


@pytest.mark.parametrize("name", ["orders", "executions"])
def test_nothing_is_counted_while_nobody_knows_what_is_in_flight(name: str) -> None:
    snapshot = replace(EMPTY, **{name: Reading(None, IN_SESSION, "failed")})  # type: ignore[arg-type]
    assert judged(snapshot, votes=votes(4), foreign=(traded(10),)) == Doubt(TEN, 0, vote=False)


# ---- explained by an execution


def test_sale_of_somebody_else_explains_missing_shares_at_once() -> None:
    assert judged(shown({}), foreign=(traded(10),)) == GONE
    assert judged(shown({}), foreign=(traded(4), traded(6))) == GONE


@pytest.mark.parametrize(
    "sale",
    [traded(9), traded(10, Side.BUY), traded(10, conid=XOM), traded(10, time=after(-86400 * 3))],
)
def test_execution_that_does_not_fit_explains_nothing(sale: Execution) -> None:
    assert judged(EMPTY, foreign=(sale,)) == Doubt(TEN, 0, vote=True)


# ---- splits


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
    assert first == Doubt(own(own_shares), held, vote=written_off)
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
        (5, 17, 25.0, (traded(3),), 17),
        (5, 16, 25.0, (traded(1),), 16),
        # Bought before it: a fraction of both together is cash.
        (25, 2, 1000.0, (traded(1, Side.BUY),), 2),
        (10, 5, 50.0, (traded(15),), 5),
        (10, 10, 50.0, (traded(10),), 10),
        # Bought after it: not ours.
        (10, 23, 50.0, (traded(3, Side.BUY),), 20),
        (10, 19, 50.0, (traded(3, Side.BUY), traded(4)), 19),
    ],
)
def test_split_is_believed_beside_what_others_traded(
    quantity: int, held: float, average: float, trades: tuple[Execution, ...], own_then: int
) -> None:
    found = judged(shown({AAPL: held}, average=average), position=own(quantity), foreign=trades)
    assert isinstance(found, Change)
    assert (found.kind, quantity + found.quantity) == (AdjustmentKind.SPLIT, own_then)


def test_split_is_believed_after_a_sale_by_hand_that_was_written_off() -> None:
    bought = replace(entry("E", quantity=10), state=IntentState.FILLED, filled=10, average_price=100.0)
    found = judged(shown({AAPL: 14}, average=50.0), position=own(7), records=(bought,), foreign=(traded(3),))
    assert isinstance(found, Change)
    assert (found.kind, found.quantity) == (AdjustmentKind.SPLIT, 7)


@pytest.mark.parametrize(("held", "average"), [(7, 50.0), (9, 100.0), (20, 100.0)])
def test_shares_that_a_split_and_what_others_traded_do_not_explain_are_no_split(held: int, average: float) -> None:
    found = judged(shown({AAPL: held}, average=average), foreign=(traded(3),))
    assert not (isinstance(found, Change) and found.kind is AdjustmentKind.SPLIT)


@pytest.mark.parametrize(("ratio", "quantity"), [(2.0, 20), (0.2, 2)])
def test_sale_by_hand_after_a_split_is_explained_at_once(ratio: float, quantity: int) -> None:
    bought = replace(entry("E", quantity=10), state=IntentState.FILLED, filled=10, average_price=100.0)
    split = replace(own(quantity), entry_price=100.0 / ratio)
    snapshot = shown({AAPL: quantity - 1, XOM: 3}, average=100.0 / ratio)
    found = judged(snapshot, position=split, records=(bought,), foreign=(traded(1),))
    assert isinstance(found, Change)
    assert (found.kind, found.quantity) == (AdjustmentKind.MANUAL, -1)


# ---- what a split left of a position that was sold


BOUGHT = replace(entry("E", quantity=64), state=IntentState.FILLED, filled=64, average_price=13.88)
SOLD = replace(stop("S", quantity=128), state=IntentState.FILLED, filled=128)
GONE_NOW = OwnPosition(AAPL, "AAPL", 0, BOUGHT.intent.session, 13.88, 0.0, 0.0, "E")


def left(
    held: float, average: float | None, *records: IntentRecord, foreign: tuple[Execution, ...] = ()
) -> Change | Doubt | None:
    return judged(shown({AAPL: held}, average=average), position=GONE_NOW, records=records, foreign=foreign)


def test_position_that_was_sold_is_looked_at_with_no_shares_and_what_was_paid() -> None:
    assert sold_positions(JournalView((BOUGHT, SOLD), ())) == (GONE_NOW,)
    assert sold_positions(JournalView((BOUGHT, SOLD), (TEN,))) == ()
    assert sold_positions(JournalView((entry("E"), SOLD), ())) == ()


def test_shares_that_splits_left_of_a_position_that_was_sold_are_own() -> None:
    found = left(128, 3.47, BOUGHT, SOLD)
    assert isinstance(found, Change)
    assert (found.kind, found.quantity, found.ratio) == (AdjustmentKind.SPLIT, 128, 4.0)


@pytest.mark.parametrize(
    ("held", "average", "records", "foreign"),
    [
        (0, None, (BOUGHT, SOLD), ()),
        (100, 3.47, (BOUGHT, SOLD), ()),
        (128, 13.88, (BOUGHT, SOLD), ()),
        (128, None, (BOUGHT, SOLD), ()),
        # Nothing was sold, somebody traded there, or an order of ours is open.
        (128, 6.94, (BOUGHT,), ()),
        (128, 3.47, (BOUGHT, SOLD), (traded(1),)),
        (128, 3.47, (BOUGHT, SOLD, target("T", quantity=128)), ()),
    ],
)
def test_shares_that_no_split_of_a_sold_position_explains_are_somebody_elses(
    held: float, average: float | None, records: tuple[IntentRecord, ...], foreign: tuple[Execution, ...]
) -> None:
    assert left(held, average, *records, foreign=foreign) is None


def test_entry_whose_price_was_taken_back_breaks_no_reading() -> None:
    free = replace(own(10), entry_price=0.0)
    assert judged(shown({AAPL: 10}), position=free, records=(BOUGHT,), foreign=(traded(1),)) is None


def test_what_others_bought_counts_against_what_they_sold() -> None:
    sold, bought = _trade(Side.SELL, 4), _trade(Side.BUY, 1)
    assert isinstance(judged(shown({AAPL: 7, XOM: 3}), foreign=(sold, bought)), Change)
    assert isinstance(judged(shown({AAPL: 6, XOM: 3}), foreign=(sold, bought)), Doubt)


@pytest.mark.parametrize(("sold", "proven"), [(12, True), (10, False), (13, False)])
def test_more_sold_by_hand_than_there_was_is_told_by_the_executions(sold: float, *, proven: bool) -> None:
    found = judged(shown({AAPL: -2, XOM: 3}), foreign=(traded(sold),))
    assert (found == GONE) is proven
    assert proven or isinstance(found, Doubt)


def test_a_second_sale_by_hand_is_explained_at_once_though_the_first_was_written_off() -> None:
    seven = replace(TEN, quantity=7)
    bought = replace(entry(seven.entry_coid, quantity=10), state=IntentState.FILLED, filled=10)
    first, second = _trade(Side.SELL, 3), _trade(Side.SELL, 2)
    found = judged(shown({AAPL: 5, XOM: 3}), position=seven, records=(bought,), foreign=(first, second))
    assert isinstance(found, Change)
    assert found.quantity == -2


def _trade(side: Side, quantity: float) -> Execution:
    return Execution(f"{side}{quantity}", "DU1234567", AAPL, "AAPL", side, quantity, 100.0, 1.0, IN_SESSION, None, 4711)


# ---- shares of others, as evidence


class Kept:
    """Evidence in memory."""

    def __init__(self) -> None:
        self.seen: dict[str, tuple[Sighting, ...]] = {}

    def record(self, subject: str, evidence: str, now: datetime) -> None:
        self.seen[subject] = (*self.of(subject), Sighting(evidence, now))

    def of(self, subject: str) -> tuple[Sighting, ...]:
        return self.seen.get(subject, ())

    def subjects(self) -> frozenset[str]:
        return frozenset(self.seen)

    def forget(self, subjects: Collection[str]) -> None:
        for subject in subjects:
            self.seen.pop(subject, None)


def test_shares_of_others_are_kept_with_when_they_were_first_seen() -> None:
    kept, journal = Kept(), JournalView((stop(quantity=10),), (TEN,))
    resting = (shows(stop(quantity=10)),)
    for held, now, expected in (
        (15, IN_SESSION, (Sighting("5.0", IN_SESSION),)),
        (15, after(30), (Sighting("5.0", IN_SESSION),)),
        (12.5, after(60), (Sighting("2.5", after(60)),)),
        (10, after(90), ()),
        # Fewer than ours are a matter of their own.
        (8, after(120), ()),
    ):
        note_excess(kept, shown({AAPL: held}, now=now, orders=resting), journal)
        assert kept.of(excess_of(AAPL)) == expected


def test_what_is_whose_can_not_be_told_while_something_is_in_flight_or_not_read() -> None:
    kept = Kept()
    unproven = JournalView((stop(state=IntentState.UNKNOWN, order_id=None),), (TEN,))
    note_excess(kept, shown({AAPL: 15}), unproven)
    journal = JournalView((stop(quantity=10),), (TEN,))
    note_excess(kept, reading(IN_SESSION, failed=["positions"]), journal)
    note_excess(kept, reading(IN_SESSION, held={AAPL: 15}, unreadable_positions=[unreadable(AAPL)]), journal)
    # Nothing of ours was ever there.
    note_excess(kept, shown({XOM: 15}), JournalView((), ()))
    assert kept.seen == {}
