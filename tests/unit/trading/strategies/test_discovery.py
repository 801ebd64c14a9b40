from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.fakes.stages import settings_of
from trading.errors import ConfigError
from trading.strategies.discovery import make_strategy, strategy_class, strategy_names


def test_strategies_are_found_by_the_name_of_their_module() -> None:
    assert set(strategy_names()) >= {"donchian_breakout", "trend_mean_reversion"}
    for name in strategy_names():
        found = strategy_class(name)
        assert found.name == name
        assert found.__module__ == f"trading.strategies.{name}"
        assert found.Parameters.__struct_fields__


def test_listing_strategies_imports_none_of_them(project_root: Path) -> None:
    code = (
        "import sys; from trading.strategies.discovery import strategy_names; strategy_names(); "
        "sys.exit(any(name in sys.modules for name in ('trading.strategies.donchian_breakout', "
        "'trading.strategies.trend_mean_reversion')))"
    )
    assert subprocess.run([sys.executable, "-c", code], cwd=project_root, check=False).returncode == 0


def test_unknown_strategy_is_refused_with_what_there_is() -> None:
    with pytest.raises(ConfigError, match="did you mean trend_mean_reversion") as caught:
        strategy_class("trend_mean_reversal")
    assert "donchian_breakout" in str(caught.value)
    for name in ("base", "discovery", "parameters", "signals", "../x", ""):
        with pytest.raises(ConfigError):
            strategy_class(name)


def test_strategy_is_made_with_the_parameters_of_the_settings() -> None:
    made = make_strategy(settings_of("strategy.name=donchian_breakout", "entry_period=21", short=False))
    assert made.name == "donchian_breakout"
    assert made.warm_up_bars == 200


def test_wrong_parameter_is_refused_with_its_path() -> None:
    with pytest.raises(ConfigError) as caught:
        make_strategy(settings_of("pullback_mx=3", short=False))
    assert str(caught.value) == (
        "strategy.trend_mean_reversion.pullback_mx: no such parameter; did you mean pullback_max?"
    )


def test_parameters_of_a_strategy_that_does_not_exist_are_refused() -> None:
    with pytest.raises(ConfigError, match="no such strategy; did you mean donchian_breakout"):
        make_strategy(settings_of("strategy.donchian_breakouts.stop_atr=2"))
