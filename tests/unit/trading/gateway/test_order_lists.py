"""Fills, and what the lists of orders and fills have to do with each other."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from tests.unit.trading.gateway.order_lists import LIST, ROW, TRADE, TRADES, listed
from tests.unit.trading.gateway.scripted import ACCOUNT, Desk, failing, good, raw
from trading.errors import OutcomeUnknown
from trading.gateway.transport import HttpAnswer
from trading.model.order import Side


def test_fills_are_told_oldest_first() -> None:
    desk = Desk()
    later = TRADE | {
        "execution_id": "b",
        "trade_time_r": 1702317650000,
        "commission": "",
        "order_ref": "",
        "side": "B",
        "order_id": None,
    }
    desk.script(TRADES, good([later, TRADE]))
    first, second = desk.broker.executions(3).executions
    assert first.execution_id == "0000e0d5.6576fd38.01.01"
    assert (first.side, first.quantity, first.price, first.commission) == (Side.SELL, 5.0, 192.26, 1.01)
    assert first.time == datetime(2023, 12, 11, 18, 0, 49, tzinfo=UTC)
    assert (first.order_ref, first.order_id) == ("ab-1", 17437897932)
    assert (second.side, second.commission, second.order_ref, second.order_id) == (Side.BUY, None, None, None)
    assert desk.transport.calls[-1].query == {"days": "3", "accountId": ACCOUNT}


def test_the_first_empty_list_of_fills_of_a_session_is_asked_for_again() -> None:
    desk = Desk()
    desk.script(TRADES, good([]), good([TRADE]), good([]))
    assert len(desk.broker.executions(1).executions) == 1
    assert desk.broker.executions(1).executions == ()
    assert desk.count(TRADES) == 3


def test_the_first_list_of_fills_is_asked_for_while_the_order_list_is_waited_for() -> None:
    desk = Desk(paced=True)
    desk.script(LIST, good(listed(snapshot=False)), good(listed()))
    desk.script(TRADES, good([]), good([TRADE]))
    desk.broker.orders()
    assert len(desk.broker.executions(1).executions) == 1
    assert [repr(call) for call in desk.transport.calls[1:]] == [LIST, TRADES, LIST, TRADES]
    assert desk.clock.elapsed < 5.5


@pytest.mark.parametrize("answer", [failing("x", 500), failing("x", 400), raw(b"<html>")])
def test_an_order_list_does_not_fail_with_the_list_of_fills(answer: HttpAnswer) -> None:
    desk = Desk()
    desk.script(LIST, good(listed(snapshot=False)), good(listed(ROW)))
    desk.script(TRADES, answer, good([]), good([TRADE]))
    assert len(desk.broker.orders().orders) == 1
    assert len(desk.broker.executions(1).executions) == 1


@pytest.mark.parametrize(("asked", "sent"), [(0, "1"), (1, "1"), (7, "7"), (30, "7")])
def test_fills_are_asked_for_of_at_most_seven_days(asked: int, sent: str) -> None:
    desk = Desk()
    desk.script(TRADES, good([TRADE]))
    desk.broker.executions(asked)
    assert desk.transport.calls[-1].query["days"] == sent


def test_a_fill_without_milliseconds_has_the_time_of_its_text() -> None:
    desk = Desk()
    desk.script(TRADES, good([TRADE | {"trade_time_r": None}]))
    assert desk.broker.executions(1).executions[0].time == datetime(2023, 12, 11, 18, 0, 49, tzinfo=UTC)


@pytest.mark.parametrize(
    "changes",
    [
        {"execution_id": None},
        {"size": None},
        {"size": -5.0},
        {"side": "X"},
        {"conid": None},
        {"trade_time_r": None, "trade_time": "yesterday"},
        {"trade_time_r": 10**18},
        {"account": 5},
        {"order_id": "x"},
    ],
)
def test_one_bad_fill_is_told_apart_and_the_others_count(changes: dict[str, object]) -> None:
    desk = Desk()
    desk.script(TRADES, good([TRADE | {"execution_id": "z"}, TRADE | changes]))
    found = desk.broker.executions(1)
    assert [each.execution_id for each in found.executions] == ["z"]
    (row,) = found.unreadable
    assert row.order_ref == "ab-1"


@pytest.mark.parametrize("price", ["", None, "C1", "NaN", "inf", 0, "0.0", -5.0, True, []])
def test_a_fill_without_a_price_that_a_share_can_have_is_a_fill_all_the_same(price: object) -> None:
    desk = Desk()
    desk.script(TRADES, good([TRADE | {"price": price}]))
    found = desk.broker.executions(1)
    assert [(each.quantity, each.price) for each in found.executions] == [(5.0, 0.0)]
    assert found.unreadable == ()


def test_an_execution_that_was_taken_back_is_a_fill_of_nothing() -> None:
    desk = Desk()
    desk.script(TRADES, good([TRADE, TRADE | {"execution_id": "0000e0d5.6576fd38.01.02", "size": 0.0, "price": ""}]))
    fill, taken_back = desk.broker.executions(1).executions
    assert (fill.quantity, taken_back.quantity) == (5.0, 0.0)


def test_an_expired_option_of_ours_is_told_as_what_it_is() -> None:
    desk = Desk()
    expired = {
        "execution_id": "0000e0d5.bbbb0001.01.01", "side": "X", "trade_time_r": 1393857060000, "size": 500.0,
        "price": "0.0", "commission": None, "account": ACCOUNT, "sec_type": "OPT", "conid": 700000001,
    }  # fmt: skip
    desk.script(TRADES, good([expired, TRADE]))
    found = desk.broker.executions(1)
    assert len(found.executions) == 1
    assert [(row.conid, row.asset_class) for row in found.unreadable] == [(700000001, "OPT")]


def test_what_is_only_shown_of_a_fill_does_not_spoil_it() -> None:
    desk = Desk()
    desk.script(TRADES, good([TRADE | {"commission": "n/a", "order_ref": "sold by hand"}]))
    (fill,) = desk.broker.executions(1).executions
    assert (fill.commission, fill.order_ref) == (None, "sold by hand")


@pytest.mark.parametrize("value", [None, {}, {"trades": []}, "x"])
def test_what_is_no_list_is_not_read_as_no_fills(value: object) -> None:
    desk = Desk()
    desk.script(TRADES, good(value))
    with pytest.raises(OutcomeUnknown):
        desk.broker.executions(1)
