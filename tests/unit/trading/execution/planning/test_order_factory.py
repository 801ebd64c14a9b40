from __future__ import annotations

from dataclasses import replace
from itertools import count

from tests.fakes.trading_states import AAPL, DECIDED, PRE_OPEN, SESSION, approved, own, stop, target
from trading.execution.planning.order_factory import (
    PROTECTION,
    Purpose,
    bracket,
    exit_order,
    modified,
    protective_pair,
    tickets,
    with_names,
)
from trading.model.order import OrderType, Role, Side, Tif

PURPOSE = Purpose(DECIDED, SESSION, PRE_OPEN)
BRACKET = bracket(approved("AAPL", 9, 100.01), AAPL, PURPOSE)
PAIR = protective_pair(own(9), 7, PURPOSE, None)


def test_entry_is_a_limit_buy_for_the_day_with_a_stop_and_a_target_that_stay() -> None:
    assert [(o.role, o.side, o.order_type, o.tif, o.quantity) for o in BRACKET] == [
        (Role.ENTRY, Side.BUY, OrderType.LIMIT, Tif.DAY, 9),
        (Role.STOP, Side.SELL, OrderType.STOP, Tif.GTC, 9),
        (Role.TARGET, Side.SELL, OrderType.LIMIT, Tif.GTC, 9),
    ]
    assert [(o.limit_price, o.stop_price) for o in BRACKET] == [(100.01, None), (None, 95.01), (105.01, None)]
    assert {(o.decided, o.session, o.created) for o in BRACKET} == {(DECIDED, SESSION, PRE_OPEN)}


def test_drafts_have_no_name() -> None:
    assert {o.coid for o in (*BRACKET, *PAIR)} == {""}


def test_pair_has_the_prices_of_the_entrys_plan_and_no_parent() -> None:
    assert [(o.role, o.quantity, o.limit_price, o.stop_price, o.parent_coid) for o in PAIR] == [
        (Role.STOP, 7, None, 95.0, None),
        (Role.TARGET, 7, 105.0, None, None),
    ]
    assert {o.reason for o in PAIR} == {PROTECTION}


def test_exit_sells_everything_at_the_market_or_at_a_limit_for_the_day() -> None:
    market, limited = (exit_order(own(9), "time_stop", PURPOSE, limit) for limit in (None, 98.0))
    assert (market.order_type, market.limit_price, market.quantity) == (OrderType.MARKET, None, 9)
    assert (limited.order_type, limited.limit_price, limited.quantity) == (OrderType.LIMIT, 98.0, 9)
    assert {o.tif for o in (market, limited)} == {Tif.DAY}
    assert {o.side for o in (market, limited)} == {Side.SELL}


def test_children_are_named_after_their_entry() -> None:
    group = with_names(BRACKET, lambda: "A-1")
    assert [(o.coid, o.parent_coid) for o in group] == [("A-1", None), ("A-1-S", "A-1"), ("A-1-T", "A-1")]


def test_each_leg_of_a_pair_has_a_name_of_its_own() -> None:
    numbers = count(1)
    group = with_names(PAIR, lambda: f"N{next(numbers)}")
    assert [(o.coid, o.parent_coid) for o in group] == [("N1", None), ("N2", None)]


def test_children_go_out_under_their_parents_name_alone() -> None:
    made = tickets(with_names(BRACKET, lambda: "A-1"))
    assert [(t.coid, t.parent_coid, t.single_group) for t in made] == [
        ("A-1", None, False),
        (None, "A-1", False),
        (None, "A-1", False),
    ]


def test_pair_goes_out_as_one_group_and_a_single_order_as_none() -> None:
    numbers = count(1)
    pair = tickets(with_names(PAIR, lambda: f"N{next(numbers)}"))
    assert [(t.coid, t.parent_coid, t.single_group) for t in pair] == [("N1", None, True), ("N2", None, True)]
    (single,) = tickets((replace(PAIR[0], coid="X"),))
    assert not single.single_group


def test_modification_repeats_everything_but_quantity_and_price() -> None:
    stopped = modified(stop("S", 2), 12, 96.5)
    assert (stopped.quantity, stopped.stop_price, stopped.limit_price) == (12, 96.5, None)
    assert (stopped.coid, stopped.single_group, stopped.order_type, stopped.tif) == ("S", True, OrderType.STOP, Tif.GTC)
    aimed = modified(target("T", 3), 12, 106.5)
    assert (aimed.quantity, aimed.stop_price, aimed.limit_price) == (12, None, 106.5)


def test_modified_child_stays_a_child() -> None:
    ticket = modified(stop("E-S", 2, parent="E"), 12, 96.5)
    assert (ticket.coid, ticket.parent_coid, ticket.single_group) == (None, "E", False)
