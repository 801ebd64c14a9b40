from __future__ import annotations

from dataclasses import replace

from tests.fakes.fake_broker import lost_request, nothing_sent, refused
from tests.fakes.trading_desk import CONIDS, DECIDED, OPEN, SESSION, Office, Process, approved, decision_of
from trading.execution.book import BrokerBook
from trading.execution.protection import Cover, covers
from trading.execution.tickets import Purpose
from trading.model.order import MAYBE_LIVE, BrokerOrder, BrokerStatus, OrderType, Side

AAPL = CONIDS["AAPL"]


def holding(office: Office) -> Process:
    """Return a process in the open session with nine shares, their stop and target at the broker."""
    process = office.start()
    office.carry_out(process, decision_of(approved()))
    office.clock.time = OPEN
    office.broker.fill(office.broker.live(Side.BUY)[0].order_id, 100.0)
    process.read()
    return process


def leg(office: Office, kind: OrderType) -> BrokerOrder:
    return next(order for order in office.broker.live(Side.SELL) if order.order_type is kind)


def lose(office: Office, kind: OrderType) -> None:
    office.broker.end(leg(office, kind).order_id, BrokerStatus.CANCELLED)


def restore(office: Office, process: Process, leaving: frozenset[int] = frozenset()) -> bool:
    book = process.read()
    purpose = Purpose(DECIDED, SESSION, office.clock.now())
    acted = process.protection.restore(look(office, process, book), leaving, book, purpose)
    process.read()
    return acted


def look(office: Office, process: Process, book: BrokerBook) -> tuple[Cover, ...]:
    return process.protection.look(book, office.calendar.session(SESSION))


def sells(office: Office) -> list[tuple[str, float]]:
    return sorted((str(order.order_type), order.remaining_quantity) for order in office.broker.live(Side.SELL))


WHOLE = [("LMT", 9.0), ("STP", 9.0)]


def test_filled_entry_is_covered_by_its_own_children() -> None:
    office = Office()
    process = holding(office)
    cover = covers(office.journal.own_positions(), office.journal.intents(states=MAYBE_LIVE), process.read())
    assert [(each.covered, each.uncovered, each.whole) for each in cover] == [(9, 0, True)]
    assert not restore(office, process)


def test_lost_stop_is_put_back_with_its_target_as_one_pair() -> None:
    office = Office()
    process = holding(office)
    lose(office, OrderType.STOP)
    assert restore(office, process)
    assert sells(office) == []
    assert restore(office, process)
    assert sells(office) == WHOLE
    assert len({order.oca_group for order in office.broker.live(Side.SELL)}) == 1
    assert leg(office, OrderType.STOP).stop_price == 95.01
    assert not restore(office, process)
    assert "uncovered" in office.notes.codes()


def test_lost_target_is_put_back_too() -> None:
    office = Office()
    process = holding(office)
    lose(office, OrderType.LIMIT)
    for _ in range(2):
        restore(office, process)
    assert sells(office) == WHOLE


def test_no_second_stop_beside_one_that_is_not_proven() -> None:
    office = Office()
    process = holding(office)
    lose(office, OrderType.STOP)
    lose(office, OrderType.LIMIT)
    office.broker.faults.append(lost_request)
    restore(office, process)
    posts = len(office.broker.submits())
    for _ in range(3):
        office.clock.go(20)
        restore(office, process)
    assert len(office.broker.submits()) == posts


def test_stop_that_is_missing_from_a_reading_is_not_replaced() -> None:
    office = Office()
    process = holding(office)
    office.broker.hidden = set(office.broker.book)
    assert not restore(office, process)
    assert len(office.broker.submits()) == 1


def test_stop_whose_fill_is_on_its_way_is_not_replaced() -> None:
    office = Office()
    process = holding(office)
    office.broker.fill(leg(office, OrderType.STOP).order_id, 95.0)
    office.broker.held[AAPL] = 9
    late = office.broker.fills.pop()
    assert not restore(office, process)
    office.broker.held[AAPL] = 0
    office.broker.fills.append(late)
    assert not restore(office, process)
    assert office.journal.own_positions() == ()


def test_nothing_is_put_back_for_a_position_that_is_about_to_be_sold() -> None:
    office = Office()
    process = holding(office)
    lose(office, OrderType.STOP)
    lose(office, OrderType.LIMIT)
    assert not restore(office, process, frozenset({AAPL}))
    assert sells(office) == []


def test_nothing_is_put_back_for_shares_that_the_broker_does_not_have() -> None:
    office = Office()
    process = holding(office)
    lose(office, OrderType.STOP)
    lose(office, OrderType.LIMIT)
    office.broker.held[AAPL] = 5
    assert not restore(office, process)
    assert sells(office) == []


def test_stop_refused_twice_is_left_to_a_person() -> None:
    office = Office()
    process = holding(office)
    lose(office, OrderType.STOP)
    lose(office, OrderType.LIMIT)
    office.broker.faults.extend([refused, refused])
    for _ in range(4):
        restore(office, process)
    assert len(office.broker.submits()) == 3
    assert any("refused a stop" in text for _, text in office.notes.alerts)


def test_pair_of_which_nothing_left_is_made_anew() -> None:
    office = Office()
    process = holding(office)
    lose(office, OrderType.STOP)
    lose(office, OrderType.LIMIT)
    office.broker.faults.append(nothing_sent)
    restore(office, process)
    restore(office, process)
    assert sells(office) == WHOLE


def test_restart_between_cancel_and_new_pair_goes_on() -> None:
    office = Office()
    process = holding(office)
    lose(office, OrderType.STOP)
    restore(office, process)
    process = office.start()
    restore(office, process)
    assert sells(office) == WHOLE


def test_stop_and_target_for_more_than_was_bought_are_made_smaller() -> None:
    office = Office()
    process = office.start()
    office.carry_out(process, decision_of(approved()))
    entry = office.broker.live(Side.BUY)[0]
    office.broker.fill(entry.order_id, 100.0, quantity=4)
    # As long as the entry works the rest may still come.
    assert not restore(office, process)
    office.broker.end(entry.order_id, BrokerStatus.CANCELLED)
    for _ in range(2):
        assert restore(office, process)
    assert sells(office) == [("LMT", 4.0), ("STP", 4.0)]
    assert not restore(office, process)


def test_second_part_of_an_entry_is_covered_too() -> None:
    office = Office()
    process = holding(office)
    conid = office.journal.own_positions()[0].conid
    assert conid == AAPL
    stop = leg(office, OrderType.STOP)
    office.broker.book[stop.order_id] = replace(stop, remaining_quantity=4.0, total_quantity=4.0)
    for _ in range(2):
        restore(office, process)
    assert sells(office) == WHOLE
