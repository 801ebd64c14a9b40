"""The words of a message: a title that says what it is about, and one line for each thing that is told."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from trading.config import Settings
from trading.model.account import mask_account
from trading.model.alarm import AlarmCode
from trading.model.decision_words import title as words
from trading.model.notice import Message, MessageKind, NoticeCode, Part
from trading.notices.due import Telling

_MOST_TITLE = 120
_MOST_LINE = 2800
_HEADINGS: Mapping[str, str] = MappingProxyType(
    {
        NoticeCode.HALTED: "halted",
        NoticeCode.REDUCING: "reducing",
        NoticeCode.LOGIN: "login needed",
        NoticeCode.SILENT: "was silent",
        NoticeCode.SUMMARY: "daily summary",
        AlarmCode.SESSION: "session trouble",
        AlarmCode.TROUBLE: "trouble",
        AlarmCode.INVARIANT: "broken invariant",
        AlarmCode.UNCOVERED: "uncovered shares",
        AlarmCode.BREACH: "price beyond a stop",
        AlarmCode.ORDER_UNKNOWN: "unresolved order",
        AlarmCode.REJECTED: "rejected order",
    }
)


def heading(code: str) -> str:
    """Return what a code is called in a title."""
    return _HEADINGS.get(code, words(code).lower())


def system_name(settings: Settings) -> str:
    """Return who speaks, for titles."""
    return "simulated" if settings.simulated else mask_account(settings.account_id) or "live gateway"


def message_of(tell: Sequence[Telling], system: str) -> Message:
    """Return the message that tells all of `tell`, which is not empty; `system` says who speaks."""
    shown = _summaries_last(tell)
    headings = dict.fromkeys(
        heading(each.notice.code) + (" is over" if each.part is Part.OVER else "") for each in shown
    )
    title = f"Trading ({system}): {', '.join(headings)}"
    newest = max((each.notice.number for each in shown if each.notice.code == NoticeCode.SUMMARY), default=0)
    lines = [_line(each, newest) for each in shown]
    if len(title) > _MOST_TITLE:
        title = title[: _MOST_TITLE - 1] + "…"
    return Message(title, "\n\n".join(lines), _kind(shown))


def _summaries_last(tell: Sequence[Telling]) -> list[Telling]:
    return sorted(tell, key=lambda each: each.notice.code == NoticeCode.SUMMARY)


def _line(telling: Telling, newest_summary: int) -> str:
    notice = telling.notice
    text = notice.text if len(notice.text) <= _MOST_LINE else notice.text[: _MOST_LINE - 1] + "…"
    if notice.code == NoticeCode.SUMMARY:
        # Of sessions that went by fast the newest is told whole.
        return text if notice.number == newest_summary else text.partition("\n")[0]
    if notice.code == NoticeCode.SILENT:
        return text
    since = f"since {notice.since:%Y-%m-%d %H:%M} UTC"
    over = "" if notice.over is None else f" {notice.over:%Y-%m-%d %H:%M} UTC"
    if telling.part is Part.OVER:
        return f"Over{' since' if over else ''}{over}: {text}"
    if notice.ended_at is not None:
        return f"{text} ({since}; over{' since' if over else ''}{over})"
    return f"{text} ({since})"


def _kind(tell: Sequence[Telling]) -> MessageKind:
    told = [each.notice for each in tell if each.part is Part.TOLD]
    if not told:
        return MessageKind.SUCCESS
    if any(notice.urgent and notice.ended_at is None for notice in told):
        return MessageKind.FAILURE
    return MessageKind.INFO if all(notice.code == NoticeCode.SUMMARY for notice in told) else MessageKind.WARNING
