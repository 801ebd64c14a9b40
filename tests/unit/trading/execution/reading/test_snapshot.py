from __future__ import annotations

from dataclasses import replace
from itertools import permutations

import pytest

from tests.fakes.fake_broker import UNREADABLE, FakeBroker
from tests.fakes.fake_clock import FakeClock
from tests.fakes.trading_states import AAPL, IN_SESSION, MSFT, entry, reading, shows, stop, target
from trading.errors import NotSent, OutcomeUnknown, SessionLost
from trading.execution.reading.snapshot import BrokerSnapshot, Reading, read_snapshot
from trading.model.account import AccountState, BrokerPosition, PositionList
from trading.model.order import LIFE, BrokerStatus, ExecutionList, OrderLife, OrderList, UnreadableRow

LISTS = ("orders", "executions", "positions")


@pytest.fixture
def broker() -> FakeBroker:
    broker = FakeBroker(FakeClock(IN_SESSION))
    broker.fill(broker.place_foreign(AAPL), 1.0)
    return broker


def read(broker: FakeBroker) -> BrokerSnapshot:
    return read_snapshot(broker, broker.clock, days=7, epoch=3)


def positions(*rows: BrokerPosition) -> BrokerSnapshot:
    return replace(reading(IN_SESSION), positions=Reading(PositionList(rows), IN_SESSION))


def test_reading_has_orders_fills_positions_and_balances_of_one_epoch(broker: FakeBroker) -> None:
    snapshot = read(broker)
    assert list(snapshot.sights) == list(broker.book)
    assert (snapshot.held(AAPL), snapshot.held(MSFT)) == (5, 0)
    assert snapshot.executions.value is not None
    assert len(snapshot.executions.value.executions) == 1
    assert snapshot.account.value is not None
    assert snapshot.account.value.cash == broker.cash
    assert (snapshot.whole, snapshot.failures, snapshot.epoch, snapshot.began) == (True, (), 3, IN_SESSION)


@pytest.mark.parametrize("name", [*LISTS, "account"])
def test_list_that_fails_leaves_the_others_standing(broker: FakeBroker, name: str) -> None:
    broker.failing.add(name)
    snapshot = read(broker)
    failed = {each for each in (*LISTS, "account") if getattr(snapshot, each).value is None}
    assert failed == {name}
    assert snapshot.whole is (name == "account")
    (failure,) = snapshot.failures
    assert name in failure


def test_reading_of_which_all_lists_failed_is_the_first_failure(broker: FakeBroker) -> None:
    broker.failing |= set(LISTS)
    with pytest.raises(OutcomeUnknown, match="orders"):
        read(broker)


class NobodyThere(FakeBroker):
    error: Exception = NotSent("GET", "connection refused")

    def executions(self, days: int) -> ExecutionList:
        raise self.error


@pytest.mark.parametrize("error", [NotSent("GET", "connection refused"), SessionLost("GET", "401")])
def test_nobody_is_asked_for_more_when_nobody_is_there(error: Exception) -> None:
    broker = NobodyThere(FakeClock(IN_SESSION))
    broker.error = error
    with pytest.raises(type(error)):
        read(broker)
    assert broker.reads == 1


def test_balances_that_are_known_are_not_read_anew(broker: FakeBroker) -> None:
    known = Reading(AccountState("DU1234567", "USD", 1.0, 1.0, 1.0, 1.0), IN_SESSION)
    snapshot = read_snapshot(broker, broker.clock, days=1, epoch=1, balances=known)
    assert snapshot.account is known
    assert broker.reads == len(LISTS)


@pytest.mark.parametrize("status", BrokerStatus)
def test_order_may_be_live_unless_it_is_over_for_certain(status: BrokerStatus) -> None:
    sight = reading(IN_SESSION, orders=[shows(entry(), status, remaining_quantity=9.0)]).sights[1]
    assert sight.live is (LIFE[status] is OrderLife.LIVE)
    assert sight.maybe_live is (LIFE[status] is not OrderLife.OVER)


@pytest.mark.parametrize(
    ("held", "shares"), [(10.0, 10), (9.99, 9), (1.0, 1), (0.99, 0), (0.0, 0), (-0.01, 0), (-4.0, 0), (None, 0)]
)
def test_whole_shares_are_those_that_are_shown_and_none_where_the_account_is_short(
    held: float | None, shares: int
) -> None:
    assert reading(IN_SESSION, held={} if held is None else {AAPL: held}).shares(AAPL) == shares


def test_order_without_a_share_left_is_not_live() -> None:
    sight = reading(IN_SESSION, orders=[shows(entry(), remaining_quantity=0.0)]).sights[1]
    assert not sight.live
    assert not sight.maybe_live


@pytest.mark.parametrize(("first", "second"), list(permutations(BrokerStatus, 2)))
def test_two_statuses_of_one_order_in_whichever_order_are_sure_only_where_both_say_the_same_of_its_life(
    first: BrokerStatus, second: BrokerStatus
) -> None:
    rows = [shows(entry(), status, remaining_quantity=9.0) for status in (first, second)]
    (sight,) = reading(IN_SESSION, orders=rows).sights.values()
    lives = {LIFE[first], LIFE[second]}
    sure = len(lives) == 1 and OrderLife.UNSURE not in lives
    assert (sight.life, sight.order.status) == (
        (LIFE[first], first) if sure else (OrderLife.UNSURE, BrokerStatus.OTHER)
    )  # fmt: skip
    assert sight.maybe_live is (sight.life is not OrderLife.OVER)


@pytest.mark.parametrize("status", BrokerStatus)
def test_rows_of_one_order_with_the_same_status_keep_it(status: BrokerStatus) -> None:
    (sight,) = reading(IN_SESSION, orders=[shows(entry(), status)] * 2).sights.values()
    assert (sight.life, sight.order.status) == (LIFE[status], status)


@pytest.mark.parametrize("reverse", [False, True])
@pytest.mark.parametrize("status", [BrokerStatus.CANCELLED, BrokerStatus.FILLED, BrokerStatus.INACTIVE])
def test_rows_of_one_order_that_contradict_each_other_say_the_most_that_filled_and_that_remains(
    status: BrokerStatus, *, reverse: bool
) -> None:
    rows = [
        shows(entry(), filled_quantity=0.0, remaining_quantity=9.0),
        shows(entry(), status, filled_quantity=4.0, remaining_quantity=0.0),
    ]
    (sight,) = reading(IN_SESSION, orders=rows[::-1] if reverse else rows).sights.values()
    assert (sight.life, sight.maybe_live) == (OrderLife.UNSURE, True)
    assert (sight.order.filled_quantity, sight.order.remaining_quantity) == (4.0, 9.0)


def test_rows_of_one_order_that_agree_are_one_order() -> None:
    (sight,) = reading(IN_SESSION, orders=[shows(entry()), shows(entry())]).sights.values()
    assert sight.live


def test_order_that_is_over_says_nothing_of_another_that_was_given_its_id() -> None:
    old, new = shows(stop("S", 2), BrokerStatus.CANCELLED), shows(target("T", 2))
    for rows in ([old, new], [new, old]):
        sight = reading(IN_SESSION, orders=rows).sights[2]
        assert (sight.order, sight.life) == (new, OrderLife.LIVE)


def test_brackets_leg_that_is_over_says_nothing_of_a_later_leg_that_was_given_its_id() -> None:
    earlier = replace(shows(target("E-T"), BrokerStatus.CANCELLED, parent_id=1), order_id=7)
    later = replace(shows(target("T")), order_id=7)
    (sight,) = reading(IN_SESSION, orders=[earlier, later]).sights.values()
    assert (sight.life, sight.order.parent_id) == (OrderLife.LIVE, None)


def test_two_orders_that_may_both_live_under_one_id_are_not_sure() -> None:
    rows = [shows(stop("S", 2)), shows(target("T", 2))]
    assert reading(IN_SESSION, orders=rows).sights[2].life is OrderLife.UNSURE


def test_orders_under_one_id_that_are_all_over_are_over() -> None:
    rows = [shows(make("X", 2), BrokerStatus.CANCELLED) for make in (stop, target)]
    assert reading(IN_SESSION, orders=rows).sights[2].life is OrderLife.OVER


def test_row_without_a_type_is_no_other_order() -> None:
    rows = [shows(stop("S", 2)), shows(stop("S", 2), BrokerStatus.CANCELLED, order_type=None)]
    assert reading(IN_SESSION, orders=rows).sights[2].life is OrderLife.UNSURE


def test_shares_are_those_of_all_models_and_of_stocks_alone() -> None:
    snapshot = positions(
        BrokerPosition(AAPL, "AAPL", 5, 100.0, None, "STK", "a"),
        BrokerPosition(AAPL, "AAPL", 4, 90.0, None, "STK", "b"),
        BrokerPosition(MSFT, "MSFT", 7, 30.0, None),
        BrokerPosition(12087792, "EUR", -1200, 1.1, None, "CASH"),
    )
    assert snapshot.stocks == {AAPL: 9, MSFT: 7}
    assert (snapshot.average_price(MSFT), snapshot.average_price(AAPL), snapshot.average_price(1)) == (30.0, None, None)


def test_list_that_could_not_be_read_shows_nothing() -> None:
    snapshot = reading(IN_SESSION, orders=[shows(entry())], held={AAPL: 9}, failed=LISTS)
    assert (snapshot.sights, snapshot.stocks, snapshot.average_price(AAPL)) == ({}, {}, None)
    assert not snapshot.unsure(AAPL)


def row(conid: int | None, asset_class: str | None = None) -> UnreadableRow:
    return replace(UNREADABLE, conid=conid, asset_class=asset_class)


@pytest.mark.parametrize("name", LISTS)
def test_unreadable_row_makes_its_contract_unsure_and_no_other(name: str) -> None:
    lists = {
        "orders": OrderList((), (row(AAPL),)),
        "executions": ExecutionList((), (row(AAPL),)),
        "positions": PositionList((), (row(AAPL),)),
    }
    snapshot = replace(reading(IN_SESSION), **{name: Reading(lists[name], IN_SESSION)})  # type: ignore[arg-type]
    assert (snapshot.unsure(AAPL), snapshot.unsure(MSFT), snapshot.blind) == (True, False, False)
    # Executions are listed for a week, and shares are what the positions show.
    assert snapshot.unclear(AAPL) is (name != "executions")
    assert not snapshot.unclear(MSFT)
    assert (snapshot.hides(AAPL), snapshot.hides(MSFT)) == (True, False)


@pytest.mark.parametrize(("name", "hides"), [("orders", True), ("executions", False), ("positions", True)])
def test_row_without_a_contract_hides_what_stands_now_but_for_an_execution(name: str, *, hides: bool) -> None:
    lists = {
        "orders": OrderList((), (row(None),)),
        "executions": ExecutionList((), (row(None),)),
        "positions": PositionList((), (row(None),)),
    }
    snapshot = replace(reading(IN_SESSION), **{name: Reading(lists[name], IN_SESSION)})  # type: ignore[arg-type]
    assert (snapshot.hides(AAPL), snapshot.blind) == (hides, True)


def test_unreadable_row_without_a_contract_may_be_any() -> None:
    snapshot = reading(IN_SESSION, unreadable_orders=[row(None)])
    assert (snapshot.unsure(AAPL), snapshot.unsure(MSFT), snapshot.blind) == (True, True, True)
    assert (snapshot.unclear(AAPL), snapshot.unclear(None)) == (False, True)


def test_unreadable_row_that_is_told_to_be_foreign_is_nobody_elses_trouble() -> None:
    snapshot = reading(
        IN_SESSION, unreadable_orders=[replace(row(AAPL), foreign=True), replace(row(None), foreign=True)]
    )
    assert (snapshot.unsure(AAPL), snapshot.blind, snapshot.unclear(AAPL), snapshot.unclear(None)) == (False,) * 4


def test_unreadable_row_of_another_asset_class_is_nobody_elses_trouble() -> None:
    snapshot = reading(IN_SESSION, unreadable_orders=[row(None, "OPT"), row(AAPL, "CASH")])
    assert (snapshot.unsure(AAPL), snapshot.blind) == (False, False)


def test_reading_with_fewer_shares_has_fewer_in_its_list_and_in_its_ledger() -> None:
    shown = positions(
        BrokerPosition(AAPL, "AAPL", 12.0, 90.0, 100.0, "STK"), BrokerPosition(MSFT, "MSFT", 3.0, 50.0, None, "STK")
    )
    account = AccountState("DU1234567", "USD", 10_000.0, 0.0, 0.0, 0.0, stock_value=1_350.0)
    shown = replace(shown, account=Reading(account, IN_SESSION))
    less = shown.less(AAPL, 9.0)
    assert (less.held(AAPL), less.held(MSFT), shown.held(AAPL)) == (3.0, 3.0, 12.0)
    assert less.account.value == replace(account, stock_value=450.0)
    # Without a price of today what was paid counts, and where nothing is listed or known nothing changes.
    assert shown.less(MSFT, 1.0).account.value == replace(account, stock_value=1_300.0)
    assert shown.less(4711, 1.0) is shown
    failed = reading(IN_SESSION, failed=["positions", "account"])
    assert failed.less(AAPL, 1.0) is failed
