from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import click
import pytest

from trading.cli.waiting import INTERRUPTED, LATE_AFTER_S, follow_flatten, wait_for_answer
from trading.model.mode import FlattenGoal
from trading.model.operator_request import RequestKind, RequestProgress

SINCE = datetime(2014, 3, 4, 13, 30, tzinfo=UTC)
WAITS = RequestProgress(0.0, taken_up=False, answer=None)
TAKEN_UP = RequestProgress(0.0, taken_up=True, answer=None)


class HandClock:
    """Time passes by waiting; `interrupted_after` pauses somebody presses Ctrl-C."""

    def __init__(self, interrupted_after: int | None = None) -> None:
        self.time = 0.0
        self.left = interrupted_after

    def monotonic(self) -> float:
        return self.time

    def pause(self, seconds: float) -> None:
        if self.left == 0:
            raise KeyboardInterrupt
        if self.left is not None:
            self.left -= 1
        self.time += seconds


def ask(clock: HandClock, progress: Callable[[], RequestProgress | None], wait_s: float = 20.0) -> str:
    return wait_for_answer(RequestKind.HALT, progress, clock, wait_s)


def test_answer_in_time_is_returned_and_nothing_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    clock = HandClock()

    def progress() -> RequestProgress:
        return WAITS if clock.time < LATE_AFTER_S - 0.5 else RequestProgress(9.5, taken_up=True, answer="halted")

    assert ask(clock, progress) == "halted"
    assert capsys.readouterr().err == ""


def test_request_that_is_not_taken_up_in_10_s_says_once_where_to_turn(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(click.ClickException) as caught:
        ask(HandClock(), lambda: WAITS)
    assert capsys.readouterr().err == "halt: not taken up: use TWS or the phone\n"
    assert "has not answered within 20 s. It takes the request up as soon as it runs" in caught.value.message


def test_request_that_was_taken_up_is_only_late(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(click.ClickException):
        ask(HandClock(), lambda: TAKEN_UP)
    assert capsys.readouterr().err == ""


def test_request_that_expires_says_so() -> None:
    with pytest.raises(click.ClickException, match="After a minute it is void"):
        wait_for_answer(RequestKind.FLATTEN, lambda: None, HandClock(), 1.0)


def test_refusal_is_an_error_in_the_words_of_the_trading_process() -> None:
    with pytest.raises(click.ClickException, match="halt: refused: not understood"):
        ask(HandClock(), lambda: RequestProgress(0.0, taken_up=False, answer="refused: not understood"))


def goal(waits_for: str, *, over: bool = False, outcome: str = "") -> FlattenGoal:
    return FlattenGoal(1, "the news", "ann", SINCE, waits_for, over, outcome)


def test_flatten_is_shown_as_often_as_it_changes_until_it_is_over(capsys: pytest.CaptureFixture[str]) -> None:
    steps = [
        goal(""),
        goal("sells 9 AAPL"),
        goal("sells 9 AAPL"),
        goal("sells 4 AAPL"),
        goal("", over=True, outcome="all sold"),
    ]
    follow_flatten(lambda: steps.pop(0), HandClock())
    assert capsys.readouterr().out.splitlines() == [
        "flatten: sells 9 AAPL",
        "flatten: sells 4 AAPL",
        "flatten: all sold",
    ]


def test_where_nothing_is_to_be_sold_nothing_is_followed(capsys: pytest.CaptureFixture[str]) -> None:
    follow_flatten(lambda: None, HandClock())
    assert capsys.readouterr().out == ""


def test_ctrl_c_ends_the_showing_and_says_that_the_flatten_goes_on(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(click.exceptions.Exit) as caught:
        follow_flatten(lambda: goal("waits for the open"), HandClock(interrupted_after=3))
    assert caught.value.exit_code == INTERRUPTED
    assert capsys.readouterr().err == "the flatten stands and goes on; python -m trading resume takes it back\n"
