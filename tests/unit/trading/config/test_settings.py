from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from trading.config import GatewaySettings, Settings


def test_settings_are_frozen() -> None:
    settings = Settings()
    with pytest.raises(AttributeError):
        settings.risk.max_positions = 99  # type: ignore[misc]  # what must not work


def test_defaults_are_those_of_the_documents() -> None:
    s = Settings()
    assert (s.loop.check_interval_s, s.risk.max_positions, s.sizing.allocation_per_trade) == (60, 10, 1000)
    assert (s.risk.max_drawdown, s.sizing.max_position_size) == (0.2, 0.1)
    assert (s.rules.profit_threshold, s.rules.min_price) == (2.0, 5.0)
    assert (s.risk.max_order_value, s.risk.max_order_quantity, s.risk.max_daily_loss) == (25_000, 500, 0.05)
    assert (s.risk.max_exposure, s.risk.max_open_risk, s.risk.profile) == (1.0, 0.12, "standard")
    assert (s.execution.slippage_bps, s.execution.bar_settle_s, s.execution.send_from) == (5, 900, "pre_open")
    assert (s.gateway.kind, s.state_dir, s.log_dir) == ("live", Path("state"), Path("logs"))


def test_parameters_are_those_of_the_chosen_strategy() -> None:
    settings = Settings(strategies={"a": {"x": 1}, "b": {"x": 2}}, strategy_name="b")
    assert settings.strategy_parameters == {"x": 2}
    assert msgspec.structs.replace(settings, strategy_name="c").strategy_parameters == {}


def test_kind_of_gateway_decides_what_is_simulated() -> None:
    assert not Settings().simulated


def test_certificates_to_trust_are_the_configured_ones_or_those_that_were_made(tmp_path: Path) -> None:
    live = Settings(state_dir=tmp_path)
    assert live.trusted_certificates is None
    live.made_certificate.parent.mkdir(parents=True)
    live.made_certificate.touch()
    assert live.trusted_certificates == tmp_path / "gateway" / "root" / "gateway.pem"
    given = GatewaySettings(ca_bundle=Path("mine.pem"))
    assert Settings(state_dir=tmp_path, gateway=given).trusted_certificates == Path("mine.pem")
    simulated = Settings(state_dir=tmp_path, gateway=GatewaySettings(kind="simulated"))
    assert simulated.trusted_certificates == tmp_path / "simulator" / "simulator-cert.pem"
