"""A transport whose calls are seen while they go on, so that a gateway that hangs is not taken for a loop that does."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from trading.gateway.transport import HttpAnswer, Transport, TransportTo
from trading.model.account import hide_in_address
from trading.ports import Progress


class WatchedTransport:
    """`Transport`: tells `Progress` of each exchange, and leaves the rest to another transport.

    Anybody may read what the loop is doing, so no account stands in it.
    """

    def __init__(self, transport: Transport, progress: Progress) -> None:
        """Exchange over `transport`."""
        self._transport = transport
        self._progress = progress

    def exchange(
        self, verb: str, path: str, query: Mapping[str, str] | None, body: bytes | None, limit_s: float
    ) -> HttpAnswer:
        """Do one exchange (see `Transport`)."""
        with self._progress.calling(f"{verb} {hide_in_address(path)}", limit_s):
            return self._transport.exchange(verb, path, query, body, limit_s)

    def close(self) -> None:
        """Let go of what is kept open."""
        self._transport.close()


def watched(transport_to: TransportTo, progress: Progress) -> TransportTo:
    """Return what makes watched transports of those that `transport_to` makes."""

    def make(url: str, ca_bundle: Path | None) -> Transport:
        return WatchedTransport(transport_to(url, ca_bundle), progress)

    return make
