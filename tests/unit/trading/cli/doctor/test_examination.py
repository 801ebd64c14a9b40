from __future__ import annotations

from tests.unit.trading.cli.conftest import Shell
from trading.cli.doctor import broker_look
from trading.cli.doctor.examination import ORDER, checks
from trading.cli.environment import read_settings
from trading.config import Settings


def test_each_check_has_a_limit_within_fifteen_seconds_and_a_place_in_the_order() -> None:
    made = checks(Settings(), 0, broker_look.real())
    assert all(0.0 < check.limit_s < 14.0 for check in made)
    assert {check.name for check in made} <= set(ORDER)
    assert "calendar" in {check.name for check in made}


def test_simulated_market_has_a_day_of_its_own(shell: Shell) -> None:
    assert shell.folder.exists()
    assert "calendar" not in {check.name for check in checks(read_settings(), 0, broker_look.real())}
