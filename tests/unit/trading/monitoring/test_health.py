from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from trading.model.mode import Mode
from trading.model.status import SessionState, StatusKey, TroubleKind
from trading.monitoring.health import Facts, liveness, read_facts, readiness
from trading.monitoring.sign_of_life import Beat
from trading.monitoring.verdicts import TROUBLE_STEPS, Health

BEAT = Beat(age_s=0.4, step="waits for the next cycle", step_s=7.0, over_s=-20.0)
OWN = frozenset({SessionState.READY, SessionState.STARTING, SessionState.ENDED})
WELL = Facts(BEAT, session=SessionState.READY, mode=Mode.ACTIVE)
ENDED = replace(BEAT, age_s=400.0, ended_at="2014-03-04T13:30:00+00:00", ended_by="Ctrl-C")

TOLD: dict[str, str] = {
    StatusKey.SESSION_STATE: SessionState.GATEWAY_DOWN,
    StatusKey.STATE_SINCE: "2014-03-05T14:30:59+00:00",
    StatusKey.SESSION_DETAIL: "connection refused",
    StatusKey.SESSION_NEXT: "It is tried again.",
    StatusKey.SESSION_PERSON: "Restart it.",
}


def test_facts_are_what_the_trading_process_kept() -> None:
    kept: dict[str, str] = {
        StatusKey.SESSION_STATE: "competing",
        StatusKey.UNCOVERED_SHARES: "7",
        StatusKey.UNKNOWN_ORDERS: "2",
    }
    facts = read_facts(kept, beat=BEAT, mode=Mode.ACTIVE)
    assert facts == Facts(BEAT, SessionState.COMPETING, Mode.ACTIVE, uncovered_shares=7, unknown_orders=2)


@pytest.mark.parametrize(
    "kept", [{}, {StatusKey.SESSION_STATE: "?", StatusKey.UNCOVERED_SHARES: "-3", StatusKey.UNKNOWN_ORDERS: "²"}]
)
def test_facts_that_are_absent_or_make_no_sense_count_as_starting(kept: dict[str, str]) -> None:
    facts = read_facts(kept, beat=None, mode=None)
    assert facts == Facts(None, SessionState.STARTING, None)


def test_all_well_is_alive_and_ready_with_nothing_to_do() -> None:
    assert liveness(BEAT).ok
    health = readiness(WELL)
    assert (health.ok, health.code, health.next_step) == (True, "ready", "")


@pytest.mark.parametrize(("age_s", "alive"), [(0.0, True), (15.0, True), (15.1, False), (None, False)])
def test_beats_that_are_missing_are_silence(age_s: float | None, *, alive: bool) -> None:
    assert liveness(replace(BEAT, age_s=age_s)).ok is alive


@pytest.mark.parametrize(("over_s", "alive"), [(-300.0, True), (14.0, True), (15.0, False)])
def test_a_step_that_is_fifteen_seconds_past_its_limit_is_a_stuck_loop(over_s: float, *, alive: bool) -> None:
    health = liveness(replace(BEAT, step="decides", over_s=over_s))
    assert health.ok is alive
    assert alive or ("decides" in health.told and health.code == "stuck")


def test_a_call_that_hangs_within_its_limit_is_the_gateway_s_fault_and_the_loop_alive() -> None:
    hangs = replace(BEAT, call="POST /tickle", silence_s=11.0, silent_since="2014-03-04T13:30:00+00:00", over_s=-4.0)
    facts = replace(WELL, beat=hangs)
    assert liveness(hangs).ok
    health = readiness(facts)
    assert (health.ok, health.code) == (False, "gateway_down")
    assert health.told.endswith("Since 2014-03-04 13:30 UTC: no answer to POST /tickle")
    assert readiness(replace(facts, beat=replace(hangs, silence_s=10.0))).ok


def test_one_question_without_an_answer_is_told_as_that_until_it_is_answered() -> None:
    hangs = replace(BEAT, call="GET /orders", silence_s=40.0, silent_since="2014-03-04T13:30:00+00:00", answers=True)
    health = readiness(replace(WELL, beat=hangs))
    assert (health.ok, health.code) == (False, "unanswered")
    assert health.told == (
        "The gateway answers, but not everything. Since 2014-03-04 13:30 UTC: no answer to GET /orders"
    )
    assert "log in again" in health.next_step


def test_a_process_in_its_first_cycle_is_not_known_to_be_ready() -> None:
    health = readiness(replace(WELL, beat=replace(BEAT, unproven=True)))
    assert (health.ok, health.code) == (False, "starting")
    assert readiness(replace(WELL, session=SessionState.ENDED, beat=replace(BEAT, unproven=True))).code == "ended"


def test_what_an_earlier_process_stored_is_not_told_as_what_a_new_one_does() -> None:
    begins = replace(BEAT, unproven=True, step="starts")
    assert readiness(replace(WELL, beat=begins)).text == "The trading process starts."
    bare = readiness(replace(WELL, beat=begins, uncovered_shares=4))
    assert (bare.code, "4 shares have none" in bare.text, bare.next_step) == ("starting", True, "")


@pytest.mark.parametrize("facts", [{"starting": "it ended"}, {"beat": None}])
def test_shares_without_a_stop_are_told_beside_a_process_that_is_not_there(facts: dict[str, Any]) -> None:
    assert "stop" not in readiness(replace(WELL, **facts)).text.lower()
    assert "but 43 shares have none" in readiness(replace(WELL, uncovered_shares=43, **facts)).text


@pytest.mark.parametrize(
    ("overdue_s", "answered_s", "late"),
    [(121.0, 1e6, True), (121.0, 40.0, True), (121.0, 4.0, False), (900.0, 4.0, False), (901.0, 4.0, True)],
)
def test_a_cycle_in_which_answers_come_all_the_time_may_take_long(
    overdue_s: float, answered_s: float, *, late: bool
) -> None:
    health = readiness(replace(WELL, beat=replace(BEAT, overdue_s=overdue_s, answered_s=answered_s)))
    assert (health.code == "overdue") is late


def test_a_gateway_that_answers_with_errors_is_not_said_to_give_no_answer() -> None:
    down = replace(WELL, session=SessionState.GATEWAY_DOWN, session_cause="Service Unavailable (HTTP 503)")
    assert readiness(down).text.startswith("The gateway answers with errors. Nothing can be sent.")
    assert readiness(replace(down, session_cause="connection refused")).text.startswith("The gateway does not answer.")


def test_a_cycle_that_does_not_come_to_its_end_is_not_ready_though_nothing_is_known_to_fail() -> None:
    assert readiness(replace(WELL, beat=replace(BEAT, overdue_s=120.0))).ok
    health = readiness(replace(WELL, beat=replace(BEAT, overdue_s=121.0)))
    assert (health.ok, health.code) == (False, "overdue")
    assert BEAT.step in health.told


def test_a_database_that_takes_nothing_is_said_by_the_loop_itself() -> None:
    health = readiness(replace(WELL, beat=replace(BEAT, unstored="storage: database or disk is full")))
    assert (health.ok, health.code) == (False, "unstored")
    assert "disk is full" in health.told


@pytest.mark.parametrize("beat", [replace(BEAT, age_s=90.0), replace(BEAT, over_s=90.0), ENDED])
def test_shares_without_a_stop_are_said_of_a_process_that_can_not_put_them_back(beat: Beat) -> None:
    assert "but 3 shares have none: place them in TWS" in readiness(replace(WELL, beat=beat, uncovered_shares=3)).text
    # Who asks whether the process lives knows nothing of shares.
    assert "tops" not in liveness(beat).text


@pytest.mark.parametrize(
    "present",
    [
        *({"session": session} for session in SessionState if session not in OWN),
        {"beat": replace(BEAT, unstored="disk full")},
        {"beat": replace(BEAT, call="GET /orders", silence_s=20.0)},
    ],
)
def test_shares_without_a_stop_hide_nothing_that_keeps_them_from_being_covered(present: dict[str, Any]) -> None:
    well = readiness(replace(WELL, **present))
    bare = readiness(replace(WELL, uncovered_shares=40, **present))
    assert (bare.code, bare.next_step, bare.cause) == (well.code, well.next_step, well.cause)
    assert well.text.endswith("Stops stay at the broker.")
    assert bare.text == f"{well.text[:-1]}, but 40 shares have none: place them in TWS."


@pytest.mark.parametrize(
    "fails", [{"trouble": "GET /x: no answer"}, {"beat": replace(BEAT, call="GET /x", silence_s=20.0, answers=True)}]
)
def test_shares_without_a_stop_are_being_covered_only_where_nothing_fails(fails: dict[str, Any]) -> None:
    bare = readiness(replace(WELL, uncovered_shares=40))
    assert (bare.code, "is putting them back" in bare.next_step) == ("uncovered", True)
    failing = readiness(replace(WELL, uncovered_shares=40, **fails))
    assert (failing.code, "is putting them back" in failing.next_step) == ("uncovered", False)
    assert "/x" in failing.told
    assert "in TWS" in failing.next_step


@pytest.mark.parametrize("session", SessionState)
@pytest.mark.parametrize("mode", [None, *Mode])
def test_ready_means_usable_session_and_a_mode_that_sends(session: SessionState, mode: Mode | None) -> None:
    health = readiness(replace(WELL, session=session, mode=mode))
    assert health.ok == (session is SessionState.READY and mode in {Mode.ACTIVE, Mode.REDUCING})
    assert health.text
    assert health.code.replace("_", "").isalpha()


@pytest.mark.parametrize(
    ("facts", "code"),
    [
        (replace(WELL, uncovered_shares=10, mode=Mode.HALTED), "uncovered"),
        (replace(WELL, uncovered_shares=10, beat=replace(BEAT, age_s=999.0)), "silent"),
        (replace(WELL, beat=None, session=SessionState.COMPETING), "never_seen"),
        (replace(WELL, beat=replace(BEAT, age_s=999.0), session=SessionState.COMPETING), "silent"),
        (replace(WELL, beat=replace(BEAT, over_s=99.0), session=SessionState.COMPETING), "stuck"),
        (replace(WELL, starting="waiting for the gateway", beat=replace(BEAT, age_s=999.0)), "not_started"),
        (replace(WELL, starting="waiting for the gateway", beat=ENDED), "not_started"),
        (replace(WELL, beat=ENDED, uncovered_shares=3), "stopped"),
        (replace(WELL, beat=replace(BEAT, silence_s=60.0), session=SessionState.STALE), "stale"),
        (replace(WELL, beat=replace(BEAT, overdue_s=600.0), session=SessionState.WAITING_LOGIN), "waiting_login"),
        (replace(WELL, beat=replace(BEAT, overdue_s=600.0), trouble="x"), "trouble"),
        (replace(WELL, session=SessionState.WAITING_LOGIN, mode=Mode.HALTED), "waiting_login"),
        (replace(WELL, mode=Mode.REDUCING, unknown_orders=1), "reducing"),
        (replace(WELL, unknown_orders=2), "unknown_orders"),
        (replace(WELL, trouble="x", session=SessionState.WAITING_LOGIN), "waiting_login"),
        (replace(WELL, beat=replace(BEAT, silence_s=60.0, answers=True), session=SessionState.COMPETING), "competing"),
        (replace(WELL, beat=replace(BEAT, silence_s=60.0, answers=True), trouble="x"), "unanswered"),
        (replace(WELL, beat=replace(BEAT, unproven=True), trouble="x"), "trouble"),
        (replace(WELL, beat=replace(BEAT, unproven=True), session=SessionState.WAITING_LOGIN), "waiting_login"),
        (replace(WELL, beat=replace(BEAT, unproven=True, overdue_s=600.0)), "overdue"),
        (replace(WELL, beat=replace(BEAT, unproven=True), mode=Mode.HALTED), "starting"),
        (replace(WELL, trouble="x", mode=Mode.HALTED, unknown_orders=2), "trouble"),
    ],
)
def test_worst_reason_comes_first(facts: Facts, code: str) -> None:
    assert readiness(facts).code == code


def test_what_a_cycle_could_not_do_is_said_with_when_it_began_and_what_a_person_does() -> None:
    kept: dict[str, str] = {StatusKey.SESSION_STATE: "ready", StatusKey.TROUBLE: "GET /x: no answer"}
    facts = read_facts(kept, beat=BEAT, mode=Mode.ACTIVE)
    health = readiness(facts)
    assert (health.ok, health.told) == (False, f"{health.text} GET /x: no answer")
    since = readiness(replace(facts, trouble_since="2014-03-05T14:30:59+00:00"))
    assert since.told == f"{health.text} Since 2014-03-05 14:30 UTC: GET /x: no answer"
    for word, kind in (("", TroubleKind.FAILURE), ("?", TroubleKind.FAILURE), *((kind, kind) for kind in TroubleKind)):
        told = read_facts(kept | {StatusKey.TROUBLE_KIND: word}, beat=BEAT, mode=Mode.ACTIVE)
        assert readiness(told).next_step == TROUBLE_STEPS[kind]


def test_times_of_a_simulated_market_are_told_as_such_and_those_of_the_heartbeat_are_real() -> None:
    kept = TOLD | {"gateway": "simulated"}
    down = readiness(read_facts(kept, beat=BEAT, mode=Mode.ACTIVE))
    assert "Since 2014-03-05 14:30 UTC of the simulated market: connection refused" in down.told
    stopped = readiness(read_facts(kept, beat=ENDED, mode=Mode.ACTIVE))
    assert "Since 2014-03-04 13:30 UTC: by Ctrl-C" in stopped.told


def told(**changes: str) -> Health:
    kept = TOLD | {StatusKey[name.upper()]: text for name, text in changes.items()}
    return readiness(read_facts(kept, beat=BEAT, mode=Mode.ACTIVE))


@pytest.mark.parametrize("state", sorted(set(SessionState) - OWN))
def test_state_of_the_session_is_said_with_since_when_why_what_to_do_and_what_comes_next(state: SessionState) -> None:
    health = told(session_state=state)
    assert health.told == f"{health.text} Since 2014-03-05 14:30 UTC: connection refused"
    assert health.next_step == "Restart it. It is tried again."
    assert health.text.count("tops stay at the broker") == 1


def test_what_needs_nobody_says_so_and_what_is_not_told_is_not_made_up() -> None:
    assert told(session_person="").next_step == "Nothing for now. It is tried again."
    bare = told(session_person="", session_next="", session_detail="", state_since="")
    assert bare == readiness(replace(WELL, session=SessionState.GATEWAY_DOWN))


@pytest.mark.parametrize("state", [SessionState.STARTING, SessionState.ENDED])
def test_what_the_trading_process_says_of_itself_has_no_cause(state: SessionState) -> None:
    assert told(session_state=state) == readiness(replace(WELL, session=state))


def test_login_that_is_about_to_end_is_said_though_all_is_well() -> None:
    health = told(session_state=SessionState.READY)
    assert (health.ok, health.text, health.next_step) == (True, "All is well.", "Restart it. It is tried again.")
    assert told(session_state=SessionState.READY, session_person="").next_step == ""


def test_what_a_person_has_to_do_is_said() -> None:
    for session in (
        SessionState.WAITING_LOGIN,
        SessionState.COMPETING,
        SessionState.GATEWAY_DOWN,
        SessionState.REFUSED,
    ):
        assert readiness(replace(WELL, session=session)).next_step
    halted = readiness(replace(WELL, mode=Mode.HALTED))
    assert halted.next_step == "When the reason is settled, resume."
    assert halted.instruction == "When the reason is settled, resume: python -m trading resume"
    waiting = readiness(replace(WELL, session=SessionState.WAITING_LOGIN))
    assert waiting.instruction == waiting.next_step


def test_process_that_start_sh_has_not_started_yet_is_not_silent() -> None:
    health = liveness(None, "waiting for the gateway")
    assert (health.ok, health.code) == (False, "not_started")
    assert health.told == "The trading process does not run now. Waiting for the gateway"


def test_clean_stop_says_who_asked_for_it_and_when() -> None:
    facts = read_facts({}, beat=ENDED, mode=Mode.ACTIVE)
    assert readiness(facts).told == (
        "The trading process was stopped. Stops stay at the broker. Since 2014-03-04 13:30 UTC: by Ctrl-C"
    )
    assert not liveness(ENDED).ok


def test_process_that_could_not_go_on_is_not_just_to_be_started_again() -> None:
    ended = replace(ENDED, ended_by="itself: IBKR_ACCOUNT_ID: name the one to trade")
    assert liveness(ended).next_step.startswith("Mend that, then start it again")
    assert liveness(ENDED).next_step.startswith("Start it again")
