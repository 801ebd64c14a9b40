"""A machine on which there is IPv6 alone, or none."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.machines.conftest import do
from tests.scenarios.real_start import RealStart

SIX = {"GATEWAY_HOST": "::1", "DASHBOARD_HOST": "::1"}


@pytest.fixture
def start(tmp_path: Path) -> Iterator[RealStart]:
    made = RealStart(tmp_path)
    yield made
    made.close()


@pytest.fixture
def without_ipv4(start: RealStart) -> Iterator[RealStart]:
    do("ip", "addr", "del", "127.0.0.1/8", "dev", "lo")
    yield start
    do("ip", "addr", "add", "127.0.0.1/8", "dev", "lo")


@pytest.fixture
def without_ipv6() -> Iterator[None]:
    switch = Path("/proc/sys/net/ipv6/conf/lo/disable_ipv6")
    switch.write_text("1", encoding="ascii")
    yield
    switch.write_text("0", encoding="ascii")


def test_system_trades_over_ipv6_alone(without_ipv4: RealStart) -> None:
    start = without_ipv4
    start.begin(GATEWAY_URL=f"https://[::1]:{start.gateway_port}", **SIX)
    start.trades()
    assert f"dashboard: http://[::1]:{start.dashboard_port}" in start.output()
    assert f"http://[::1]:{start.dashboard_port}/login?token=" in start.output()
    assert start.stop() == 0


@pytest.mark.usefixtures("without_ipv6")
def test_system_trades_without_ipv6(start: RealStart) -> None:
    start.begin()
    start.trades()
    assert start.stop() == 0
