from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from trading.errors import ConfigError
from trading.store.database import Database
from trading.store.halts import SqliteHalts
from trading.store.migrations import SCHEMA_VERSION, STEPS, migrate, schema_version

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
        connection.executescript(Path(__file__).with_name("schema_1.sql").read_text(encoding="utf-8"))
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
