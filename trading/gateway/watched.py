"""A transport whose calls are seen while they go on, so that a gateway that hangs is not taken for a loop that does."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from trading.gateway.transport import HttpAnswer, Transport, TransportTo
from trading.model.account import hide_in_address
from trading.ports import Progress

CONTROL = "/sim"
"""where a simulated gateway has its market's clock"""


class WatchedTransport:
    """`Transport`: tells `Progress` of each exchange, and leaves the rest to another transport.

    Anybody may read what the loop is doing, so no account stands in it.
    """

    def __init__(self, transport: Transport, progress: Progress, *, is_api: bool = True) -> None:
        """Exchange over `transport`, which may lead to something else than the API: the simulator's control."""
        self._transport = transport
        self._progress = progress
        self._is_api = is_api

    def exchange(
        self, verb: str, path: str, query: Mapping[str, str] | None, body: bytes | None, limit_s: float
    ) -> HttpAnswer:
        """Do one exchange (see `Transport`)."""
        call = f"{verb} {'' if self._is_api else CONTROL}{hide_in_address(path)}"
        with self._progress.calling(call, limit_s, counts=self._is_api):
            return self._transport.exchange(verb, path, query, body, limit_s)

    def close(self) -> None:
        """Let go of what is kept open."""
        self._transport.close()


def watched(transport_to: TransportTo, progress: Progress) -> TransportTo:
    """Return what makes watched transports of those that `transport_to` makes."""

    def make(url: str, ca_bundle: Path | None) -> Transport:
        is_api = not url.rstrip("/").endswith(CONTROL)
        return WatchedTransport(transport_to(url, ca_bundle), progress, is_api=is_api)

    return make
