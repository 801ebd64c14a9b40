from __future__ import annotations

from pathlib import Path

import pytest

from trading.config import OPTIONS
from trading.config.options import shortened
from trading.errors import ConfigError
from trading.model.account import mask_accounts

BY_ENV = {option.env: option for option in OPTIONS if option.env}
BY_KEY = {option.key: option for option in OPTIONS}


def test_names_of_the_documents_are_there() -> None:
    assert set(BY_ENV) >= {
        "IBKR_ACCOUNT_ID",
        "TRADING_CHECK_INTERVAL",
        "MAX_POSITIONS",
        "ALLOCATION_PER_TRADE",
        "MAX_DRAWDOWN",
        "MAX_POSITION_SIZE",
        "TICKERS",
        "PROFIT_THRESHOLD",
        "MIN_PRICE",
        "GATEWAY",
        "GATEWAY_URL",
        "LIVE_TRADING",
        "DASHBOARD_PASSWORD",
        "LOG_DIR",
        "STATE_DIR",
        "METRICS_TOKEN",
        "SIM_SECONDS_PER_DAY",
    }
    assert set(BY_KEY) >= {
        "risk.profile",
        "risk.risk_per_trade",
        "risk.max_participation",
        "risk.max_exposure",
        "risk.max_per_sector",
        "execution.slippage_bps",
        "execution.allowed_questions",
        "session.yield_s",
    }


def test_keys_and_variables_are_unique_and_every_option_says_what_it_means() -> None:
    assert len(BY_KEY) == len(OPTIONS)
    assert len(BY_ENV) == sum(option.env is not None for option in OPTIONS)
    assert all(option.meaning and option.expected() for option in OPTIONS)


def test_every_default_passes_its_own_check() -> None:
    for option in OPTIONS:
        given = str(option.default) if isinstance(option.default, Path) else option.default
        if given is not None:
            assert option.check(option.key, given) == option.default, option.key


NUMBERS = [option for option in OPTIONS if option.kind in {int, float}]


@pytest.mark.parametrize("option", NUMBERS, ids=lambda option: option.key)
def test_numbers_are_taken_at_their_ends_and_refused_beyond(option: object) -> None:
    chosen = next(o for o in OPTIONS if o is option)
    low, above, high = chosen.meta.ge, chosen.meta.gt, chosen.meta.le
    assert high is not None, "every number has an upper end"
    assert low is not None or above is not None, "and a lower one"
    chosen.check("x", high)
    for outside in (high + 1, low - 1 if low is not None else above):
        with pytest.raises(ConfigError, match="must be"):
            chosen.check("x", outside)
    if low is not None:
        chosen.check("x", low)


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("MAX_POSITIONS", "12", 12),
        ("MAX_DRAWDOWN", ".25", 0.25),
        ("MAX_DRAWDOWN", "2e-1", 0.2),
        ("ALLOCATION_PER_TRADE", "1000", 1000.0),
        ("TICKERS", " msft, aapl ,,AAPL, brk b", ("AAPL", "BRK B", "MSFT")),
        ("IBKR_ACCOUNT_ID", "DU1234567", "DU1234567"),
        ("GATEWAY_URL", "https://gateway:5055", "https://gateway:5055"),
    ],
)
def test_texts_become_values(name: str, text: str, value: object) -> None:
    assert BY_ENV[name].from_text(name, text) == value


@pytest.mark.parametrize(("text", "value"), [("true", True), ("No", False), ("1", True), ("off", False)])
def test_truth_has_several_words(text: str, value: object) -> None:
    assert BY_KEY["execution.require_realtime"].from_text("x", text) is value


def test_message_names_value_range_and_unit() -> None:
    with pytest.raises(ConfigError) as caught:
        BY_ENV["MAX_POSITION_SIZE"].from_text("MAX_POSITION_SIZE", "1.5")
    assert str(caught.value) == ("MAX_POSITION_SIZE = 1.5: must be a number above 0 and at most 1 (fraction of equity)")


def test_sensitive_value_is_not_in_the_message() -> None:
    with pytest.raises(ConfigError) as caught:
        BY_ENV["IBKR_ACCOUNT_ID"].from_text("IBKR_ACCOUNT_ID", "my-secret-account")
    assert "secret" not in str(caught.value)
    # An example would be masked in the log, as an account is.
    assert "an account id as the broker shows it: one to three capital letters, 4 to 10 digits" in str(caught.value)
    assert mask_accounts(str(caught.value)) == str(caught.value)


def test_variables_of_an_option_are_its_own_and_that_of_a_file_where_it_is_sensitive() -> None:
    assert BY_ENV["TICKERS"].variables == ("TICKERS",)
    assert BY_ENV["METRICS_TOKEN"].variables == ("METRICS_TOKEN", "METRICS_TOKEN_FILE")
    assert all(option.variables == () for option in OPTIONS if option.env is None)


def test_long_values_are_cut() -> None:
    assert shortened("x" * 1000) == "x" * 60 + "…"
    assert shortened(12) == 12
