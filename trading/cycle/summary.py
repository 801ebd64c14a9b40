"""What one cycle did, as the line that people read."""

from __future__ import annotations

from dataclasses import asdict, dataclass


@dataclass(slots=True)
class CycleSummary:
    """Counts of one cycle. `signals` are buys and sells of a decision, `refusals` its denials and the sender's."""

    session: str = ""
    mode: str = ""
    signals: int = 0
    orders: int = 0
    fills: int = 0
    trades: int = 0
    refusals: int = 0
    positions: int = 0
    unknown: int = 0
    uncovered: int = 0
    duration_s: float = 0.0

    @property
    def did_something(self) -> bool:
        """Whether it decided, sent or counted something."""
        return bool(self.session or self.signals or self.orders or self.fills or self.trades or self.refusals)

    @property
    def words(self) -> tuple[str, int, int, int]:
        """Return how things stand after it, whatever it did."""
        return (self.mode, self.positions, self.unknown, self.uncovered)

    def as_mapping(self) -> dict[str, object]:
        """Return the counts by name."""
        return asdict(self)
