"""A closed trade as it stands in trades.csv, of a backtest and of the dashboard."""

from __future__ import annotations

TRADE_COLUMNS = (
    "symbol",
    "quantity",
    "entry_date",
    "entry_price",
    "exit_date",
    "exit_price",
    "exit_reason",
    "commission",
    "pnl",
)
