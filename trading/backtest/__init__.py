"""Backtests: the same decision as live, driven over files of bars by the fill model of `trading.market`."""
