from __future__ import annotations

import msgspec

from simulator.views.valuation import Valuation
from tests.unit.simulator.support import QUIET, Row, start

UP: Row = (100.0, 110.0, 90.0, 105.0, 1000.0)


def test_figures_fit_together() -> None:
    client = start({"ABC": [UP, UP]}, cash=10_000.0)
    client.order(client.conid("ABC"), "BUY", "LMT", 10, price=100.0)
    client.advance("close")
    value = Valuation.of(client.broker)
    assert (value.cash, value.stock, value.equity) == (8999.0, 1050.0, 10_049.0)
    assert (value.unrealized, value.realized) == (49.0, 0.0)
    assert (value.initial_margin, value.available, value.buying_power) == (525.0, 9524.0, 38_096.0)
    assert value.daily_row()["nl"] == 10_049.0


def test_sale_is_realized_on_its_day_and_forgotten_on_the_next() -> None:
    client = start({"ABC": [UP, UP]}, cash=10_000.0)
    client.order(client.conid("ABC"), "BUY", "LMT", 10, price=100.0)
    client.order(client.conid("ABC"), "SELL", "LMT", 10, price=110.0)
    client.advance("close")
    assert Valuation.of(client.broker).realized == 98.0
    client.advance("open")
    assert Valuation.of(client.broker).realized == 0.0


def test_gain_of_the_day_lasts_until_midnight() -> None:
    client = start({"ABC": [UP, UP]}, cash=10_000.0)
    client.order(client.conid("ABC"), "BUY", "LMT", 10, price=100.0)
    gains = []
    for time in ("2014-03-03T22:00:00Z", "2014-03-04T04:59:00Z", "2014-03-04T05:00:00Z", "2014-03-04T22:00:00Z"):
        client.advance(time)
        gains.append(Valuation.of(client.broker).daily_row()["dpl"])
    assert gains == [49.0, 49.0, 0.0, 0.0]


def test_proceeds_of_a_sale_are_cash_before_they_are_settled() -> None:
    client = start({"ABC": [UP] * 8}, cash=10_000.0)
    client.order(client.conid("ABC"), "BUY", "LMT", 10, price=100.0)
    client.order(client.conid("ABC"), "SELL", "LMT", 10, price=110.0)
    client.advance("close")
    value = Valuation.of(client.broker)
    assert value.settled < value.cash
    client.advance("2014-03-11T22:00:00Z")
    value = Valuation.of(client.broker)
    assert value.settled == value.cash


def test_cash_account_buys_with_settled_cash() -> None:
    client = start({"ABC": [UP]}, cash=10_000.0, behaviour=msgspec.structs.replace(QUIET, account_type="cash"))
    assert Valuation.of(client.broker).buying_power == 10_000.0
