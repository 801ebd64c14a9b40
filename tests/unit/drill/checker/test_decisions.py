"""I28: each entry of a decision is an order, or refused."""

from __future__ import annotations

import pytest

from drill.checker.decisions import i28_entries_are_answered
from drill.checker.logs import Decided
from tests.unit.drill.checker.made_up import SYMBOL, MadeUp, bought, seconds

DAY_S = 86_400.0


def looked() -> MadeUp:
    run = bought()
    run.turn(200.0)
    return run


def decided(run: MadeUp, at: float = -60_000.0, *answered: str) -> list[str]:
    """Judge a decision that was taken at a time, in seconds after the open."""
    run.decisions.append(Decided("2014-02-28", seconds(at), (SYMBOL, "MSFT"), frozenset(answered)))
    return [violation.subject for violation in i28_entries_are_answered(run.case())]


def test_entry_without_an_order_and_a_refusal_is_told() -> None:
    assert decided(looked()) == [SYMBOL, "MSFT"]
    assert decided(looked(), -60_000.0, SYMBOL) == ["MSFT"]
    assert decided(looked(), -60_000.0, SYMBOL, "MSFT") == []


@pytest.mark.parametrize(("at", "told"), [(-1.0, True), (1.0, False), (-5.9 * DAY_S, True), (-6.1 * DAY_S, False)])
def test_entry_is_judged_after_its_open_and_for_six_days(at: float, told: bool) -> None:  # noqa: FBT001
    assert bool(decided(looked(), at)) is told


def test_entry_is_judged_once_somebody_could_look() -> None:
    run = MadeUp()
    run.turn(-100.0)
    run.turn(100.0, good=False)
    assert decided(run) == []
    run.turn(200.0)
    assert decided(run)[-1:] == ["MSFT"]
