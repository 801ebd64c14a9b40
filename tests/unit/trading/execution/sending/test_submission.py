from __future__ import annotations

from dataclasses import replace

import pytest

from tests.fakes.fake_broker import (
    Confused,
    FakeBroker,
    Fault,
    duplicate,
    legs_refused,
    lost_answer,
    lost_request,
    nothing_sent,
    question,
    refused,
    refused_but_taken,
    refused_but_taken_without,
)
from tests.fakes.order_books import OrderBooks
from tests.fakes.orders import market_exit
from tests.fakes.trading_states import CLOSES, CONIDS, CONTRACTS, IN_SESSION, PRE_OPEN, bid, moment
from trading.execution.planning.order_factory import tickets
from trading.execution.sending.questions import Reference
from trading.execution.sending.submission import Sending, references_of
from trading.model.command import CommandState, Step
from trading.model.order import BrokerStatus, IntentState
from trading.model.outcome import Acknowledged, Answer, OrderAck, Outcome
from trading.model.request import PreparedRequest, RequestKind

S = IntentState
# A question that the default settings allow, and ids of others that are allowed about a bracket.
ALLOWED = question("o10152")
ALL_ALLOWED = ("o163", "o354", "o10152", "o10331")


@pytest.mark.parametrize(
    ("faults", "result", "state", "command"),
    [
        ((), Sending.ACCEPTED, S.WORKING, CommandState.ACKED),
        ((ALLOWED,), Sending.ACCEPTED, S.WORKING, CommandState.ACKED),
        ((ALLOWED, question("o163")), Sending.ACCEPTED, S.WORKING, CommandState.ACKED),
        ((nothing_sent,), Sending.NOT_SENT, S.PLANNED, CommandState.NOT_SENT),
        ((lost_answer,), Sending.UNKNOWN, S.UNKNOWN, CommandState.UNKNOWN),
        ((lost_request,), Sending.UNKNOWN, S.UNKNOWN, CommandState.UNKNOWN),
        ((duplicate,), Sending.UNKNOWN, S.UNKNOWN, CommandState.UNKNOWN),
        ((refused,), Sending.REFUSED, S.REJECTED, CommandState.REFUSED),
        ((question("o999"),), Sending.DECLINED, S.DECLINED, CommandState.REFUSED),
        ((ALLOWED, lost_answer), Sending.UNKNOWN, S.UNKNOWN, CommandState.UNKNOWN),
        ((ALLOWED, lost_request), Sending.UNKNOWN, S.UNKNOWN, CommandState.UNKNOWN),
        ((ALLOWED, nothing_sent), Sending.UNKNOWN, S.UNKNOWN, CommandState.NOT_SENT),
        ((ALLOWED, refused), Sending.REFUSED, S.REJECTED, CommandState.REFUSED),
        ((question("o999"), lost_answer), Sending.UNKNOWN, S.UNKNOWN, CommandState.UNKNOWN),
    ],
)
def test_every_answer_has_its_end(
    books: OrderBooks, faults: tuple[Fault, ...], result: Sending, state: IntentState, command: CommandState
) -> None:
    group = books.plan()
    assert books.send(group, *faults) is result
    assert books.record(group[0].coid).state is state
    assert len(books.broker.submits()) == 1
    assert [each.state for each in books.seen().commands] == [command]


@pytest.mark.parametrize("fault", [lost_answer, lost_request, duplicate, nothing_sent, refused, question("o999")])
def test_children_of_a_bracket_go_the_way_of_their_entry(books: OrderBooks, fault: Fault) -> None:
    entry, stop, target = books.plan()
    books.send((entry, stop, target), fault)
    assert len(set(books.states(entry.coid, stop.coid, target.coid))) == 1


def test_children_of_an_accepted_bracket_are_bound_by_a_reading_alone(books: OrderBooks) -> None:
    entry, stop, target = books.enter()
    assert books.states(entry.coid, stop.coid, target.coid) == [S.WORKING, S.SENDING, S.SENDING]
    assert books.record(entry.coid).order_id == books.broker.named(entry.coid).order_id
    books.read()
    assert books.states(entry.coid, stop.coid, target.coid) == [S.WORKING] * 3


@pytest.mark.parametrize("faults", [(), (ALLOWED,), (ALLOWED, question("o163"))])
def test_every_request_is_committed_with_its_digest_before_its_bytes_leave(
    books: OrderBooks, faults: tuple[Fault, ...]
) -> None:
    books.enter(*faults)
    rows = books.rows("SELECT body_sha256 FROM wire WHERE phase = 'ABOUT' ORDER BY id")
    assert [row["body_sha256"] for row in rows] == [request.body_sha256 for request in books.broker.arrived]
    assert len(books.broker.arrived) == 1 + len(faults)


def test_orders_are_sending_while_their_request_is_on_its_way(books: OrderBooks) -> None:
    seen: list[set[IntentState]] = []

    def look(_broker: FakeBroker, _request: PreparedRequest) -> None:
        seen.append({record.state for record in books.journal.intents()})

    books.enter(look)
    assert seen == [{S.SENDING}]


def test_order_that_did_not_leave_is_sent_under_the_same_name(books: OrderBooks) -> None:
    group = books.plan()
    books.send(group, nothing_sent)
    assert books.send(group) is Sending.ACCEPTED
    assert books.broker.names() == [group[0].coid]


def test_same_question_twice_is_declined(books: OrderBooks) -> None:
    group = books.plan()
    assert books.send(group, ALLOWED, ALLOWED) is Sending.DECLINED
    assert books.broker.replies == [True, False]
    assert "same question twice" in books.record(group[0].coid).detail


def test_question_without_end_is_declined_after_five(books: OrderBooks) -> None:
    group = books.plan()
    faults = [question(*ALL_ALLOWED[:count]) for count in range(1, 5)]
    faults += [question("o354", "o10152"), question("o163", "o10331")]
    assert books.send(group, *faults) is Sending.DECLINED
    assert books.broker.replies == [True] * 5 + [False]
    assert books.broker.book == {}


def test_broker_that_asks_on_after_a_no_is_not_answered_again(books: OrderBooks) -> None:
    group = books.plan()
    assert books.send(group, question("o999"), ALLOWED) is Sending.UNKNOWN
    assert books.broker.replies == [False]
    assert books.record(group[0].coid).state is S.UNKNOWN


def test_order_that_is_not_allowed_any_more_is_declined(books: OrderBooks) -> None:
    group = books.plan()
    assert books.send(group, ALLOWED, allowed=False) is Sending.DECLINED
    assert books.broker.replies == [False]


def test_declined_order_keeps_what_was_asked(books: OrderBooks) -> None:
    group = books.plan()
    books.send(group, question("o999"))
    record = books.record(group[0].coid)
    assert record.detail.startswith("o999: not among execution.allowed_questions; the broker asked: About o999?")


def test_refusal_is_not_believed_where_a_reading_shows_the_order(books: OrderBooks) -> None:
    group = books.plan()
    assert books.send(group, refused_but_taken) is Sending.ACCEPTED
    assert books.states(*(intent.coid for intent in group)) == [S.WORKING] * 3


@pytest.mark.parametrize("missing", [(), (1,), (2,), (1, 2)])
def test_order_of_a_refused_group_that_a_reading_does_not_show_beside_the_others_is_unproven_at_once(
    books: OrderBooks, missing: tuple[int, ...]
) -> None:
    group = books.plan()
    assert books.send(group, refused_but_taken_without(*missing)) is (Sending.UNKNOWN if missing else Sending.ACCEPTED)
    expected = [S.UNKNOWN if place in missing else S.WORKING for place in range(3)]
    assert books.states(*(intent.coid for intent in group)) == expected


@pytest.mark.parametrize("missing", [0, 1])
def test_leg_of_a_refused_pair_is_unproven_at_once_where_a_reading_shows_the_other_one(
    books: OrderBooks, missing: int
) -> None:
    books.bought()
    pair = books.plan_pair()
    assert books.send(pair, refused_but_taken_without(missing), step=Step.PROTECTION) is Sending.UNKNOWN
    there = pair[1 - missing]
    assert books.states(pair[missing].coid, there.coid) == [S.UNKNOWN, S.WORKING]
    assert books.record(there.coid).order_id == books.broker.named(there.coid).order_id
    # It may turn up yet, and is ours then.
    books.broker.take(tickets([pair[missing]]))
    books.read(5)
    assert books.states(*(leg.coid for leg in pair)) == [S.WORKING, S.WORKING]


def test_refused_group_of_which_a_reading_shows_nothing_that_may_be_live_is_refused(books: OrderBooks) -> None:
    group = books.plan()
    assert books.send(group, refused_but_taken_without(0, 1, 2)) is Sending.REFUSED
    assert books.states(*(intent.coid for intent in group)) == [S.REJECTED] * 3


def test_refusal_is_not_believed_where_a_reading_shows_an_order_without_a_name_that_may_be_it(
    books: OrderBooks,
) -> None:
    books.broker.nameless = True
    group = books.plan()
    assert books.send(group, refused_but_taken) is Sending.UNKNOWN
    assert books.states(*(intent.coid for intent in group)) == [S.UNKNOWN] * 3
    books.read(5)
    assert books.states(*(intent.coid for intent in group)) == [S.WORKING] * 3


@pytest.mark.parametrize(("quantity", "result"), [(8, Sending.REFUSED), (9, Sending.UNKNOWN), (10, Sending.REFUSED)])
def test_refusal_is_believed_beside_an_order_of_others_that_is_not_like_it(
    books: OrderBooks, quantity: int, result: Sending
) -> None:
    books.broker.place_foreign(CONIDS["AAPL"], quantity=quantity, price=100.01)
    assert books.send(books.plan(), refused) is result


def test_refusal_is_believed_beside_orders_of_ours_that_are_just_like_it(books: OrderBooks) -> None:
    books.bought()
    books.broker.nameless = True
    pair = books.plan_pair()
    assert books.send(pair, refused, step=Step.PROTECTION) is Sending.REFUSED
    assert books.states(*(leg.coid for leg in pair)) == [S.REJECTED] * 2


def test_refusal_that_cannot_be_verified_is_not_believed(books: OrderBooks) -> None:
    def refuse_and_go_away(broker: FakeBroker, request: PreparedRequest) -> Outcome:
        broker.reads_fail = True
        return refused(broker, request)

    group = books.plan()
    assert books.send(group, refuse_and_go_away) is Sending.UNKNOWN
    assert books.record(group[0].coid).state is S.UNKNOWN


def test_refusal_of_an_order_that_was_executed_is_not_believed(books: OrderBooks) -> None:
    def take_fill_and_refuse(broker: FakeBroker, request: PreparedRequest) -> Outcome:
        broker.apply(request)
        entry = broker.live()[0]
        broker.fill(entry.order_id, 100.0)
        broker.empty.add("orders")
        return refused(broker, request)

    group = books.plan()
    assert books.send(group, take_fill_and_refuse) is Sending.UNKNOWN


def test_legs_that_the_answer_refused_are_counted(books: OrderBooks) -> None:
    group = books.plan()
    assert books.send(group, legs_refused(2)) is Sending.ACCEPTED
    (command,) = books.seen().commands
    assert (command.state, command.refused_legs, command.detail) == (
        CommandState.ACKED, 1, "the price is out of bounds",
    )  # fmt: skip


def test_order_that_the_answer_to_its_group_refused_is_unproven_until_a_reading(books: OrderBooks) -> None:
    group = books.plan()
    books.send(group, legs_refused(0, 1, 2))
    assert (books.record(group[0].coid).state, books.record(group[0].coid).order_id) == (S.UNKNOWN, None)


def test_outcome_of_each_kind_has_its_word_in_the_journal(books: OrderBooks) -> None:
    for fault in (None, nothing_sent, refused, lost_request, duplicate, question("o999")):
        books.send(books.plan(), fault)
    rows = books.rows("SELECT class FROM wire WHERE phase = 'ANSWER' AND act = 'submit' ORDER BY id")
    assert [row["class"] for row in rows] == ["ACK", "NOT_SENT", "REFUSED", "UNKNOWN", "DUPLICATE", "QUESTION"]


def test_orders_before_the_open_are_judged_by_the_close_and_inside_a_session_by_the_quote(books: OrderBooks) -> None:
    group = books.plan()
    quotes = [bid(99.0, IN_SESSION)]
    for now, price in ((PRE_OPEN, CLOSES["AAPL"]), (IN_SESSION, 99.0)):
        found = references_of(group, moment(now, quotes=quotes))
        assert found == {CONIDS["AAPL"]: Reference(price, CONTRACTS["AAPL"])}
    assert references_of(group, moment(PRE_OPEN, closes={})) == {}


def test_requests_about_questions_name_the_command_that_they_answer(books: OrderBooks) -> None:
    books.send(books.plan(), ALLOWED, step=Step.ENTRY)
    rows = books.rows("SELECT act, command FROM wire WHERE phase = 'ABOUT' ORDER BY id")
    assert [(row["act"], row["command"]) for row in rows] == [(RequestKind.SUBMIT, 1), (RequestKind.REPLY, 1)]


def test_question_that_can_not_be_answered_leaves_the_order_unproven(books: OrderBooks) -> None:
    books.broker = Confused(books.clock)
    books.begin()
    group = books.plan()
    assert books.send(group, ALLOWED) is Sending.UNKNOWN
    assert books.record(group[0].coid).detail == "the reply id is not one question's"


def test_acknowledgement_of_a_no_is_a_no_once_a_reading_shows_nothing(books: OrderBooks) -> None:
    def acknowledge(_broker: FakeBroker, _request: PreparedRequest) -> Outcome:
        return Acknowledged((OrderAck(None, "Cancelled"),), Answer(200, b"[]"))

    group = books.plan()
    assert books.send(group, question("o999"), acknowledge) is Sending.DECLINED
    assert books.record(group[0].coid).state is S.DECLINED


def test_single_order_is_bound_by_an_answer_that_does_not_name_it(books: OrderBooks) -> None:
    def no_name(broker: FakeBroker, request: PreparedRequest) -> Outcome:
        outcome = broker.apply(request)
        assert isinstance(outcome, Acknowledged)
        return replace(outcome, orders=(replace(outcome.orders[0], local_order_id=None),))

    sale = market_exit(books.journal.next_coid(), quantity=9)
    books.journal.plan([sale])
    assert books.send([sale], no_name, step=Step.EXIT) is Sending.ACCEPTED
    assert books.record(sale.coid).order_id == books.broker.named(sale.coid).order_id


@pytest.mark.parametrize(
    ("fault", "result"), [(None, Sending.ACCEPTED), (refused_but_taken, Sending.UNKNOWN)], ids=["taken", "refused"]
)
def test_order_under_an_id_that_another_one_of_ours_has_as_yet_is_unproven_until_readings_show_whose_it_is(
    books: OrderBooks, fault: Fault | None, result: Sending
) -> None:
    first = books.enter()
    books.read()
    ids = [books.record(intent.coid).order_id for intent in first]
    books.broker.end(ids[0] or 0, BrokerStatus.CANCELLED)
    books.broker.next_id = ids[0] or 0
    second = books.plan("XOM", 3)
    assert books.send(second, fault) is result
    assert (books.record(second[0].coid).state, books.record(second[0].coid).order_id) == (S.UNKNOWN, None)
    found = books.read_often(4, 90)
    assert [books.record(intent.coid).order_id for intent in second] == ids
    assert books.states(*(intent.coid for intent in second)) == [S.WORKING] * 3
    assert not any(record.order_id in ids for record in map(books.record, (intent.coid for intent in first)))
    assert [each.halts for each in found] == [()] * 4
