"""The simulated gateway as a transport: a call instead of a socket, with connections that break as the faults say."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlencode

from simulator.core import Simulator
from simulator.messages import Break
from trading.errors import NotSent, OutcomeUnknown
from trading.gateway.transport import HttpAnswer

# What passes for the client's limit where an answer comes slowly: a body of this many bytes.
_DRIPPED = 1000


class InProcessTransport:
    """Hands each exchange to a simulator; `prefix` stands before every path."""

    def __init__(self, simulator: Simulator, prefix: str = "/v1/api") -> None:
        self._simulator = simulator
        self._prefix = prefix
        self.crashed = False
        """a fault has ended the simulator"""

    def exchange(
        self, verb: str, path: str, query: Mapping[str, str] | None, body: bytes | None, limit_s: float
    ) -> HttpAnswer:
        call = f"{verb} {path}"
        if self.crashed:
            raise NotSent(call, "connection refused")
        response = self._simulator.handle(verb, self._prefix + path, urlencode(query or {}), body or b"")
        if response.wire is not None:
            lasts_s = {Break.LATE: response.wire.seconds, Break.SLOW: response.wire.seconds * _DRIPPED}
            if lasts_s.get(response.wire.broken, limit_s) >= limit_s:
                self.crashed = response.wire.broken is Break.CRASH
                raise OutcomeUnknown(call, f"the connection broke: {response.wire.broken}")
        return HttpAnswer(response.status, response.body)

    def close(self) -> None:
        """There is nothing to close."""
