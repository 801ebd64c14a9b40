from __future__ import annotations

from dataclasses import replace

import pytest

from tests.fakes.fake_broker import FakeBroker
from tests.fakes.trading_desk import CONIDS, Office, approved, decision_of
from trading.execution.attribution import is_orphan, owner_of, unbound
from trading.execution.book import read_book
from trading.model.order import BrokerOrder, BrokerStatus, OrderType, Role, Side
from trading.ports import IntentRecord


def sent() -> tuple[Office, list[IntentRecord], list[BrokerOrder]]:
    """Return an entry with its children: the records as before they were bound, and the broker's orders."""
    office = Office()
    office.carry_out(office.start(), decision_of(approved()))
    records = [replace(record, order_id=None) for record in office.journal.intents()]
    return office, records, list(office.broker.book.values())


def test_bracket_is_bound_by_name_parent_type_and_price() -> None:
    _, records, orders = sent()
    found = {binding.coid: binding.order_id for binding in unbound(records, list(reversed(orders)))}
    assert len(found) == 3
    for record in records:
        order = next(o for o in orders if o.order_id == found[record.intent.coid])
        assert order.order_type is record.intent.order_type


def test_order_of_another_size_is_not_ours_whatever_its_name() -> None:
    _, records, orders = sent()
    entry = replace(orders[0], total_quantity=8.0)
    assert unbound(records[:1], [entry]) == ()


def test_children_without_a_parents_id_are_bound_when_there_is_one_candidate() -> None:
    _, records, orders = sent()
    loose = [replace(order, parent_id=None) for order in orders]
    assert len(unbound(records, loose)) == 3
    twin = replace(loose[1], order_id=999)
    assert len(unbound(records, [*loose, twin])) == 2


def test_child_of_another_parent_is_not_ours() -> None:
    _, records, orders = sent()
    others = [replace(order, parent_id=4711) if order.parent_id else order for order in orders]
    assert len(unbound(records, others)) == 1


def test_child_at_another_price_is_not_ours() -> None:
    _, records, orders = sent()
    moved = [replace(o, stop_price=1.0) if o.order_type is OrderType.STOP else o for o in orders]
    assert {binding.coid[-2:] for binding in unbound(records, moved)} == {records[0].intent.coid[-2:], "-T"}


def execution_of(office: Office, side: Side) -> tuple[dict[str, IntentRecord], dict[int, str]]:
    process = office.start()
    office.broker.fill(office.broker.live(Side.BUY)[0].order_id, 100.0)
    if side is Side.SELL:
        stop = next(o for o in office.broker.live(Side.SELL) if o.order_type is OrderType.STOP)
        office.broker.fill(stop.order_id, 95.0)
    del process
    records = {record.intent.coid: record for record in office.journal.intents()}
    return records, {r.order_id: coid for coid, r in records.items() if r.order_id is not None}


def test_execution_belongs_to_the_order_it_names() -> None:
    office, _, _ = sent()
    records, by_order = execution_of(office, Side.BUY)
    book = read_book(office.broker, office.clock.now(), 1)
    assert records[owner_of(book.executions[0], records, by_order, book) or ""].intent.role is Role.ENTRY


def test_execution_without_an_order_id_is_found_by_our_name() -> None:
    office, _, _ = sent()
    records, by_order = execution_of(office, Side.BUY)
    book = read_book(office.broker, office.clock.now(), 1)
    nameless = replace(book.executions[0], order_id=None)
    assert records[owner_of(nameless, records, by_order, book) or ""].intent.role is Role.ENTRY


@pytest.mark.parametrize("order_ref", ["parent", None])
def test_sale_without_an_order_id_is_the_leg_whose_order_is_filled(order_ref: str | None) -> None:
    office, _, _ = sent()
    records, by_order = execution_of(office, Side.SELL)
    book = read_book(office.broker, office.clock.now(), 1)
    parent = next(coid for coid, record in records.items() if record.intent.role is Role.ENTRY)
    sale = replace(book.executions[1], order_id=None, order_ref=parent if order_ref else None)
    assert records[owner_of(sale, records, by_order, book) or ""].intent.role is Role.STOP


def test_execution_that_nobody_ordered_is_not_ours() -> None:
    office, _, _ = sent()
    records, by_order = execution_of(office, Side.BUY)
    book = read_book(office.broker, office.clock.now(), 1)
    foreign = replace(book.executions[0], order_id=4711, order_ref=None)
    assert owner_of(foreign, records, by_order, book) is None
    assert owner_of(replace(foreign, order_ref="TS-else-0001-random"), records, by_order, book) is None


def test_rolled_back_order_id_of_another_contract_is_not_ours() -> None:
    office, _, _ = sent()
    records, by_order = execution_of(office, Side.BUY)
    book = read_book(office.broker, office.clock.now(), 1)
    assert owner_of(replace(book.executions[0], conid=CONIDS["XOM"]), records, by_order, book) is None


def test_orphan_has_our_prefix_and_is_not_in_the_journal() -> None:
    office = Office()
    foreign = FakeBroker(office.clock).place_foreign(CONIDS["AAPL"])
    assert foreign
    order = office.broker.book[office.broker.place_foreign(CONIDS["AAPL"])]
    assert not is_orphan(order, "TS", {})
    assert is_orphan(replace(order, order_ref="TS-abcd-0001-random"), "TS", {})
    assert not is_orphan(replace(order, order_ref="XX-abcd-0001-random"), "TS", {})
    assert not is_orphan(replace(order, order_ref="TS-words"), "TS", {})
    assert order.status is BrokerStatus.PRE_SUBMITTED
