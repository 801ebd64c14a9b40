from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.simulator.support import QUIET, Client, Row, start
from trading.market import fills

FLAT: Row = (100.0, 100.0, 100.0, 100.0, 1000.0)
RISING: Row = (100.0, 110.0, 90.0, 105.0, 1000.0)
FALLING: Row = (100.0, 110.0, 90.0, 95.0, 1000.0)


def bracket(client: Client, limit: float, stop: float, target: float, quantity: int = 10) -> list[int]:
    conid = client.conid("ABC")
    base = {"conid": conid, "quantity": quantity}
    rows = client.orders(
        {**base, "side": "BUY", "orderType": "LMT", "price": limit, "tif": "DAY", "cOID": "entry"},
        {**base, "side": "SELL", "orderType": "STP", "price": stop, "tif": "GTC", "parentId": "entry"},
        {**base, "side": "SELL", "orderType": "LMT", "price": target, "tif": "GTC", "parentId": "entry"},
    )
    return [int(row["order_id"]) for row in rows]


def statuses(client: Client) -> dict[int, str]:
    return {row["orderId"]: row["status"] for row in client.order_rows()}


def test_limit_buy_fills_at_an_open_at_or_below_its_limit() -> None:
    client = start({"ABC": [FLAT, (99.0, 101.0, 98.0, 100.0, 1000.0)]})
    client.advance("close")
    client.order(client.conid("ABC"), "BUY", "LMT", 10, price=99.5)
    client.advance("next_close")
    [trade] = client.trades()
    assert (trade["price"], trade["commission"], trade["trade_time"]) == ("99.00", "1.0", "20140304-14:30:00")


def test_limit_buy_fills_at_its_limit_where_the_path_reaches_it() -> None:
    client = start({"ABC": [FLAT, RISING]})
    client.advance("close")
    client.order(client.conid("ABC"), "BUY", "LMT", 10, price=95.0)
    client.advance("next_close")
    [trade] = client.trades()
    # The path falls from 100 to 90 in the session's first third: 95 is reached after 65 of 390 minutes.
    assert (trade["price"], trade["trade_time"]) == ("95.00", "20140304-15:35:00")


def test_day_order_that_is_not_reached_expires_at_the_close_with_its_children() -> None:
    client = start({"ABC": [FLAT, FLAT, FLAT]})
    client.advance("close")
    bracket(client, 95.0, 90.0, 110.0)
    answer = client.advance("next_close")
    assert answer["events"] == 3
    rows = client.order_rows()
    assert [row["status"] for row in rows] == ["Cancelled"] * 3
    assert rows[-1]["order_cancellation_by_system_reason"] == "Cancelled by System: order expired"


def test_bracket_children_work_from_the_moment_of_the_entry_on_the_rest_of_the_path() -> None:
    client = start({"ABC": [FLAT, RISING]})
    client.advance("close")
    entry, stop, target = bracket(client, 95.0, 91.0, 108.0)
    client.advance("next_close")
    assert statuses(client) == {entry: "Filled", stop: "Filled", target: "Cancelled"}
    sold, bought = client.trades()
    assert (bought["price"], sold["price"]) == ("95.00", str(fills.less_slippage(91.0, 5.0)))


def test_target_is_met_before_the_stop_where_the_path_rises_first() -> None:
    client = start({"ABC": [FLAT, FALLING]})
    client.advance("close")
    entry, stop, target = bracket(client, 100.0, 91.0, 108.0)
    client.advance("next_close")
    assert statuses(client) == {entry: "Filled", stop: "Cancelled", target: "Filled"}
    assert client.trades()[0]["price"] == "108.00"


def test_entry_whose_open_gapped_below_its_stop_is_sold_again_at_that_price_less_slippage() -> None:
    client = start({"ABC": [FLAT, (80.0, 85.0, 79.0, 84.0, 1000.0)]})
    client.advance("close")
    bracket(client, 95.0, 90.0, 110.0)
    answer = client.advance("next_close", stop_on_event=True)
    assert answer["now"] == "2014-03-04T14:30:00Z"
    sold, bought = client.trades()
    assert (bought["price"], sold["price"]) == ("80.00", "79.96")


def test_market_sell_for_the_open_fills_less_slippage_and_before_everything_else() -> None:
    client = start({"ABC": [FLAT, FLAT, FLAT], "XYZ": [FLAT, FLAT, FLAT]})
    client.order(client.conid("XYZ"), "BUY", "MKT", 10)
    client.advance("close")
    client.order(client.conid("ABC"), "BUY", "LMT", 10, price=100.0)
    client.order(client.conid("XYZ"), "SELL", "MKT", 10)
    client.advance("next_close", stop_on_event=True)
    newest = [(trade["symbol"], trade["side"], trade["price"]) for trade in client.trades()][:2]
    assert newest == [("ABC", "B", "100.00"), ("XYZ", "S", "99.95")]


def test_bar_of_volume_zero_fills_nothing() -> None:
    still = (*RISING[:4], 0.0)
    client = start({"ABC": [FLAT, still, RISING]})
    client.advance("close")
    client.order(client.conid("ABC"), "BUY", "MKT", 10, tif="GTC")
    client.order(client.conid("ABC"), "BUY", "LMT", 10, price=101.0)
    client.advance("next_close")
    assert client.trades() == []
    assert sorted(statuses(client).values()) == ["Cancelled", "PreSubmitted"]
    client.advance("next_close")
    assert [trade["size"] for trade in client.trades()] == [10.0]


def test_market_order_waits_for_a_bar_of_its_symbol() -> None:
    client = start({"ABC": [FLAT], "XYZ": [FLAT, FLAT, FLAT]})
    client.advance("close")
    client.order(client.conid("ABC"), "BUY", "MKT", 10, tif="GTC")
    client.advance("next_close")
    assert client.trades() == []
    assert list(statuses(client).values()) == ["PreSubmitted"]


def test_order_that_arrives_inside_the_session_works_on_what_is_left_of_the_path() -> None:
    client = start({"ABC": [FLAT, RISING]})
    client.advance("2014-03-04T17:00:00Z")
    # 150 of 390 minutes: the path is on its way up from 90, and 89.99 is behind it.
    client.order(client.conid("ABC"), "BUY", "LMT", 10, price=90.5)
    client.order(client.conid("ABC"), "SELL", "LMT", 10, price=109.0)
    client.advance("close")
    [trade] = client.trades()
    assert (trade["side"], trade["price"]) == ("S", "109.00")


def test_market_order_inside_the_session_fills_at_the_paths_price_as_it_arrives() -> None:
    client = start({"ABC": [FLAT, RISING]})
    client.advance("2014-03-04T15:35:00Z")
    client.order(client.conid("ABC"), "SELL", "MKT", 10)
    [trade] = client.trades()
    assert trade["price"] == str(fills.less_slippage(95.0, 5.0))


def test_advance_stops_at_once_for_an_event_that_nobody_was_told_of() -> None:
    client = start({"ABC": [FLAT, RISING]})
    client.order(client.conid("ABC"), "BUY", "MKT", 10)
    answer = client.advance("close", stop_on_event=True)
    assert (answer["stopped_on_event"], answer["now"]) == (True, "2014-03-03T14:30:00Z")
    assert client.advance("close", stop_on_event=True)["now"] == "2014-03-03T21:00:00Z"


def test_stop_limit_order_triggers_and_then_waits_for_its_limit() -> None:
    client = start({"ABC": [FLAT, FALLING, RISING]})
    client.advance("close")
    client.order(client.conid("ABC"), "BUY", "STOP_LIMIT", 10, price=105.0, auxPrice=108.0, tif="GTC")
    client.advance("next_close")
    # The path rises to 110 (triggered at 108), then falls through 105.
    assert [trade["price"] for trade in client.trades()] == ["105.00"]


def test_group_of_orders_cancels_the_rest_when_one_fills() -> None:
    client = start({"ABC": [FLAT, RISING]})
    client.order(client.conid("ABC"), "BUY", "MKT", 10)
    client.advance("close")
    base = {"conid": client.conid("ABC"), "quantity": 10, "side": "SELL", "tif": "GTC", "isSingleGroup": True}
    first, second = client.orders(
        {**base, "orderType": "STP", "price": 91.0}, {**base, "orderType": "LMT", "price": 109.0}
    )
    client.advance("next_close")
    found = statuses(client)
    assert found[int(first["order_id"])] == "Filled"
    assert found[int(second["order_id"])] == "Cancelled"


def test_cancelled_entry_takes_its_children_with_it() -> None:
    client = start({"ABC": [FLAT, RISING]})
    client.advance("close")
    entry, *_ = bracket(client, 95.0, 90.0, 110.0)
    client.delete(f"/iserver/account/DU1234567/order/{entry}")
    assert set(statuses(client).values()) == {"Cancelled"}


def test_opening_order_is_over_after_the_open() -> None:
    client = start({"ABC": [FLAT, RISING]})
    client.advance("close")
    client.order(client.conid("ABC"), "BUY", "LMT", 10, price=95.0, tif="OPG")
    answer = client.advance("next_close", stop_on_event=True)
    assert answer["now"] == "2014-03-04T14:30:00Z"
    assert list(statuses(client).values()) == ["Cancelled"]


def test_immediate_order_fills_at_once_or_is_over() -> None:
    client = start({"ABC": [FLAT, RISING]})
    client.order(client.conid("ABC"), "BUY", "LMT", 10, price=99.0, tif="IOC")
    client.order(client.conid("ABC"), "BUY", "LMT", 10, price=100.0, tif="IOC")
    assert sorted(statuses(client).values()) == ["Cancelled", "Filled"]


def test_partial_fills_follow_the_volume_rule_and_cost_one_commission() -> None:
    import msgspec

    behaviour = msgspec.structs.replace(QUIET, partial_fill_fraction=0.004)
    client = start({"ABC": [FLAT, FLAT]}, behaviour=behaviour)
    client.order(client.conid("ABC"), "BUY", "LMT", 10, price=100.0)
    client.advance("close")
    trades = client.trades()
    assert [trade["size"] for trade in trades] == [2.0, 4.0, 4.0]
    assert sum(float(trade["commission"]) for trade in trades) == pytest.approx(1.0)


prices = st.integers(min_value=5000, max_value=15000).map(lambda cents: cents / 100)


@st.composite
def bars(draw: st.DrawFn) -> Row:
    four = [draw(prices) for _ in range(4)]
    return four[0], max(four), min(four), four[3], float(draw(st.sampled_from([0, 1000, 10_000])))


@settings(max_examples=150, deadline=None)
@given(
    days=st.lists(bars(), min_size=2, max_size=4), limit=prices, below=st.integers(1, 3000), above=st.integers(1, 3000)
)
def test_bracket_fills_are_those_of_the_shared_fill_rules(
    days: list[Row], limit: float, below: int, above: int
) -> None:
    stop, target = fills.round_down(limit - below / 100), fills.round_up(limit + above / 100)
    client = start({"ABC": [FLAT, *days]})
    client.advance("close")
    bracket(client, limit, stop, target)
    for _ in days:
        client.advance("next_close")
    expected: list[float] = []
    position, price = fills.entry_fill(*days[0], limit)
    if position >= 0.0:
        expected.append(price)
        kind, _, exit_price = fills.bracket_exit(*days[0], position, price, stop, target, 5.0)
        for day in days[1:]:
            if kind != fills.NO_EXIT:
                break
            kind, _, exit_price = fills.bracket_exit(*day, 0.0, math.nan, stop, target, 5.0)
        if kind != fills.NO_EXIT:
            expected.append(exit_price)
    assert [execution.price for execution in client.broker.account.executions] == expected


def test_execution_ids_are_told_apart_by_all_but_their_last_part_and_count_in_decimal() -> None:
    client = start({"ABC": [(100.0, 110.0, 90.0, 105.0, 100_000.0)]})
    for _ in range(30):
        client.order(client.conid("ABC"), "BUY", "MKT", 1)
    ids = [execution.execution_id.split(".") for execution in client.broker.account.executions]
    assert [parts[2] for parts in ids] == [f"{number:02d}" for number in range(1, 31)]
    assert {parts[3] for parts in ids} == {"01"}
    assert len({tuple(parts[:3]) for parts in ids}) == 30
