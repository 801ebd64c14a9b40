from __future__ import annotations

import pytest
from trading.execution.tickets import Purpose, bracket

from tests.fakes.fake_broker import Fault, lost_answer, lost_request, nothing_sent, question, refused
from tests.fakes.trading_desk import CLOSES, CONIDS, DECIDED, PRE_OPEN, SESSION, Office, approved
from trading.execution.sender import Sending
from trading.model.order import IntentState, OrderIntent
from trading.model.request import RequestKind

REFERENCES = {CONIDS[symbol]: close for symbol, close in CLOSES.items()}


def planned(office: Office) -> tuple[OrderIntent, ...]:
    group = bracket(approved(), CONIDS["AAPL"], office.journal.next_coid(), Purpose(DECIDED, SESSION, PRE_OPEN))
    office.journal.plan(group)
    return group


def submit(office: Office, *faults: Fault | None, allowed: bool = True) -> Sending:
    office.broker.faults.extend(faults)
    return office.start().sender.submit(planned(office), REFERENCES, lambda: allowed)


def states(office: Office) -> set[IntentState]:
    return {record.state for record in office.journal.intents()}


@pytest.mark.parametrize(
    ("faults", "result", "parent"),
    [
        ((), Sending.ACCEPTED, IntentState.WORKING),
        ((question("o10152"),), Sending.ACCEPTED, IntentState.WORKING),
        ((question("o10152"), question("o163")), Sending.ACCEPTED, IntentState.WORKING),
        ((nothing_sent,), Sending.NOT_SENT, IntentState.PLANNED),
        ((lost_answer,), Sending.UNKNOWN, IntentState.UNKNOWN),
        ((lost_request,), Sending.UNKNOWN, IntentState.UNKNOWN),
        ((refused,), Sending.REFUSED, IntentState.REJECTED),
        ((question("o999"),), Sending.DECLINED, IntentState.DECLINED),
        ((question("o10152"), lost_answer), Sending.UNKNOWN, IntentState.UNKNOWN),
        ((question("o10152"), lost_request), Sending.UNKNOWN, IntentState.UNKNOWN),
        ((question("o10152"), nothing_sent), Sending.UNKNOWN, IntentState.UNKNOWN),
        ((question("o10152"), refused), Sending.REFUSED, IntentState.REJECTED),
    ],
)
def test_every_answer_has_its_end(faults: tuple[Fault, ...], result: Sending, parent: IntentState) -> None:
    office = Office()
    assert submit(office, *faults) is result
    assert office.journal.intents()[0].state is parent
    assert len(office.broker.submits()) == 1


def test_row_is_committed_before_the_request_leaves() -> None:
    office = Office()
    seen: list[tuple[int, set[IntentState]]] = []

    def watch(*_: object) -> None:
        seen.append((len(office.journal.wire), states(office)))

    submit(office, watch)
    assert seen == [(1, {IntentState.SENDING})]
    assert office.journal.wire[0].request.body_sha256 == office.broker.arrived[0].body_sha256


def test_same_question_twice_is_declined() -> None:
    office = Office()
    assert submit(office, question("o10152"), question("o10152")) is Sending.DECLINED
    assert office.broker.replies == [True, False]


def test_question_without_end_is_declined_after_five() -> None:
    office = Office()
    ids = ("o163", "o354", "o10152", "o10331")
    faults = [question(*ids[:count]) for count in range(1, 5)] + [
        question("o354", "o10152"),
        question("o163", "o10331"),
    ]
    assert submit(office, *faults, *faults) in {Sending.DECLINED, Sending.UNKNOWN}
    assert office.broker.replies == [True] * 5 + [False]


def test_broker_that_asks_on_after_a_no_is_not_answered_again() -> None:
    office = Office()
    assert submit(office, question("o999"), question("o10152")) is Sending.UNKNOWN
    assert office.broker.replies == [False]


def test_order_that_is_not_allowed_any_more_is_declined() -> None:
    office = Office()
    assert submit(office, question("o10152"), allowed=False) is Sending.DECLINED
    assert office.broker.replies == [False]


def test_refusal_is_verified_by_reading() -> None:
    office = Office()

    def refuse_but_take(broker: object, request: object) -> object:
        office.broker.apply(request)  # type: ignore[arg-type]
        return refused(office.broker, request)  # type: ignore[arg-type]

    assert submit(office, refuse_but_take) is Sending.ACCEPTED  # type: ignore[arg-type]
    assert office.journal.intents()[0].state is IntentState.WORKING


def test_refusal_that_cannot_be_verified_is_not_believed() -> None:
    office = Office()

    def refuse_and_go_away(broker: object, request: object) -> object:
        office.broker.reads_fail = True
        return refused(office.broker, request)  # type: ignore[arg-type]

    assert submit(office, refuse_and_go_away) is Sending.UNKNOWN  # type: ignore[arg-type]


def test_cancel_is_asked_once_in_a_process_and_again_by_the_next() -> None:
    office = Office()
    submit(office)
    office.broker.cancels_wait = True
    process = office.start()
    process.read()

    def ask() -> bool:
        return process.sender.cancel(office.journal.intents()[0])

    assert ask()
    assert not ask()
    process = office.start()
    assert ask()
    assert sum(request.kind is RequestKind.CANCEL for request in office.broker.arrived) == 2


def test_cancel_that_did_not_leave_is_asked_again() -> None:
    office = Office()
    submit(office)
    process = office.start()
    process.read()
    office.broker.faults.append(nothing_sent)
    assert not process.sender.cancel(office.journal.intents()[0])
    assert process.sender.cancel(office.journal.intents()[0])
