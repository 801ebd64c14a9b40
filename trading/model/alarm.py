"""Something that a person has to know: found anew in each turn while it holds."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class AlarmCode(StrEnum):
    """What people are told of."""

    SESSION = "session"
    TROUBLE = "trouble"
    INVARIANT = "invariant"
    UNCOVERED = "uncovered"
    BREACH = "breach"
    BLIND = "blind"
    PROTECTION = "protection"
    EXIT = "exit"
    CANCEL = "cancel"
    ORDER_UNKNOWN = "order_unknown"
    REJECTED = "rejected"
    EXECUTION = "execution"
    CORRECTION = "correction"
    SHARES_MISSING = "shares_missing"
    MANUAL = "manual"
    SPLIT = "split"
    NOT_DECIDED = "not_decided"
    EQUITY = "equity"
    FLOW = "flow"
    ACCOUNT_RULES = "account_rules"


CONTESTED = "contested"
"""the subject of a session that another program takes again and again"""


@dataclass(frozen=True, slots=True)
class Alarm:
    """One thing to be told; `code` says of what kind, `subject` (a symbol, an order) which of them."""

    code: AlarmCode
    subject: str
    text: str


@dataclass(frozen=True, slots=True)
class HaltCause:
    """Why the system halts itself; the same `facts` don't halt again once a person has acknowledged them."""

    cause: str
    facts: str
    text: str
