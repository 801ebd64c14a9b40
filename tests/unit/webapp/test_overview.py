from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from tests.unit.webapp.desk import NOON, decision
from trading.model.account import EquityPoint
from trading.store.readers.decisions import DecisionEntry
from trading.store.readers.orders import OrderLine
from trading.store.readers.positions import PositionLine
from webapp import overview

DAY = date(2026, 3, 2)
HELD = PositionLine(1, "AAA", 10, DAY, 50.0, 45.0, 55.0, 10, 52.0)
ORDER = OrderLine("a", "entry", "AAA", "BUY", "LMT", 10, 0, 50.0, None, DAY, "WORKING", "", 1, False, NOON)
NO_ORDERS = overview.split(())


def points(*equities: float) -> tuple[EquityPoint, ...]:
    return tuple(EquityPoint(date(2026, 3, n + 1), 500.0, equity, 1, 0.01) for n, equity in enumerate(equities))


def test_money_is_that_of_the_newest_close() -> None:
    money = overview.money(points(1000.0, 1020.0), (HELD,))
    assert money is not None
    assert money.change == 20.0
    assert money.change_fraction == pytest.approx(0.02)
    assert money.invested_fraction == pytest.approx(520 / 1020)
    assert money.open_risk == 70.0
    assert money.open_result == 20.0


def test_the_first_close_has_no_change_and_before_it_there_is_no_money() -> None:
    first = overview.money(points(1000.0), ())
    assert first is not None
    assert first.change is first.change_fraction is None
    assert overview.money((), ()) is None


@pytest.mark.parametrize(
    ("after", "paid", "change", "fraction"),
    [
        (1520.0, 500.0, 20.0, 20 / 1500),
        (480.0, -500.0, -20.0, -20 / 1000),
        (1500.0, 500.0, 0.0, 0.0),
        (0.0, -1000.0, 0.0, 0.0),
    ],
)
def test_money_that_came_or_went_is_no_gain_and_no_loss(
    after: float, paid: float, change: float, fraction: float
) -> None:
    first, last = points(1000.0, after)
    money = overview.money((first, replace(last, paid=paid)), ())
    assert money is not None
    assert (money.change, money.change_fraction) == pytest.approx((change, fraction))


def test_a_price_under_its_stop_risks_nothing_more() -> None:
    money = overview.money(points(1000.0), (replace(HELD, last_close=40.0),))
    assert money is not None
    assert money.open_risk == 0.0


def test_a_position_is_covered_only_when_all_its_shares_are() -> None:
    assert overview.protection((HELD,), NO_ORDERS) == overview.Coverage(1, 0, ())
    assert overview.protection((replace(HELD, covered=9),), NO_ORDERS) == overview.Coverage(0, 0, ("AAA",))


def test_a_position_on_its_way_out_needs_no_stop() -> None:
    orders = overview.split((replace(ORDER, role="exit", side="SELL", order_type="MKT"),))
    assert overview.protection((replace(HELD, covered=0),), orders) == overview.Coverage(0, 1, ())


def test_children_protect_once_their_entry_has_filled() -> None:
    stop = replace(ORDER, coid="a-S", role="stop", side="SELL")
    assert overview.split((ORDER, stop)) == overview.Orders((ORDER,), (), frozenset())
    assert overview.split((stop,)).protecting == (stop,)
    part = replace(ORDER, filled=3)
    assert overview.split((part, stop)).protecting == (stop,)


@pytest.mark.parametrize(("last", "at"), [(40.0, 0.0), (45.0, 0.0), (50.0, 0.5), (55.0, 1.0), (60.0, 1.0), (None, 0.5)])
def test_the_dot_stays_between_stop_and_target(last: float | None, at: float) -> None:
    assert overview.progress(replace(HELD, last_close=last)) == at


def test_prices_in_disorder_do_not_divide_by_zero() -> None:
    assert overview.progress(replace(HELD, stop_price=55.0)) == 0.0


def test_the_plan_counts_what_was_decided() -> None:
    assert overview.plan(DecisionEntry(decision(), NOON, 5)) == overview.Plan(entries=1, exits=1, denied=1, judged=5)
    assert overview.plan(None) is None
