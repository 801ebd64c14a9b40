"""What people are told of away from the pages: what is to be told, and what became of telling it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from trading.model.alarm import AlarmCode
from trading.model.alert import Alert


class NoticeCode(StrEnum):
    """What people are told of beside alarms."""

    HALTED = "halted"
    REDUCING = "reducing"
    LOGIN = "login"
    SILENT = "silent"
    SUMMARY = "summary"


URGENT = frozenset(
    {
        NoticeCode.HALTED,
        AlarmCode.INVARIANT,
        AlarmCode.UNCOVERED,
        AlarmCode.BREACH,
        AlarmCode.BLIND,
        AlarmCode.PROTECTION,
        AlarmCode.EXIT,
        AlarmCode.SHARES_MISSING,
    }
)
"""what is told in quiet hours too: money is at stake at once; so is a sale that was rejected"""
END_IS_TOLD = URGENT | {NoticeCode.LOGIN, AlarmCode.SESSION, AlarmCode.TROUBLE, AlarmCode.ORDER_UNKNOWN}
"""what people want to know the end of"""


@dataclass(frozen=True, slots=True)
class StoredAlert:
    """A row of the table of alerts with its number; `sale` says that it is about an order that sells."""

    number: int
    alert: Alert
    sale: bool


@dataclass(frozen=True, slots=True)
class DailyLoss:
    """Why too much was lost since the close before, and the number of that entry."""

    number: int
    reason: str
    since: datetime


@dataclass(frozen=True, slots=True)
class News:
    """Something that people have to know, as the stored rows show it now.

    `topic` names it for good, `telling` grows each time that it is to be told again. `since`, `told` and `over` are
    times of the market, which may be simulated; `over` is None while it lasts.
    """

    topic: str
    telling: int
    code: str
    text: str
    since: datetime
    told: datetime
    over: datetime | None = None
    urgent: bool = False


@dataclass(frozen=True, slots=True)
class Notice:
    """News that was noted for telling; `noticed_at` and `ended_at` are real times, `since` and `over` the market's."""

    number: int
    topic: str
    telling: int
    code: str
    text: str
    urgent: bool
    since: datetime
    over: datetime | None
    noticed_at: datetime
    ended_at: datetime | None


class Part(StrEnum):
    """What of a notice is told: that it is so, and that it is over."""

    TOLD = "told"
    OVER = "over"


class Outcome(StrEnum):
    """What became of a delivery. SENDING is one that nobody knows the end of: its process ended meanwhile."""

    SENDING = "sending"
    SENT = "sent"
    FAILED = "failed"
    DROPPED = "dropped"
    """too old to be told, or told anew in the same message"""


SETTLED = frozenset({Outcome.SENT, Outcome.DROPPED})
"""nothing of it is left to do"""


@dataclass(frozen=True, slots=True)
class Delivery:
    """How a part of a notice fared through one channel; `at` is the real time of the last attempt."""

    number: int
    part: Part
    channel: str
    outcome: Outcome
    attempts: int
    at: datetime
    detail: str = ""


class MessageKind(StrEnum):
    """How bad a message is, in the words of apprise."""

    INFO = "info"
    SUCCESS = "success"
    WARNING = "warning"
    FAILURE = "failure"


@dataclass(frozen=True, slots=True)
class Message:
    """What goes out: a title of one line, and a text of several."""

    title: str
    text: str
    kind: MessageKind


@dataclass(frozen=True, slots=True)
class Sent:
    """Whether a message was taken; `detail` says why not, without anything of the address."""

    ok: bool
    detail: str = ""
