"""Files of an open database that are deleted, moved or replaced: nothing is written where nobody finds it."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.fakes.chance import seeded
from trading.errors import STORAGE, InstanceRunning, InvariantBroken
from trading.store.database import LOCK_NAME, Database


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state" / "trading.db"


@pytest.fixture
def database(path: Path) -> Iterator[Database]:
    database = Database(path, chance=seeded())
    yield database
    database.close()


def put(database: Database, key: str) -> None:
    with database.transaction() as connection:
        connection.execute("INSERT INTO fact VALUES (?, 'x')", (key,))


def refusal(database: Database) -> str:
    """Return why nothing can be written; nothing was."""
    with pytest.raises(InvariantBroken) as caught:
        put(database, "lost")
    assert caught.value.invariant == STORAGE
    assert database.fact("lost") is None
    return caught.value.detail


def keys(path: Path) -> set[str]:
    with closing(sqlite3.connect(path)) as connection:
        return {row[0] for row in connection.execute("SELECT key FROM fact")}


def test_nothing_is_written_into_a_file_that_was_moved_away_until_it_is_back(database: Database, path: Path) -> None:
    put(database, "before")
    path.rename(path.with_name("elsewhere"))
    assert refusal(database).startswith(f"{path.name} was deleted or moved away while it was in use: put it back")
    path.with_name("elsewhere").rename(path)
    put(database, "after")
    database.close()
    assert {"before", "after"} <= keys(path)


def test_nothing_is_written_into_a_deleted_file(database: Database, path: Path) -> None:
    path.unlink()
    assert "deleted" in refusal(database)


def test_backup_that_is_moved_over_the_open_file_is_left_as_it_is(database: Database, path: Path) -> None:
    backup = path.with_name("backup")
    Database(path.parent / "other" / "trading.db").close()
    shutil.copy(path.parent / "other" / "trading.db", backup)
    content = backup.read_bytes()
    backup.replace(path)
    assert "was replaced" in refusal(database)
    database.checkpoint()
    database.close()
    assert path.read_bytes() == content


def test_folder_that_is_moved_away_lets_another_start_and_this_one_write_nothing(
    database: Database, path: Path
) -> None:
    path.parent.rename(path.parent.with_name("old"))
    assert "moved away" in refusal(database)
    another = Database(path)
    put(another, "another")
    assert "was replaced" in refusal(database)
    database.close()
    put(another, "more")
    another.close()
    assert {"another", "more"} <= keys(path)


def test_deleted_lock_stops_the_one_that_held_it_and_never_two_write(database: Database, path: Path) -> None:
    lock = path.with_name(LOCK_NAME)
    lock.unlink()
    assert refusal(database).startswith(
        f"{lock.name} was deleted or moved away while it was in use: another trading process"
    )
    another = Database(path)
    put(another, "another")
    assert f"{lock.name} was replaced" in refusal(database)
    another.close()


def test_lock_that_is_put_back_locks_again(database: Database, path: Path) -> None:
    lock = path.with_name(LOCK_NAME)
    lock.rename(path.with_name("elsewhere"))
    assert "moved away" in refusal(database)
    path.with_name("elsewhere").rename(lock)
    put(database, "after")
    with pytest.raises(InstanceRunning):
        Database(path)


def test_deleted_write_ahead_log_stops_writing_and_the_end_saves_what_was_in_it(database: Database, path: Path) -> None:
    put(database, "before")
    log = path.with_name("trading.db-wal")
    log.unlink()
    assert refusal(database).startswith(f"{log.name} was deleted or moved away while it was in use: restart")
    database.checkpoint()
    database.close()
    assert "before" in keys(path)
    again = Database(path)
    put(again, "after")
    again.close()


def test_what_is_moved_away_within_a_transaction_takes_nothing_with_it(database: Database, path: Path) -> None:
    def moves_it() -> None:
        with database.transaction() as connection:
            connection.execute("INSERT INTO fact VALUES ('lost', 'x')")
            path.rename(path.with_name("elsewhere"))

    with pytest.raises(InvariantBroken, match="moved away"):
        moves_it()
    path.with_name("elsewhere").rename(path)
    assert database.fact("lost") is None
    put(database, "after")


def test_error_of_sqlite_in_a_lost_file_is_told_as_the_loss(path: Path) -> None:
    class Failing(sqlite3.Connection):
        def execute(self, sql: str, parameters: object = ()) -> sqlite3.Cursor:
            if sql == "BEGIN IMMEDIATE":
                path.rename(path.with_name("elsewhere"))
                raise sqlite3.OperationalError(sql)
            return super().execute(sql, parameters)  # type: ignore[arg-type]

    database = Database(path, connect=lambda *a, **k: sqlite3.connect(*a, factory=Failing, **k))
    with pytest.raises(InvariantBroken, match="moved away"):
        put(database, "lost")
    database.close()


def checkpointed(database: Database, _path: Path) -> None:
    database.checkpoint()


def copied(_database: Database, path: Path) -> None:
    with closing(sqlite3.connect(path)) as source, closing(sqlite3.connect(path.with_name("copy"))) as target:
        source.backup(target)


def read_by_another(_database: Database, path: Path) -> None:
    keys(path)
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
        connection.execute("SELECT * FROM fact").fetchall()


def packed_by_another(_database: Database, path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("VACUUM")
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def closed_to_others(_database: Database, path: Path) -> None:
    path.chmod(0o600)
    path.parent.chmod(0o700)


@pytest.mark.parametrize("done", [checkpointed, copied, read_by_another, packed_by_another, closed_to_others])
def test_what_people_may_do_with_a_file_in_use_stops_nothing(
    database: Database, path: Path, done: Callable[[Database, Path], None]
) -> None:
    for number in range(3):
        put(database, f"{number} before")
        done(database, path)
        put(database, f"{number} after")


def test_database_behind_a_symbolic_link_is_watched_where_it_is(path: Path, tmp_path: Path) -> None:
    Database(path).close()
    (tmp_path / "linked").mkdir()
    link = tmp_path / "linked" / "trading.db"
    link.symlink_to(path)
    database = Database(link)
    put(database, "a")
    path.with_name("trading.db-wal").unlink()
    assert "trading.db-wal was deleted" in refusal(database)
    database.close()


def test_file_that_is_lost_can_still_be_read(database: Database, path: Path) -> None:
    put(database, "before")
    path.unlink()
    assert database.fact("before") == "x"
