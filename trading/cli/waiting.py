"""Waits, with a person who looks on, for what the trading process does about a request."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import click

from trading.errors import InvariantBroken
from trading.model.mode import FlattenGoal
from trading.model.operator_request import NOT_CONFIRMED, REFUSED, OperatorVerb, RequestProgress
from trading.store.readers.orders import OrderLine

# Half a second is what it takes; a person who waits longer than this has to know another way.
LATE_AFTER_S = 10.0
INTERRUPTED = 130
_POLL_S = 0.2


class Waiting(Protocol):
    """A clock to wait by."""

    def monotonic(self) -> float:
        """Return seconds that never go back."""

    def pause(self, seconds: float) -> None:
        """Return after `seconds`."""


class NotConfirmed(click.ClickException):
    """Nobody has answered a request in time (exit 1)."""

    def __init__(self, kind: OperatorVerb, wait_s: float) -> None:
        """Say what is stored and what to do meanwhile."""
        later = (
            "It takes the request up as soon as it runs" if kind is OperatorVerb.HALT else "After a minute it is void"
        )
        super().__init__(
            f"{kind} is stored and not yet confirmed: the trading process has not answered within {wait_s:g} s."
            f" {later}; until then use TWS or the phone for anything urgent"
        )


class RefusedByTrader(click.ClickException):
    """The trading process said no (exit 1)."""

    def __init__(self, kind: OperatorVerb, answer: str) -> None:
        """Say it in its words."""
        super().__init__(f"{kind}: {answer}")


class NotOver(click.ClickException):
    """Entries were not cancelled in time (exit 1)."""

    def __init__(self, entries: Entries, limit_s: float) -> None:
        """Say which, and what to do meanwhile."""
        names = ", ".join(line.symbol for line in entries.live)
        super().__init__(
            f"{OperatorVerb.HALT}: after {limit_s:g} s these may still be live: {names}; their cancels go on;"
            f" {NOT_CONFIRMED}"
        )


def wait_for_answer(
    kind: OperatorVerb, progress_of: Callable[[], RequestProgress | None], clock: Waiting, wait_s: float
) -> str:
    """Return what the trading process did about a request; after 10 s say that it has not begun.

    Raises: ClickException (exit 1), no answer in time, or the trading process refused; InvariantBroken("controls"),
        there is no such request any more: nobody may have seen it.
    """
    began, warned = clock.monotonic(), False
    while True:
        progress = progress_of()
        if progress is None:
            raise InvariantBroken(
                "controls", f"the {kind} is gone: the file of requests was deleted or replaced meanwhile; ask again"
            )
        if progress.answer is not None:
            if progress.answer.startswith(REFUSED):
                raise RefusedByTrader(kind, progress.answer)
            return progress.answer
        waited_s = clock.monotonic() - began
        if waited_s >= LATE_AFTER_S and not warned and not progress.taken_up:
            warned = True
            click.echo(f"{kind}: not taken up: use TWS or the phone", err=True)
        if waited_s >= wait_s:
            raise NotConfirmed(kind, wait_s)
        clock.pause(_POLL_S)


@dataclass(frozen=True, slots=True)
class Entries:
    """Own entries at one moment: those that are or may be live, and others that were.

    `reached`: the broker's session is open, so that a reading can show what becomes of them.
    """

    live: tuple[OrderLine, ...]
    ended: tuple[OrderLine, ...]
    reached: bool


def follow_halt(entries_now: Callable[[frozenset[str]], Entries], clock: Waiting, limit_s: float) -> None:
    """Print what becomes of own live entries, as often as that changes, until readings showed the end of each.

    `entries_now` tells of the entries that are live, and of those that it is given.

    Raises: NotOver (exit 1), some are not over in time; Exit (130), the person wants to see no more. The halt goes on.
    """
    began, said, seen = clock.monotonic(), "", frozenset[str]()
    try:
        while True:
            entries = entries_now(seen)
            seen |= {line.coid for line in entries.live}
            text = _halting(entries)
            if text != said and seen:
                said = text
                click.echo(f"{OperatorVerb.HALT}: {text}")
            if not entries.live:
                return
            if clock.monotonic() - began >= limit_s:
                raise NotOver(entries, limit_s)
            clock.pause(_POLL_S)
    except KeyboardInterrupt:
        click.echo("the halt stands and goes on", err=True)
        raise click.exceptions.Exit(INTERRUPTED) from None


def _halting(entries: Entries) -> str:
    parts = [_entry(line) for line in (*entries.ended, *entries.live)]
    if not entries.live:
        parts.append("no own entry is live")
    elif not entries.reached:
        parts.append(f"the broker is not reached; {NOT_CONFIRMED}")
    return "; ".join(parts)


def _entry(line: OrderLine) -> str:
    bought = f", {line.filled} of {line.quantity} were bought" if line.filled else ""
    return f"the entry in {line.symbol} is {line.state}{bought}"


def follow_flatten(goal_now: Callable[[], FlattenGoal | None], clock: Waiting) -> None:
    """Print what a flatten does and waits for, as often as that changes, until it is over.

    Raises: Exit (130), the person wants to see no more; the flatten goes on.
    """
    said = ""
    try:
        while (goal := goal_now()) is not None and not goal.over:
            if goal.waits_for != said:
                said = goal.waits_for
                click.echo(f"{OperatorVerb.FLATTEN}: {said}")
            clock.pause(_POLL_S)
    except KeyboardInterrupt:
        click.echo("the flatten stands and goes on; python -m trading resume takes it back", err=True)
        raise click.exceptions.Exit(INTERRUPTED) from None
    if goal is not None:
        click.echo(f"{OperatorVerb.FLATTEN}: {goal.outcome}")
