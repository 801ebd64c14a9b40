"""What the gateway's client keeps over a restart, as facts of trading.db."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Protocol

from trading.errors import DataError
from trading.model.contract import ContractPin

PENALTY_END = "penalty_end"
_PIN = "pin."


class Facts(Protocol):
    """What of `trading.ports.Store` is needed here."""

    def keep(self, facts: Mapping[str, str]) -> None:
        """Keep small facts that the next start needs."""

    def value(self, key: str) -> str | None:
        """Return a small fact."""
        ...


class StoredGatewayMemory:
    """`trading.ports.GatewayMemory` over the store."""

    def __init__(self, store: Facts) -> None:
        """Keep everything in `store`."""
        self._store = store

    def penalty_end(self) -> datetime | None:
        """Return until when requests were suspended; a time that can't be read counts as none."""
        try:
            found = datetime.fromisoformat(self._store.value(PENALTY_END) or "")
        except ValueError:
            return None
        return found if found.tzinfo is not None else None

    def keep_penalty_end(self, end: datetime | None) -> None:
        """Keep until when requests are suspended; None once they aren't."""
        self._store.keep({PENALTY_END: "" if end is None else end.isoformat()})

    def pin(self, symbol: str) -> ContractPin | None:
        """Return which contract a symbol means.

        Raises: DataError, what is stored is no pin: nobody knows what the symbol means.
        """
        text = self._store.value(_PIN + symbol)
        if text is None:
            return None
        conid, _, listing = text.partition(" ")
        exchange, _, currency = listing.partition(" ")
        if not conid.isdecimal() or not exchange or not currency:
            raise DataError(symbol, "which contract it means can't be read from trading.db")
        return ContractPin(symbol, int(conid), exchange, currency)

    def keep_pins(self, pins: Iterable[ContractPin]) -> None:
        """Keep which contracts symbols mean, in one step."""
        self._store.keep({_PIN + pin.symbol: f"{pin.conid} {pin.exchange} {pin.currency}" for pin in pins})
