"""Requests of people, in memory."""

from __future__ import annotations

from datetime import UTC, datetime

from trading.model.mode import Control, ControlKind

ASKED = datetime(2014, 3, 4, 13, 30, tzinfo=UTC)


class FakeControls:
    """Implements `Controls`: requests wait until they are answered; `failures` are raised first, one a look."""

    def __init__(self) -> None:
        self.waiting: list[Control] = []
        self.answers: list[tuple[ControlKind, str]] = []
        self.failures: list[Exception] = []

    def ask(self, kind: ControlKind, argument: str = "") -> None:
        number = len(self.waiting) + len(self.answers) + 1
        self.waiting.append(Control(number, kind, argument, "mary", ASKED))

    def pending(self) -> tuple[Control, ...]:
        if self.failures:
            raise self.failures.pop(0)
        return tuple(self.waiting)

    def answer(self, control: Control, result: str, now: datetime) -> None:
        self.waiting.remove(control)
        self.answers.append((control.kind, result))
