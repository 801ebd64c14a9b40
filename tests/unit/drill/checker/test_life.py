"""Invariants of how it lives: edges, starts, and that all is well again once the faults have stopped."""

from __future__ import annotations

from dataclasses import replace

import pytest

from drill.checker import life
from tests.unit.drill.checker.made_up import ENTRY, STOP_ID, SYMBOL, TARGET_ID, MadeUp, bought, ticket


def i20(run: MadeUp) -> list[str]:
    return [violation.subject for violation in life.i20_all_is_well_again(run.case())]


def test_ordinary_run_is_well() -> None:
    assert i20(bought()) == []


def test_edges_of_the_state_machine_pass_and_others_are_told() -> None:
    run = MadeUp()
    run.step(0.0, "A", "PLANNED", "SENDING", "QUESTIONED", "REPLYING", "WORKING", "FILLED")
    run.step(0.0, "B", "PLANNED", "SENDING", "UNKNOWN", "LOST", "WORKING")
    assert list(life.i17_edges(run.case())) == []
    run.step(1.0, "A", "SENDING")
    run.step(1.0, "C", "WORKING")
    assert [violation.subject for violation in life.i17_edges(run.case())] == ["A", "C"]


@pytest.mark.parametrize("state", ["SENDING", "QUESTIONED", "REPLYING", "UNKNOWN"])
def test_outcome_that_is_not_proven_in_the_end_is_told_unless_it_is_frozen(state: str) -> None:
    run = bought()
    run.intents[ENTRY] = replace(run.intents[ENTRY], state=state)
    assert i20(run) == [ENTRY]
    run.intents[ENTRY] = replace(run.intents[ENTRY], frozen=True)
    assert i20(run) == []


def test_session_that_stays_lost_is_told_unless_nobody_is_logged_in() -> None:
    for login, subjects in ((True, ["session"]), (False, [])):
        run = bought()
        run.line(200.0, "session", event="lost", epoch=1, login=login, authenticated=False)
        assert i20(run) == subjects


def test_system_that_is_not_reconciled_in_the_end_is_told() -> None:
    run = bought()
    run.mode(500.0, "reconciled", "0")
    assert i20(run) == ["mode"]


def test_halt_of_its_own_after_the_resume_is_told_unless_a_person_has_to_act() -> None:
    run = bought()
    run.mode(500.0, "halt", "1", "system")
    assert i20(run) == ["mode"]
    run.line(400.0, "fault", id="C05", path="/tickle")
    assert i20(run) == []


def test_position_without_a_stop_in_the_end_is_told_unless_it_is_leaving() -> None:
    run = bought()
    run.over(200.0, STOP_ID)
    assert i20(run) == [SYMBOL]
    run.intent("X", "exit", state="PLANNED")
    assert i20(run) == []
    run.intent("X", "exit", state="UNKNOWN", frozen=True)
    assert i20(run) == []


def test_sell_without_shares_behind_it_is_told_in_the_end() -> None:
    run = bought()
    run.fill(300.0, TARGET_ID, "SELL", 10)
    run.over(300.0, TARGET_ID, "filled")
    run.over(300.0, STOP_ID)
    assert i20(run) == []
    run.order(400.0, ticket(9, "SELL", "STP", 10, coid="B-S"))
    assert i20(run) == [SYMBOL]


def test_start_that_fails_and_a_loop_without_end_are_told() -> None:
    run = bought()
    assert list(life.i26_every_state_boots(run.case())) == []
    run.event(500.0, "no_start", error="trading.db is damaged")
    run.event(600.0, "stuck")
    assert [violation.subject for violation in life.i26_every_state_boots(run.case())] == ["start", "loop"]
