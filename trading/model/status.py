"""What the trading process says of itself while it runs, as small facts in the store: the keys and the words."""

from __future__ import annotations

from enum import StrEnum


class SessionState(StrEnum):
    """The broker session as the trading loop found it last; kept under `StatusKey.SESSION_STATE`."""

    STARTING = "starting"
    GATEWAY_DOWN = "gateway_down"
    REFUSED = "refused"
    """the gateway answers, and lets us ask nothing"""
    SUSPENDED = "suspended"
    """there were too many requests, and the broker answers none for some minutes"""
    WAITING_LOGIN = "waiting_login"
    CONNECTED = "connected"
    """logged in, without the brokerage session that orders need"""
    COMPETING = "competing"
    RESET = "reset"
    """the broker's nightly reset"""
    STALE = "stale"
    """open by its own account, but the broker does not answer"""
    READY = "ready"
    ENDED = "ended"


GOOD_SESSIONS = frozenset({SessionState.READY, SessionState.ENDED})
"""in these the account is read as often as it has to be; at the end of simulated data nothing changes any more"""


class TroubleKind(StrEnum):
    """Whose it is to end what the last cycle could not do; kept under `StatusKey.TROUBLE_KIND`."""

    UNANSWERED = "unanswered"
    """the gateway gave no usable answer"""
    FAILURE = "failure"
    PERSON = "person"
    """no further try ends it"""


class StatusKey(StrEnum):
    """Keys of `Store.show` that pages, `status` and readiness look at; times are ISO 8601, numbers decimal.

    `SESSION_SINCE` is empty unless the session is usable; `STATE_SINCE` is when the session's state became what it is,
    whatever it is. `SESSION_NEXT` says what happens by itself, `SESSION_PERSON` what a person has to do, `LOGIN_UNTIL`
    when somebody has to log in again; each is empty where there is nothing to say.
    """

    SESSION_STATE = "session_state"
    SESSION_SINCE = "session_since"
    SESSION_DETAIL = "session_detail"
    STATE_SINCE = "session_state_since"
    SESSION_NEXT = "session_next"
    SESSION_PERSON = "session_person"
    LOGIN_UNTIL = "login_until"
    TROUBLE = "trouble"
    """what the last cycle could not do, with why; empty for nothing"""
    TROUBLE_SINCE = "trouble_since"
    TROUBLE_KIND = "trouble_kind"
    """a `TroubleKind`, which says what a person does about it"""
    MARKET_NOW = "market_now"
    MARKET_PHASE = "market_phase"
    NEXT_EVENT = "next_event"
    NEXT_EVENT_KIND = "next_event_kind"
    UNCOVERED_SHARES = "uncovered_shares"
    UNKNOWN_ORDERS = "unknown_orders"
    ORDER_STEPS_TOLD = "order_steps_told"
    """the number of the last step of an order that log and people were told of"""
    WAITING = "waiting"
    """JSON: what orders wait for, each with code, value and limit, as of the last turn"""
    DIFFERENCES = "differences"
    """JSON: what the last turn found to differ from the broker"""


def kept_count(text: str | None) -> int:
    """Return a number as it is kept, 0 where there is none or it makes no sense."""
    return int(text) if text is not None and text.isascii() and text.isdigit() else 0
