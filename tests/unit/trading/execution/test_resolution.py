from __future__ import annotations

from datetime import timedelta

from tests.fakes.fake_broker import lost_answer, lost_request
from tests.fakes.trading_desk import CLOSE, CONIDS, Office, Process, approved, decision_of
from trading.model.order import IntentState, Role


def doubtful(office: Office, *, witness: bool) -> Process:
    """Return a process whose entry was lost on its way; a foreign order may bear witness."""
    process = office.start()
    if witness:
        office.broker.place_foreign(CONIDS["XOM"])
    office.broker.faults.append(lost_request)
    office.carry_out(process, decision_of(approved()))
    return process


def state(office: Office) -> IntentState:
    return next(record.state for record in office.journal.intents() if record.intent.role is Role.ENTRY)


def look(office: Office, process: Process, times: int, every_s: float = 31.0) -> None:
    for _ in range(times):
        office.clock.go(every_s)
        process.read()


def test_five_witnessed_readings_prove_that_an_order_never_arrived() -> None:
    office = Office()
    process = doubtful(office, witness=True)
    # Nothing counts for twice the time in which an accepted order may still be invisible.
    look(office, process, 3)
    assert office.journal._votes == {record.intent.coid: 0 for record in office.journal.intents()}
    look(office, process, 4)
    assert state(office) is IntentState.UNKNOWN
    look(office, process, 2)
    assert {record.state for record in office.journal.intents()} == {IntentState.LOST}
    assert "order_lost" in office.notes.codes()
    assert len(office.broker.submits()) == 1


def test_empty_list_proves_nothing_without_a_witness() -> None:
    office = Office()
    process = doubtful(office, witness=False)
    look(office, process, 30)
    assert state(office) is IntentState.UNKNOWN
    assert "order_unknown" in office.notes.codes()
    assert all(record.frozen for record in office.journal.intents())


def test_partial_list_proves_nothing() -> None:
    office = Office()
    process = doubtful(office, witness=True)
    for _ in range(30):
        # The list alternates: the witness is missing from every other reading.
        office.broker.hidden = set() if office.broker.hidden else set(office.broker.book)
        look(office, process, 1)
    assert state(office) is IntentState.UNKNOWN


def test_votes_lie_half_a_minute_apart() -> None:
    office = Office()
    process = doubtful(office, witness=True)
    office.clock.go(130)
    for _ in range(20):
        office.clock.go(1)
        process.read()
    assert state(office) is IntentState.UNKNOWN


def test_unexplained_shares_keep_it_unproven() -> None:
    office = Office()
    process = doubtful(office, witness=True)
    office.broker.held[CONIDS["AAPL"]] = 9
    look(office, process, 20)
    assert state(office) is IntentState.UNKNOWN


def test_order_that_turns_up_late_is_bound() -> None:
    office = Office()
    process = doubtful(office, witness=True)
    look(office, process, 6)
    office.broker.apply(office.broker.submits()[0])
    look(office, process, 1)
    assert state(office) is IntentState.WORKING


def test_unfilled_entry_is_lost_when_its_session_is_over_and_two_readings_say_so() -> None:
    office = Office()
    process = doubtful(office, witness=False)
    office.clock.time = CLOSE + timedelta(minutes=29)
    process.read()
    office.clock.time = CLOSE + timedelta(minutes=31)
    process.read()
    look(office, process, 3)
    # One of them has to come after the nightly reset.
    assert state(office) is IntentState.UNKNOWN
    office.clock.time = CLOSE + timedelta(hours=12)
    process.read()
    assert {record.state for record in office.journal.intents()} == {IntentState.LOST}


def test_nothing_read_inside_the_nightly_reset_counts() -> None:
    office = Office()
    process = doubtful(office, witness=True)
    # 00:46 in New York.
    office.clock.time = CLOSE + timedelta(hours=8, minutes=46)
    for _ in range(20):
        process.read()
        office.clock.go(60)
        if office.clock.time >= CLOSE + timedelta(hours=9, minutes=30):
            break
    assert not any(office.journal._votes.values())


def test_next_look_is_soon_while_votes_can_come_and_later_only_at_the_expiry() -> None:
    office = Office()
    process = doubtful(office, witness=False)
    soon = process.reconciler.next_look()
    assert soon is not None
    assert soon <= office.clock.now() + timedelta(seconds=31)
    look(office, process, 30)
    later = process.reconciler.next_look()
    assert later == CLOSE + timedelta(minutes=30)


def test_answer_lost_and_order_there_needs_no_vote() -> None:
    office = Office()
    office.broker.faults.append(lost_answer)
    office.carry_out(office.start(), decision_of(approved()))
    assert state(office) is IntentState.WORKING
