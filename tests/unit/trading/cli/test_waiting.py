from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import click
import pytest

from trading.cli.waiting import INTERRUPTED, LATE_AFTER_S, Entries, follow_flatten, follow_halt, wait_for_answer
from trading.errors import InvariantBroken
from trading.model.mode import FlattenGoal
from trading.model.operator_request import OperatorVerb, RequestProgress
from trading.store.readers.orders import OrderLine

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
    return wait_for_answer(OperatorVerb.HALT, progress, clock, wait_s)


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
        wait_for_answer(OperatorVerb.FLATTEN, lambda: WAITS, HandClock(), 1.0)


def test_request_that_is_gone_is_not_waited_for() -> None:
    clock = HandClock()
    left = [WAITS, WAITS]
    with pytest.raises(InvariantBroken, match=r"the halt is gone: .* was deleted or replaced meanwhile; ask again"):
        ask(clock, lambda: left.pop() if left else None)
    assert clock.time < 1.0


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


def line(symbol: str = "AAPL", state: str = "WORKING", filled: int = 0) -> OrderLine:
    kind = (symbol, "entry", symbol, "BUY", "LMT", 9, filled, 100.0, None)
    return OrderLine(*kind, SINCE.date(), state, "", 1, frozen=False, changed=SINCE)


def entries(*live: OrderLine, ended: tuple[OrderLine, ...] = (), reached: bool = True) -> Entries:
    return Entries(live, ended, reached)


def test_halt_is_followed_until_readings_showed_the_end_of_each_entry(capsys: pytest.CaptureFixture[str]) -> None:
    asked: list[frozenset[str]] = []
    steps = [
        entries(line(), line("MSFT"), reached=False),
        entries(line(), line("MSFT")),
        entries(line(), line("MSFT")),
        entries(line(filled=4), ended=(line("MSFT", "CANCELLED"),)),
        entries(ended=(line("AAPL", "CANCELLED", 4), line("MSFT", "CANCELLED"))),
    ]

    def now(seen: frozenset[str]) -> Entries:
        asked.append(seen)
        return steps.pop(0)

    follow_halt(now, HandClock(), 60.0)
    assert capsys.readouterr().out.splitlines() == [
        "halt: the entry in AAPL is WORKING; the entry in MSFT is WORKING; the broker is not reached;"
        " not confirmed at the broker: use TWS or the phone",
        "halt: the entry in AAPL is WORKING; the entry in MSFT is WORKING",
        "halt: the entry in MSFT is CANCELLED; the entry in AAPL is WORKING, 4 of 9 were bought",
        "halt: the entry in AAPL is CANCELLED, 4 of 9 were bought; the entry in MSFT is CANCELLED;"
        " no own entry is live",
    ]
    assert asked[0] == frozenset()
    assert asked[-1] == {"AAPL", "MSFT"}


def test_halt_without_a_live_entry_has_nothing_to_follow(capsys: pytest.CaptureFixture[str]) -> None:
    follow_halt(lambda _: entries(reached=False), HandClock(), 60.0)
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(("over_after_s", "confirmed"), [(59.7, True), (61.0, False)])
def test_entry_that_is_not_over_in_time_is_an_error_and_says_where_to_turn(
    over_after_s: float, *, confirmed: bool
) -> None:
    clock = HandClock()

    def now(_: frozenset[str]) -> Entries:
        return entries(line()) if clock.time < over_after_s else entries()

    if confirmed:
        follow_halt(now, clock, 60.0)
        return
    with pytest.raises(click.ClickException, match="after 60 s these may still be live: AAPL") as caught:
        follow_halt(now, clock, 60.0)
    assert caught.value.exit_code == 1
    assert caught.value.message.endswith("not confirmed at the broker: use TWS or the phone")


def test_ctrl_c_ends_the_showing_and_says_that_the_halt_goes_on(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(click.exceptions.Exit) as caught:
        follow_halt(lambda _: entries(line()), HandClock(interrupted_after=3), 60.0)
    assert caught.value.exit_code == INTERRUPTED
    assert capsys.readouterr().err == "the halt stands and goes on\n"
