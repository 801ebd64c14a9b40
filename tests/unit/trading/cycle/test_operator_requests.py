"""What people ask for, as the trading process takes it up."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from tests.fakes.orders import at_work, bracket
from tests.fakes.request_house import BUSY, DAMAGED, NOW, House
from trading.cycle.operator_requests import EXPIRES_AFTER_S, describe, halted
from trading.errors import InvariantBroken
from trading.model.mode import NOTHING_SEEN, Mode, Seen
from trading.model.operator_request import OperatorVerb
from trading.model.status import SessionState, StatusKey
from trading.store.commands import SqliteCommandLog
from trading.store.journal import SqliteJournal
from trading.store.records import SqliteStore

# ---- halt


def test_without_a_request_nothing_changes(house: House) -> None:
    assert house.take_up() == 0
    assert not house.taker.take_up_urgent(NOW)
    assert house.mode() is Mode.ACTIVE


def test_halt_is_in_force_at_once_with_its_reason_and_who_asked(house: House) -> None:
    house.requests.ask(OperatorVerb.HALT, "earnings")
    assert house.take_up() == 1
    state = house.store.mode()
    assert (state.mode, state.reason, state.actor) == (Mode.HALTED, "earnings", "mary")
    assert not house.flattens()


@pytest.mark.parametrize("session", [None, *SessionState])
def test_answer_to_a_halt_says_what_follows_as_things_stand(house: House, session: SessionState | None) -> None:
    if session is not None:
        house.store.show({StatusKey.SESSION_STATE: session})
    journal = SqliteJournal(house.database)
    at_work(journal, SqliteCommandLog(house.database), bracket(journal.next_coid()))
    house.requests.ask(OperatorVerb.HALT)
    house.take_up()
    (answer,) = house.answers()
    reached = session is SessionState.READY
    assert answer.startswith("halted: nothing is bought; stops stay; 1 own entry (AAPL) is ")
    assert ("is being cancelled" in answer) == reached
    assert answer.endswith("not confirmed at the broker: use TWS or the phone") != reached


@pytest.mark.parametrize(
    ("entries", "flatten", "reached", "answer"),
    [
        ((), False, True, "halted: nothing is bought; stops stay; no own entry is live"),
        (("A", "B"), False, True, "halted: nothing is bought; stops stay; 2 own entries (A, B) are being cancelled"),
        (
            (),
            True,
            True,
            "halted: nothing is bought; own shares are sold as soon as that may be sent; no own entry is live",
        ),
        (
            ("A",),
            True,
            False,
            "halted: nothing is bought; own shares are sold as soon as that may be sent; 1 own entry (A) is to be"
            " cancelled; the broker is not reached, this is tried until it is;"
            " not confirmed at the broker: use TWS or the phone",
        ),
    ],
)
def test_answer_never_promises_what_the_broker_does_not_hear(
    entries: tuple[str, ...], answer: str, *, flatten: bool, reached: bool
) -> None:
    assert halted(entries, flatten=flatten, reached=reached) == answer


def test_halt_without_a_reason_has_one(house: House) -> None:
    house.requests.ask(OperatorVerb.HALT)
    house.take_up()
    assert house.store.mode().reason == "asked for"


@pytest.mark.parametrize("age_s", [None, 1e9])
def test_halt_never_expires(house: House, age_s: float | None) -> None:
    house.requests.ask(OperatorVerb.HALT, age_s=age_s)
    house.take_up()
    assert house.mode() is Mode.HALTED


def test_every_request_is_answered_once_and_logged(house: House) -> None:
    house.requests.ask(OperatorVerb.HALT)
    house.requests.ask(OperatorVerb.RESUME)
    assert house.take_up() == 2
    assert house.take_up() == 0
    assert sorted(str(kind) for kind, _ in house.requests.answers) == ["halt", "resume"]
    assert [(level, fields["actor"]) for level, _, fields in house.log.lines] == [("warning", "mary")] * 2


@pytest.mark.parametrize(
    "kinds",
    [(OperatorVerb.RESUME, OperatorVerb.HALT), (OperatorVerb.HALT, OperatorVerb.RESUME)],
)
def test_halt_stays_whatever_was_asked_for_together_with_it(house: House, kinds: tuple[OperatorVerb, ...]) -> None:
    for kind in kinds:
        house.requests.ask(kind)
    house.take_up()
    assert house.mode() is Mode.HALTED


def test_halt_that_a_crash_left_unanswered_does_not_halt_again_after_a_resume(house: House) -> None:
    house.requests.ask(OperatorVerb.HALT)
    house.requests.failures["answer"] = [DAMAGED]
    house.take_up()
    house.requests.ask(OperatorVerb.RESUME, seen=house.store.mode().seen)
    house.boot().take_up(NOW)
    assert house.requests.waiting == []
    assert house.mode() is Mode.ACTIVE


def test_halt_without_a_readable_time_halts_again_once_it_was_acknowledged(house: House) -> None:
    for hour in (1, 2):
        house.requests.waiting = [replace(house.requests.ask(OperatorVerb.HALT), number=1, made=None)]
        house.requests.failures["answer"] = [DAMAGED]
        house.taker.take_up(NOW + timedelta(hours=hour))
        house.taker.take_up(NOW + timedelta(hours=hour, seconds=1))
        assert len(house.store.halts.halting()) == 1
        house.requests.ask(OperatorVerb.RESUME)
        house.take_up()
        assert house.mode() is Mode.ACTIVE


# ---- the file HALT


def test_file_halts_and_is_moved_away(house: House) -> None:
    house.requests.make_file("fire")
    assert house.take_up() == 1
    assert (house.store.mode().reason, house.store.mode().actor) == ("fire", "file HALT")
    assert house.requests.file is None


def test_old_resume_never_beats_a_newer_file(house: House) -> None:
    house.requests.ask(OperatorVerb.RESUME, seen=NOTHING_SEEN)
    house.requests.make_file()
    house.take_up()
    assert house.mode() is Mode.HALTED
    assert house.answers()[0].startswith("refused: this halted after what you saw: fire")


def test_file_halts_where_stored_requests_cannot_be_read(house: House) -> None:
    house.requests.make_file("fire")
    house.requests.failures["pending"] = [DAMAGED]
    house.take_up()
    assert house.store.mode().reason.startswith("fire")


def test_file_that_cannot_be_moved_does_not_hide_what_is_stored(house: House) -> None:
    house.requests.make_file()
    house.requests.ask(OperatorVerb.FLATTEN)
    house.requests.failures["halt_file_done"] = [DAMAGED] * 9
    house.take_up()
    assert house.flattens()
    assert not house.taker.take_up_urgent(NOW)


# ---- flatten


def test_flatten_halts_and_is_a_goal_that_survives_a_restart(house: House) -> None:
    house.requests.ask(OperatorVerb.FLATTEN, "the news")
    house.take_up()
    house.boot()
    assert house.mode() is Mode.HALTED
    goal = house.store.halts.flatten_goal()
    assert goal is not None
    assert (goal.reason, goal.actor) == ("the news", "mary")


def test_resume_takes_a_flatten_back_and_says_so(house: House) -> None:
    house.requests.ask(OperatorVerb.FLATTEN)
    house.take_up()
    house.requests.ask(OperatorVerb.RESUME, seen=house.store.mode().seen)
    house.take_up()
    assert house.mode() is Mode.ACTIVE
    assert not house.flattens()
    assert "The flatten was taken back" in house.answers()[-1]


@pytest.mark.parametrize("age_s", [EXPIRES_AFTER_S + 0.1, None])
def test_late_flatten_halts_and_sells_nothing(house: House, age_s: float | None) -> None:
    house.requests.ask(OperatorVerb.FLATTEN, age_s=age_s)
    house.take_up()
    assert house.mode() is Mode.HALTED
    assert not house.flattens()
    assert house.answers()[0].startswith("refused: halted, but not flattened")


def test_flatten_that_a_crash_left_unanswered_is_one(house: House) -> None:
    house.requests.ask(OperatorVerb.FLATTEN)
    house.requests.failures["answer"] = [DAMAGED]
    house.take_up()
    goal = house.store.halts.flatten_goal()
    house.boot().take_up(NOW)
    assert house.store.halts.flatten_goal() == goal
    assert len(house.store.mode().halts) == 1


def test_flatten_that_cannot_be_recorded_as_taken_up_only_halts(house: House) -> None:
    house.requests.ask(OperatorVerb.FLATTEN)
    house.requests.failures["take_up"] = [DAMAGED]
    house.take_up()
    assert house.mode() is Mode.HALTED
    assert not house.flattens()
    house.take_up()
    assert house.flattens()


# ---- what can't wait for the loop


def test_halt_and_flatten_are_taken_up_beside_the_loop_and_the_rest_waits_for_it(house: House) -> None:
    for kind in (OperatorVerb.RESUME, OperatorVerb.FLATTEN, OperatorVerb.HALT, None):
        house.requests.ask(kind, seen=NOTHING_SEEN)
    assert house.taker.take_up_urgent(NOW)
    assert house.flattens()
    assert [request.kind for request in house.requests.waiting] == [OperatorVerb.RESUME, None]
    assert house.taker.take_up_urgent(NOW)
    house.take_up()
    assert not house.taker.take_up_urgent(NOW)


def test_request_that_stays_unanswered_does_not_call_the_loop_again_and_again(house: House) -> None:
    house.requests.ask(OperatorVerb.HALT)
    house.requests.failures["take_up"] = [DAMAGED] * 3
    assert house.taker.take_up_urgent(NOW)
    assert not house.taker.take_up_urgent(NOW)
    assert [level for level, _, _ in house.log.lines] == ["error"]


# ---- what can't be understood, read or stored


def test_request_that_makes_no_sense_is_answered_and_harms_nothing(house: House) -> None:
    house.requests.ask(None)
    house.requests.ask(OperatorVerb.HALT)
    house.take_up()
    assert house.requests.answers[0] == (None, "refused: not understood, nothing was done")
    assert house.mode() is Mode.HALTED


def test_requests_that_nobody_can_read_halt_until_they_can_be_read_and_a_person_says_so(house: House) -> None:
    house.requests.failures["pending"] = [DAMAGED, DAMAGED]
    house.take_up()
    house.boot().take_up(NOW)
    (halt,) = house.store.mode().halts
    assert halt.reason.startswith("requests of people can't be read (controls.db: file is not a database)")
    house.requests.ask(OperatorVerb.RESUME, seen=Seen(halt.halt_id))
    house.boot().take_up(NOW)
    assert house.mode() is Mode.ACTIVE
    assert house.store.halts.standing() == ()


def test_requests_that_somebody_holds_for_a_moment_are_read_later(house: House) -> None:
    house.requests.ask(OperatorVerb.HALT)
    house.requests.failures["pending"] = [BUSY]
    house.take_up()
    assert house.mode() is Mode.ACTIVE
    house.take_up()
    assert house.mode() is Mode.HALTED


@pytest.mark.parametrize("by_file", [True, False])
def test_halt_that_cannot_be_stored_is_in_force_and_asked_for_until_it_is(house: House, *, by_file: bool) -> None:
    house.block_the_store(blocked=True)
    if by_file:
        house.requests.make_file()
    else:
        house.requests.ask(OperatorVerb.HALT)
    for _ in range(2):
        house.take_up()
        assert house.mode() is Mode.HALTED
    assert house.requests.file is not None or house.requests.waiting
    house.block_the_store(blocked=False)
    house.take_up()
    assert (house.requests.file, house.requests.waiting) == (None, [])
    assert SqliteStore(house.database).mode().mode is Mode.HALTED


def test_requests_that_cannot_be_read_while_nothing_can_be_stored_are_an_error_of_the_log_alone(house: House) -> None:
    house.block_the_store(blocked=True)
    house.requests.failures["pending"] = [DAMAGED]
    assert house.take_up() == 0
    assert house.mode() is Mode.HALTED
    assert {level for level, _, _ in house.log.lines} == {"error"}


def test_halt_by_the_system_names_the_invariant() -> None:
    assert describe(InvariantBroken("I10", "sold more than was held")) == "I10: sold more than was held"
