from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from tests.fakes.fake_broker import (
    Confused,
    FakeBroker,
    Fault,
    lost_answer,
    lost_request,
    nothing_sent,
    question,
    refused,
)
from tests.fakes.order_books import PURPOSE, OrderBooks
from tests.fakes.trading_states import CLOSES, CONIDS, DECIDED, approved, bid, moment, observing
from trading.execution.planning.order_factory import bracket
from trading.execution.planning.plan import Adopt, Cancel, Forgo, Modify, Plan, PlannedCommand, Prepare, Refuse, Submit
from trading.execution.planning.state import AccountGuard, TradingState
from trading.execution.planning.waits import refusal_of
from trading.execution.sending.sender import ROUND_S, Round, Sender
from trading.model.account import AccountKind
from trading.model.command import CommandRecord, CommandState, Step
from trading.model.decision import Denied
from trading.model.metric import Counter
from trading.model.mode import Mode
from trading.model.order import IntentState
from trading.model.outcome import Outcome
from trading.model.record import IntentRecord
from trading.model.request import PreparedRequest, RequestKind

S = IntentState
AAPL = CONIDS["AAPL"]
REFUSAL = Denied("AAPL", "too_old", None, None, "its window is over")


class Desk:
    """Carries plans out on the state that `now` returns, which a test may change."""

    def __init__(self, books: OrderBooks) -> None:
        self.books = books
        self.facts: dict[str, object] = {}
        self.sender = Sender(books.context(), lambda _: self.now())

    def now(self) -> TradingState:
        books = self.books
        quotes = [bid(CLOSES[symbol], books.clock.now(), conid=conid) for symbol, conid in CONIDS.items()]
        made = replace(
            moment(books.clock.now(), quotes=quotes),
            epoch=books.epoch,
            journal=books.seen(),
            snapshot=books.snapshot(books.epoch),
        )
        return replace(made, **self.facts)  # type: ignore[arg-type]

    def carry_out(self, *commands: PlannedCommand, faults: tuple[Fault | None, ...] = ()) -> Round:
        self.books.broker.faults.extend(faults)
        return self.sender.carry_out(Plan(commands=list(commands)), self.now())

    def working(self, symbol: str = "AAPL") -> IntentRecord:
        """Return the record of the stop of an entry that has filled."""
        group = self.books.bought(symbol=symbol, price=CLOSES[symbol])
        return self.books.record(group[1].coid)

    def commands(self) -> list[CommandRecord]:
        return [command for command in self.books.seen().commands if command.kind is not RequestKind.SUBMIT]


@pytest.fixture
def desk(books: OrderBooks) -> Desk:
    return Desk(books)


def entry_of(symbol: str = "AAPL") -> Submit:
    limit = round(CLOSES[symbol] * 0.995, 2)
    return Submit(bracket(approved(symbol, 3, limit), CONIDS[symbol], PURPOSE), Step.ENTRY)


# ---- submissions


def test_draft_is_planned_and_sent_in_one_post(desk: Desk) -> None:
    done = desk.carry_out(entry_of())
    assert (done.sent, done.denied, done.acted, done.unanswered) == (3, 0, True, 0)
    assert len(desk.books.broker.submits()) == 1
    assert [record.state for record in desk.books.journal.intents()] == [S.WORKING, S.SENDING, S.SENDING]


def test_what_is_planned_already_is_sent_as_it_is(desk: Desk) -> None:
    group = desk.books.plan(quantity=3)
    desk.carry_out(Submit(group, Step.ENTRY))
    assert desk.books.broker.names() == [group[0].coid]
    assert len(desk.books.journal.intents()) == 3


def test_denial_is_on_record_with_its_numbers(desk: Desk) -> None:
    done = desk.carry_out(Submit(bracket(approved("AAPL", 100_000), AAPL, PURPOSE), Step.ENTRY))
    assert (done.sent, done.denied, done.acted) == (0, 1, False)
    assert [record.state for record in desk.books.journal.intents()] == [S.DENIED] * 3
    (row,) = desk.books.rows("SELECT code, value, limit_value FROM denial")
    assert row["value"] > row["limit_value"] > 0.0
    assert desk.books.metrics.counts[Counter.DENIALS, row["code"]] == 1


def test_order_that_only_has_to_wait_stays_planned(desk: Desk) -> None:
    desk.facts["reconciled"] = False
    desk.facts["mode"] = Mode.RECONCILING
    done = desk.carry_out(entry_of())
    assert set(done.waiting) == {"AAPL"}
    assert {record.state for record in desk.books.journal.intents()} == {S.PLANNED}


def test_order_that_did_not_leave_waits_and_nothing_was_done(desk: Desk) -> None:
    done = desk.carry_out(entry_of(), faults=(nothing_sent,))
    assert (done.sent, done.acted, done.waiting["AAPL"].code) == (0, False, "not_sent")


def test_state_is_looked_at_anew_before_a_question_is_answered_yes(desk: Desk) -> None:
    def ask_while_it_halts(broker: FakeBroker, request: PreparedRequest) -> Outcome:
        desk.facts["mode"] = Mode.HALTED
        return broker.ask(request, ("o10152",))

    desk.carry_out(entry_of(), faults=(ask_while_it_halts,))
    assert desk.books.broker.replies == [False]
    assert desk.books.journal.intents()[0].state is S.DECLINED


@pytest.mark.parametrize(
    "guard",
    [
        observing(),
        AccountGuard("DU1234567", AccountKind.PAPER, "", "DU7654321"),
        AccountGuard("DU1234567", AccountKind.PAPER, "", None),
    ],
)
def test_nothing_leaves_in_observe_mode_or_while_another_account_is_selected(desk: Desk, guard: AccountGuard) -> None:
    stop = desk.working()
    before = len(desk.books.broker.arrived)
    desk.facts["guard"] = guard
    desk.carry_out(entry_of("XOM"), Cancel(stop, Step.HALT), Modify(stop, 5, 96.0, Step.RESIZE))
    assert len(desk.books.broker.arrived) == before


def test_group_is_planned_without_being_sent(desk: Desk) -> None:
    done = desk.carry_out(Prepare(entry_of().group))
    assert (done.sent, done.acted, desk.books.broker.arrived) == (0, False, [])
    assert [record.state for record in desk.books.journal.intents()] == [S.PLANNED] * 3


def test_refused_draft_is_planned_first_so_that_the_refusal_is_on_record(desk: Desk) -> None:
    done = desk.carry_out(Refuse(entry_of().group, REFUSAL))
    assert done.denied == 1
    assert [record.detail for record in desk.books.journal.intents()] == [
        "too_old: its window is over", "too_old", "too_old",
    ]  # fmt: skip


def test_refusal_of_an_entry_of_which_no_order_was_made_is_put_on_record(desk: Desk) -> None:
    assert desk.carry_out(Forgo(DECIDED, REFUSAL)).denied == 1
    assert desk.books.journal.intents() == ()
    (row,) = desk.books.rows("SELECT session, symbol, code, detail FROM denial")
    assert tuple(row) == (DECIDED.isoformat(), "AAPL", "too_old", "its window is over")
    assert refusal_of(DECIDED, "AAPL") in desk.books.context().evidence.subjects()


def test_stop_and_target_that_a_person_set_become_the_plan(desk: Desk) -> None:
    desk.working()
    desk.carry_out(Adopt(AAPL, 97.0, 111.0))
    (position,) = desk.books.journal.own_positions()
    assert (position.stop_price, position.target_price) == (97.0, 111.0)


# ---- cancels and modifications


def change_of(record: IntentRecord) -> dict[RequestKind, PlannedCommand]:
    return {
        RequestKind.CANCEL: Cancel(record, Step.EXIT),
        RequestKind.MODIFY: Modify(record, 5, 96.0, Step.RESIZE),
    }


@pytest.mark.parametrize("kind", [RequestKind.CANCEL, RequestKind.MODIFY])
@pytest.mark.parametrize(
    ("fault", "state", "acted", "unanswered"),
    [
        (None, CommandState.ACKED, True, 0),
        (refused, CommandState.REFUSED, True, 0),
        (nothing_sent, CommandState.NOT_SENT, False, 0),
        (lost_answer, CommandState.UNKNOWN, True, 1),
        (lost_request, CommandState.UNKNOWN, True, 1),
    ],
)
def test_change_is_a_command_with_what_became_of_its_request(
    desk: Desk, kind: RequestKind, fault: Fault | None, state: CommandState, *, acted: bool, unanswered: int
) -> None:
    stop = desk.working()
    done = desk.carry_out(change_of(stop)[kind], faults=(fault,))
    (command,) = desk.commands()
    assert (command.kind, command.coids, command.draft.order_id) == (kind, (stop.coid,), stop.order_id)
    assert (command.state, done.acted, done.unanswered) == (state, acted, unanswered)
    assert desk.books.record(stop.coid).state is S.WORKING


def test_change_is_on_file_before_its_bytes_leave(desk: Desk) -> None:
    stop = desk.working()
    desk.carry_out(*change_of(stop).values())
    rows = desk.books.rows("SELECT act, verb FROM wire WHERE phase = 'ABOUT' ORDER BY id DESC LIMIT 2")
    assert [tuple(row) for row in rows] == [("modify", "POST"), ("cancel", "DELETE")]


def test_modification_asks_for_size_and_price_and_keeps_the_rest(desk: Desk) -> None:
    stop = desk.working()
    desk.carry_out(Modify(stop, 5, 96.0, Step.RESIZE))
    order = desk.books.broker.book[stop.order_id or 0]
    assert (order.total_quantity, order.stop_price, order.limit_price) == (5, 96.0, None)
    (command,) = desk.commands()
    assert (command.draft.quantity, command.draft.stop_price, command.draft.limit_price) == (5, 96.0, None)


@pytest.mark.parametrize(
    ("faults", "replies", "state"),
    [
        ((question("o10152"),), [True], CommandState.ACKED),
        ((question("o10152"), question("o10152")), [True, False], CommandState.REFUSED),
        ((question("o999"),), [False], CommandState.REFUSED),
        ((question("o999"), lost_answer), [False], CommandState.REFUSED),
        ((question("o10152"), lost_request), [], CommandState.UNKNOWN),
    ],
)
def test_questions_about_a_modification_are_answered_by_the_rules_of_orders(
    desk: Desk, faults: tuple[Fault, ...], replies: list[bool], state: CommandState
) -> None:
    stop = desk.working()
    desk.carry_out(Modify(stop, 5, 96.0, Step.RESIZE), faults=faults)
    (command,) = desk.commands()
    assert (desk.books.broker.replies, command.state) == (replies, state)
    assert desk.books.record(stop.coid).state is S.WORKING


def test_stop_that_is_declined_a_change_stays_as_it_is(desk: Desk) -> None:
    stop = desk.working()
    desk.carry_out(Modify(stop, 5, 96.0, Step.RESIZE), faults=(question("o999"),))
    order = desk.books.broker.book[stop.order_id or 0]
    assert order.total_quantity == 9


def test_modification_waits_where_it_would_sell_more_than_there_is(desk: Desk) -> None:
    stop = desk.working()
    done = desk.carry_out(Modify(stop, 10, 96.0, Step.RESIZE))
    assert (done.waiting["AAPL"].code, done.acted, desk.commands()) == ("short", False, [])


def test_modification_that_is_not_allowed_any_more_is_declined(desk: Desk) -> None:
    def select_another(broker: FakeBroker, request: PreparedRequest) -> Outcome:
        desk.facts["guard"] = AccountGuard("DU1234567", AccountKind.PAPER, "", "DU7654321")
        return broker.ask(request, ("o10152",))

    stop = desk.working()
    desk.carry_out(Modify(stop, 5, 96.0, Step.RESIZE), faults=(select_another,))
    (command,) = desk.commands()
    assert (desk.books.broker.replies, command.state) == ([False], CommandState.REFUSED)


def test_question_about_a_modification_that_can_not_be_answered_leaves_it_unproven_and_halts_nothing(
    books: OrderBooks,
) -> None:
    books.broker = Confused(books.clock)
    books.begin()
    desk = Desk(books)
    stop = desk.working()
    done = desk.carry_out(Modify(stop, 5, 96.0, Step.RESIZE), faults=(question("o10152"),))
    (command,) = desk.commands()
    assert (command.state, done.unanswered, done.halts) == (CommandState.UNKNOWN, 1, [])


# ---- commands that a plan settles


def test_commands_that_a_plan_settles_are_settled_before_anything_is_sent(desk: Desk) -> None:
    stop = desk.working()
    desk.books.broker.cancels_wait = True
    for _ in range(3):
        desk.carry_out(Cancel(stop, Step.EXIT))
    first, second, third = (command.number for command in desk.commands())
    plan = Plan(confirmed=[first], refused=[second], lapsed=[third])
    desk.sender.carry_out(plan, desk.now())
    assert [command.state for command in desk.commands()] == [
        CommandState.CONFIRMED, CommandState.REFUSED, CommandState.LAPSED,
    ]  # fmt: skip


# ---- the end of a round


def test_two_commands_without_an_answer_end_a_round(desk: Desk) -> None:
    stop = desk.working()
    done = desk.carry_out(*[Cancel(stop, Step.EXIT)] * 3, faults=(lost_request, lost_request))
    assert (done.unanswered, done.unfinished, len(desk.commands())) == (2, True, 2)


def hung(seconds: float, books: OrderBooks) -> Callable[[FakeBroker, PreparedRequest], None]:
    def wait(_broker: FakeBroker, _request: PreparedRequest) -> None:
        books.clock.go(seconds)

    return wait


@pytest.mark.parametrize(("seconds", "sent"), [(ROUND_S, 2), (ROUND_S + 1, 1)])
def test_round_ends_after_twenty_seconds(desk: Desk, seconds: float, sent: int) -> None:
    stop = desk.working()
    done = desk.carry_out(*[Cancel(stop, Step.EXIT)] * 2, faults=(hung(seconds, desk.books),))
    assert (len(desk.commands()), done.unfinished) == (sent, sent == 1)


@pytest.mark.parametrize(("age", "sent"), [(30, 1), (31, 0)])
def test_nothing_is_sent_from_a_reading_older_than_thirty_seconds(desk: Desk, age: float, sent: int) -> None:
    stop = desk.working()
    state = desk.now()
    desk.books.clock.go(age)
    done = desk.sender.carry_out(Plan(commands=[Cancel(stop, Step.EXIT)]), state)
    assert (len(desk.commands()), done.unfinished) == (sent, sent == 0)


def test_refusal_is_put_on_record_however_old_the_reading_is_and_whatever_a_person_wants(desk: Desk) -> None:
    """Once there is a newer decision nobody looks at this one."""
    state, stop = desk.now(), desk.working()
    desk.books.clock.go(31)
    desk.books.wanted = True
    done = desk.sender.carry_out(Plan(commands=[Cancel(stop, Step.EXIT), Forgo(DECIDED, REFUSAL)]), state)
    assert (len(desk.commands()), done.unfinished, done.denied) == (0, True, 1)


def test_person_who_wants_something_lets_cancels_through_and_nothing_new(desk: Desk) -> None:
    stop = desk.working()
    desk.books.wanted = True
    desk.carry_out(Cancel(stop, Step.EXIT), entry_of("XOM"), Cancel(stop, Step.EXIT))
    assert [command.kind for command in desk.commands()] == [RequestKind.CANCEL]
    assert len(desk.books.broker.submits()) == 1


def test_command_that_can_not_be_carried_out_keeps_no_other_from_being(desk: Desk) -> None:
    stop = desk.working()
    done = desk.carry_out(Adopt(CONIDS["XOM"], 1.0, 2.0), Cancel(stop, Step.EXIT))
    assert [halt.cause for halt in done.halts] != []
    assert len(desk.commands()) == 1
