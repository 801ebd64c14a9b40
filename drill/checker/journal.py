"""Reads a journal, trading.db, for the checker: the only place that knows how its tables are laid out."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from drill.checker.logs import FAR, Act, Booked, Decided, Goal, Halt, Intent, Journal, ModeRow, Step, instant


def read_journal(path: Path) -> Journal:
    """Return what a journal holds; one that was never made is empty.

    Raises:
        sqlite3.Error: the file can't be read.
    """
    if not path.exists():
        return Journal()
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
        connection.row_factory = sqlite3.Row
        return Journal(
            intents={intent.coid: intent for intent in _intents(connection)},
            steps=tuple(
                Step(row["coid"], row["state"], instant(row["at"]), row["detail"].endswith("by likeness alone"))
                for row in connection.execute("SELECT coid, state, detail, at FROM intent_log ORDER BY id")
            ),
            wire=tuple(_acts(connection)),
            executions=tuple(_executions(connection)),
            positions={
                row["conid"]: row["quantity"] for row in connection.execute("SELECT conid, quantity FROM position")
            },
            modes=tuple(
                ModeRow(row["fact"], row["value"], row["reason"], row["actor"], instant(row["at"]))
                for row in connection.execute("SELECT * FROM mode_log ORDER BY id")
            ),
            goals=tuple(
                Goal(instant(row["since"]), instant(row["over_at"]) if row["over_at"] else FAR)
                for row in connection.execute("SELECT since, over_at FROM goal ORDER BY id")
            ),
            decisions=tuple(_decisions(connection)),
            halts=tuple(
                Halt(row["cause"], row["facts"], instant(row["since"]))
                for row in connection.execute("SELECT * FROM halt WHERE acknowledged_at IS NULL ORDER BY id")
            ),
        )


def _intents(connection: sqlite3.Connection) -> Iterator[Intent]:
    for row in connection.execute("SELECT * FROM intent ORDER BY seq"):
        yield Intent(
            coid=row["coid"],
            parent=row["parent_coid"],
            role=row["role"],
            conid=row["conid"],
            side=row["side"],
            quantity=row["quantity"],
            state=row["state"],
            order_id=row["order_id"],
            filled=row["filled"],
            frozen=row["frozen_at"] is not None,
            session=row["session"],
            created=instant(row["created"]),
        )


def _acts(connection: sqlite3.Connection) -> Iterator[Act]:
    for row in connection.execute("SELECT * FROM wire ORDER BY id"):
        yield Act(
            number=row["id"],
            about=row["about_id"],
            coids=tuple(row["coids"].split(",")),
            verb=row["verb"],
            path=row["path"],
            sha256=row["body_sha256"],
            kind=row["class"],
            at=instant(row["at"]),
        )


def _decisions(connection: sqlite3.Connection) -> Iterator[Decided]:
    answers = connection.execute(
        "SELECT session, symbol FROM denial UNION SELECT decided, symbol FROM intent"
    ).fetchall()
    for row in connection.execute("SELECT session, at, body FROM decision ORDER BY session"):
        yield Decided(
            session=row["session"],
            at=instant(row["at"]),
            entries=tuple(entry["symbol"] for entry in json.loads(row["body"])["entries"]),
            answered=frozenset(each["symbol"] for each in answers if each["session"] == row["session"]),
        )


def _executions(connection: sqlite3.Connection) -> Iterator[Booked]:
    for row in connection.execute("SELECT * FROM execution ORDER BY at, execution_id"):
        yield Booked(
            execution_id=row["execution_id"],
            coid=row["coid"],
            conid=row["conid"],
            side=row["side"],
            quantity=row["quantity"],
            replaced=row["corrected_by"] is not None,
        )
