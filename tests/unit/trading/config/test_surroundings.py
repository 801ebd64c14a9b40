"""What surrounds the trading loop: its defaults can be used as they are, and what can't be used is said."""

from __future__ import annotations

from pathlib import Path

import pytest

from trading.config import OPTIONS, load_settings
from trading.config.surroundings import DashboardSettings, SimulatorSettings, StartSettings
from trading.errors import ConfigError


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


@pytest.fixture
def config(tmp_path: Path) -> Path:
    (tmp_path / "config.json").write_text("{}", encoding="utf-8")
    return tmp_path / "config.json"


def refused(config: Path, environ: dict[str, str]) -> str:
    with pytest.raises(ConfigError) as caught:
        load_settings(environ, config)
    return str(caught.value)


@pytest.mark.parametrize(
    ("environ", "fits"),
    [
        ({"DASHBOARD_PORT": "5055"}, False),
        ({"DASHBOARD_PORT": "443", "GATEWAY_URL": "https://localhost"}, False),
        ({"DASHBOARD_PORT": "5055", "DASHBOARD_HOST": "192.0.2.1"}, False),
        ({"DASHBOARD_PORT": "5055", "GATEWAY": "simulated"}, False),
        ({"DASHBOARD_PORT": "5055", "GATEWAY": "simulated", "DASHBOARD_HOST": "192.0.2.1"}, True),
        ({"DASHBOARD_PORT": "5055", "GATEWAY_URL": "https://gateway.example:5055"}, True),
        ({"DASHBOARD_PORT": "5057"}, True),
    ],
)
def test_dashboard_and_gateway_of_one_machine_have_a_port_each(
    config: Path, environ: dict[str, str], *, fits: bool
) -> None:
    if fits:
        assert load_settings(environ, config).dashboard.port == int(environ["DASHBOARD_PORT"])
    else:
        assert refused(config, environ) == (
            f"DASHBOARD_PORT = {environ['DASHBOARD_PORT']}: the gateway has this port already (GATEWAY_URL): "
            "give one of them another"
        )


@pytest.mark.parametrize(
    ("environ", "line"),
    [
        (
            {"GATEWAY_UPSTREAM": "api.ibkr.com"},
            "GATEWAY_UPSTREAM = 'api.ibkr.com': must be an address like https://api.ibkr.com",
        ),
        ({"GATEWAY_JAR_SHA256": "abc"}, "GATEWAY_JAR_SHA256 = 'abc': must be a SHA-256: 64 digits of 0-9 and a-f"),
        (
            {"METRICS_TOKEN": "\u043a\u043b\u044e\u0447"},
            "METRICS_TOKEN: may hold letters without accents, digits and signs of ASCII alone",
        ),
    ],
)
def test_text_of_a_form_is_refused_with_an_example(config: Path, environ: dict[str, str], line: str) -> None:
    assert refused(config, environ) == line


def test_text_of_a_form_is_kept(config: Path) -> None:
    environ = {"GATEWAY_UPSTREAM": "https://api.ibkr.com", "GATEWAY_JAR_SHA256": "0f" * 32, "METRICS_TOKEN": "a b-1"}
    settings = load_settings(environ, config)
    assert (settings.start.gateway_upstream, settings.start.gateway_jar_sha256) == ("https://api.ibkr.com", "0f" * 32)
