"""A memory that keeps nothing over a restart, for whoever has nowhere to keep it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from trading.model.contract import ContractPin


class ProcessMemory:
    """`trading.ports.GatewayMemory` as long as the process runs."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self._penalty_end: datetime | None = None
        self._pins: dict[str, ContractPin] = {}

    def penalty_end(self) -> datetime | None:
        """Return until when requests are suspended."""
        return self._penalty_end

    def keep_penalty_end(self, end: datetime | None) -> None:
        """Keep until when requests are suspended."""
        self._penalty_end = end

    def pin(self, symbol: str) -> ContractPin | None:
        """Return which contract a symbol means."""
        return self._pins.get(symbol)

    def keep_pins(self, pins: Iterable[ContractPin]) -> None:
        """Keep which contracts symbols mean."""
        self._pins |= {pin.symbol: pin for pin in pins}
