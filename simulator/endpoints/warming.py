"""What the first reads of a session get: less than later ones, while the broker fills its caches."""

from __future__ import annotations

from simulator.broker import Broker


def is_first_read(broker: Broker, call: str) -> bool:
    """Count a read of `call` and return whether it is still one of the session's first."""
    calls = broker.session.portfolio_calls
    calls[call] = calls.get(call, 0) + 1
    return calls[call] <= broker.behaviour.cold_positions_calls
