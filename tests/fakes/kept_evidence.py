"""Evidence in memory."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from trading.ports import Sighting


class KeptEvidence:
    """`trading.ports.Evidence` without a file."""

    def __init__(self) -> None:
        self.seen: dict[str, tuple[Sighting, ...]] = {}

    def record(self, subject: str, evidence: str, now: datetime) -> None:
        self.seen[subject] = (*self.of(subject), Sighting(evidence, now))

    def of(self, subject: str) -> tuple[Sighting, ...]:
        return self.seen.get(subject, ())

    def subjects(self) -> frozenset[str]:
        return frozenset(self.seen)

    def forget(self, subjects: Collection[str]) -> None:
        for subject in subjects:
            self.seen.pop(subject, None)
