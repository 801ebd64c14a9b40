"""Every session and mode has its words, and a verdict is told whole in one line."""

from __future__ import annotations

import pytest

from trading.model.mode import Mode
from trading.model.status import SessionState
from trading.monitoring.verdicts import MODES, SESSION_WORDS, SESSIONS, Health, held_back

DOWN = Health(ok=False, code="down", text="It is down.", next_step="Mend it.")


def test_every_state_of_the_session_has_its_words_and_every_unusable_one_its_verdict() -> None:
    assert set(SESSION_WORDS) == set(SessionState)
    assert set(SESSIONS) == set(SessionState) - {SessionState.READY}
    assert not any(verdict.ok for verdict in SESSIONS.values())


def test_verdicts_leave_what_protects_the_shares_to_who_knows_it() -> None:
    assert not [verdict for verdict in SESSIONS.values() if "tops" in verdict.text]


@pytest.mark.parametrize("mode", Mode)
def test_what_a_mode_keeps_back_is_what_its_verdict_says(mode: Mode) -> None:
    assert held_back(mode) == ("" if mode is Mode.ACTIVE else MODES[mode].text)


@pytest.mark.parametrize(
    ("since", "cause", "market_time", "told"),
    [
        ("", "", False, "It is down."),
        ("", "no answer", False, "It is down. No answer"),
        ("2014-03-05T14:30:59+00:00", "", False, "It is down. Since 2014-03-05 14:30 UTC"),
        ("2014-03-05T14:30:59+00:00", "no answer", False, "It is down. Since 2014-03-05 14:30 UTC: no answer"),
        ("2014-03-05T14:30:59+00:00", "", True, "It is down. Since 2014-03-05 14:30 UTC of the simulated market"),
        ("", "no answer", True, "It is down. No answer"),
    ],
)
def test_all_of_a_verdict_is_one_line(since: str, cause: str, told: str, *, market_time: bool) -> None:
    assert Health(False, "down", "It is down.", since=since, cause=cause, market_time=market_time).told == told


def test_next_step_is_shown_with_its_command_where_there_is_one() -> None:
    assert DOWN.instruction == "Mend it."
    assert Health(False, "down", "", next_step="Mend it.", command="mend").instruction == "Mend it: mend"
