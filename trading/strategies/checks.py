"""Checks that many strategies have, with their words; a strategy writes those of its own beside its rules."""

from __future__ import annotations

from trading.model.strategy_words import Check, Unit


def least_price(limit: float) -> Check:
    """Return the check that the close is not below the lowest price that is bought."""
    return Check(
        "price",
        "close",
        limit,
        ">=",
        title="Price high enough",
        passed="The close, {value}, is not below the lowest price bought, {limit}.",
        failed="The close, {value}, is below the lowest price bought, {limit}.",
        unit=Unit.USD,
    )


def least_dollar_volume(limit: float) -> Check:
    """Return the check of the mean turnover of a day, the column `dollar_volume`."""
    return Check(
        "volume",
        "dollar_volume",
        limit,
        ">=",
        title="Enough volume",
        passed="{value} change hands a day; at least {limit} are asked.",
        failed="Only {value} change hands a day; at least {limit} are asked.",
        unit=Unit.USD_MILLIONS,
    )


def least_volatility(limit: float) -> Check:
    """Return the check that a stock moves enough, the column `atr_pct`."""
    return Check(
        "volatility",
        "atr_pct",
        limit,
        ">=",
        title="Moves enough, not wildly",
        passed="It moves {value} % a day; at least {limit} % are asked.",
        failed="It moves {value} % a day, less than {limit} %: too quiet.",
    )


def most_volatility(limit: float) -> Check:
    """Return the check that a stock does not move too much, the column `atr_pct`."""
    return Check(
        "volatility",
        "atr_pct",
        limit,
        "<=",
        title="Moves enough, not wildly",
        passed="It moves {value} % a day; at most {limit} % are allowed.",
        failed="It moves {value} % a day, more than {limit} %: too wild.",
    )
