from __future__ import annotations

from dataclasses import replace

import pytest

from tests.fakes.trading_desk import CONIDS, Office
from trading.errors import OutcomeUnknown
from trading.execution.book import is_live, read_book
from trading.model.order import BrokerStatus


def test_reading_has_orders_fills_positions_and_balances() -> None:
    office = Office()
    order_id = office.broker.place_foreign(CONIDS["AAPL"])
    office.broker.fill(order_id, 1.0)
    book = read_book(office.broker, office.clock.now(), 7)
    assert set(book.by_id()) == {order_id}
    assert book.held(CONIDS["AAPL"]) == 5
    assert book.held(CONIDS["XOM"]) == 0
    assert len(book.executions) == 1
    assert book.account.cash == office.broker.cash


def test_reading_that_fails_in_any_part_is_no_reading() -> None:
    office = Office()
    office.broker.reads_fail = True
    with pytest.raises(OutcomeUnknown):
        read_book(office.broker, office.clock.now(), 7)


@pytest.mark.parametrize("status", list(BrokerStatus))
def test_status_that_we_do_not_know_counts_as_live(status: BrokerStatus) -> None:
    office = Office()
    order = office.broker.book[office.broker.place_foreign(CONIDS["AAPL"])]
    over = {BrokerStatus.FILLED, BrokerStatus.CANCELLED, BrokerStatus.FAILED}
    assert is_live(replace(order, status=status)) is (status not in over)
    assert not is_live(replace(order, status=status, remaining_quantity=0.0))
