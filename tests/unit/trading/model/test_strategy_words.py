from __future__ import annotations

import pytest

from trading.model.strategy_words import Check, Unit, plain, words, written


def write(value: float, decimals: int) -> str:
    return f"{value:,.{decimals}f}"


@pytest.mark.parametrize(
    ("relation", "passed", "said"),
    [
        (">", True, "Close, 12.30, is above trend mean, 11.20."),
        (">", False, "Close, 12.30, is not above trend mean, 11.20."),
        (">=", True, "Close, 12.30, is at least trend mean, 11.20."),
        (">=", False, "Close, 12.30, is less than trend mean, 11.20."),
        ("<=", True, "Close, 12.30, is at most trend mean, 11.20."),
        ("<=", False, "Close, 12.30, is more than trend mean, 11.20."),
        ("<", True, "Close, 12.30, is below trend mean, 11.20."),
        ("<", False, "Close, 12.30, is not below trend mean, 11.20."),
    ],
)
def test_check_without_words_of_its_own_speaks_by_its_names(relation: str, said: str, *, passed: bool) -> None:
    check = Check("trend_is_up", "close", "trend_mean", relation)
    assert check.sentence(12.3, 11.2, write, passed=passed) == said
    assert check.heading == "Trend is up"


def test_words_of_its_own_are_said_with_value_and_limit_in_its_unit() -> None:
    check = Check(
        "volume",
        "dollar_volume",
        5e6,
        ">=",
        title="Enough volume",
        passed="{value} is enough.",
        failed="Only {value}; {limit} are asked.",
        missing="Nothing is known.",
        unit=Unit.USD_MILLIONS,
    )
    assert check.heading == "Enough volume"
    assert check.sentence(6e6, 5e6, write, passed=True) == "6.0 million USD is enough."
    assert check.sentence(4.2e6, 5e6, write, passed=False) == "Only 4.2 million USD; 5.0 million USD are asked."
    assert check.sentence(None, 5e6, write, passed=False) == "Nothing is known."
    assert check.sentence(4.2e6, None, write, passed=False) == "Only 4.2 million USD; its limit are asked."


def test_value_that_is_not_known_is_said_without_words_too() -> None:
    assert Check("dip", "lowest_before", 1.0, ">").sentence(None, 1.0, write, passed=False) == (
        "Lowest before is not known."
    )


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (1234.5, Unit.NUMBER, "1,234.50"),
        (60.0, Unit.COUNT, "60"),
        (0.5, Unit.COUNT, "0.50"),
        (0.203, Unit.PERCENT, "20.3 %"),
        (5.0, Unit.USD, "5.00 USD"),
        (3_210_000.0, Unit.USD_MILLIONS, "3.2 million USD"),
    ],
)
def test_number_is_written_by_its_unit(value: float, unit: Unit, text: str) -> None:
    assert written(value, unit, write) == text


def test_names_become_words() -> None:
    assert words("bars_since_breakout") == "bars since breakout"
    assert plain("bars_since_breakout") == "Bars since breakout"
