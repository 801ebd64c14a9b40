"""What the trading process says of itself while it runs, as small facts in the store: the keys and the words."""

from __future__ import annotations

from enum import StrEnum


class SessionState(StrEnum):
    """The broker session as the trading loop found it last; kept under `StatusKey.SESSION_STATE`."""

    STARTING = "starting"
    GATEWAY_DOWN = "gateway_down"
    WAITING_LOGIN = "waiting_login"
    COMPETING = "competing"
    READY = "ready"
    ENDED = "ended"


class StatusKey(StrEnum):
    """Keys of `Store.set_value` that pages, `status` and readiness look at; times are ISO 8601, numbers decimal.

    `SESSION_SINCE` is empty unless the session is usable.
    """

    SESSION_STATE = "session_state"
    SESSION_SINCE = "session_since"
    SESSION_DETAIL = "session_detail"
    MARKET_NOW = "market_now"
    MARKET_PHASE = "market_phase"
    NEXT_EVENT = "next_event"
    NEXT_EVENT_KIND = "next_event_kind"
    UNCOVERED_SHARES = "uncovered_shares"
    UNKNOWN_ORDERS = "unknown_orders"
