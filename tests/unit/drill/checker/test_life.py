"""Invariants of how it lives: edges, starts, and that all is well again once the faults have stopped."""

from __future__ import annotations

from dataclasses import replace

import pytest

from drill.checker import life
from drill.checker.logs import Halt, ModeRow, Step
from tests.unit.drill.checker.made_up import (
    CLOSE_S,
    CONID,
    ENTRY,
    STOP,
    STOP_ID,
    SYMBOL,
    TARGET_ID,
    MadeUp,
    bought,
    seconds,
    ticket,
)


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


def test_order_that_was_bound_by_likeness_may_be_proven_once() -> None:
    run = MadeUp()
    run.step(0.0, "A", "PLANNED", "SENDING", "UNKNOWN")
    run.steps.append(Step("A", "WORKING", seconds(1.0), likeness=True))
    run.step(2.0, "A", "WORKING")
    assert list(life.i17_edges(run.case())) == []
    run.step(3.0, "A", "WORKING")
    assert [violation.subject for violation in life.i17_edges(run.case())] == ["A"]


def called_absent(state: str, at: float, *, lies: int = 0) -> list[str]:
    """An order is placed at 0 s and seen by no list that `lies`; the journal says at a time what became of it."""
    run = MadeUp()
    run.intent(ENTRY)
    run.step(-1.0, ENTRY, "PLANNED", "SENDING", "UNKNOWN")
    run.order(0.0, ticket(1, "BUY", "LMT", 10, coid=ENTRY))
    for number in range(lies):
        run.line(1.0 + number, "fault", id="O09", path="/iserver/account/orders")
    run.step(at, ENTRY, state)
    run.over(1000.0, 1)
    return [violation.subject for violation in life.i17_edges(run.case())]


@pytest.mark.parametrize("state", ["LOST", "REJECTED", "DECLINED"])
def test_order_that_is_live_is_not_absent(state: str) -> None:
    assert called_absent(state, 300.0) == [ENTRY]
    assert called_absent(state, 1001.0) == []


def test_absence_that_five_readings_proved_is_not_told_where_lists_lied_so_often() -> None:
    assert called_absent("LOST", 300.0, lies=5) == []
    assert called_absent("LOST", 300.0, lies=4) == called_absent("LOST", 200.0, lies=5) == [ENTRY]
    assert called_absent("REJECTED", 300.0, lies=5) == [ENTRY]


@pytest.mark.parametrize(("night", "told"), [(-8.75, True), (-39.0, True), (-40.5, False)])
def test_lists_of_a_reset_prove_no_absence(night: float, told: bool) -> None:  # noqa: FBT001
    """The reset of the night and that of Saturday's evening, and shortly before that one; in hours to the open."""
    night *= 3600.0
    run = MadeUp()
    run.intent(ENTRY)
    run.order(night, ticket(1, "BUY", "LMT", 10, coid=ENTRY))
    for number in range(9):
        run.line(night + 30.0 * number, "fault", id="O09", path="/iserver/account/orders")
    run.step(night + 300.0, ENTRY, "PLANNED", "SENDING", "UNKNOWN", "LOST")
    run.line(0.0, "open", day="2014-03-03")
    assert [violation.subject for violation in life.i17_edges(run.case())] == ([ENTRY] if told else [])


def test_exit_is_sent_when_its_cover_is_over() -> None:
    run = bought()
    run.intent("X", "exit")
    run.step(200.0, STOP, "PLANNED", "SENDING", "WORKING")
    run.step(300.0, "X", "PLANNED", "SENDING")
    assert [violation.subject for violation in life.i15_its_cover_is_over(run.case())] == ["X"]
    run.steps.insert(3, Step(STOP, "CANCELLED", seconds(290.0)))
    assert list(life.i15_its_cover_is_over(run.case())) == []


@pytest.mark.parametrize("state", ["SENDING", "QUESTIONED", "REPLYING", "UNKNOWN"])
def test_outcome_that_is_not_proven_in_the_end_is_told_unless_it_is_frozen(state: str) -> None:
    run = bought()
    run.intents[ENTRY] = replace(run.intents[ENTRY], state=state)
    assert i20(run) == [ENTRY]
    run.intents[ENTRY] = replace(run.intents[ENTRY], frozen=True)
    run.step(-3000.0, ENTRY, state)
    assert i20(run) == []


@pytest.mark.parametrize(
    ("entry", "filled", "told"),
    [("LOST", 0, ["B-S"]), ("EXPIRED", 0, ["B-S"]), ("EXPIRED", 4, []), ("UNKNOWN", 0, []), ("WORKING", 0, [])],
)
def test_frozen_leg_of_an_entry_that_ended_and_bought_nothing_is_told(entry: str, filled: int, told: list[str]) -> None:
    run = bought()
    run.intent("B", state=entry, filled=filled, frozen=True)
    run.intent("B-S", "stop", parent="B", state="UNKNOWN", frozen=True)
    run.step(0.0, "B", "UNKNOWN")
    run.step(0.0, "B-S", "UNKNOWN")
    assert i20(run) == told


@pytest.mark.parametrize(
    ("event", "yield_s", "count"), [("competing", 86_400.0, 0), ("competing", 300.0, 1), ("lost", 86_400.0, 1)]
)
def test_session_is_left_to_another_program_as_long_as_that_is_set(event: str, yield_s: float, count: int) -> None:
    run = bought()
    run.event(-3600.0, "window", yield_s=yield_s)
    run.line(200.0, "session", event=event, epoch=1, login=True, authenticated=False)
    found = [each.subject for each in life.i20_all_is_well_again(run.case())]
    assert found.count("session") == count


def test_session_that_stays_lost_is_told_unless_nobody_is_logged_in() -> None:
    for login, subjects in ((True, ["session"]), (False, [])):
        run = bought()
        run.line(200.0, "session", event="lost", epoch=1, login=login, authenticated=False)
        assert i20(run) == subjects


def test_system_that_is_not_reconciled_in_the_end_is_told() -> None:
    run = bought()
    run.mode(500.0, "reconciled", "0")
    assert i20(run) == ["mode"]


@pytest.mark.parametrize(
    ("cause", "facts", "told"),
    [
        ("operator", "1", []),
        ("invariant", "I6: another's", ["mode"]),
        ("short", f"{CONID}:-5", ["mode"]),
        ("short", "4711:-5", []),
        ("orphan", "TS-abcd-0001-b", ["mode"]),
        ("orphan", "TS-abcd-0001-c", []),
    ],
)
def test_halt_after_the_resume_is_told_unless_what_it_names_was_there(cause: str, facts: str, told: list[str]) -> None:
    run = bought()
    run.line(390.0, "deed", do="trade", order_id=50, symbol="MSFT", side="SELL", quantity=5)
    run.fill(390.0, 50, "SELL", 5)
    run.truth[-1]["execution"] |= {"conid": 4711, "symbol": "MSFT"}
    # Nothing of another kind excuses it.
    run.line(400.0, "fault", id="C05", path="/tickle")
    run.line(400.0, "deed", do="order", order_id=51, symbol=SYMBOL, side="BUY", quantity=1, coid="TS-abcd-0001-c")
    run.halts.append(Halt(cause, facts, seconds(420.0)))
    assert i20(run) == told


@pytest.mark.parametrize(("sold", "told"), [(11, []), (10, ["mode"])])
def test_more_that_was_sold_than_was_ours_holds_entries_back_for_a_reason(sold: int, told: list[str]) -> None:
    run = bought()
    run.fill(300.0, STOP_ID, "SELL", sold)
    run.over(300.0, STOP_ID, "filled")
    run.over(300.0, TARGET_ID)
    run.modes.append(ModeRow("reducing", "oversold", f"{SYMBOL}: it sold 1 more than we had", "system", seconds(301.0)))
    assert i20(run) == told


@pytest.mark.parametrize(
    ("value", "subjects"),
    [("", []), ("exec_gap", ["mode"]), ("drawdown_halt", ["mode"]), ("drawdown_halt,rejects", ["mode"])],
)
def test_limit_that_holds_entries_back_in_the_end_is_told(value: str, subjects: list[str]) -> None:
    run = bought()
    run.event(-3600.0, "limits", max_drawdown=0.2)
    run.mode(400.0, "reducing", "resurrected")
    run.mode(500.0, "reducing", value)
    assert i20(run) == subjects


@pytest.mark.parametrize(
    ("at", "subjects"), [(299.0, ["mode"]), (300.0, []), (301.0, []), (360.0 + 900.0, []), (360.0 + 901.0, ["mode"])]
)
def test_what_the_first_looks_found_after_the_resume_waits_for_another_person(at: float, subjects: list[str]) -> None:
    run = bought()
    run.event(0.0, "healed")
    run.event(300.0, "request", asked="resume", by="web")
    run.turn(360.0)
    run.mode(at, "reducing", "exec_gap")
    assert i20(run) == subjects


@pytest.mark.parametrize(
    ("equity", "value", "subjects"),
    [
        (8_400.0, "drawdown_halt", []),
        (8_600.0, "drawdown_halt", ["mode"]),
        (8_400.0, "drawdown_halt,exec_gap", ["mode"]),
    ],
)
def test_drawdown_that_is_one_holds_entries_back_for_a_reason(equity: float, value: str, subjects: list[str]) -> None:
    run = bought()
    run.event(-3600.0, "limits", max_drawdown=0.2)
    run.line(400.0, "close", equity=10_000.0)
    run.line(450.0, "close", equity=equity)
    run.mode(500.0, "reducing", value)
    assert i20(run) == subjects


def test_position_without_a_stop_in_the_end_is_told_unless_it_is_leaving() -> None:
    run = bought()
    run.over(200.0, STOP_ID)
    assert i20(run) == [SYMBOL]
    for created, subjects in ((CLOSE_S + 901.0, []), (CLOSE_S + 899.0, [SYMBOL])):
        run.intent("X", "exit", state="PLANNED", created=seconds(created))
        assert i20(run) == subjects
    run.intent("X", "exit", state="UNKNOWN", frozen=True)
    run.step(0.0, "X", "UNKNOWN")
    assert i20(run) == []


def test_sell_without_shares_behind_it_is_told_in_the_end() -> None:
    run = bought()
    run.fill(300.0, TARGET_ID, "SELL", 10)
    run.over(300.0, TARGET_ID, "filled")
    run.over(300.0, STOP_ID)
    assert i20(run) == []
    run.order(400.0, ticket(9, "SELL", "STP", 10, coid="B-S"))
    assert i20(run) == [SYMBOL]
    run.intent("B-T", "target", state="UNKNOWN", frozen=True)
    run.step(0.0, "B-T", "UNKNOWN")
    assert i20(run) == []


def test_start_that_fails_and_a_loop_without_end_are_told() -> None:
    run = bought()
    assert list(life.i26_every_state_boots(run.case())) == []
    run.event(500.0, "no_start", error="trading.db is damaged")
    run.event(600.0, "stuck")
    assert [violation.subject for violation in life.i26_every_state_boots(run.case())] == ["start", "loop"]


@pytest.mark.parametrize(("name", "count"), [("B-T", 0), ("C-T", 1), ("stranger", 1)])
def test_order_that_is_over_may_be_found_again_where_a_second_one_has_its_name(name: str, count: int) -> None:
    run = bought()
    run.intent("B-T", "target")
    run.intent("C-T", "target")
    run.line(10.0, "deed", do="order", symbol=SYMBOL, side="SELL", quantity=1, coid=name, order_id=77)
    run.over(20.0, 77)
    reason = f"{SYMBOL}: the target B-T was taken for CANCELLED, but it is in the order list"
    run.modes.append(ModeRow("reducing", "resurrected", reason, "system", seconds(301.0)))
    assert i20(run).count("mode") == count
