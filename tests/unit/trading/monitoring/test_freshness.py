from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from trading.model.mode import Mode, ModeState
from trading.model.status import SessionState
from trading.monitoring.freshness import beside_no_database, mode_now, reads_the_broker
from trading.monitoring.health import OVERDUE_S, Facts
from trading.monitoring.sign_of_life import Beat

WELL = Facts(Beat(), SessionState.READY, Mode.ACTIVE)


def test_account_is_read_where_nothing_is_in_the_way() -> None:
    assert reads_the_broker(WELL)
    assert reads_the_broker(replace(WELL, beat=Beat(overdue_s=OVERDUE_S)))
    assert reads_the_broker(replace(WELL, session=SessionState.ENDED, mode=Mode.HALTED))


@pytest.mark.parametrize(
    "facts",
    [
        *(
            replace(WELL, session=state)
            for state in SessionState
            if state not in {SessionState.READY, SessionState.ENDED}
        ),
        replace(WELL, beat=None),
        replace(WELL, beat=Beat(overdue_s=OVERDUE_S + 1.0)),
        replace(WELL, beat=Beat(unstored="disk full")),
        replace(WELL, beat=Beat(call="GET /x", silence_s=60.0)),
        replace(WELL, beat=Beat(call="GET /x", silence_s=60.0, answers=True)),
        replace(WELL, beat=Beat(unproven=True)),
        replace(WELL, trouble="orders can't be read"),
    ],
)
def test_reading_is_old_where_something_keeps_the_next_from_coming(facts: Facts) -> None:
    assert not reads_the_broker(facts)


@pytest.mark.parametrize("mode", [Mode.ACTIVE, Mode.REDUCING, Mode.RECONCILING])
def test_mode_that_could_not_be_stored_is_in_force_all_the_same(mode: Mode) -> None:
    stored = ModeState(mode, "start", "system", datetime(2026, 11, 30, tzinfo=UTC))
    now = mode_now(stored, Beat(unstored="storage: database is locked"))
    assert now == replace(stored, mode=Mode.RECONCILING, reason="storage: database is locked", since=None)
    assert mode_now(stored, Beat()) == mode_now(stored, None) == stored


def test_halt_outlasts_a_database_that_takes_nothing_and_no_mode_is_made_up() -> None:
    halted = ModeState(Mode.HALTED, "fire", "mary", None)
    assert mode_now(halted, Beat(unstored="disk full")) == halted
    assert mode_now(None, Beat(unstored="disk full")) is None


def test_database_that_is_not_there_was_taken_from_a_process_that_went_through_a_cycle() -> None:
    lost = beside_no_database(Beat())
    assert lost is not None
    assert "trading.db is not there" in lost.unstored
    for beat in (None, Beat(unproven=True), Beat(ended_at="2026-11-30T12:00:00+00:00"), Beat(unstored="disk full")):
        assert beside_no_database(beat) == beat
