"""Versions of the schema of trading.db, and the steps from each to the next."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType

from trading.errors import ConfigError

SCHEMA_VERSION = 6
SCHEMA = Path(__file__).with_name("schema.sql")

# Orders: commands with a state of their own instead of a flag, executions that may be taken back, votes on anything.
_ORDERS_2 = (
    "ALTER TABLE intent DROP COLUMN cancel_asked",
    "ALTER TABLE intent ADD COLUMN provisional INTEGER NOT NULL DEFAULT 0 CHECK (provisional IN (0, 1))",
    "ALTER TABLE intent ADD COLUMN seen_epoch INTEGER NOT NULL DEFAULT 0",
    "ALTER TABLE intent ADD COLUMN unknown_at TEXT",
    "ALTER TABLE intent ADD COLUMN ended_at TEXT",
    "UPDATE intent SET unknown_at = changed WHERE state = 'UNKNOWN'",
    "UPDATE intent SET ended_at = changed WHERE state NOT IN"
    " ('PLANNED', 'SENDING', 'QUESTIONED', 'REPLYING', 'UNKNOWN', 'WORKING')",
    "CREATE TABLE command (number INTEGER PRIMARY KEY,"
    " kind TEXT NOT NULL CHECK (kind IN ('submit', 'cancel', 'modify')),"
    " coids TEXT NOT NULL, step TEXT NOT NULL, order_id INTEGER, quantity INTEGER, limit_price INTEGER,"
    " stop_price INTEGER, state TEXT NOT NULL, refused_legs INTEGER NOT NULL DEFAULT 0,"
    " detail TEXT NOT NULL DEFAULT '', epoch INTEGER NOT NULL, sent_at TEXT NOT NULL, changed TEXT NOT NULL) STRICT",
    "CREATE INDEX command_coids ON command (coids)",
    "CREATE INDEX command_sent ON command (sent_at)",
    "CREATE INDEX intent_ended ON intent (ended_at) WHERE ended_at IS NOT NULL",
    "CREATE INDEX intent_conid ON intent (conid)",
    "ALTER TABLE wire ADD COLUMN command INTEGER REFERENCES command (number)",
    "ALTER TABLE execution RENAME TO execution_1",
    "CREATE TABLE execution (execution_id TEXT PRIMARY KEY, coid TEXT NOT NULL REFERENCES intent (coid),"
    " conid INTEGER NOT NULL, symbol TEXT NOT NULL, side TEXT NOT NULL CHECK (side IN ('BUY', 'SELL')),"
    " quantity INTEGER NOT NULL CHECK (quantity >= 0), price INTEGER NOT NULL CHECK (price >= 0), commission INTEGER,"
    " session TEXT NOT NULL, entry_coid TEXT REFERENCES intent (coid), corrected_by TEXT, at TEXT NOT NULL) STRICT",
    "INSERT INTO execution SELECT execution_id, coid, conid, symbol, side, quantity, price, commission, session,"
    " entry_coid, corrected_by, at FROM execution_1",
    "DROP TABLE execution_1",
    "CREATE INDEX execution_coid ON execution (coid)",
    "CREATE INDEX execution_entry ON execution (entry_coid)",
    "ALTER TABLE adjustment ADD COLUMN kind TEXT NOT NULL DEFAULT 'manual'"
    " CHECK (kind IN ('manual', 'split', 'correction', 'oversold'))",
    "UPDATE adjustment SET kind = CASE WHEN ratio <> 1 THEN 'split' WHEN reason LIKE 'oversold%' THEN 'oversold'"
    " WHEN quantity = 0 THEN 'correction' ELSE 'manual' END",
    "DROP TABLE proof",
    "CREATE TABLE proof (id INTEGER PRIMARY KEY, subject TEXT NOT NULL, evidence TEXT NOT NULL,"
    " at TEXT NOT NULL) STRICT",
    "CREATE INDEX proof_subject ON proof (subject)",
)

# What nobody reads goes.
_UNREAD = (
    "DROP TABLE IF EXISTS broker_order",
    "DROP TABLE IF EXISTS cycle",
    "DELETE FROM fact WHERE key = 'orders_read_at'",
)

# The lines of charts; they are written anew with the next decision.
_CHART_VALUES = (
    """
    CREATE TABLE chart_values (
        symbol  TEXT NOT NULL,
        session TEXT NOT NULL,
        body    TEXT NOT NULL,
        PRIMARY KEY (symbol, session)
    ) STRICT, WITHOUT ROWID
    """,
)

# Halts by their cause and the flatten as a goal; the flags they replace become one halt and one goal.
_HALTS_2 = (
    """
    CREATE TABLE halt (
        id              INTEGER PRIMARY KEY,
        cause           TEXT NOT NULL,
        facts           TEXT NOT NULL,
        reason          TEXT NOT NULL,
        actor           TEXT NOT NULL,
        since           TEXT NOT NULL,
        acknowledged_at TEXT,
        acknowledged_by TEXT,
        over_at         TEXT
    ) STRICT
    """,
    "CREATE INDEX halt_cause ON halt (cause, facts)",
    """
    CREATE TABLE goal (
        id        INTEGER PRIMARY KEY,
        kind      TEXT NOT NULL CHECK (kind IN ('flatten')),
        reason    TEXT NOT NULL,
        actor     TEXT NOT NULL,
        since     TEXT NOT NULL,
        halt_id   INTEGER NOT NULL REFERENCES halt (id),
        waits_for TEXT NOT NULL DEFAULT '',
        changed   TEXT,
        over_at   TEXT,
        outcome   TEXT NOT NULL DEFAULT ''
    ) STRICT
    """,
    """
    CREATE TABLE alert (
        id      INTEGER PRIMARY KEY,
        code    TEXT NOT NULL,
        subject TEXT NOT NULL,
        text    TEXT NOT NULL,
        since   TEXT NOT NULL,
        told_at TEXT,
        over_at TEXT,
        times   INTEGER NOT NULL DEFAULT 0
    ) STRICT
    """,
    "CREATE INDEX alert_present ON alert (code, subject) WHERE over_at IS NULL",
    """
    INSERT INTO halt (cause, facts, reason, actor, since)
    SELECT 'operator', 'before the update', reason, actor, at FROM mode_log
    WHERE id = (SELECT max(id) FROM mode_log WHERE fact = 'halt') AND value = '1'
    """,
    """
    INSERT INTO goal (kind, reason, actor, since, halt_id)
    SELECT 'flatten', reason, actor, since, id FROM halt
    WHERE EXISTS (SELECT 1 FROM fact WHERE key = 'flatten_requested' AND value = '1')
    """,
    "DELETE FROM fact WHERE key IN ('flatten_requested', 'cancel_entries')",
)

# Executions that make no sense, and trades whose result is put aside for them.
_DOUBTS = (
    "ALTER TABLE execution ADD COLUMN doubt TEXT NOT NULL DEFAULT ''",
    "ALTER TABLE trade ADD COLUMN doubt TEXT NOT NULL DEFAULT ''",
)

# Money that came and went.
_FLOWS = (
    """
    CREATE TABLE flow (
        number  INTEGER PRIMARY KEY,
        at      TEXT NOT NULL,
        amount  INTEGER NOT NULL,
        equity  INTEGER NOT NULL,
        state   TEXT NOT NULL CHECK (state IN ('unconfirmed', 'confirmed', 'refused')),
        factor  REAL NOT NULL,
        peak    REAL,
        prior   REAL,
        changed TEXT,
        actor   TEXT
    ) STRICT
    """,
)

# The daily loss as a fact of its own. It stood among the latched codes: an entry with the latches of the one before was
# one of the loss.
_DAILY_LOSS = (
    "ALTER TABLE mode_log RENAME TO mode_log_4",
    """
    CREATE TABLE mode_log (
        id     INTEGER PRIMARY KEY,
        fact   TEXT NOT NULL CHECK (fact IN ('halt', 'reducing', 'reconciled', 'daily_loss')),
        value  TEXT NOT NULL,
        reason TEXT NOT NULL,
        actor  TEXT NOT NULL,
        at     TEXT NOT NULL
    ) STRICT
    """,
    """
    INSERT INTO mode_log (id, fact, value, reason, actor, at)
    SELECT id, fact, value, reason, actor, at FROM mode_log_4 WHERE fact <> 'reducing'
    """,
    """
    WITH named AS (
        SELECT *, trim(replace(',' || value || ',', ',daily_loss,', ','), ',') AS latches FROM mode_log_4
        WHERE fact = 'reducing'
    ), compared AS (SELECT *, lag(latches, 1, '') OVER (ORDER BY id) AS prior FROM named)
    INSERT INTO mode_log (id, fact, value, reason, actor, at)
    SELECT id, CASE WHEN latches = prior THEN 'daily_loss' ELSE 'reducing' END,
        CASE WHEN latches <> prior THEN latches WHEN latches <> value THEN '1' ELSE '0' END, reason, actor, at
    FROM compared
    """,
    "DROP TABLE mode_log_4",
    "DELETE FROM fact WHERE key = 'daily_loss'",
)

# What people are told of away from the pages.
_NOTICES = (
    """
    CREATE TABLE notice (
        number     INTEGER PRIMARY KEY,
        topic      TEXT NOT NULL,
        telling    INTEGER NOT NULL,
        code       TEXT NOT NULL,
        text       TEXT NOT NULL,
        urgent     INTEGER NOT NULL CHECK (urgent IN (0, 1)),
        since      TEXT NOT NULL,
        over_at    TEXT,
        noticed_at TEXT NOT NULL,
        ended_at   TEXT,
        UNIQUE (topic, telling)
    ) STRICT
    """,
    "CREATE INDEX notice_lasting ON notice (topic) WHERE ended_at IS NULL",
    "CREATE INDEX notice_noticed ON notice (noticed_at)",
    """
    CREATE TABLE delivery (
        number   INTEGER NOT NULL REFERENCES notice (number),
        part     TEXT NOT NULL CHECK (part IN ('told', 'over')),
        channel  TEXT NOT NULL,
        outcome  TEXT NOT NULL CHECK (outcome IN ('sending', 'sent', 'failed', 'dropped')),
        attempts INTEGER NOT NULL,
        at       TEXT NOT NULL,
        detail   TEXT NOT NULL DEFAULT '',
        PRIMARY KEY (number, part, channel)
    ) STRICT, WITHOUT ROWID
    """,
    "CREATE INDEX delivery_channel ON delivery (channel, at)",
)

# Statements that bring a file of the version that is the key to the next one.
STEPS: Mapping[int, Sequence[str]] = MappingProxyType(
    {1: (*_ORDERS_2, *_HALTS_2, *_CHART_VALUES, *_UNREAD), 2: _DOUBTS, 3: _FLOWS, 4: _DAILY_LOSS, 5: _NOTICES}
)


def migrate(
    connection: sqlite3.Connection,
    path: Path,
    *,
    version: int = SCHEMA_VERSION,
    steps: Mapping[int, Sequence[str]] = STEPS,
) -> None:
    """Bring an open file to `version`, each step one transaction, after a copy to `<name>.schema-<old>` beside it.

    Raises: ConfigError, the file is newer than this program or there is no way up from it; it stays as it is.
    """
    found = schema_version(connection)
    if found > version:
        raise ConfigError(
            str(path),
            None,
            f"was written by a newer version of this program (schema {found}, this one reads {version}): run that one",
        )
    if found == version:
        return
    if any(step not in steps for step in range(found, version)):
        raise ConfigError(
            str(path), None, f"has schema {found}, too old for this program (schema {version}): run the one between"
        )
    _copy(connection, path.with_name(f"{path.name}.schema-{found}"))
    for step in range(found, version):
        connection.execute("BEGIN IMMEDIATE")
        try:
            for statement in steps[step]:
                connection.execute(statement)
            connection.execute("UPDATE fact SET value = ? WHERE key = 'schema'", (str(step + 1),))
        except sqlite3.Error:
            connection.execute("ROLLBACK")
            raise
        connection.execute("COMMIT")


def schema_version(connection: sqlite3.Connection) -> int:
    """Return the version that the file says it has; 0 when it says nothing usable."""
    row = connection.execute("SELECT value FROM fact WHERE key = 'schema'").fetchone()
    text = "" if row is None else str(row[0])
    return int(text) if text.isdecimal() else 0


def _copy(connection: sqlite3.Connection, target: Path) -> None:
    """Copy the database to `target`, readable by its owner alone."""
    target.touch(mode=0o600)
    copy = sqlite3.connect(target)
    try:
        connection.backup(copy)
    finally:
        copy.close()
