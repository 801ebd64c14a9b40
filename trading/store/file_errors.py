"""Why a database file can't be used, in words that say what to do: SQLite calls a full disk an "I/O error"."""

from __future__ import annotations

import errno
import os
import sqlite3
from pathlib import Path

from trading.errors import STORAGE, ConfigError, InvariantBroken

# The rest of an error code of SQLite says where it came from.
PRIMARY_CODE = 0xFF
_DAMAGED = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})
_HELD = frozenset({sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED})
_AROUND = _HELD | {
    sqlite3.SQLITE_AUTH,
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_NOMEM,
    sqlite3.SQLITE_PERM,
    sqlite3.SQLITE_PROTOCOL,
    sqlite3.SQLITE_READONLY,
}
# What ends without anybody changing a setting.
_PASSING = frozenset(
    {errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EIO, errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.ESTALE}
)

HELD = "another program holds it: close that; this goes on by itself"
FULL = "the disk is full: free some space; this goes on by itself"
READ_ONLY = "its file system is read-only: make it writable; this goes on by itself"


def code_of(error: sqlite3.Error) -> int:
    """Return SQLite's primary code of an error, 0 where it has none."""
    code: int = getattr(error, "sqlite_errorcode", 0)
    return code & PRIMARY_CODE


def is_damaged(error: sqlite3.Error) -> bool:
    """Return whether the file itself is to blame, which a person has to look at, and not what is around it."""
    return code_of(error) in _DAMAGED


def is_around(error: sqlite3.Error) -> bool:
    """Return whether what is around the file is to blame, such as another program or the disk, and may be over soon."""
    return code_of(error) in _AROUND


def is_held(error: sqlite3.Error) -> bool:
    """Return whether another connection has the file locked."""
    return code_of(error) in _HELD


def why(error: sqlite3.Error | OSError, path: Path) -> str:
    """Return what keeps the file `path` from being used, and what to do where that is known."""
    code = code_of(error) if isinstance(error, sqlite3.Error) else 0
    number = error.errno if isinstance(error, OSError) else None
    if code in _HELD:
        return f"{error}: {HELD}"
    if code in _DAMAGED:
        return str(error)
    if code == sqlite3.SQLITE_FULL or number in {errno.ENOSPC, errno.EDQUOT}:
        return FULL
    if number == errno.EROFS:
        return READ_ONLY
    return _around(path) or str(error)


def passing(error: OSError, path: Path) -> InvariantBroken | None:
    """Return the error to raise where a file or folder can't be used for now; None where a person has to change it."""
    return InvariantBroken(STORAGE, f"{path}: {why(error, path)}") if error.errno in _PASSING else None


def unusable_folder(error: OSError, folder: Path, did: str) -> ConfigError | InvariantBroken:
    """Return the error to raise where the state folder can't be used: `did` says what could not be done."""
    fix = f"{did} ({error.strerror}): give a folder that this user owns"
    return passing(error, folder) or ConfigError("STATE_DIR", str(folder), fix)


def _around(path: Path) -> str:
    """Return what is wrong around the file, empty where all looks well."""
    folder = path.parent
    try:
        room = os.statvfs(folder)
    except OSError as error:
        return f"{folder} can't be read ({error.strerror}): give it to this user"
    if room.f_flag & os.ST_RDONLY:
        return READ_ONLY
    if room.f_bavail == 0:
        return FULL
    wanted = os.R_OK | os.W_OK
    if not os.access(folder, wanted | os.X_OK) or (path.exists() and not os.access(path, wanted)):
        return f"user {os.getuid()} may not read and write it: give the file and its folder to this user (chown)"
    return "it is a folder: move it away" if path.is_dir() else ""
