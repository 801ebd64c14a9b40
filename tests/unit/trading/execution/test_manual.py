from __future__ import annotations

from trading.execution.manual import ManualSales
from trading.execution.tickets import Purpose

from tests.fakes.fake_broker import lost_request
from tests.fakes.trading_desk import CONIDS, DECIDED, OPEN, SESSION, Office, Process, approved, decision_of
from trading.model.account import BrokerPosition, PositionList
from trading.model.order import BrokerStatus, Side

AAPL = CONIDS["AAPL"]


def holding(office: Office) -> tuple[Process, ManualSales]:
    process = office.start()
    office.carry_out(process, decision_of(approved("AAPL", 9)))
    office.clock.time = OPEN
    office.broker.fill(office.broker.live(Side.BUY)[0].order_id, 100.0)
    process.read()
    return process, ManualSales(process.desk)


def shares(office: Office) -> list[int]:
    return [position.quantity for position in office.journal.own_positions()]


def look(office: Office, process: Process, manual: ManualSales, times: int = 1, every_s: float = 60.0) -> int:
    changed = 0
    for _ in range(times):
        changed += manual.look(process.read())
        office.clock.go(every_s)
    return changed


def test_shares_sold_by_hand_are_taken_off_once_that_has_lasted() -> None:
    office = Office()
    process, manual = holding(office)
    office.broker.held[AAPL] = 4
    assert look(office, process, manual, 10) == 0
    assert shares(office) == [9]
    assert look(office, process, manual) == 1
    assert shares(office) == [4]
    assert "manual" in office.notes.codes()


def test_position_sold_by_hand_as_a_whole_takes_its_stop_and_target_along() -> None:
    office = Office()
    process, manual = holding(office)
    assert not process.protection.cancel_leftovers()
    office.broker.held[AAPL] = 0
    look(office, process, manual, 11)
    assert shares(office) == []
    assert process.protection.cancel_leftovers()
    process.read()
    assert office.broker.live(Side.SELL) == []


def test_list_that_lacks_a_position_for_some_minutes_changes_nothing() -> None:
    office = Office()
    process, manual = holding(office)
    office.broker.held[AAPL] = 0
    look(office, process, manual, 9)
    office.broker.held[AAPL] = 9
    look(office, process, manual, 2)
    office.broker.held[AAPL] = 0
    look(office, process, manual, 9)
    assert shares(office) == [9]


def test_foreign_shares_beside_ours_are_left_alone() -> None:
    office = Office()
    process, manual = holding(office)
    office.broker.held[AAPL] = 30
    look(office, process, manual, 20)
    assert shares(office) == [9]


def test_nothing_is_believed_while_the_executions_lag_behind() -> None:
    office = Office()
    process, manual = holding(office)
    stop = next(order for order in office.broker.live(Side.SELL) if order.stop_price)
    office.broker.fill(stop.order_id, 95.0, quantity=5)
    office.broker.fills.pop()
    look(office, process, manual, 20)
    assert shares(office) == [9]


def test_nothing_is_believed_while_an_order_in_it_is_not_proven() -> None:
    office = Office()
    process, manual = holding(office)
    for order in office.broker.live(Side.SELL):
        office.broker.end(order.order_id, BrokerStatus.CANCELLED)
    office.broker.faults.append(lost_request)
    book = process.read()
    purpose = Purpose(DECIDED, SESSION, office.clock.now())
    assert process.protection.restore(process.protection.look(book, None), frozenset(), book, purpose)
    office.broker.held[AAPL] = 4
    look(office, process, manual, 20)
    assert shares(office) == [9]


def test_shares_that_a_split_made_fewer_are_a_persons_business() -> None:
    office = Office()
    process, manual = holding(office)
    tripled = BrokerPosition(AAPL, "AAPL", 3, 300.0, None)
    office.broker.positions = lambda: PositionList((tripled,))  # type: ignore[method-assign]
    look(office, process, manual, 20)
    assert shares(office) == [9]
    assert office.notes.codes().count("split") == 1


def test_stops_of_a_working_entry_are_no_leftovers() -> None:
    office = Office()
    process = office.start()
    office.carry_out(process, decision_of(approved("AAPL", 9)))
    assert not process.protection.cancel_leftovers()
    assert len(office.broker.live(Side.SELL)) == 2
