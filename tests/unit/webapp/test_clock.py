from __future__ import annotations

from datetime import timedelta

from webapp.clock import SystemClock


def test_the_system_clock_is_aware_utc_and_its_other_hand_never_goes_back() -> None:
    clock = SystemClock()
    assert clock.now().utcoffset() == timedelta(0)
    first, second = clock.monotonic(), clock.monotonic()
    assert first <= second
