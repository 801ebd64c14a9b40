"""Calls that arrive late, twice or in another order than they were sent."""

from __future__ import annotations

from functools import partial

import msgspec

from simulator.arrivals import note_arrival
from simulator.faults import later
from simulator.faults.context import Firing
from simulator.faults.declaration import WRITES, FaultKind, choice, real_seconds, seconds
from simulator.messages import Break, Response, Wire


def late_apply(firing: Firing) -> Response:
    """The client sees a reset or silence; the call is applied some simulated time later."""
    later.schedule(firing.broker, firing.number("seconds"), later.call(firing.request))
    if firing.text("seen") == "reset":
        return Response(200, wire=Wire(Break.RESET, count=1))
    return Response(200, wire=Wire(Break.SILENT, firing.number("silence_s")))


def duplicated(firing: Firing) -> Response:
    """A proxy delivers the call twice; the client gets the first answer."""
    first = firing.proceed()
    broker = firing.broker
    configured, scope = broker.behaviour, firing.text("dedupe")
    if scope != "configured":
        broker.behaviour = msgspec.structs.replace(configured, duplicate_coid=scope)
    try:
        note_arrival(broker, firing.request)
        firing.proceed()
    finally:
        broker.behaviour = configured
    return first


def reordered(firing: Firing) -> Response:
    """The call is applied after the next read, though it was sent before it; without a read after the window."""
    broker = firing.broker
    number = later.schedule(broker, firing.number("window_s"), later.call(firing.request))
    broker.memory.after_next_read.append(partial(later.perform, broker, number))
    return Response(200, wire=Wire(Break.SILENT, firing.number("silence_s")))


_SILENCE = real_seconds("silence_s", 15.0, "until the connection closes without an answer", most=3600.0)

KINDS = (
    FaultKind(
        "T08",
        "The call is applied after the client was told that it failed",
        late_apply,
        (
            seconds("seconds", 10.0, "how much later it is applied"),
            choice("seen", "reset", ("reset", "silence"), "what the client sees"),
            _SILENCE,
        ),
        calls=WRITES,
    ),
    FaultKind(
        "T09",
        "The call is delivered twice",
        duplicated,
        (
            choice(
                "dedupe",
                "configured",
                ("configured", "none", "session", "day"),
                "scope of the check on cOID that the second one meets",
            ),
        ),
        calls=WRITES,
    ),
    FaultKind(
        "T10",
        "The call is applied after the read that was sent after it",
        reordered,
        (seconds("window_s", 60.0, "it is applied by then if no read comes"), _SILENCE),
        calls=WRITES,
    ),
)
