from __future__ import annotations

from tests.unit.webapp.desk import HandClock
from trading.monitoring.wall_clock import WallClock
from webapp.clock import WebClock


def test_the_machines_clock_and_that_of_the_tests_are_both_what_the_dashboard_needs() -> None:
    clocks: tuple[WebClock, ...] = (WallClock(), HandClock())
    for clock in clocks:
        assert clock.now().tzinfo is not None
        assert clock.monotonic() <= clock.monotonic()
