"""What people may have to be told of away from the pages, what they were told, and through what that failed."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from datetime import date, datetime

from trading.model.notice import DailyLoss, Delivery, Notice, NoticeCode, Outcome, Part, StoredAlert
from trading.model.session_result import Dealt, Held, SessionResult
from trading.store import modes
from trading.store.decision_text import decode_decision
from trading.store.readers.account import AccountReader
from trading.store.readers.alerts import alert_of
from trading.store.readers.positions import PositionReader
from trading.store.readers.transaction import WITHOUT_LIMIT, ReadTransaction
from trading.store.units import from_units, time_or_none

BEGUN_ALERT, BEGUN_SESSION = "notices_after_alert", "notices_after_session"
"""facts: the newest alert and session that were there before anybody was to be told of any"""

_ALERTS = """
SELECT alert.*, (SELECT side FROM intent WHERE coid = alert.subject) AS side FROM alert
WHERE (over_at IS NULL OR id > CAST(coalesce((SELECT value FROM fact WHERE key = ?), '0') AS INTEGER) OR EXISTS
    (SELECT 1 FROM notice WHERE topic = 'alert ' || alert.id AND ended_at IS NULL))
AND NOT EXISTS (
    SELECT 1 FROM notice
    WHERE topic = 'alert ' || alert.id AND telling >= max(alert.times, 1) AND ended_at IS NOT NULL
) ORDER BY id
"""
_UNTOLD_SESSIONS = """
SELECT * FROM decision WHERE session > max(
    coalesce((SELECT value FROM fact WHERE key = ?), ''),
    coalesce((SELECT max(substr(topic, length('summary ') + 1)) FROM notice WHERE code = ?), '')
) ORDER BY session LIMIT ?
"""
_DEALT = """
SELECT execution.symbol, execution.side, intent.role, sum(execution.quantity) AS shares,
    sum(execution.quantity * execution.price) AS value
FROM execution JOIN intent USING (coid)
WHERE execution.session = ? AND corrected_by IS NULL AND execution.quantity > 0
GROUP BY execution.symbol, execution.side, intent.role ORDER BY execution.symbol, intent.role
"""
_STANDING = "SELECT role, count(*) AS orders FROM intent WHERE state = 'WORKING' GROUP BY role ORDER BY role"
_DENIALS = "SELECT code, count(*) AS times FROM denial WHERE session = ? GROUP BY code ORDER BY times DESC, code"
_DELIVERED = """
SELECT delivery.*, code, text, topic FROM delivery JOIN notice USING (number)
ORDER BY at DESC, number DESC, part LIMIT ? OFFSET ?
"""
_NEWEST = """
SELECT * FROM (
    SELECT channel, outcome, attempts, at, detail,
        row_number() OVER (PARTITION BY channel ORDER BY at DESC, attempts DESC) AS place
    FROM delivery WHERE outcome <> 'dropped'
) WHERE place = 1 ORDER BY channel
"""
# Of sessions that went by faster than they are told.
_MOST_AT_ONCE = 10


@dataclass(frozen=True, slots=True)
class DeliveryLine:
    """What was told, or was to be, through one channel; `at` is the real time of the last attempt."""

    at: datetime
    channel: str
    outcome: Outcome
    attempts: int
    detail: str
    part: Part
    code: str
    text: str


@dataclass(frozen=True, slots=True)
class ChannelState:
    """How the newest delivery of a channel ended, and when."""

    channel: str
    outcome: Outcome
    attempts: int
    at: datetime
    detail: str


class NoticeReader:
    """Questions about what people are told."""

    def __init__(self, transaction: ReadTransaction) -> None:
        """Read through an open transaction."""
        self._transaction = transaction

    def alerts(self) -> tuple[StoredAlert, ...]:
        """Return the alerts that are so, and those that were and whose end is not noted, oldest first."""
        rows = self._transaction.rows(_ALERTS, BEGUN_ALERT)
        return tuple(StoredAlert(row["id"], alert_of(row), row["side"] == "SELL") for row in rows)

    def daily_loss(self) -> DailyLoss | None:
        """Return why too much was lost since the close before, None where it was not."""
        row = modes.loss_in(self._transaction.rows(modes.LAST_ENTRIES))
        return None if row is None else DailyLoss(row["id"], row["reason"], datetime.fromisoformat(row["at"]))

    def untold_sessions(self) -> tuple[SessionResult, ...]:
        """Return what came of the sessions that were decided on since the last one that was noted, oldest first."""
        rows = self._transaction.rows(_UNTOLD_SESSIONS, BEGUN_SESSION, NoticeCode.SUMMARY, _MOST_AT_ONCE)
        return tuple(self._result(row) for row in rows)

    def delivered(self, *, limit: int = WITHOUT_LIMIT, offset: int = 0) -> tuple[DeliveryLine, ...]:
        """Return what was told to whom and what failed, newest first."""
        return tuple(
            DeliveryLine(
                at=datetime.fromisoformat(row["at"]),
                channel=row["channel"],
                outcome=Outcome(row["outcome"]),
                attempts=row["attempts"],
                detail=row["detail"],
                part=Part(row["part"]),
                code=row["code"],
                text=row["text"],
            )
            for row in self._transaction.rows(_DELIVERED, limit, offset)
        )

    def channels(self) -> tuple[ChannelState, ...]:
        """Return how the newest delivery of each channel ended, by its name."""
        return tuple(
            ChannelState(
                row["channel"],
                Outcome(row["outcome"]),
                row["attempts"],
                datetime.fromisoformat(row["at"]),
                row["detail"],
            )
            for row in self._transaction.rows(_NEWEST)
        )

    def _result(self, row: sqlite3.Row) -> SessionResult:
        transaction, session = self._transaction, row["session"]
        newer = transaction.rows("SELECT count(*) AS sessions FROM equity WHERE session > ?", session)[0]["sessions"]
        points = [
            point
            for point in AccountReader(transaction).equity(limit=2, offset=newer)
            if point.session <= date.fromisoformat(session)
        ]
        equity = from_units(row["equity"])
        known = len(points) > 1 and points[-1].session.isoformat() == session
        return SessionResult(
            session=date.fromisoformat(session),
            decided_at=datetime.fromisoformat(row["at"]),
            equity=equity,
            profit=equity - points[-2].equity - points[-1].paid if known else None,
            drawdown=row["drawdown"],
            dealt=tuple(
                Dealt(
                    each["symbol"],
                    each["side"],
                    each["role"],
                    each["shares"],
                    from_units(each["value"]) / each["shares"],
                )
                for each in transaction.rows(_DEALT, session)
            ),
            held=tuple(Held(line.symbol, line.quantity, line.covered) for line in PositionReader(transaction).open()),
            standing=tuple((each["role"], each["orders"]) for each in transaction.rows(_STANDING)),
            denials=tuple((each["code"], each["times"]) for each in transaction.rows(_DENIALS, session)),
            decision=decode_decision(row["body"], ()),
        )


def _dealt(row: sqlite3.Row) -> Dealt:
    price = from_units(row["value"]) / row["shares"]
    return Dealt(row["symbol"], row["side"], row["role"], row["shares"], price)


def notice_of(row: sqlite3.Row) -> Notice:
    """Return a row of the table `notice`."""
    return Notice(
        number=row["number"],
        topic=row["topic"],
        telling=row["telling"],
        code=row["code"],
        text=row["text"],
        urgent=bool(row["urgent"]),
        since=datetime.fromisoformat(row["since"]),
        over=time_or_none(row["over_at"]),
        noticed_at=datetime.fromisoformat(row["noticed_at"]),
        ended_at=time_or_none(row["ended_at"]),
    )


def delivery_of(row: sqlite3.Row) -> Delivery:
    """Return a row of the table `delivery`."""
    return Delivery(
        number=row["number"],
        part=Part(row["part"]),
        channel=row["channel"],
        outcome=Outcome(row["outcome"]),
        attempts=row["attempts"],
        at=datetime.fromisoformat(row["at"]),
        detail=row["detail"],
    )
