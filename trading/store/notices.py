"""What is to be told away from the pages and how that fared, in trading.db: a restart goes on where it ended."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta

from trading.model.notice import Delivery, Notice, NoticeCode, Outcome, Part
from trading.store.database import Database
from trading.store.readers.notices import BEGUN_ALERT, BEGUN_SESSION, delivery_of, notice_of
from trading.store.units import utc_text

# What ended is asked for so long: nobody is told of it later.
_RECENT = timedelta(days=3)
# What was told is kept so long for people to look up.
_KEPT = timedelta(days=90)
_NOTICES = "SELECT * FROM notice WHERE ended_at IS NULL OR ended_at >= ? ORDER BY number"
_DELIVERIES = """
SELECT delivery.* FROM delivery JOIN notice USING (number)
WHERE channel = ? AND (ended_at IS NULL OR ended_at >= ?) ORDER BY number, part
"""
_BEGIN = """
INSERT INTO fact (key, value)
SELECT ?, coalesce((SELECT max(id) FROM alert), 0) UNION ALL SELECT ?, coalesce((SELECT max(session) FROM decision), '')
WHERE true ON CONFLICT DO NOTHING
"""
_PUT = """
INSERT INTO delivery (number, part, channel, outcome, attempts, at, detail) VALUES (?1, ?2, ?3, ?4, 1, ?5, ?6)
ON CONFLICT DO UPDATE SET outcome = ?4, attempts = attempts + ?7, at = ?5, detail = ?6
"""
# An alert up to this one is asked for only while it lasts, so that its notice need not be there to say that it was
# told: the last before the first whose notice is not there yet, or ended too lately to be deleted.
_BEGIN_LATER = """
UPDATE fact SET value = max(CAST(value AS INTEGER), coalesce(
    (SELECT min(id) - 1 FROM alert WHERE id > CAST(fact.value AS INTEGER) AND NOT EXISTS (
        SELECT 1 FROM notice
        WHERE topic = 'alert ' || alert.id AND telling >= max(alert.times, 1) AND (ended_at IS NULL OR ended_at < ?)
    )),
    (SELECT max(id) FROM alert), 0
)) WHERE key = ?
"""
# The newest summary says up to where sessions were summed up, the newest delivery of a channel whether that works.
_OLD = """
SELECT number FROM notice WHERE ended_at < ?
AND (topic NOT LIKE 'alert %' OR CAST(substr(topic, length('alert ') + 1) AS INTEGER)
    <= CAST(coalesce((SELECT value FROM fact WHERE key = ?), '0') AS INTEGER))
AND topic IS NOT (SELECT max(topic) FROM notice WHERE code = ?)
AND number NOT IN (
    SELECT number FROM (SELECT number, max(at) FROM delivery WHERE outcome <> 'dropped' GROUP BY channel)
)
"""


class SqliteNotices:
    """`trading.ports.notices.NoticeBook` over trading.db.

    Nothing of it waits for the disk: after a power failure something may be told once more.
    """

    def __init__(self, database: Database, today: Callable[[], date]) -> None:
        """Keep notices in `database`, which stays the caller's to close; `today` is a real day."""
        self._database = database
        self._today = today

    def begin(self) -> None:
        """Let nothing be told of what was over before this is called for the first time."""
        with self._database.transaction(durable=False) as connection:
            connection.execute(_BEGIN, (BEGUN_ALERT, BEGUN_SESSION))

    def known(self) -> Mapping[str, Notice]:
        """Return the newest notice of each topic that may still be told of, or whose end may."""
        return {notice.topic: notice for notice in self.notices()}

    def note(self, new: Sequence[Notice], ended: Sequence[Notice]) -> None:
        """Keep new notices, whose numbers are given then, and the ends of known ones, in one step."""
        with self._database.transaction(durable=False) as connection:
            connection.executemany(
                "UPDATE notice SET over_at = ?, ended_at = ? WHERE topic = ? AND ended_at IS NULL",
                ((_text(notice.over), _text(notice.ended_at), notice.topic) for notice in ended),
            )
            connection.executemany(
                "INSERT INTO notice (topic, telling, code, text, urgent, since, over_at, noticed_at, ended_at)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
                (
                    (
                        notice.topic,
                        notice.telling,
                        notice.code,
                        notice.text,
                        int(notice.urgent),
                        utc_text(notice.since),
                        _text(notice.over),
                        utc_text(notice.noticed_at),
                        _text(notice.ended_at),
                    )
                    for notice in new
                ),
            )

    def notices(self) -> tuple[Notice, ...]:
        """Return what may still have to be told, oldest first."""
        return tuple(notice_of(row) for row in self._database.query(_NOTICES, (self._oldest(),)))

    def deliveries(self, channel: str) -> tuple[Delivery, ...]:
        """Return what became of these through a channel."""
        return tuple(delivery_of(row) for row in self._database.query(_DELIVERIES, (channel, self._oldest())))

    def record(
        self, channel: str, parts: Iterable[tuple[int, Part]], outcome: Outcome, now: datetime, detail: str = ""
    ) -> None:
        """Keep an outcome; SENDING begins an attempt, and counts it."""
        rows = [
            (number, part, channel, outcome, utc_text(now), detail, int(outcome is Outcome.SENDING))
            for number, part in parts
        ]
        if rows:
            with self._database.transaction(durable=False) as connection:
                connection.executemany(_PUT, rows)

    def prune(self) -> int:
        """Delete what has been over for three months, with its deliveries; return how many notices those were.

        Nothing of it is told any more, whether it was delivered or not, and without it nothing is told twice.
        """
        before = (self._today() - _KEPT).isoformat()
        with self._database.transaction(durable=False) as connection:
            connection.execute(_BEGIN_LATER, (before, BEGUN_ALERT))
            old = [(row["number"],) for row in connection.execute(_OLD, (before, BEGUN_ALERT, NoticeCode.SUMMARY))]
            connection.executemany("DELETE FROM delivery WHERE number = ?", old)
            connection.executemany("DELETE FROM notice WHERE number = ?", old)
        return len(old)

    def _oldest(self) -> str:
        return (self._today() - _RECENT).isoformat()


def _text(moment: datetime | None) -> str | None:
    return None if moment is None else utc_text(moment)
