"""What telling people away from the pages needs: where it is kept what was told, and who takes a message there."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Protocol

from trading.model.notice import Delivery, Message, Notice, Outcome, Part, Sent


class Sender(Protocol):
    """Takes messages to one address."""

    @property
    def channel(self) -> str:
        """Return what the address is called on record and in logs: nothing of it that is secret."""
        ...

    def send(self, message: Message) -> Sent:
        """Deliver a message, or say why that failed; may take long, and never raises for what the other side does."""
        ...


class NoticeBook(Protocol):
    """What is to be told and what was, over restarts; what can't be read or written is InvariantBroken."""

    def known(self) -> Mapping[str, Notice]:
        """Return the newest notice of each topic that may still be told of, or whose end may."""
        ...

    def note(self, new: Sequence[Notice], ended: Sequence[Notice]) -> None:
        """Keep new notices, whose numbers are given then, and the ends of known ones, in one step."""
        ...

    def notices(self) -> tuple[Notice, ...]:
        """Return what may still have to be told, oldest first."""
        ...

    def deliveries(self, channel: str) -> tuple[Delivery, ...]:
        """Return what became of these through a channel."""
        ...

    def record(
        self, channel: str, parts: Iterable[tuple[int, Part]], outcome: Outcome, now: datetime, detail: str = ""
    ) -> None:
        """Keep an outcome; SENDING begins an attempt, and counts it."""
        ...

    def prune(self) -> int:
        """Delete what was over long ago and is needed for nothing any more; return how many notices those were."""
        ...
