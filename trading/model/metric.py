"""Names of what is measured while the system runs; each appears as `trading_<name>` on /metrics."""

from __future__ import annotations

from enum import StrEnum


class Counter(StrEnum):
    """Things that only become more. The five with a label take its value: a reason, a state or a code of ours."""

    CYCLES = "cycles_total"
    CYCLE_ERRORS = "cycle_errors_total"
    FILLS = "fills_total"
    TRADES_CLOSED = "trades_closed_total"
    ORDERS = "orders_total"
    DENIALS = "denials_total"
    WAITS = "waits_total"
    ALERTS = "alerts_total"
    HTTP_ERRORS = "http_errors_total"
    UNCOVERED_SECONDS = "uncovered_seconds_total"


class Gauge(StrEnum):
    """Things that go up and down."""

    GATEWAY_UP = "gateway_up"
    TROUBLE = "trouble"
    SESSION_EPOCH = "session_epoch"
    UNKNOWN_ORDERS = "unknown_orders"
    UNCOVERED_SHARES = "uncovered_shares"
    OPEN_POSITIONS = "open_positions"
    EQUITY_DOLLARS = "equity_dollars"
    CASH_DOLLARS = "cash_dollars"
    DRAWDOWN_RATIO = "drawdown_ratio"
    LOOP_LAG_SECONDS = "loop_lag_seconds"
    CLOCK_SKEW_SECONDS = "clock_skew_seconds"
    LAST_CYCLE_TIMESTAMP_SECONDS = "last_cycle_timestamp_seconds"
    LAST_RECONCILE_TIMESTAMP_SECONDS = "last_reconcile_timestamp_seconds"


class LiveGauge(StrEnum):
    """What is so at the moment that somebody asks: a process that died can't say it."""

    ALIVE = "alive"
    READY = "ready"
    HEARTBEAT_AGE_SECONDS = "heartbeat_age_seconds"


class Duration(StrEnum):
    """Lengths of time, in seconds."""

    CYCLE = "cycle_duration_seconds"
    DB_COMMIT = "db_commit_seconds"
    ORDER_ACK = "order_ack_seconds"
    FILL_LATENCY = "fill_latency_seconds"
    PACING_WAIT = "pacing_wait_seconds"
