"""Faults: each by its id and parameters, drawn from one seeded generator, each firing in the truth log."""

from __future__ import annotations

from simulator.faults import payload, trading, transport
from simulator.faults.context import Handler

HANDLERS: dict[str, Handler] = {**transport.HANDLERS, **payload.HANDLERS, **trading.HANDLERS}
