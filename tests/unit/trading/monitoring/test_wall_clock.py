from __future__ import annotations

from datetime import UTC

from trading.monitoring.wall_clock import WallClock


def test_time_is_aware_and_monotonic_time_never_goes_back() -> None:
    clock = WallClock()
    assert clock.now().tzinfo is UTC
    first = clock.monotonic()
    clock.pause(0)
    assert clock.monotonic() >= first
