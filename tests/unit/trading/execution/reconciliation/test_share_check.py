"""What a reading proves of own shares goes into the journal, what it leaves in doubt is told and looked at again."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from tests.fakes.order_books import OrderBooks
from tests.fakes.stages import settings_of
from tests.fakes.trading_context import ContextParts
from tests.fakes.trading_states import IN_SESSION, XOM, after, reading, stop, unreadable
from tests.unit.trading.execution.shares_shown import OTHER, TEN, shown, traded
from trading.execution.reading.snapshot import BrokerSnapshot, Reading
from trading.execution.reconciliation.doubts import APART, shown_of
from trading.execution.reconciliation.own_shares import subject_of
from trading.execution.reconciliation.share_check import SharesFound, check_shares
from trading.model.alarm import AlarmCode
from trading.model.order import BrokerOrder, BrokerStatus, ExecutionList, IntentState, OrderType, Side, Tif
from trading.model.record import JournalView

OWN = JournalView((), (TEN, OTHER))


def checked(parts: ContextParts, snapshot: BrokerSnapshot) -> SharesFound:
    return check_shares(parts.context(), snapshot, OWN, (), IN_SESSION)


@pytest.mark.parametrize(("snapshot", "seconds", "votes"), [(shown({XOM: 3}), 30, 1), (shown({}), 300, 0)])
def test_missing_shares_are_looked_at_again_soon_only_where_a_look_counts(
    parts: ContextParts, snapshot: BrokerSnapshot, seconds: int, votes: int
) -> None:
    found = checked(parts, snapshot)
    assert {alarm.code for alarm in found.alarms} == {AlarmCode.SHARES_MISSING}
    assert found.look_again == IN_SESSION + timedelta(seconds=seconds)
    assert len(parts.context().evidence.of(subject_of(TEN))) == votes


def test_votes_are_forgotten_when_the_shares_are_there_again_and_kept_where_nobody_can_tell(
    parts: ContextParts,
) -> None:
    checked(parts, shown({XOM: 3}))
    checked(parts, reading(IN_SESSION, failed=["positions"]))
    assert parts.context().evidence.of(subject_of(TEN))
    assert checked(parts, shown({TEN.conid: 10, XOM: 3})).alarms == []
    assert not parts.context().evidence.of(subject_of(TEN))


def test_shares_that_are_shown_again_are_looked_at_again_before_they_count(parts: ContextParts) -> None:
    evidence = parts.context().evidence
    checked(parts, shown({}))
    back = {TEN.conid: 10.0, XOM: 3.0}
    assert checked(parts, shown(back)).look_again == IN_SESSION + APART
    assert [each.evidence for each in evidence.of(shown_of(TEN.conid))] == ["0 of 10", "10 of 10"]
    checked(parts, replace(shown(back, now=after(30)), positions=Reading(None, after(30), "HTTP 503")))
    assert len(evidence.of(shown_of(TEN.conid))) == 2
    assert checked(parts, shown(back, now=after(60))).look_again is None
    assert not evidence.of(shown_of(TEN.conid))


def test_trade_that_can_not_be_read_does_not_keep_shares_in_doubt(parts: ContextParts) -> None:
    def shown_lately() -> list[str]:
        return [each.evidence for each in parts.context().evidence.of(shown_of(TEN.conid))]

    checked(parts, shown({XOM: 3}))
    assert shown_lately() == ["0 of 10"]
    back = shown({TEN.conid: 10, XOM: 3}, now=after(10))
    odd = replace(back, executions=Reading(ExecutionList((), (unreadable(TEN.conid),)), after(10)))
    checked(parts, odd)
    assert shown_lately() == ["0 of 10", "10 of 10"]
    # A row of the positions may be of just these shares.
    checked(parts, reading(after(20), held={XOM: 3}, unreadable_positions=[unreadable(TEN.conid)]))
    assert shown_lately() == ["0 of 10", "10 of 10"]


@pytest.mark.parametrize(
    ("bought_s", "side", "missing"),
    [(10, Side.BUY, True), (0, Side.BUY, True), (-1, Side.BUY, False), (10, Side.SELL, False)],
)
def test_shares_that_others_bought_meanwhile_are_none_of_the_missing_ones(
    parts: ContextParts, bought_s: int, side: Side, *, missing: bool
) -> None:
    checked(parts, shown({XOM: 3}))
    theirs = traded(10, side, time=after(bought_s))
    order = BrokerOrder(
        4711, "DU1234567", TEN.conid, "AAPL", side, OrderType.MARKET, Tif.DAY, BrokerStatus.FILLED, 10.0, 10.0, 0.0,
        None, None, 100.0, None, None, None,
    )  # fmt: skip
    later = shown({TEN.conid: 10, XOM: 3}, now=after(20), orders=(order,))
    found = check_shares(parts.context(), later, OWN, (theirs,), after(20))
    assert (AlarmCode.SHARES_MISSING in {alarm.code for alarm in found.alarms}) is missing


class Adjusted:
    """A journal that keeps what it is told of changes of own shares."""

    def __init__(self) -> None:
        self.changes: list[int] = []

    def adjust(self, conid: int, quantity: int, *_: object, ratio: float = 1.0) -> None:
        assert (conid, ratio) == (TEN.conid, 1.0)
        self.changes.append(quantity)


def test_person_who_sold_own_shares_and_bought_as_many_again_has_sold_them(parts: ContextParts) -> None:
    checked(parts, shown({XOM: 3}))
    journal = Adjusted()
    context = replace(parts.context(), journal=journal)  # type: ignore[arg-type]
    orders = tuple(
        BrokerOrder(
            order_id, "DU1234567", TEN.conid, "AAPL", side, OrderType.MARKET, Tif.DAY, BrokerStatus.FILLED, 10.0, 10.0,
            0.0, None, None, 100.0, None, None, None,
        )
        for order_id, side in ((4711, Side.SELL), (4712, Side.BUY))
    )  # fmt: skip
    trades = (traded(10, time=after(-5)), replace(traded(10, Side.BUY, time=after(10)), order_id=4712))
    later = shown({TEN.conid: 10, XOM: 3}, now=after(20), orders=orders)
    found = check_shares(context, later, OWN, trades, after(20))
    assert ([alarm.code for alarm in found.alarms], journal.changes) == ([AlarmCode.MANUAL], [-10])


@pytest.mark.parametrize(("seconds", "kept"), [(29, True), (31, False)])
def test_what_was_missing_is_kept_for_as_long_as_a_stop_may_have_to_wait(
    parts: ContextParts, seconds: int, *, kept: bool
) -> None:
    parts.settings = settings_of("execution.visibility_s=5")
    context = parts.context()
    check_shares(context, shown({XOM: 3}), OWN, (), IN_SESSION)
    back = {TEN.conid: 10.0, XOM: 3.0}
    for at in (after(60), after(60 + seconds)):
        check_shares(context, shown(back, now=at), OWN, (), at)
    assert bool(context.evidence.of(shown_of(TEN.conid))) is kept


def test_fill_of_a_stop_that_trades_show_before_its_row_does_is_counted_once(books: OrderBooks) -> None:
    entry, stop, _ = books.bought()
    stop_order, _ = books.broker.children(books.record(entry.coid).order_id or 0)
    books.broker.fill(stop_order.order_id, 95.0)
    books.broker.fills[-1] = replace(books.broker.fills[-1], order_id=None, order_ref=None)
    filled = books.broker.book[stop_order.order_id]
    books.broker.book[stop_order.order_id] = stop_order
    found = books.read()
    assert [alarm.code for alarm in found.alarms] == [AlarmCode.SHARES_MISSING]
    assert found.look_again == books.clock.now() + timedelta(seconds=5)
    books.broker.book[stop_order.order_id] = filled
    assert AlarmCode.MANUAL not in {alarm.code for alarm in books.read(5).alarms}
    assert books.record(stop.coid).filled == 9
    assert books.shares() == {}


def test_fill_that_misses_its_executions_is_not_taken_for_a_sale_by_hand(parts: ContextParts) -> None:
    sold = replace(stop(quantity=10), state=IntentState.FILLED, filled=0)
    parts.context().evidence.record(f"told:{sold.coid}", "10 10 - -", IN_SESSION)
    found = check_shares(parts.context(), shown({XOM: 3.0}), replace(OWN, records=(sold,)), (traded(10),), IN_SESSION)
    assert [alarm.code for alarm in found.alarms] == [AlarmCode.SHARES_MISSING]
