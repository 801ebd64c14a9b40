"""What is said of a file that can't be used: the cause, not SQLite's name for it, and what to do."""

from __future__ import annotations

import errno
import sqlite3
from pathlib import Path

import pytest

from trading.errors import STORAGE, ConfigError, InvariantBroken
from trading.store.file_errors import FULL, HELD, READ_ONLY, is_around, is_damaged, is_held, unusable_folder, why


def failure(code: int, text: str = "disk I/O error") -> sqlite3.OperationalError:
    """Return an error as SQLite raises it."""
    error = sqlite3.OperationalError(text)
    error.sqlite_errorcode = code
    return error


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (failure(sqlite3.SQLITE_BUSY, "database is locked"), f"database is locked: {HELD}"),
        (failure(sqlite3.SQLITE_BUSY_SNAPSHOT, "database is locked"), f"database is locked: {HELD}"),
        (failure(sqlite3.SQLITE_FULL), FULL),
        (failure(sqlite3.SQLITE_CORRUPT, "malformed"), "malformed"),
        (failure(sqlite3.SQLITE_IOERR_READ), "disk I/O error"),
        (OSError(errno.ENOSPC, "No space left on device"), FULL),
        (OSError(errno.EROFS, "Read-only file system"), READ_ONLY),
    ],
)
def test_an_error_is_told_by_its_cause(tmp_path: Path, error: sqlite3.Error | OSError, words: str) -> None:
    (tmp_path / "trading.db").touch()
    assert why(error, tmp_path / "trading.db") == words


def test_a_folder_in_the_place_of_the_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "trading.db").mkdir()
    assert why(failure(sqlite3.SQLITE_CANTOPEN), tmp_path / "trading.db") == "it is a folder: move it away"


def test_a_folder_that_is_gone_is_named(tmp_path: Path) -> None:
    words = why(failure(sqlite3.SQLITE_CANTOPEN), tmp_path / "gone" / "trading.db")
    assert words == f"{tmp_path / 'gone'} can't be read (No such file or directory): give it to this user"


@pytest.mark.parametrize(
    ("code", "damaged", "around", "held"),
    [
        (sqlite3.SQLITE_CORRUPT, True, False, False),
        (sqlite3.SQLITE_NOTADB, True, False, False),
        (sqlite3.SQLITE_BUSY, False, True, True),
        (sqlite3.SQLITE_LOCKED_SHAREDCACHE, False, True, True),
        (sqlite3.SQLITE_IOERR_FSYNC, False, True, False),
        (sqlite3.SQLITE_READONLY_DIRECTORY, False, True, False),
        (sqlite3.SQLITE_ERROR, False, False, False),
    ],
)
def test_the_file_is_told_from_what_is_around_it(
    code: int,
    damaged: bool,  # noqa: FBT001
    around: bool,  # noqa: FBT001
    held: bool,  # noqa: FBT001
) -> None:
    error = failure(code)
    assert (is_damaged(error), is_around(error), is_held(error)) == (damaged, around, held)


def test_a_folder_that_a_person_has_to_change_is_a_setting_and_a_full_disk_is_not(tmp_path: Path) -> None:
    setting = unusable_folder(PermissionError(errno.EACCES, "Permission denied"), tmp_path, "can't be used")
    assert isinstance(setting, ConfigError)
    assert str(setting) == (
        f"STATE_DIR = '{tmp_path}': can't be used (Permission denied): give a folder that this user owns"
    )
    passing = unusable_folder(OSError(errno.EROFS, "Read-only file system"), tmp_path, "can't be used")
    assert isinstance(passing, InvariantBroken)
    assert passing.invariant == STORAGE
