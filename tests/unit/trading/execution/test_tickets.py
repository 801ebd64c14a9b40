from __future__ import annotations

from tests.fakes.trading_desk import CONIDS, DECIDED, PRE_OPEN, SESSION, approved
from trading.execution.tickets import Purpose, bracket, exit_order, protective_pair, tickets
from trading.model.order import OrderType, Role, Side, Tif
from trading.ports import OwnPosition

PURPOSE = Purpose(DECIDED, SESSION, PRE_OPEN)
POSITION = OwnPosition(CONIDS["AAPL"], "AAPL", 9, DECIDED, 100.0, 95.0, 105.0, "E")


def test_bracket_is_a_day_buy_with_two_good_till_cancelled_sells() -> None:
    entry, stop, target = bracket(approved("AAPL", 9, 100.0), CONIDS["AAPL"], "X", PURPOSE)
    assert (entry.side, entry.order_type, entry.tif, entry.limit_price) == (Side.BUY, OrderType.LIMIT, Tif.DAY, 100.0)
    assert (stop.coid, stop.parent_coid, stop.side, stop.tif) == ("X-S", "X", Side.SELL, Tif.GTC)
    assert (stop.order_type, stop.stop_price, stop.limit_price) == (OrderType.STOP, 95.0, None)
    assert (target.coid, target.order_type, target.limit_price) == ("X-T", OrderType.LIMIT, 105.0)
    assert {intent.quantity for intent in (entry, stop, target)} == {9}
    assert {(intent.decided, intent.session) for intent in (entry, stop, target)} == {(DECIDED, SESSION)}


def test_children_go_out_without_a_name_of_their_own() -> None:
    sent = tickets(bracket(approved(), CONIDS["AAPL"], "X", PURPOSE))
    assert [(ticket.coid, ticket.parent_coid, ticket.single_group) for ticket in sent] == [
        ("X", None, False),
        (None, "X", False),
        (None, "X", False),
    ]


def test_protective_pair_is_one_group_from_the_entrys_plan() -> None:
    pair = protective_pair(POSITION, ("A", "B"), PURPOSE)
    assert [(intent.role, intent.stop_price, intent.limit_price) for intent in pair] == [
        (Role.STOP, 95.0, None),
        (Role.TARGET, None, 105.0),
    ]
    assert [(ticket.coid, ticket.single_group, ticket.tif) for ticket in tickets(pair)] == [
        ("A", True, Tif.GTC),
        ("B", True, Tif.GTC),
    ]


def test_exit_is_a_market_order_for_the_open_or_has_a_limit() -> None:
    assert exit_order(POSITION, "X", "time_stop", PURPOSE, None).order_type is OrderType.MARKET
    late = exit_order(POSITION, "X", "time_stop", PURPOSE, 98.0)
    assert (late.order_type, late.limit_price, late.quantity, late.role) == (OrderType.LIMIT, 98.0, 9, Role.EXIT)
