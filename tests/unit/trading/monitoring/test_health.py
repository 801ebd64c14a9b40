from __future__ import annotations

from dataclasses import replace

import pytest

from trading.model.mode import Mode
from trading.model.status import SessionState, StatusKey
from trading.monitoring.health import (
    SESSION_WORDS,
    Facts,
    Health,
    held_back,
    liveness,
    read_facts,
    readiness,
    silent_limit_s,
)

WELL = Facts(silent_s=2.0, check_interval_s=60.0, session=SessionState.READY, mode=Mode.ACTIVE)


def test_facts_are_what_the_trading_process_kept() -> None:
    kept: dict[str, str] = {
        StatusKey.SESSION_STATE: "competing",
        StatusKey.UNCOVERED_SHARES: "7",
        StatusKey.UNKNOWN_ORDERS: "2",
    }
    facts = read_facts(kept, silent_s=1.0, mode=Mode.ACTIVE, check_interval_s=60.0)
    assert facts == Facts(1.0, 60.0, SessionState.COMPETING, Mode.ACTIVE, uncovered_shares=7, unknown_orders=2)


@pytest.mark.parametrize(
    "kept", [{}, {StatusKey.SESSION_STATE: "?", StatusKey.UNCOVERED_SHARES: "-3", StatusKey.UNKNOWN_ORDERS: "²"}]
)
def test_facts_that_are_absent_or_make_no_sense_count_as_starting(kept: dict[str, str]) -> None:
    facts = read_facts(kept, silent_s=None, mode=None, check_interval_s=60.0)
    assert facts == Facts(None, 60.0, SessionState.STARTING, None)


def test_all_well_is_alive_and_ready_with_nothing_to_do() -> None:
    assert liveness(WELL).ok
    health = readiness(WELL)
    assert (health.ok, health.code, health.next_step) == (True, "ready", "")


@pytest.mark.parametrize(("silent_s", "alive"), [(0.0, True), (180.0, True), (180.1, False)])
def test_three_cycles_of_silence_are_too_many(silent_s: float, *, alive: bool) -> None:
    assert liveness(replace(WELL, silent_s=silent_s)).ok is alive


def test_fast_cycles_still_have_twenty_seconds() -> None:
    assert silent_limit_s(1.0) == 20.0
    assert silent_limit_s(60.0) == 180.0


@pytest.mark.parametrize("session", SessionState)
@pytest.mark.parametrize("mode", [None, *Mode])
def test_login_and_mode_are_no_matter_of_life(session: SessionState, mode: Mode | None) -> None:
    assert liveness(replace(WELL, session=session, mode=mode)).ok


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
        (replace(WELL, uncovered_shares=10, silent_s=None, mode=Mode.HALTED), "uncovered"),
        (replace(WELL, silent_s=None, session=SessionState.COMPETING), "never_seen"),
        (replace(WELL, silent_s=999.0, session=SessionState.COMPETING), "silent"),
        (replace(WELL, starting="waiting for the gateway", silent_s=999.0, uncovered_shares=3), "not_started"),
        (replace(WELL, starting="waiting for the gateway", stopped="2014-03-04T13:30:00+00:00"), "not_started"),
        (replace(WELL, stopped="2014-03-04T13:30:00+00:00", uncovered_shares=3), "stopped"),
        (replace(WELL, session=SessionState.WAITING_LOGIN, mode=Mode.HALTED), "waiting_login"),
        (replace(WELL, mode=Mode.REDUCING, unknown_orders=1), "reducing"),
        (replace(WELL, unknown_orders=2), "unknown_orders"),
        (replace(WELL, trouble="x", session=SessionState.WAITING_LOGIN), "waiting_login"),
        (replace(WELL, trouble="x", mode=Mode.HALTED, unknown_orders=2), "trouble"),
    ],
)
def test_worst_reason_comes_first(facts: Facts, code: str) -> None:
    assert readiness(facts).code == code


def test_what_fails_again_and_again_is_said_with_when_it_began() -> None:
    kept: dict[str, str] = {StatusKey.SESSION_STATE: "ready", StatusKey.TROUBLE: "GET /x: no answer"}
    facts = read_facts(kept, silent_s=1.0, mode=Mode.ACTIVE, check_interval_s=60.0)
    health = readiness(facts)
    assert (health.ok, health.told) == (False, "Something fails again and again. GET /x: no answer")
    since = readiness(replace(facts, trouble_since="2014-03-05T14:30:59+00:00"))
    assert since.told == "Something fails again and again. Since 2014-03-05 14:30 UTC: GET /x: no answer"
    assert since.next_step


TOLD: dict[str, str] = {
    StatusKey.SESSION_STATE: SessionState.GATEWAY_DOWN,
    StatusKey.STATE_SINCE: "2014-03-05T14:30:59+00:00",
    StatusKey.SESSION_DETAIL: "connection refused",
    StatusKey.SESSION_NEXT: "It is tried again.",
    StatusKey.SESSION_PERSON: "Restart it.",
}


def told(**changes: str) -> Health:
    kept = TOLD | {StatusKey[name.upper()]: text for name, text in changes.items()}
    return readiness(read_facts(kept, silent_s=1.0, mode=Mode.ACTIVE, check_interval_s=60.0))


@pytest.mark.parametrize(
    "state", sorted(set(SessionState) - {SessionState.READY, SessionState.STARTING, SessionState.ENDED})
)
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


@pytest.mark.parametrize("mode", Mode)
def test_what_a_mode_keeps_back_is_what_its_verdict_says(mode: Mode) -> None:
    assert held_back(mode) == ("" if mode is Mode.ACTIVE else readiness(replace(WELL, mode=mode)).text)


def test_every_state_of_the_session_has_its_words() -> None:
    assert set(SESSION_WORDS) == set(SessionState)


def test_process_that_start_sh_has_not_started_yet_is_not_silent() -> None:
    health = liveness(replace(WELL, starting="waiting for the gateway", silent_s=None))
    assert (health.ok, health.code) == (False, "not_started")
    assert health.told == "The trading process has not started yet. Waiting for the gateway"


def test_clean_stop_says_who_asked_for_it_and_when() -> None:
    kept = {"stopped": "2014-03-04T13:30:00+00:00", "stopped_by": "Ctrl-C"}
    facts = read_facts(kept, silent_s=1.0, mode=Mode.ACTIVE, check_interval_s=60.0)
    assert readiness(facts).told == (
        "The trading process was stopped. Stops stay at the broker. Since 2014-03-04 13:30 UTC: by Ctrl-C"
    )
    assert "but 3 shares have none" in readiness(replace(facts, uncovered_shares=3)).text
    assert not liveness(facts).ok
