from __future__ import annotations

from datetime import timedelta

from tests.fakes.trading_desk import CONIDS, Office, approved, decision_of
from trading.execution.dispatch import Dispatch, Outcome
from trading.execution.entries import Entries
from trading.execution.gates import Sent
from trading.execution.sender import Sender
from trading.model.order import IntentState


def send(office: Office, entries: Entries, *wanted: str) -> Outcome:
    outcome = Outcome()
    decision = decision_of(*(approved(symbol, 5, 20.0) for symbol in wanted))
    at = office.circumstances(office.start().read())
    entries.send(decision, office.window, at, outcome)
    return outcome


def entries_of(office: Office) -> Entries:
    desk = office.desk()
    return Entries(desk, Dispatch(desk, Sender(desk)))


def test_entries_leave_in_the_order_of_the_decision() -> None:
    office = Office()
    assert send(office, entries_of(office), "XOM", "AAPL", "MSFT").sent == 9
    conids = [order.conid for order in office.broker.book.values() if order.order_ref is not None]
    assert conids == [CONIDS["XOM"], CONIDS["AAPL"], CONIDS["MSFT"]]


def test_rate_of_entries_survives_a_restart() -> None:
    office = Office()
    send(office, entries_of(office), "XOM")
    assert entries_of(office)._sent(office.clock.now()) == Sent(1, 1)
    office.clock.go(61)
    assert entries_of(office)._sent(office.clock.now()) == Sent(0, 1)
    office.clock.time += timedelta(days=2)
    assert entries_of(office)._sent(office.clock.now()) == Sent(0, 0)


def test_refused_entry_is_told_once_and_its_children_end_with_it() -> None:
    office = Office()
    office.market_data.prior_closes[CONIDS["XOM"]] = 47.5
    send(office, entries_of(office), "XOM")
    assert [code for _, code in office.journal.denials] == ["split"]
    assert {record.state for record in office.journal.intents()} == {IntentState.DENIED}


def test_symbol_whose_contract_was_not_checked_is_refused() -> None:
    office = Office()
    outcome = Outcome()
    at = office.circumstances(office.start().read(), contracts={})
    entries_of(office).send(decision_of(approved("AAPL", 5, 20.0)), office.window, at, outcome)
    assert [code for _, code in office.journal.denials] == ["instrument"]
    assert office.broker.submits() == []
