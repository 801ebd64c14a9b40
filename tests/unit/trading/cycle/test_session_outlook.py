from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from trading.config import SessionSettings
from trading.cycle.outage import Outage
from trading.cycle.session_outlook import (
    LET_IN,
    LOG_IN,
    LOG_IN_AGAIN,
    LOG_IN_THEN,
    LOG_OUT_ELSEWHERE,
    RESTART,
    Outlook,
    alarms,
    on_page,
    outlook,
)
from trading.cycle.session_state import MOST_SELECTIONS, KnownSession, SessionMemory
from trading.model.status import SessionState

NOON = datetime(2014, 3, 4, 17, 0, tzinfo=UTC)
RESET = datetime(2014, 3, 5, 6, 0, tzinfo=UTC)  # 01:00 in New York
SETTINGS = SessionSettings(yield_s=300.0)
OURS, OTHER = "DU1234567", "DU7654321"
PAGE = "https://localhost:6055"


def ahead(session: KnownSession, now: datetime = NOON) -> Outlook:
    return outlook(session, now, SETTINGS, OURS, PAGE)


def ready(
    *accounts: str, memory: SessionMemory | None = None, was_ours: bool = False, selections: int = 0
) -> KnownSession:
    return KnownSession(
        SessionState.READY,
        "",
        NOON,
        memory or SessionMemory(),
        usable=True,
        accounts=accounts,
        was_ours=was_ours,
        selections=selections,
    )


@pytest.mark.parametrize("state", [SessionState.GATEWAY_DOWN, SessionState.STALE])
def test_gateway_that_does_not_come_back_has_to_be_restarted(state: SessionState) -> None:
    session = KnownSession(state, "refused", NOON)
    assert ahead(session, NOON + timedelta(seconds=299)).person is None
    assert ahead(session, NOON + timedelta(seconds=300)).person == RESTART


@pytest.mark.parametrize(
    ("state", "said"),
    [
        (SessionState.GATEWAY_DOWN, "the gateway does not answer"),
        (SessionState.STALE, "the broker does not answer"),
        (SessionState.REFUSED, "the gateway refuses this system"),
    ],
)
def test_outage_is_one_alarm_from_the_moment_that_asks_for_a_person(state: SessionState, said: str) -> None:
    # Who does not answer may have changed a moment ago.
    session = KnownSession(state, "refused", NOON, outage=Outage(state, NOON - timedelta(seconds=60)))
    assert alarms(replace(session, at=NOON + timedelta(seconds=239)), OURS, PAGE) == ()
    late = NOON + timedelta(seconds=240)
    (alarm,) = alarms(replace(session, at=late), OURS, PAGE)
    assert (alarm.subject, alarm.text.partition(",")[0], alarm.text.endswith(".")) == ("outage", said, False)
    if state is not SessionState.REFUSED:
        assert ahead(session, NOON + timedelta(seconds=239)).person is None
        assert ahead(session, late).person == RESTART


def test_penalty_that_does_not_end_is_an_alarm() -> None:
    session = KnownSession(SessionState.SUSPENDED, "too many", NOON)
    assert alarms(replace(session, at=NOON + timedelta(minutes=29)), OURS, PAGE) == ()
    (alarm,) = alarms(replace(session, at=NOON + timedelta(minutes=30)), OURS, PAGE)
    assert alarm.subject == "suspended"


def test_gateway_that_refuses_us_needs_a_person_at_once() -> None:
    assert ahead(KnownSession(SessionState.REFUSED, "not allowed (HTTP 403)", NOON)).person == LET_IN


def test_penalty_for_too_many_requests_needs_nobody() -> None:
    session = KnownSession(SessionState.SUSPENDED, "too many", NOON)
    assert ahead(session, NOON + timedelta(hours=1)).person is None
    assert "10 to 15 minutes" in (ahead(session).happens or "")


def test_penalty_hides_no_login_that_is_missing() -> None:
    gone = KnownSession(SessionState.SUSPENDED, "too many", NOON, SessionMemory(logged_out=True))
    assert ahead(gone).person == on_page(LOG_IN, PAGE)
    assert ahead(replace(gone, logged_in=True)).person is None


def test_login_that_is_gone_needs_a_person() -> None:
    assert ahead(KnownSession(SessionState.WAITING_LOGIN, "no session", NOON)).person == on_page(LOG_IN, PAGE)


def test_session_that_is_asked_for_needs_nobody_unless_it_never_comes() -> None:
    memory = SessionMemory(asked_at=NOON, asked=1)
    session = KnownSession(SessionState.CONNECTED, "", NOON, memory)
    assert ahead(session) == Outlook("The system next asks the broker to open its session at 17:01 UTC.")
    assert alarms(session, OURS, PAGE) == ()
    often = KnownSession(SessionState.CONNECTED, "", NOON, SessionMemory(asked_at=NOON, asked=5))
    assert ahead(often).person == on_page(LOG_IN_AGAIN, PAGE)
    assert [alarm.subject for alarm in alarms(often, OURS, PAGE)] == ["closed"]


@pytest.mark.parametrize(("asked", "told"), [(0, []), (1, []), (2, ["refused"]), (3, ["refused"])])
def test_session_that_was_opened_again_and_still_refuses_needs_a_person(asked: int, told: list[str]) -> None:
    memory, refusal = SessionMemory(asked_at=NOON, asked=asked), "GET /x: not allowed"
    session = KnownSession(
        SessionState.CONNECTED, refusal, NOON, memory, usable=True, accounts=(OURS,), refusal=refusal
    )
    assert [alarm.subject for alarm in alarms(session, OURS, PAGE)] == told
    assert all(refusal in alarm.text for alarm in alarms(session, OURS, PAGE))
    assert ahead(session).person == (on_page(LOG_IN_AGAIN, PAGE) if told else None)
    served = replace(session, refusal="")
    assert alarms(served, OURS, PAGE) == ()


def test_refusal_says_when_the_session_is_opened_for_it_next() -> None:
    memory = SessionMemory(asked_at=NOON, asked=3)
    session = KnownSession(SessionState.CONNECTED, "", NOON, memory, usable=True, accounts=(OURS,), refusal="no")
    assert ahead(session).happens == "The system next asks the broker to open its session at 17:04 UTC."


def test_session_of_another_says_when_it_is_asked_for() -> None:
    session = KnownSession(
        SessionState.COMPETING, "", NOON, SessionMemory(competed_at=NOON, yield_s=600.0, contested=True)
    )
    happens = "The system asks for the session at 17:10 UTC at the earliest, and only if no other program has it."
    assert ahead(session) == Outlook(happens, LOG_OUT_ELSEWHERE)
    (alarm,) = alarms(session, OURS, PAGE)
    assert (alarm.subject, "to trade sooner, log out of TWS" in alarm.text) == ("contested", True)


def test_nightly_reset_needs_nobody() -> None:
    found = ahead(KnownSession(SessionState.RESET, "", RESET), RESET)
    assert found == Outlook("The reset should be over at 06:30 UTC; the system then opens its session again by itself.")


def test_usable_session_counts_down_to_the_next_login() -> None:
    session = ready(OURS, memory=SessionMemory(login_at=NOON))
    assert ahead(session) == Outlook("This login ends at 17:00 UTC at the latest.")
    assert ahead(session, NOON + timedelta(hours=23)).person == on_page(LOG_IN_THEN, PAGE)
    assert ahead(ready(OURS)) == Outlook(None)


@pytest.mark.parametrize(
    ("session", "words"),
    [
        (ready(OTHER), "not among the accounts"),
        (ready(OTHER, OURS, was_ours=True), "somebody selected another one"),
        (ready(OTHER, OURS, selections=MOST_SELECTIONS), "no effect"),
    ],
)
def test_account_that_is_not_selected_by_itself_needs_a_person(session: KnownSession, words: str) -> None:
    found = ahead(session)
    assert found.person is not None
    assert words in found.person
    (alarm,) = alarms(session, OURS, PAGE)
    assert (alarm.subject, words in alarm.text, OURS in alarm.text) == ("account", True, False)
    assert alarm.text.startswith("select the account that is traded, ")


def test_account_that_is_about_to_be_selected_needs_nobody() -> None:
    assert ahead(ready(OTHER, OURS, selections=1)) == Outlook(None)
    assert alarms(ready(OTHER, OURS), None, PAGE) == ()


@pytest.mark.parametrize("state", [SessionState.STARTING, SessionState.ENDED])
def test_what_the_loop_says_itself_has_no_outlook(state: SessionState) -> None:
    assert ahead(KnownSession(state, "", NOON)) == Outlook(None)


def test_words_about_a_login_name_the_page_that_is_configured() -> None:
    assert (
        on_page(LOG_IN, PAGE) == "Log in on the gateway's page, https://localhost:6055, on the machine where it runs."
    )
    assert PAGE in on_page(LOG_IN_AGAIN, PAGE)
    assert PAGE in on_page(LOG_IN_THEN, PAGE)
