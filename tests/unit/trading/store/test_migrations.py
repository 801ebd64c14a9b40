from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.fakes.notices import NOON, notice
from tests.fakes.orders import LATER, NOW, about, fill
from trading.errors import ConfigError
from trading.model.decision import RiskState
from trading.model.mode import Latched, Mode
from trading.model.notice import Outcome, Part
from trading.model.order import IntentState
from trading.model.request import RequestKind
from trading.ports import AdjustmentKind
from trading.store.commands import SqliteCommandLog
from trading.store.database import Database
from trading.store.evidence import SqliteEvidence
from trading.store.halts import SqliteHalts
from trading.store.journal import SqliteJournal
from trading.store.migrations import SCHEMA_VERSION, STEPS, migrate, schema_version
from trading.store.notices import SqliteNotices
from trading.store.records import SqliteStore

SCHEMA_1 = Path(__file__).resolve().parents[4] / "drill" / "schema_1.sql"
NEXT = SCHEMA_VERSION + 1
ADD_NOTE = {
    SCHEMA_VERSION: ("ALTER TABLE equity ADD COLUMN note TEXT",),
    NEXT: ("CREATE TABLE extra (id INTEGER PRIMARY KEY) STRICT",),
}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "trading.db"
    Database(path).close()
    return path


@pytest.fixture
def connection(path: Path) -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        yield connection


def columns(connection: sqlite3.Connection, table: str) -> set[str]:
    return {row[1] for row in connection.execute(f"PRAGMA table_info({table})")}


def test_new_file_has_the_version_of_this_program(connection: sqlite3.Connection) -> None:
    assert schema_version(connection) == SCHEMA_VERSION


def test_there_is_a_step_from_every_version_before() -> None:
    assert set(STEPS) == set(range(1, SCHEMA_VERSION))


def test_file_of_this_version_is_left_alone(connection: sqlite3.Connection, path: Path) -> None:
    migrate(connection, path)
    assert [file.name for file in path.parent.glob("*.schema-*")] == []


def test_older_file_is_brought_up_step_by_step_after_a_copy(connection: sqlite3.Connection, path: Path) -> None:
    migrate(connection, path, version=NEXT + 1, steps=ADD_NOTE)
    assert schema_version(connection) == NEXT + 1
    assert "note" in columns(connection, "equity")
    copy = path.with_name(f"trading.db.schema-{SCHEMA_VERSION}")
    assert copy.stat().st_mode & 0o777 == 0o600
    with closing(sqlite3.connect(copy)) as before:
        assert schema_version(before) == SCHEMA_VERSION
        assert "note" not in columns(before, "equity")


def test_failed_step_leaves_the_version_before_it(connection: sqlite3.Connection, path: Path) -> None:
    broken = {**ADD_NOTE, NEXT: ("ALTER TABLE equity ADD COLUMN other TEXT", "NONSENSE")}
    with pytest.raises(sqlite3.OperationalError):
        migrate(connection, path, version=NEXT + 1, steps=broken)
    assert schema_version(connection) == NEXT
    assert "other" not in columns(connection, "equity")
    migrate(connection, path, version=NEXT + 1, steps=ADD_NOTE)
    assert schema_version(connection) == NEXT + 1


def schema(connection: sqlite3.Connection) -> dict[str, set[tuple[object, ...]]]:
    """Return the columns of each table, whatever their order: an added one stands last and has to have a default."""
    found: dict[str, set[tuple[object, ...]]] = {}
    for (table,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall():
        rows = connection.execute(f"PRAGMA table_info({table})").fetchall()
        found[table] = {(name, kind, required, key) for _, name, kind, required, _, key in rows}
    return found


def indexes(connection: sqlite3.Connection) -> set[tuple[str, str]]:
    return set(connection.execute("SELECT name, tbl_name FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL"))


def make_version_1(path: Path, *statements: str) -> None:
    """Replace the file by one of version 1."""
    path.unlink()
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(SCHEMA_1.read_text(encoding="utf-8"))
        connection.execute("INSERT INTO fact (key, value) VALUES ('schema', '1'), ('instance', 'abcd')")
        for statement in statements:
            connection.execute(statement)
        connection.commit()


def test_file_of_version_1_becomes_what_a_new_file_is(connection: sqlite3.Connection, path: Path) -> None:
    new = schema(connection), indexes(connection)
    make_version_1(path)
    Database(path).close()
    with closing(sqlite3.connect(path)) as migrated:
        assert (schema(migrated), indexes(migrated)) == new


LOG = "INSERT INTO mode_log (fact, value, reason, actor, at) VALUES ('halt', '{}', 'odd', 'ann', '2014-03-04T13:30Z')"
FLATTEN_FLAG = "INSERT INTO fact (key, value) VALUES ('flatten_requested', '{}'), ('cancel_entries', '1')"


@pytest.mark.parametrize(("flag", "goals"), [("1", 1), ("", 0)])
def test_halt_and_flatten_that_stood_in_version_1_stand_on(path: Path, flag: str, goals: int) -> None:
    make_version_1(path, LOG.format("0"), LOG.format("1"), FLATTEN_FLAG.format(flag))
    database = Database(path)
    halts = SqliteHalts(database)
    assert [(halt.reason, halt.actor) for halt in halts.halting()] == [("odd", "ann")]
    assert (halts.flatten_goal() is not None) == bool(goals)
    assert database.fact("cancel_entries") is None
    database.close()


def test_halt_that_was_over_in_version_1_is_none(path: Path) -> None:
    make_version_1(path, LOG.format("1"), LOG.format("0"))
    database = Database(path)
    assert SqliteHalts(database).standing() == ()
    database.close()


REDUCING = "INSERT INTO mode_log (fact, value, reason, actor, at) VALUES ('reducing', '{}', '{}', 'risk', '{}')"


def test_daily_loss_among_the_latches_becomes_a_fact_of_its_own(path: Path) -> None:
    values = ["daily_loss", "daily_loss,rejects", "rejects", "daily_loss,rejects", "a,daily_loss,rejects", "daily_loss"]
    entries = [REDUCING.format(value, value, NOW.isoformat()) for value in values]
    make_version_1(path, LOG.format("1"), *entries, LOG.format("0"))
    database = Database(path)
    rows = [tuple(row) for row in database.query("SELECT id, fact, value, reason FROM mode_log ORDER BY id")]
    assert rows == [
        (1, "halt", "1", "odd"),
        (2, "daily_loss", "1", values[0]),
        (3, "reducing", "rejects", values[1]),
        (4, "daily_loss", "0", values[2]),
        (5, "daily_loss", "1", values[3]),
        (6, "reducing", "a,rejects", values[4]),
        (7, "reducing", "", values[5]),
        (8, "halt", "0", "odd"),
    ]
    database.close()


def test_daily_loss_that_stood_in_version_4_stands_on_beside_its_latch(path: Path) -> None:
    entries = [REDUCING.format(value, value, NOW.isoformat()) for value in ("rejects", "daily_loss,rejects")]
    make_version_1(path, *entries, "INSERT INTO fact (key, value) VALUES ('daily_loss', '6 % lost')")
    database = Database(path)
    store = SqliteStore(database)
    assert store.mode().latched == Latched(1, ("rejects",), "rejects", NOW)
    assert store.value("daily_loss") is None
    store.set_reconciled(reconciled=True, reason="all found", now=NOW)
    store.set_risk_state(RiskState(), reason="resumed", actor="ann", now=NOW)
    assert store.mode().mode is Mode.REDUCING
    store.halts.set_daily_loss(None, LATER)
    assert store.mode().mode is Mode.ACTIVE
    database.close()


INTENT = (
    "INSERT INTO intent (coid, parent_coid, role, conid, symbol, side, order_type, tif, quantity, limit_price,"
    " stop_price, decided, session, reason, created, state, order_id, filled, filled_value, cancel_asked, sent_at,"
    " changed) VALUES"
    " ('{0}', {1}, '{2}', 265598, 'AAPL', '{3}', '{4}', 'GTC', 10, {5}, {6}, '2014-03-03', '2014-03-04', 'signal',"
    " '2014-03-04T13:30:00.000000Z', '{7}', {8}, {9}, {10}, 0, '2014-03-04T13:30:00.000000Z',"
    " '2014-03-04T14:31:00.000000Z')"
)
# A position of 8 after a correction, its stop working, its target unproven; the state of each as version 1 wrote it.
TRADED = (
    INTENT.format("TS-a", "NULL", "entry", "BUY", "LMT", 1_000_100, "NULL", "FILLED", 100, 10, 10_000_000),
    INTENT.format("TS-a-S", "'TS-a'", "stop", "SELL", "STP", "NULL", 950_200, "WORKING", 101, 0, 0),
    INTENT.format("TS-a-T", "'TS-a'", "target", "SELL", "LMT", 1_050_300, "NULL", "UNKNOWN", "NULL", 0, 0),
    "INSERT INTO wire (phase, coids, act, verb, path, body_sha256, epoch, at) VALUES"
    " ('ABOUT', 'TS-a,TS-a-S,TS-a-T', 'submit', 'POST', '/orders', 'ab', 1, '2014-03-04T13:30:00.000000Z')",
    "INSERT INTO execution VALUES ('a.b.01.01', 'TS-a', 265598, 'AAPL', 'BUY', 10, 1000000, 10000, '2014-03-04',"
    " 'TS-a', 'a.b.01.02', '2014-03-04T14:31:00.000000Z'),"
    " ('a.b.01.02', 'TS-a', 265598, 'AAPL', 'BUY', 10, 1000100, NULL, '2014-03-04', 'TS-a', NULL,"
    " '2014-03-04T14:31:00.000000Z')",
    "INSERT INTO adjustment (conid, quantity, ratio, entry_coid, reason, at) VALUES"
    " (265598, 10, 2.0, 'TS-a', 'split 2:1', '2014-03-05'),"
    " (265598, 0, 1.0, 'TS-a', 'execution corrected', '2014-03-05'),"
    " (265598, 3, 1.0, 'TS-a', 'oversold: 3', '2014-03-05'), (265598, -2, 1.0, 'TS-a', 'by hand', '2014-03-05')",
    "INSERT INTO position VALUES (265598, 'AAPL', 8, '2014-03-04', 1000100, 950200, 1050300, 'TS-a')",
    "INSERT INTO proof (coid, evidence, at) VALUES ('TS-a-T', 'not in 3 orders', '2014-03-04T15:00:00.000000Z')",
)


@pytest.fixture
def migrated(path: Path) -> Iterator[Database]:
    make_version_1(path, "INSERT INTO fact (key, value) VALUES ('prefix', 'TS'), ('coid_seq', '7')", *TRADED)
    database = Database(path)
    yield database
    database.close()


def test_orders_of_version_1_stand_as_they_stood(migrated: Database) -> None:
    entry, stop, target = SqliteJournal(migrated).intents()
    assert [(r.coid, r.state, r.order_id, r.filled, r.provisional) for r in (entry, stop, target)] == [
        ("TS-a", IntentState.FILLED, 100, 10, False),
        ("TS-a-S", IntentState.WORKING, 101, 0, False),
        ("TS-a-T", IntentState.UNKNOWN, None, 0, False),
    ]
    assert (entry.ended_at, stop.ended_at, target.ended_at) == (NOW, None, None)
    assert (entry.unknown_since, stop.unknown_since, target.unknown_since) == (None, None, NOW)
    assert migrated.query("PRAGMA foreign_key_check") == []


def test_shares_of_version_1_go_on_being_counted(migrated: Database) -> None:
    journal = SqliteJournal(migrated)
    entry, stop, _ = (record.intent for record in journal.intents())
    assert [position.quantity for position in journal.own_positions()] == [8]
    assert journal.fill_owners(["a.b.01.02", "a.b.01.03"]) == {"a.b.01.02": "TS-a", "a.b.01.03": "TS-a"}
    assert not journal.record_fill("TS-a", fill("a.b.01.02", entry, 10, 100.01), LATER).new
    assert journal.record_fill("TS-a-S", fill("e2", stop, 8, 95.0, time=LATER), LATER).oversold == 0
    assert journal.own_positions() == ()
    kinds = [row["kind"] for row in migrated.query("SELECT kind FROM adjustment ORDER BY id")]
    assert kinds == [AdjustmentKind.SPLIT, AdjustmentKind.CORRECTION, AdjustmentKind.OVERSOLD, AdjustmentKind.MANUAL]


def test_file_of_version_1_takes_what_only_version_2_can_hold(migrated: Database) -> None:
    journal = SqliteJournal(migrated)
    entry = journal.intents()[0].intent
    assert journal.record_fill("TS-a", fill("a.b.01.03", entry, 0, 100.0), LATER).corrected
    assert journal.intents()[0].filled == 0
    about(SqliteCommandLog(migrated), ["TS-a-S"], kind=RequestKind.CANCEL)
    assert [command.coids for command in journal.view(NOW).commands] == [("TS-a-S",)]
    assert [row["command"] for row in migrated.query("SELECT command FROM wire ORDER BY id")] == [None, 1]


def test_votes_of_version_1_are_not_taken_for_those_of_version_2(migrated: Database) -> None:
    assert SqliteEvidence(migrated).subjects() == frozenset()


def test_names_go_on_after_those_of_version_1(migrated: Database) -> None:
    assert SqliteJournal(migrated).next_coid().startswith("TS-abcd-0008-")


@pytest.mark.parametrize("version", [str(NEXT), "99"])
def test_newer_file_is_refused(path: Path, version: str) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("UPDATE fact SET value = ? WHERE key = 'schema'", (version,))
        connection.commit()
    with pytest.raises(ConfigError, match="newer version"):
        Database(path)


@pytest.mark.parametrize("version", ["0", "", "one"])
def test_file_of_no_known_version_is_refused(path: Path, version: str) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("UPDATE fact SET value = ? WHERE key = 'schema'", (version,))
        connection.commit()
    with pytest.raises(ConfigError, match="too old"):
        Database(path)


def test_file_of_version_5_can_hold_what_people_are_told(connection: sqlite3.Connection, path: Path) -> None:
    for table in ("delivery", "notice"):
        connection.execute(f"DROP TABLE {table}")
    connection.execute("UPDATE fact SET value = '5' WHERE key = 'schema'")
    database = Database(path)
    book = SqliteNotices(database, lambda: NOON.date())
    book.note([notice()], ())
    book.record("json://host", [(1, Part.TOLD)], Outcome.SENT, NOON)
    assert len(book.deliveries("json://host")) == 1
    database.close()
