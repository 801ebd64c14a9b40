"""Defaults of what surrounds the trading loop can be used as they are."""

from __future__ import annotations

from trading.config import OPTIONS
from trading.config.surroundings import DashboardSettings, SimulatorSettings, StartSettings


def test_dashboard_is_open_to_this_machine_alone() -> None:
    dashboard = DashboardSettings()
    assert (dashboard.host, dashboard.port, dashboard.password) == ("127.0.0.1", 5056, None)
    assert (dashboard.allowed_hosts, dashboard.tls_cert, dashboard.tls_key) == ((), None, None)


def test_start_waits_a_minute_for_the_gateway_and_starts_it_again_after_two() -> None:
    start = StartSettings()
    assert (start.wait_s, start.deadline_s, start.liveness_s, start.restart_s) == (60, 120, 10, 1)


def test_simulated_account_begins_with_ten_thousand_dollars() -> None:
    simulator = SimulatorSettings()
    assert (simulator.start, simulator.cash, simulator.host) == ("2014-03-03", 10_000.0, "127.0.0.1")


def test_each_default_passes_its_own_check() -> None:
    for option in OPTIONS:
        if option.further is not None and option.default not in ("", (), None):
            assert option.further(option.default) == option.default
