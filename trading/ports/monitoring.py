"""Whom the cycle tells what happens."""

from __future__ import annotations

from collections.abc import Collection
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Protocol

from trading.model.metric import Counter, Duration, Gauge
from trading.model.mode import Mode


class Log(Protocol):
    """Structured lines: a constant event, the facts in fields; the adapter masks and escapes them."""

    def info(self, event: str, **fields: object) -> None:
        """Write what happened."""

    def warning(self, event: str, **fields: object) -> None:
        """Write what may need a look."""

    def error(self, event: str, **fields: object) -> None:
        """Write what went wrong; `exc_info=True` adds the exception that is being handled."""


class Metrics(Protocol):
    """Numbers for /metrics."""

    def add(self, counter: Counter, amount: float = 1.0, *, label: str | None = None) -> None:
        """Count something; `label` is the reason, state or code of a counter that has one."""

    def reach(self, counter: Counter, total: float, *, label: str | None = None) -> None:
        """Bring a counter up to a total that is kept elsewhere, over restarts too; never down."""

    def put(self, gauge: Gauge, value: float) -> None:
        """Set a gauge."""

    def put_mode(self, mode: Mode) -> None:
        """Show which mode is in force."""

    def observe(self, duration: Duration, seconds: float) -> None:
        """Take a length of time into its histogram."""

    def write(self) -> bool:
        """Publish all numbers; False, and no error, where that can't be done now."""


class Notifier(Protocol):
    """Tell a person about something that needs one."""

    def alert(self, code: str, text: str) -> None:
        """Deliver, or log, one alert; never raises."""


class Alerts(Protocol):
    """What a person has to know, with a memory that survives a restart; never raises."""

    def present(self, code: str, subject: str, text: str, now: datetime, *, again_after_s: float | None = None) -> None:
        """Tell that something is so, once while it lasts, or again each time that `again_after_s` have passed."""

    def over(self, code: str, keep_subjects: Collection[str], now: datetime) -> None:
        """End the alerts of a code but those of `keep_subjects`; what comes back later is told anew."""


class Progress(Protocol):
    """What the loop is doing, for those who watch from outside whether it goes on; never waits and never raises.

    Each block is what goes on until it is left; seconds are real ones. What goes on within a step (a call, a wait) has
    a limit of its own, and the step's own begins anew when that is over.
    """

    def step(self, name: str, limit_s: float = ...) -> AbstractContextManager[None]:
        """Do a step of the loop, named by a verb: "decides"."""

    def calling(self, call: str, limit_s: float, *, counts: bool = True) -> AbstractContextManager[None]:
        """Ask the gateway; a block that is left by an exception was not answered.

        That it is answered says that the gateway answers, if it `counts`.
        """

    def waiting(self, seconds: float) -> AbstractContextManager[None]:
        """Wait, for at most so long."""

    def resting(self) -> AbstractContextManager[None]:
        """Wait until the next cycle is due; where the last one was whole, the next counts as late only after that."""

    def cycle_ended(self, *, whole: bool) -> None:
        """Tell that a cycle came to its end; `whole` where nothing in it failed."""

    def unstored(self, problem: str) -> None:
        """Tell why the store can't be written, which therefore can't say so itself; empty where it can."""
