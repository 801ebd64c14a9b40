from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from tests.fakes.order_books import OrderBooks
from tests.fakes.trading_context import OPEN
from tests.fakes.trading_states import AAPL, IN_SESSION, XOM, entry, own, reading, stop, unreadable
from tests.unit.trading.execution.shares_shown import shown, traded
from trading.execution.ownership.excess import Excess
from trading.execution.ownership.execution_matching import newest
from trading.execution.ownership.share_trades import SharesSeen
from trading.execution.reading.snapshot import BrokerSnapshot, Reading
from trading.execution.reconciliation.hand_sales import STOOD, Spent, Untold, returned, spent_sales, there_again
from trading.execution.reconciliation.own_shares import Change
from trading.model.alarm import AlarmCode
from trading.model.execution_id import fill_key
from trading.model.order import Execution, IntentState, Side
from trading.model.record import IntentRecord, JournalView, OwnPosition
from trading.ports import AdjustmentKind
from trading.store.evidence import SqliteEvidence
from trading.store.journal import SqliteJournal

SOLD = replace(traded(4), execution_id="0000ffff.00000001.01.01")
BACK = replace(SOLD, execution_id="0000ffff.00000001.01.02", quantity=0.0)
SPENT = Spent(SOLD.execution_id, 4, "E")
BOUGHT = entry("E", state=IntentState.FILLED, filled=9)
FIVE = own(5)


def back(
    snapshot: BrokerSnapshot,
    *,
    position: OwnPosition = FIVE,
    sales: tuple[Spent, ...] = (SPENT,),
    foreign: tuple[Execution, ...] = (SOLD, BACK),
    records: tuple[IntentRecord, ...] = (BOUGHT,),
) -> int:
    """Return how many shares are found to be back."""
    found = returned(position, sales, SharesSeen(snapshot, JournalView(records, (position,)), foreign))
    if found is None:
        return 0
    change, undone = found
    assert change == Change(position, change.quantity, AdjustmentKind.MANUAL, change.text)
    left = {fill_key(each.execution_id): round(each.quantity) for each in newest(foreign)}
    assert undone == tuple(replace(each, quantity=left[fill_key(each.execution_id)]) for each in sales)
    return change.quantity


@pytest.mark.parametrize(("held", "shares"), [(8, 0), (9, 4), (10, 0), (5, 0), (0, 0), (-4, 0)])
def test_shares_are_back_when_just_as_many_more_are_shown_as_the_sale_was_for(held: float, shares: int) -> None:
    assert back(shown({AAPL: held})) == shares


@pytest.mark.parametrize(
    "foreign",
    [
        (SOLD,),
        (BACK, replace(SOLD, execution_id="0000ffff.00000001.01.03")),
        (SOLD, replace(BACK, execution_id="0000ffff.00000002.01.02")),
        (SOLD, replace(BACK, conid=XOM)),
        (SOLD, replace(BACK, side=Side.BUY)),
        (SOLD, replace(BACK, quantity=1.0)),
        (),
    ],
)
def test_nothing_is_back_of_a_sale_that_stands_or_is_not_told_of(foreign: tuple[Execution, ...]) -> None:
    assert back(shown({AAPL: 9}), foreign=foreign) == 0


def test_execution_that_shows_no_shares_under_its_own_id_was_taken_back_too() -> None:
    assert back(shown({AAPL: 9}), foreign=(replace(SOLD, quantity=0.0),)) == 4


@pytest.mark.parametrize(("held", "shares"), [(6, 1), (9, 0), (5, 0)])
def test_so_much_is_back_as_a_sale_is_for_less_by_now(held: float, shares: int) -> None:
    assert back(shown({AAPL: held}), foreign=(SOLD, replace(BACK, quantity=3.0))) == shares


@pytest.mark.parametrize("sale", [replace(SPENT, entry_coid="F"), replace(SPENT, quantity=0)])
def test_sale_of_what_another_entry_bought_or_of_which_no_size_was_kept_brings_nothing_back(sale: Spent) -> None:
    assert back(shown({AAPL: 9}), sales=(sale,)) == 0


def test_no_more_is_back_than_was_written_off() -> None:
    five = replace(SPENT, quantity=5)
    assert back(shown({AAPL: 10}), sales=(five,)) == 0
    sold = replace(own(5), quantity=0)
    assert back(shown({AAPL: 9}), sales=(replace(SPENT, quantity=9),), position=sold) == 9
    assert back(shown({AAPL: 10}), sales=(replace(SPENT, quantity=10),), position=sold) == 0


@pytest.mark.parametrize(
    ("held", "price", "left", "ratio"), [(18.0, 50.0, 0, 2.0), (18.0, 100.0, 0, None), (23.0, 50.0, 5, None)]
)
def test_all_that_is_back_may_have_split_meanwhile(held: float, price: float, left: int, ratio: float | None) -> None:
    position, sold = replace(FIVE, quantity=left), replace(SPENT, quantity=9)
    seen = SharesSeen(shown({AAPL: held}, average=price), JournalView((BOUGHT,), (position,)), (SOLD, BACK))
    found = returned(position, (sold,), seen)
    change = None if found is None else (found[0].quantity, found[0].kind, found[0].ratio)
    assert change == (None if ratio is None else (18, AdjustmentKind.SPLIT, ratio))


def test_nothing_is_back_while_a_list_is_missing_or_a_purchase_of_ours_is_not_proven() -> None:
    whole = shown({AAPL: 9})
    for name in ("orders", "executions", "positions"):
        failed: Reading[None] = Reading(None, IN_SESSION, "failed")
        assert back(replace(whole, **{name: failed})) == 0  # type: ignore[arg-type]
    blind = reading(IN_SESSION, held={AAPL: 9.0}, unreadable_positions=[unreadable(None)])
    assert back(blind) == 0
    unproven = entry("F", state=IntentState.UNKNOWN, order_id=None)
    assert back(whole, records=(BOUGHT, unproven)) == 0
    # What sells makes no shares more; a stop that nobody can find would keep these bare for good.
    assert back(whole, records=(BOUGHT, stop(state=IntentState.UNKNOWN, order_id=None))) == 4


# ---- over readings


@pytest.mark.parametrize("sold", [4, 9])
def test_write_off_is_undone_once_when_the_broker_takes_its_sale_back(books: OrderBooks, sold: int) -> None:
    books.bought()
    (before,) = books.journal.own_positions()
    books.clock.time = OPEN
    sale = books.broker.trade_by_hand(AAPL, Side.SELL, sold, 101.0)
    books.read()
    assert books.shares() == ({"AAPL": 9 - sold} if sold < 9 else {})
    books.broker.correct(sale, quantity=0.0)
    books.broker.held[AAPL] = 9
    found = books.read(5)
    assert [alarm.code for alarm in found.alarms] == [AlarmCode.MANUAL]
    assert books.journal.own_positions() == (before,)
    assert [row["quantity"] for row in books.rows("SELECT quantity FROM adjustment")] == [-sold, sold]
    assert [each.quantity for each in spent_sales(books.context().evidence)] == [0]
    books.broker.held[AAPL] = 9 + sold
    assert books.read(5).alarms == []
    assert books.shares() == {"AAPL": 9}


class Ended(BaseException):
    """The process ends."""


@pytest.mark.parametrize(("owner", "name"), [(SqliteJournal, "adjust"), (SqliteEvidence, "record")])
@pytest.mark.parametrize("done", [False, True])
@pytest.mark.parametrize("sold", [4, 9])
def test_shares_that_are_back_are_ours_wherever_the_process_ends_meanwhile(
    books: OrderBooks, monkeypatch: pytest.MonkeyPatch, owner: type, name: str, *, done: bool, sold: int
) -> None:
    books.bought()
    books.clock.time = OPEN
    sale = books.broker.trade_by_hand(AAPL, Side.SELL, sold, 101.0)
    books.read()
    books.broker.correct(sale, quantity=0.0)
    books.broker.held[AAPL] = 9
    real = getattr(owner, name)

    def ends(*values: object, **named: object) -> None:
        of_sales = name == "adjust" or "spent:" in str(values[1])
        if done or not of_sales:
            real(*values, **named)
        if of_sales:
            raise Ended

    with monkeypatch.context() as patch:
        patch.setattr(owner, name, ends)
        with pytest.raises(Ended):
            books.read(5)
    books.restart()
    books.read(30)
    assert books.shares() == {"AAPL": 9}
    assert [row["quantity"] for row in books.rows("SELECT quantity FROM adjustment")] == [-sold, sold]
    # A person's purchase of as many is not taken for the same shares once more.
    books.broker.held[AAPL] = 9 + sold
    books.read(30)
    assert books.shares() == {"AAPL": 9}


@pytest.mark.parametrize("done", [False, True])
@pytest.mark.parametrize("sold", [4, 9])
def test_write_off_is_undone_wherever_the_process_ended_while_it_was_made(
    books: OrderBooks, monkeypatch: pytest.MonkeyPatch, *, done: bool, sold: int
) -> None:
    books.bought()
    books.clock.time = OPEN
    sale = books.broker.trade_by_hand(AAPL, Side.SELL, sold, 101.0)
    real = SqliteJournal.adjust

    def ends(*values: object, **named: object) -> None:
        if done:
            real(*values, **named)  # type: ignore[arg-type]
        raise Ended

    with monkeypatch.context() as patch:
        patch.setattr(SqliteJournal, "adjust", ends)
        with pytest.raises(Ended):
            books.read()
    books.restart()
    books.read(30)
    assert books.shares() == ({"AAPL": 9 - sold} if sold < 9 else {})
    books.broker.correct(sale, quantity=0.0)
    books.broker.held[AAPL] = 9
    books.read(5)
    assert books.shares() == {"AAPL": 9}
    assert [row["quantity"] for row in books.rows("SELECT quantity FROM adjustment")] == [-sold, sold]


def test_bust_of_a_sale_of_a_persons_own_shares_makes_nothing_ours(books: OrderBooks) -> None:
    books.bought()
    books.clock.time = OPEN
    books.broker.held[AAPL] = 13
    books.read(5)
    theirs = books.broker.trade_by_hand(AAPL, Side.SELL, 4, 101.0)
    books.read(5)
    assert books.shares() == {"AAPL": 9}
    books.broker.trade_by_hand(AAPL, Side.SELL, 4, 101.0)
    books.read_often(8, 40)
    assert books.shares() == {"AAPL": 5}
    books.broker.correct(theirs, quantity=0.0)
    books.broker.held[AAPL] = 9
    books.read_often(3, 40)
    assert books.shares() == {"AAPL": 5}


# ---- shares that stand there again, of which no sale was ever told

LONG_AGO = IN_SESSION - STOOD
WRITTEN_OFF = Untold(4, LONG_AGO)


def again(
    held: float = 9.0,
    *,
    excess: Excess | None = Excess(4.0, 100.0, LONG_AGO),  # noqa: B008 - a value
    written: Untold = WRITTEN_OFF,
    foreign: tuple[Execution, ...] = (),
    records: tuple[IntentRecord, ...] = (BOUGHT,),
) -> int:
    """Return how many shares are found to stand there again."""
    seen = SharesSeen(shown({AAPL: held}), JournalView(records, (FIVE,)), foreign)
    found = there_again(FIVE, (written,), seen, excess)
    assert found is None or found[1] == written
    return 0 if found is None else found[0].quantity


def test_shares_that_were_written_off_without_a_sale_are_ours_when_they_stand_there_again() -> None:
    assert again() == 4
    assert again(8.0) == again(10.0) == 0
    assert again(excess=None) == again(excess=Excess(3.0, 100.0, LONG_AGO)) == 0


def test_they_have_to_be_shown_for_longer_than_a_list_may_be_old() -> None:
    late = LONG_AGO + timedelta(seconds=1)
    assert again(excess=Excess(4.0, 100.0, late)) == again(written=Untold(4, late)) == 0


def test_where_others_traded_or_nothing_was_written_off_they_are_not_ours() -> None:
    bought = replace(traded(4, side=Side.BUY), time=IN_SESSION)
    assert again(foreign=(bought,)) == 0
    for name in ("0000ffff.00000001.01.01", "an id without a version"):
        sold = replace(traded(2, side=Side.SELL), time=IN_SESSION, execution_id=name)
        assert again(foreign=(sold,)) == 0
    assert again(records=(BOUGHT, stop(order_id=2, filled=4, state=IntentState.FILLED, parent="E"))) == 0


def test_shares_of_which_too_many_were_sold_are_ours_at_once_when_the_sale_is_taken_back() -> None:
    # A sale of nine left the account short of five: it explained no four, and nothing else did.
    undone = replace(traded(0, side=Side.SELL), time=IN_SESSION)
    at_once = Excess(4.0, 100.0, IN_SESSION)
    assert again(excess=at_once, foreign=(undone,)) == 4
    assert again(excess=at_once) == again(excess=at_once, foreign=(replace(undone, quantity=5),)) == 0


@pytest.mark.parametrize(
    ("held", "price", "left", "split"),
    [(18.0, 50.0, 0, 2.0), (18.0, 100.0, 0, None), (17.0, 50.0, 0, None), (23.0, 50.0, 5, None)],
)
def test_all_that_a_split_made_of_shares_that_were_sold_are_there_again(
    held: float, price: float, left: int, split: float | None
) -> None:
    undone = replace(traded(0, side=Side.SELL), time=IN_SESSION)
    position, stands = replace(FIVE, quantity=left), held - left
    seen = SharesSeen(shown({AAPL: held}, average=price), JournalView((BOUGHT,), (position,)), (undone,))
    found = there_again(position, (Untold(9, IN_SESSION),), seen, Excess(stands, price, IN_SESSION))
    assert (found and (found[0].quantity, found[0].kind, found[0].ratio)) == (
        split and (18, AdjustmentKind.SPLIT, split)
    )


@pytest.mark.parametrize(
    ("sold", "held", "shares"), [(11, 1.0, 1), (11, 2.0, 0), (2, 10.0, 9), (0, 12.0, 9), (0, 9.0, 0), (12, 0.0, 0)]
)
def test_what_a_sale_leaves_by_now_is_first_what_stood_beside_ours_and_then_ours(
    sold: int, held: float, shares: int
) -> None:
    # Three of a person's and nine of ours were sold, it was told; then it was for less.
    sale = replace(traded(sold, side=Side.SELL), execution_id="0000ffff.00000001.01.02", time=IN_SESSION)
    seen = SharesSeen(shown({AAPL: held}), JournalView((BOUGHT,), (replace(FIVE, quantity=0),)), (sale,))
    excess, written = Excess(held, 100.0, IN_SESSION), Untold(9, IN_SESSION, 3.0)
    found = there_again(replace(FIVE, quantity=0), (written,), seen, excess)
    assert (0 if found is None else found[0].quantity) == shares


def test_list_that_lacked_a_row_for_long_leaves_no_share_bare_for_good(books: OrderBooks) -> None:
    books.bought()
    books.bought("XOM", 5)
    held = books.broker.held.pop(AAPL)
    for _ in range(12):
        books.read(35)
    assert books.shares() == {"XOM": 5}
    books.broker.held[AAPL] = held
    for _ in range(3):
        assert books.shares() == {"XOM": 5}
        books.read(STOOD.total_seconds() / 2)
    assert books.shares() == {"AAPL": 9, "XOM": 5}
    books.read(35)
    assert books.shares() == {"AAPL": 9, "XOM": 5}
