"""The way from the trading system to the simulated gateway within one process, with connections that break."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from urllib.parse import urlencode

from drill.clock import RunClock
from drill.deaths import CutShortError, Reaper, StuckError
from drill.schedule import ClientFault
from simulator.fault_plan import role_of
from simulator.messages import Break, Request, Wire
from trading.errors import NotSent, OutcomeUnknown
from trading.gateway.transport import MAX_ANSWER_BYTES, HttpAnswer

PREFIX = "/v1/api"
MOST_CALLS = 20_000
"""calls of one run"""
MOST_CALLS_AT_ONCE = 1_500
"""calls between two moves of the clock: a process that asks more than that doesn't get on"""
CONNECT_S = 3.0
_GOOD = 200
_HANGS = {"T02": "no connection in time", "T14": "TLS failed", "T16": "the gateway's name was not found"}
_POOL_EMPTY = "no connection is free"
# A body of that many bytes passes for the longest that a time limit sees drip.
_DRIPPED = 1000
_FOR_EVER_S = 1e12


class Line:
    """The one connection of a run, over restarts of both ends."""

    def __init__(
        self,
        clock: RunClock,
        reaper: Reaper,
        client_faults: Sequence[ClientFault],
        on_crash: Callable[[], object],
        note: Callable[..., object],
    ) -> None:
        """Tell `on_crash` that the gateway died, and `note` which faults of the way fired."""
        self._clock = clock
        self._reaper = reaper
        self._client_faults = client_faults
        self._on_crash = on_crash
        self._note = note
        self._met: Counter[int] = Counter()
        self._refused_calls = 0
        self._refused_until = 0.0
        self._other_certificate_until = 0.0
        self._dead_after: float | None = None
        self.calls = 0
        """how many there were"""
        self.writes = 0
        """how many of them wanted something to be done"""
        self._at_once = (0.0, 0)
        self.troubled = False
        """whether something was in the way of a call since it was last set to False"""

    def transport_to(self, _url: str, _ca_bundle: Path | None) -> Line:
        """Return the transport to any address."""
        return self

    def close(self) -> None:
        """There is nothing to close."""

    def heal(self) -> None:
        """Nothing on the way is broken any more."""
        self._client_faults = ()
        self._refused_calls, self._refused_until, self._other_certificate_until = 0, 0.0, 0.0
        self._dead_after = None

    def refuse_for(self, seconds: float) -> None:
        """Refuse connections for a while: nobody listens."""
        self._refused_until = self._clock.monotonic() + seconds

    def exchange(
        self, verb: str, path: str, query: Mapping[str, str] | None, body: bytes | None, limit_s: float
    ) -> HttpAnswer:
        """Do one exchange (`trading.gateway.transport.Transport`)."""
        call = f"{verb} {path}"
        role = role_of(Request(verb, path, {}, body or b"")) or "read"
        self._count()
        self.writes += role != "read"
        before, fired = self.troubled, self._firings()
        self._reaper.passing("call_before", role)
        self.troubled = True
        self._connect(call, role, limit_s)
        answer = self._clock.simulator.handle(verb, PREFIX + path, urlencode(query or {}), body or b"")
        self._reaper.passing("call_after", role)
        if answer.wire is not None:
            self._misbehave(call, answer.wire, limit_s)
        if len(answer.body) > MAX_ANSWER_BYTES:
            raise OutcomeUnknown(call, "the answer is too large", answer.status)
        self.troubled = before or self._firings() > fired or answer.status != _GOOD
        return HttpAnswer(answer.status, answer.body)

    def _firings(self) -> int:
        return sum(planned.fired for planned in self._clock.simulator.broker.faults.planned)

    def _count(self) -> None:
        self.calls += 1
        now = self._clock.monotonic()
        self._at_once = (now, self._at_once[1] + 1) if self._at_once[0] == now else (now, 1)
        if self._at_once[1] > MOST_CALLS_AT_ONCE:
            raise StuckError
        if self.calls > MOST_CALLS:
            raise CutShortError

    def _connect(self, call: str, role: str, limit_s: float) -> None:
        """Get a connection.

        Raises: NotSent, there is none; OutcomeUnknown, there is a dead one.
        """
        for index, fault in enumerate(self._client_faults):
            if fault.role not in (None, role):
                continue
            self._met[index] += 1
            if fault.nth <= self._met[index] < fault.nth + fault.calls:
                self._note("client_fault", id=fault.id, call=call)
                if fault.id == "T02":
                    self._clock.pass_by(min(CONNECT_S, limit_s))
                raise NotSent(call, _HANGS.get(fault.id, _POOL_EMPTY))
        now = self._clock.monotonic()
        if self._refused_calls or now < self._refused_until:
            self._refused_calls = max(self._refused_calls - 1, 0)
            raise NotSent(call, "connection refused: is the gateway running?")
        if now < self._other_certificate_until:
            raise NotSent(call, "the gateway's certificate was not accepted")
        if self._dead_after is not None:
            dead, self._dead_after = now >= self._dead_after, None
            if dead:
                raise OutcomeUnknown(call, "the connection was reset")

    def _misbehave(self, call: str, wire: Wire, limit_s: float) -> None:
        """Do to the answer what a fault asks for.

        Raises: OutcomeUnknown, it does not come, or not whole.
        """
        if wire.broken is Break.HALF_OPEN:
            self._dead_after = self._clock.monotonic() + wire.seconds
            return
        lasts_s = wire.seconds
        if wire.broken is Break.SLOW:
            lasts_s = wire.count / 1000.0 if wire.count else wire.seconds * _DRIPPED
        if wire.broken in (Break.SLOW, Break.LATE, Break.SILENT, Break.RESET):
            self._clock.pass_by(min(lasts_s, limit_s))
        if wire.broken in (Break.SLOW, Break.LATE) and lasts_s < limit_s:
            return
        if wire.broken is Break.CRASH:
            self._on_crash()
        elif wire.broken is Break.CERTIFICATE:
            self._other_certificate_until = self._clock.monotonic() + (wire.seconds or _FOR_EVER_S)
        elif wire.broken is Break.REFUSED:
            self._refused_calls = wire.count
            if not wire.count:
                self.refuse_for(wire.seconds)
        raise OutcomeUnknown(call, f"the connection broke: {wire.broken}")
