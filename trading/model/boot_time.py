"""A moment counted from the start of the machine: an age that no change of the wall clock makes longer or shorter."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class BootTime:
    """A moment in the life of one boot of one machine."""

    boot_id: str
    seconds: float

    def since(self, boot_id: object, seconds: object) -> float | None:
        """Return how many seconds before this one a stored moment was; None for another boot, or for nonsense."""
        if boot_id != self.boot_id or not isinstance(seconds, int | float):
            return None
        age_s = self.seconds - seconds
        return age_s if age_s >= 0.0 else None
