from __future__ import annotations

from dataclasses import replace

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
    sale,
    shows,
    stop,
    unreadable,
)
from tests.unit.trading.execution.shares_shown import TEN, judged, shown, traded, votes
from trading.execution.reading.snapshot import BrokerSnapshot, Reading
from trading.execution.reconciliation.own_shares import (
    Change,
    Shortage,
    Undecided,
    subject_of,
)
from trading.model.order import Execution, ExecutionList, IntentState, Side
from trading.ports import AdjustmentKind, Sighting

GONE = Change(TEN, -10, AdjustmentKind.MANUAL, "10 of 10 own shares were sold by hand")
EMPTY = shown({XOM: 3})


def with_trade(snapshot: BrokerSnapshot, conid: int | None) -> BrokerSnapshot:
    """Return a reading whose list of executions holds a row that can't be read."""
    return replace(snapshot, executions=Reading(ExecutionList((), (unreadable(conid),)), snapshot.began))


def test_nothing_is_missing_while_the_broker_shows_as_many_or_more() -> None:
    assert judged(shown({AAPL: 10})) is None
    assert judged(shown({AAPL: 17})) is None


def test_nothing_is_known_where_the_list_can_not_tell() -> None:
    assert judged(reading(IN_SESSION, failed=["positions"])) is None
    assert judged(reading(IN_SESSION, unreadable_positions=[unreadable(AAPL)])) is None
    assert judged(reading(IN_SESSION, unreadable_positions=[unreadable(None)])) is None
    assert judged(reading(IN_SESSION, unreadable_positions=[unreadable(MSFT)])) is not None


@pytest.mark.parametrize("conid", [AAPL, MSFT, None])
def test_trade_that_can_not_be_read_hides_a_split_in_its_own_contract_alone(conid: int | None) -> None:
    split = Change(TEN, 10, AdjustmentKind.SPLIT, "split: 10 own shares became 20", 2.0)
    assert judged(with_trade(shown({AAPL: 20}, average=50.0), conid)) == (None if conid == AAPL else split)


def test_what_is_left_after_a_split_is_not_known_while_a_trade_that_can_not_be_read_may_be_there() -> None:
    records = (
        entry("E", state=IntentState.FILLED, filled=10, average_price=100.0),
        sale("X", order_id=9, state=IntentState.FILLED, filled=10, average_price=50.0),
    )
    none = own(0, AAPL, entry_coid="E", stop_price=0.0, target_price=0.0)
    left = shown({AAPL: 10}, average=50.0)
    change = judged(left, position=none, records=records)
    assert isinstance(change, Change)
    assert (change.quantity, change.ratio) == (10, 2.0)
    assert judged(with_trade(left, None), position=none, records=records) == Undecided(none)


def test_trade_that_may_be_in_any_contract_writes_off_no_shares() -> None:
    sold = traded(10)
    blind, other = with_trade(EMPTY, None), with_trade(EMPTY, MSFT)
    assert judged(blind, votes=votes(4)) == judged(blind, foreign=(sold,)) == Shortage(TEN, 0, vote=False)
    assert judged(blind, foreign=(sold,), certain=(sold,)) == Shortage(TEN, 0, vote=False)
    assert judged(other, votes=votes(4)) == judged(other, foreign=(sold,)) == GONE
    assert judged(other, foreign=(sold,), certain=(sold,)) == GONE


def test_sale_by_hand_that_was_taken_back_explains_nothing() -> None:
    first = replace(traded(10), execution_id="0000e0d5.00000001.01.01")
    back = replace(traded(0), execution_id="0000e0d5.00000001.01.02")
    again = replace(traded(10), execution_id="0000e0d5.00000002.01.01")
    assert judged(EMPTY, foreign=(first,)) == GONE
    assert judged(EMPTY, foreign=(first, back)) == Shortage(TEN, 0, vote=True)
    assert judged(EMPTY, foreign=(first, back, again)) == GONE


def test_sale_that_no_order_of_ours_can_have_made_explains_them_whatever_is_not_proven_there() -> None:
    lost = replace(stop("E-S"), order_id=None, state=IntentState.UNKNOWN)
    sold = traded(10)
    assert judged(EMPTY, records=(lost,), foreign=(sold,)) == Shortage(TEN, 0, vote=False)
    assert judged(EMPTY, records=(lost,), foreign=(sold,), certain=(sold,)) == GONE
    assert judged(EMPTY, records=(lost,), foreign=(sold,), certain=(traded(9),)) == Shortage(TEN, 0, vote=False)


# ---- votes


def test_missing_shares_are_a_doubt_until_the_fifth_vote() -> None:
    assert judged(EMPTY) == Shortage(TEN, 0, vote=True)
    assert judged(EMPTY, votes=votes(3)) == Shortage(TEN, 0, vote=True)
    assert judged(EMPTY, votes=votes(4)) == GONE


@pytest.mark.parametrize(("apart", "vote"), [(29, False), (30, True)])
def test_votes_are_thirty_seconds_apart(apart: float, *, vote: bool) -> None:
    assert judged(EMPTY, votes=votes(1, last=after(-apart))) == Shortage(TEN, 0, vote=vote)


@pytest.mark.parametrize(("value", "counts"), [(1_300.0, False), (801.0, False), (800.0, True), (None, True)])
def test_shares_that_the_ledger_still_counts_are_not_voted_away(value: float | None, *, counts: bool) -> None:
    # Ten shares of 100 dollars are missing; the list shows three others of 100.
    account = replace(reading(IN_SESSION).account.value, stock_value=value)  # type: ignore[type-var]
    snapshot = replace(EMPTY, account=Reading(account, IN_SESSION))
    assert judged(snapshot, votes=votes(4)) == (GONE if counts else Shortage(TEN, 0, vote=False, denied=True))


def test_shares_are_not_written_off_before_twice_the_delay_after_first_sight() -> None:
    quick = tuple(Sighting("0", after(-119 + n)) for n in range(4))
    assert judged(EMPTY, votes=quick) == Shortage(TEN, 0, vote=True)
    slow = tuple(Sighting("0", after(-120 + n)) for n in range(4))
    assert judged(EMPTY, votes=slow) == GONE


def test_votes_count_only_for_as_many_shares_as_they_saw() -> None:
    assert judged(EMPTY, votes=votes(4, held=9)) == Shortage(TEN, 0, vote=True)


def test_short_position_is_counted_as_none() -> None:
    assert judged(shown({AAPL: -5, XOM: 3}), votes=votes(4)) == GONE


def test_evidence_is_about_so_many_shares_of_a_contract() -> None:
    assert subject_of(TEN) != subject_of(own(9))
    assert subject_of(TEN) != subject_of(own(10, XOM))


# ---- witnesses


def test_empty_list_is_not_believed_without_a_witness() -> None:
    assert judged(shown({}), votes=votes(4)) == Shortage(TEN, 0, vote=False)
    assert judged(shown({}), votes=votes(4), others=()) == Shortage(TEN, 0, vote=False)


def test_shares_of_somebody_else_in_another_contract_are_no_witness() -> None:
    assert judged(shown({MSFT: 5}), votes=votes(4)) == Shortage(TEN, 0, vote=False)


def test_another_position_with_fewer_shares_than_ours_is_no_witness() -> None:
    assert judged(shown({XOM: 2}), votes=votes(4)) == Shortage(TEN, 0, vote=False)


def test_row_of_the_contract_itself_is_a_witness() -> None:
    assert judged(shown({}, flat=frozenset({AAPL})), votes=votes(4)) == GONE
    nine = Change(TEN, -1, AdjustmentKind.MANUAL, "1 of 10 own shares were sold by hand")
    assert judged(shown({AAPL: 9}), votes=votes(4, held=9)) == nine


def ledger(
    snapshot: BrokerSnapshot, value: float | None, *, price: float | None = 100.0, late_s: float = 0.0
) -> BrokerSnapshot:
    """Let the account say what its stocks are worth, and the list at which price each of them stands."""
    assert snapshot.positions.value is not None
    rows = tuple(replace(row, market_price=price) for row in snapshot.positions.value.positions)
    account = replace(reading(IN_SESSION).account.value, stock_value=value)  # type: ignore[type-var]
    listed = Reading(replace(snapshot.positions.value, positions=rows), IN_SESSION)
    return replace(snapshot, positions=listed, account=Reading(account, after(late_s)))


@pytest.mark.parametrize(
    ("value", "counts"), [(0.0, True), (0.01, False), (-0.01, False), (float("nan"), False), (None, False)]
)
def test_ledger_without_stocks_is_a_witness_of_an_empty_list(value: float | None, *, counts: bool) -> None:
    found = judged(ledger(shown({}), value), votes=votes(4), others=())
    assert found == (GONE if counts else Shortage(TEN, 0, vote=False))


@pytest.mark.parametrize(
    ("value", "counts"), [(1_000.0, True), (1_052.0, True), (1_053.0, False), (950.0, True), (949.0, False)]
)
def test_ledger_is_a_witness_where_it_agrees_with_the_list_within_five_percent(value: float, *, counts: bool) -> None:
    found = judged(ledger(shown({MSFT: 10}), value), votes=votes(4))
    assert found == (GONE if counts else Shortage(TEN, 0, vote=False))


def test_ledger_within_five_percent_is_none_where_it_still_counts_what_is_missing() -> None:
    # A thousand dollars are missing beside a hundred thousand.
    assert judged(ledger(shown({MSFT: 1000}), 100_500.0), votes=votes(4)) == GONE
    assert judged(ledger(shown({MSFT: 1000}), 100_501.0), votes=votes(4)) == Shortage(TEN, 0, vote=False, denied=True)


@pytest.mark.parametrize("price", [None, 0.0, -100.0, float("nan")])
def test_ledger_is_no_witness_where_the_value_of_what_is_listed_is_not_known(price: float | None) -> None:
    found = judged(ledger(shown({MSFT: 10}), 1_000.0, price=price), votes=votes(4))
    assert isinstance(found, Shortage)
    assert not found.vote


def test_ledger_of_before_the_list_is_no_witness() -> None:
    assert judged(ledger(shown({}), 0.0, late_s=-0.001), votes=votes(4)) == Shortage(TEN, 0, vote=False)


# ---- what is in flight


def test_nothing_is_counted_while_something_is_in_flight() -> None:
    unproven = stop(state=IntentState.UNKNOWN, order_id=None)
    assert judged(EMPTY, votes=votes(4), records=(unproven,)) == Shortage(TEN, 0, vote=False)
    assert judged(shown({XOM: 3}, orders=(shows(stop()),)), votes=votes(4), records=(stop(),)) == GONE


@pytest.mark.parametrize("name", ["orders", "executions"])
def test_nothing_is_counted_while_nobody_knows_what_is_in_flight(name: str) -> None:
    snapshot = replace(EMPTY, **{name: Reading(None, IN_SESSION, "failed")})  # type: ignore[arg-type]
    assert judged(snapshot, votes=votes(4), foreign=(traded(10),)) == Shortage(TEN, 0, vote=False)


# ---- explained by an execution


def test_sale_of_somebody_else_explains_missing_shares_at_once() -> None:
    assert judged(shown({}), foreign=(traded(10),)) == GONE
    assert judged(shown({}), foreign=(traded(4), traded(6))) == GONE


@pytest.mark.parametrize(
    "sale",
    [traded(9), traded(10, Side.BUY), traded(10, conid=XOM), traded(10, time=after(-86400 * 3))],
)
def test_execution_that_does_not_fit_explains_nothing(sale: Execution) -> None:
    assert judged(EMPTY, foreign=(sale,)) == Shortage(TEN, 0, vote=True)


def test_what_others_bought_counts_against_what_they_sold() -> None:
    sold, bought = _trade(Side.SELL, 4), _trade(Side.BUY, 1)
    assert isinstance(judged(shown({AAPL: 7, XOM: 3}), foreign=(sold, bought)), Change)
    assert isinstance(judged(shown({AAPL: 6, XOM: 3}), foreign=(sold, bought)), Shortage)


@pytest.mark.parametrize(("sold", "proven"), [(12, True), (10, False), (13, False)])
def test_more_sold_by_hand_than_there_was_is_told_by_the_executions(sold: float, *, proven: bool) -> None:
    found = judged(shown({AAPL: -2, XOM: 3}), foreign=(traded(sold),))
    assert (found == GONE) is proven
    assert proven or isinstance(found, Shortage)


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


@pytest.mark.parametrize(
    ("changes", "soon"),
    [
        ({}, True),
        ({"time": after(-60)}, True),
        # The list of orders was read long after it, or it names an order.
        ({"time": after(-61)}, False),
        ({"order_id": 4711}, False),
        ({"order_ref": "theirs"}, False),
        # More than the stop had left.
        ({"quantity": 11.0}, False),
    ],
)
def test_sale_that_may_be_of_a_stop_whose_row_is_older_waits_for_the_next_reading(
    changes: dict[str, object], *, soon: bool
) -> None:
    resting = replace(stop(quantity=10), order_id=9)
    sale = replace(traded(10), order_id=None, order_ref=None)
    left = shown({XOM: 3.0}, orders=(shows(resting),))
    found = judged(left, records=(resting,), foreign=(replace(sale, **changes),))  # type: ignore[arg-type]
    assert (isinstance(found, Shortage) and found.soon) is soon


@pytest.mark.parametrize("sure", [True, False])
@pytest.mark.parametrize(("conid", "by_hand"), [(AAPL, False), (MSFT, True)])
def test_sale_may_be_that_of_an_order_which_misses_executions(conid: int, *, by_hand: bool, sure: bool) -> None:
    sale = (traded(10),)
    left = shown({XOM: 3.0})
    found = judged(left, foreign=sale, certain=sale if sure else (), untold=frozenset({conid}))
    assert isinstance(found, Change) is by_hand
    assert isinstance(found, Shortage) is not by_hand
