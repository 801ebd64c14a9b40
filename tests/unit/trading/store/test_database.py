from __future__ import annotations

import random
import sqlite3
import subprocess
import sys
import threading
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from tests.fakes.chance import seeded
from trading.errors import ConfigError, InstanceRunning, InvariantBroken
from trading.store.database import LOCK_NAME, Database, StateLock
from trading.store.migrations import SCHEMA_VERSION


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state" / "trading.db"


def made(path: Path) -> None:
    Database(path, chance=seeded()).close()


def pragma(database: Database, name: str) -> object:
    return database.query(f"PRAGMA {name}")[0][0]


def test_file_is_opened_with_the_rules_of_durability(path: Path) -> None:
    database = Database(path)
    found = {name: pragma(database, name) for name in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")}
    database.close()
    assert found == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "busy_timeout": 5000}


def test_commit_that_waits_for_no_disk_is_followed_by_those_that_do(path: Path) -> None:
    found = []
    database = Database(path)
    for durable in (True, False, False, True):
        with database.transaction(durable=durable) as connection:
            connection.execute("INSERT INTO fact VALUES (?, 'x') ON CONFLICT DO NOTHING", (str(durable),))
            found.append(connection.execute("PRAGMA synchronous").fetchone()[0])
    database.close()
    assert found == [2, 1, 1, 2]


def test_commit_that_waits_for_no_disk_outlives_the_process(path: Path) -> None:
    script = """
import os, sys
from pathlib import Path
from trading.store.database import Database
with Database(Path(sys.argv[1])).transaction(durable=False) as connection:
    connection.execute("INSERT INTO fact VALUES ('a', 'b')")
os._exit(9)
"""
    assert subprocess.run([sys.executable, "-c", script, str(path)], check=False).returncode == 9
    database = Database(path)
    assert database.fact("a") == "b"
    database.close()


def test_failed_switch_to_the_disk_begins_no_transaction(path: Path) -> None:
    class Stubborn(sqlite3.Connection):
        def execute(self, sql: str, parameters: Any = ()) -> sqlite3.Cursor:  # noqa: ANN401  (sqlite3's own)
            if sql == "PRAGMA synchronous = FULL" and asked:
                raise sqlite3.OperationalError(sql)
            return super().execute(sql, parameters)

    asked: list[bool] = []
    database = Database(path, connect=partial(sqlite3.connect, factory=Stubborn))
    with database.transaction(durable=False):
        asked.append(True)
    with pytest.raises(InvariantBroken), database.transaction():
        raise AssertionError
    asked.clear()
    with database.transaction() as connection:
        assert connection.execute("PRAGMA synchronous").fetchone()[0] == 2
    database.close()


def test_folder_and_files_belong_to_their_owner_alone(path: Path) -> None:
    path.parent.mkdir(mode=0o755)
    database = Database(path)
    with database.transaction() as connection:
        connection.execute("INSERT INTO fact VALUES ('a', 'b')")
    modes = {file.name: file.stat().st_mode & 0o777 for file in path.parent.iterdir()}
    assert path.parent.stat().st_mode & 0o777 == 0o700
    assert set(modes) == {"trading.db", "trading.db-wal", "trading.db-shm", LOCK_NAME}
    assert set(modes.values()) == {0o600}
    database.close()


def test_file_that_others_could_read_is_closed_to_them(path: Path) -> None:
    made(path)
    path.chmod(0o644)
    Database(path).close()
    assert path.stat().st_mode & 0o777 == 0o600


def test_every_table_is_strict(path: Path) -> None:
    database = Database(path)
    with pytest.raises(InvariantBroken), database.transaction() as connection:
        connection.execute("INSERT INTO position VALUES (1, 'A', 'ten', '2014-03-04', 1, 1, 1, 'x')")
    loose = [row["name"] for row in database.query("PRAGMA table_list") if row["strict"] != 1]
    database.close()
    assert [name for name in loose if not name.startswith("sqlite_")] == []


def test_two_new_files_have_names_of_their_own(tmp_path: Path) -> None:
    names = []
    for folder in ("a", "b"):
        database = Database(tmp_path / folder / "trading.db")
        names.append(database.fact("instance"))
        database.close()
    assert names[0] != names[1]
    assert all(name is not None and len(name) == 4 and name.isalnum() for name in names)


def test_same_seed_makes_the_same_name(tmp_path: Path) -> None:
    names = []
    for folder in ("a", "b"):
        database = Database(tmp_path / folder / "trading.db", chance=seeded(7))
        names.append(database.fact("instance"))
        database.close()
    assert names[0] == names[1]


def test_default_chance_is_the_systems(path: Path) -> None:
    database = Database(path)
    database.close()
    assert isinstance(database.chance, random.SystemRandom)


def test_second_writer_is_refused_until_the_first_has_closed(path: Path) -> None:
    first = Database(path)
    with pytest.raises(InstanceRunning):
        Database(path)
    first.close()
    Database(path).close()


def test_second_process_is_refused(path: Path, project_root: Path) -> None:
    first = Database(path)
    code = (
        "import sys; from pathlib import Path; from trading.errors import InstanceRunning\n"
        "from trading.store.database import Database\n"
        "try: Database(Path(sys.argv[1]))\n"
        "except InstanceRunning: sys.exit(3)\n"
    )
    done = subprocess.run([sys.executable, "-c", code, str(path)], cwd=project_root, check=False, timeout=60)
    first.close()
    assert done.returncode == 3


def test_failed_open_gives_the_lock_back(path: Path) -> None:
    path.parent.mkdir()
    path.write_bytes(b"not a database at all, but long enough to be looked at" * 100)
    with pytest.raises(ConfigError):
        Database(path)
    StateLock(path.parent).release()


def test_reader_works_while_the_writer_writes(path: Path) -> None:
    writer = Database(path)
    reader = Database(path, read_only=True)
    with writer.transaction() as connection:
        connection.execute("INSERT INTO fact VALUES ('a', 'b')")
        assert reader.fact("a") is None
    assert reader.fact("a") == "b"
    with pytest.raises(InvariantBroken), reader.transaction() as connection:
        connection.execute("INSERT INTO fact VALUES ('c', 'd')")
    reader.close()
    writer.close()


def test_reader_works_with_no_writer_about(path: Path) -> None:
    made(path)
    reader = Database(path, read_only=True)
    assert reader.fact("schema") == str(SCHEMA_VERSION)
    reader.close()


def test_reader_makes_no_file(path: Path) -> None:
    with pytest.raises(ConfigError):
        Database(path, read_only=True)
    assert not path.exists()


def test_failed_transaction_leaves_the_file_as_it_was(path: Path) -> None:
    database = Database(path)

    def fail() -> None:
        with database.transaction() as connection:
            connection.execute("INSERT INTO fact VALUES ('a', 'b')")
            raise KeyError

    with pytest.raises(KeyError):
        fail()
    assert database.fact("a") is None
    with database.transaction() as connection:
        connection.execute("INSERT INTO fact VALUES ('a', 'c')")
    assert database.fact("a") == "c"
    database.close()


def test_error_of_the_database_halts(path: Path) -> None:
    database = Database(path)
    with pytest.raises(InvariantBroken, match="storage"), database.transaction() as connection:
        connection.execute("INSERT INTO nowhere VALUES (1)")
    with pytest.raises(InvariantBroken, match="storage"):
        database.query("SELECT * FROM nowhere")
    database.close()


def test_full_disk_fails_the_transaction_and_what_was_stays(path: Path) -> None:
    database = Database(path)
    database.query("PRAGMA max_page_count = 60")
    rows = [(str(number), "x" * 1000) for number in range(1000)]
    with pytest.raises(InvariantBroken, match="full"), database.transaction() as connection:
        connection.executemany("INSERT INTO fact VALUES (?, ?)", rows)
    assert database.query("SELECT count(*) FROM fact WHERE value LIKE 'xx%'")[0][0] == 0
    database.query("PRAGMA max_page_count = 1000000")
    with database.transaction() as connection:
        connection.execute("INSERT INTO fact VALUES ('a', 'b')")
    database.close()


def test_threads_take_turns(path: Path) -> None:
    database = Database(path)

    def add() -> None:
        for _ in range(20):
            with database.transaction() as connection:
                row = connection.execute("SELECT value FROM fact WHERE key = 'coid_seq'").fetchone()
                connection.execute("UPDATE fact SET value = ? WHERE key = 'coid_seq'", (str(int(row[0]) + 1),))

    threads = [threading.Thread(target=add) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert database.fact("coid_seq") == "80"
    database.close()


def test_length_of_each_commit_is_reported(path: Path) -> None:
    seen: list[float] = []
    database = Database(path, on_commit=seen.append)
    with database.transaction() as connection:
        connection.execute("INSERT INTO fact VALUES ('a', 'b')")
    database.close()
    assert len(seen) == 1
    assert 0 <= seen[0] < 10


@pytest.mark.parametrize(
    "content",
    [b"", b"SQLite format 3\x00", b"hello", b"\x00" * 8192],
    ids=["empty", "header alone", "text", "zeros"],
)
def test_file_that_is_no_database_is_refused_and_left_alone(path: Path, content: bytes) -> None:
    path.parent.mkdir()
    path.write_bytes(content)
    with pytest.raises(ConfigError, match=r"trading\.db"):
        Database(path)
    assert path.read_bytes() == content


def test_damaged_page_is_noticed(path: Path) -> None:
    made(path)
    damaged = bytearray(path.read_bytes())
    for page in range(4096, len(damaged), 4096):
        damaged[page : page + 64] = b"\xff" * 64
    path.write_bytes(damaged)
    with pytest.raises(ConfigError, match="left as it is"):
        Database(path)
    assert path.read_bytes() == bytes(damaged)


def test_truncated_file_is_noticed(path: Path) -> None:
    made(path)
    half = path.read_bytes()[: path.stat().st_size // 2]
    path.write_bytes(half)
    with pytest.raises(ConfigError):
        Database(path)
    assert path.read_bytes() == half


def test_foreign_database_is_refused(path: Path) -> None:
    path.parent.mkdir()
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE songs (title TEXT)")
    connection.commit()
    connection.close()
    with pytest.raises(ConfigError):
        Database(path)


def test_half_made_file_of_a_crash_is_made_anew(path: Path) -> None:
    path.parent.mkdir()
    path.with_name("trading.db.new").write_bytes(b"half")
    made(path)
    assert not path.with_name("trading.db.new").exists()


def test_missing_shm_and_wal_are_no_trouble(path: Path) -> None:
    database = Database(path)
    with database.transaction() as connection:
        connection.execute("INSERT INTO fact VALUES ('a', 'b')")
    database.checkpoint()
    database.close()
    for suffix in ("-shm", "-wal"):
        path.with_name(path.name + suffix).unlink(missing_ok=True)
    again = Database(path)
    assert again.fact("a") == "b"
    again.close()


def test_account_and_gateway_are_tied_at_the_first_start(path: Path) -> None:
    database = Database(path)
    database.claim("DU1234567", "simulated")
    database.claim("DU1234567", "simulated")
    with pytest.raises(ConfigError, match="IBKR_ACCOUNT_ID") as account:
        database.claim("U7654321", "simulated")
    with pytest.raises(ConfigError, match="GATEWAY"):
        database.claim("DU1234567", "live")
    database.close()
    assert "DU1234567" not in str(account.value)
    assert "U7654321" not in str(account.value)


def test_account_that_is_not_known_yet_passes(path: Path) -> None:
    database = Database(path)
    database.claim("DU1234567", "simulated")
    database.expect(None, "simulated")
    database.close()


def test_folder_that_can_not_be_made_is_a_setting_to_mend(tmp_path: Path) -> None:
    (tmp_path / "state").write_text("a file", encoding="utf-8")
    with pytest.raises(ConfigError, match="STATE_DIR"):
        Database(tmp_path / "state" / "trading.db")


@pytest.mark.parametrize(
    ("code", "invariant"),
    [
        (sqlite3.SQLITE_CORRUPT_INDEX, "corrupt"),
        (sqlite3.SQLITE_NOTADB, "corrupt"),
        (sqlite3.SQLITE_FULL, "storage"),
        (sqlite3.SQLITE_BUSY_SNAPSHOT, "storage"),
        (sqlite3.SQLITE_READONLY, "storage"),
    ],
)
def test_file_that_is_damaged_is_told_from_one_that_cannot_be_written_now(
    path: Path, code: int, invariant: str
) -> None:
    error = sqlite3.DatabaseError("said by SQLite")
    error.sqlite_errorcode = code
    database = Database(path)
    with pytest.raises(InvariantBroken) as caught, database.transaction():
        raise error
    assert caught.value.invariant == invariant
    database.close()


def test_answer_holds_until_something_is_written_here_and_never_for_a_reader(path: Path) -> None:
    asked = "SELECT value FROM fact WHERE key = ?"
    writer = Database(path)
    reader = Database(path, read_only=True)

    def seen() -> list[list[str]]:
        return [[row["value"] for row in each.query(asked, ("k",))] for each in (writer, reader)]

    def taken_back() -> None:
        with writer.transaction() as connection:
            connection.execute("DELETE FROM fact WHERE key = 'k'")
            assert writer.query(asked, ("k",)) == []
            raise ValueError("no")

    assert seen() == [[], []]
    for value in ("one", "two"):
        with writer.transaction() as connection:
            connection.execute("INSERT OR REPLACE INTO fact (key, value) VALUES ('k', ?)", (value,))
            # What a transaction reads is not kept: it may be rolled back.
            assert writer.query(asked, ("k",))[0]["value"] == value
        assert seen() == [[value], [value]]
    with pytest.raises(ValueError, match="no"):
        taken_back()
    assert seen() == [["two"], ["two"]]
    # Nobody's list is another's.
    writer.query(asked, ("k",)).clear()
    assert seen() == [["two"], ["two"]]
    writer.close()
    reader.close()
