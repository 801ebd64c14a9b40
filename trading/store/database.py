"""The file trading.db: how it is made, opened, locked and written. One process writes it, everybody else reads it."""

from __future__ import annotations

import fcntl
import os
import random
import secrets
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from trading.errors import CORRUPT, STORAGE, ConfigError, InstanceRunning, InvariantBroken
from trading.model.account import mask_account
from trading.store.file_errors import is_around, is_damaged, unusable_folder, why
from trading.store.files_in_use import FileInUse, first_lost, in_use
from trading.store.migrations import SCHEMA, SCHEMA_VERSION, migrate

LOCK_NAME = "trading.lock"
DEFAULT_PREFIX = "TS"
INSTANCE_LENGTH = 4
BUSY_TIMEOUT_MS = 5000
_MOST_KNOWN, _MOST_ROWS_KNOWN = 256, 100
"""how many answers are kept until something is written, and how many rows each may have"""
# Records in a file that nobody finds are lost at the next start, and two processes on one file send orders twice.
_PUT_BACK = "put it back and this goes on by itself; a restart takes what is there then, or begins anew"
_SAVE = "restart the trading process in order, not by killing it: what was in it is saved into the database then"
_LOOK = "another trading process may have started beside this one: see that none did, then restart this one"
# Digits and letters that nobody mistakes for one another over the phone: 32 of them, 5 bits each.
ALPHABET = "23456789abcdefghijkmnpqrstuvwxyz"


class StateLock:
    """The exclusive lock on a state folder; the system drops it when the process ends, however that happens.

    `file` is the one that is locked: at the path of another one, or of none, another process can get a lock too.
    """

    def __init__(self, folder: Path) -> None:
        """Take the lock.

        Raises: InstanceRunning, another process has it (exit 3); ConfigError, the folder can't be used;
            InvariantBroken("storage"), it can't be used for now.
        """
        prepare_folder(folder)
        try:
            self._descriptor = os.open(folder / LOCK_NAME, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise unusable_folder(error, folder, "can't be written") from error
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            os.close(self._descriptor)
            raise InstanceRunning(str(folder)) from error
        held = os.fstat(self._descriptor)
        self.file = FileInUse(folder / LOCK_NAME, held.st_dev, held.st_ino, _LOOK)

    def release(self) -> None:
        """Give the lock up."""
        os.close(self._descriptor)


PUT_FACT = "INSERT INTO fact (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value"
"""the statement that stores a small fact, of a key and a value, in place of the one before"""


class Database:
    """One connection to trading.db, safe to share between threads; a writer holds the folder's lock while it is open.

    `chance` makes the instance's name and the random part of order ids: a seeded generator in tests, the system's else.
    """

    def __init__(
        self,
        path: Path,
        *,
        read_only: bool = False,
        chance: random.Random | None = None,
        on_commit: Callable[[float], None] | None = None,
        connect: Callable[..., sqlite3.Connection] = sqlite3.connect,
    ) -> None:
        """Open the file, or make it when a writer finds none.

        `on_commit` is told the seconds that each commit took. `connect` stands in for SQLite's own.

        Raises: InstanceRunning (exit 3); ConfigError, the folder or the file can't be used (exit 2): a damaged, empty
        or foreign file is never replaced; InvariantBroken("storage"), it is locked, the disk is full or something else
        that may be over in a while (exit 4).
        """
        self.path = path
        self.chance = chance or secrets.SystemRandom()
        self._on_commit = on_commit
        self._guard = threading.RLock()
        self._known: dict[tuple[str, tuple[object, ...]], list[sqlite3.Row]] = {}
        self._known_at = -1
        self._lock = None if read_only else StateLock(path.parent)
        try:
            if not read_only and not path.exists():
                _create(path, self.chance)
            self._connection = _open(path, read_only=read_only, connect=connect)
            self._files = () if self._lock is None else _files_of(path, self._lock)
            self._durable = True
        except BaseException:
            if self._lock is not None:
                self._lock.release()
            raise

    @contextmanager
    def transaction(self, *, durable: bool = True) -> Iterator[sqlite3.Connection]:
        """Run the block as one transaction, durable when the block is left; an error leaves the file as it was.

        One that is not `durable` waits for no disk: it outlives the process, but a power failure may take it back, up
        to the next one that is. What it wrote is whole, and in its order, in any case.

        Raises: InvariantBroken, nothing may be sent: "storage" where the disk is full, the file locked, deleted, moved
        or replaced; "corrupt".
        """
        with self._guard:
            try:
                self._require_files()
                self._wait_for_the_disk(durable)
                self._connection.execute("BEGIN IMMEDIATE")
                yield self._connection
                # As late as can be: what is committed is taken for on record, and an order may leave.
                self._require_files()
                began = time.perf_counter()
                self._connection.execute("COMMIT")
            except sqlite3.Error as error:
                self._roll_back()
                raise self._failure(error) from error
            except BaseException:
                self._roll_back()
                raise
            if self._on_commit is not None:
                self._on_commit(time.perf_counter() - began)

    @property
    def changes(self) -> int:
        """Return a number that grows with every row that this process writes."""
        with self._guard:
            return self._connection.total_changes

    def query(self, sql: str, values: Sequence[object] = ()) -> list[sqlite3.Row]:
        """Return the rows of a SELECT.

        A turn asks for the same again and again, and mostly nothing was written since. The lock makes a writer the only
        one, so it need not look again before it writes.

        Raises: InvariantBroken, the file can't be read: "storage" for now, "corrupt" for good.
        """
        with self._guard:
            if self._lock is None or self._connection.in_transaction:
                return self._rows(sql, tuple(values))
            if self._known_at != self._connection.total_changes or len(self._known) >= _MOST_KNOWN:
                self._known.clear()
                self._known_at = self._connection.total_changes
            asked = (sql, tuple(values))
            if asked in self._known:
                return list(self._known[asked])
            rows = self._rows(*asked)
            if len(rows) <= _MOST_ROWS_KNOWN:
                self._known[asked] = rows
            return list(rows)

    def _rows(self, sql: str, values: tuple[object, ...]) -> list[sqlite3.Row]:
        try:
            rows: list[sqlite3.Row] = self._connection.execute(sql, values).fetchall()
        except sqlite3.Error as error:
            raise self._failure(error) from error
        return rows

    def fact(self, key: str) -> str | None:
        """Return a small fact, None when nobody has stored it."""
        rows = self.query("SELECT value FROM fact WHERE key = ?", (key,))
        return str(rows[0]["value"]) if rows else None

    def claim(self, account_id: str, gateway: str) -> None:
        """Tie the file to an account and a kind of gateway at the first start; hold them equal ever after.

        Raises: ConfigError (exit 2), the file belongs to others.
        """
        self.expect(account_id, gateway)
        with self.transaction() as connection:
            connection.executemany(
                "INSERT INTO fact (key, value) VALUES (?, ?) ON CONFLICT DO NOTHING",
                (("account", account_id), ("gateway", gateway)),
            )

    def expect(self, account_id: str | None, gateway: str) -> None:
        """Hold the file's account and kind of gateway equal to these; an account that is not known yet passes.

        Raises: ConfigError (exit 2), the file belongs to others.
        """
        owner, kind = self.fact("account"), self.fact("gateway")
        if kind is not None and kind != gateway:
            raise ConfigError("GATEWAY", gateway, f"{self.path} belongs to {kind}: set that, or give another STATE_DIR")
        if owner is not None and account_id is not None and owner != account_id:
            raise ConfigError(
                "IBKR_ACCOUNT_ID",
                mask_account(account_id),
                f"{self.path} belongs to {mask_account(owner)}: set that, or give another STATE_DIR",
            )

    def checkpoint(self) -> None:
        """Move what the write-ahead log holds into the file, before a clean end."""
        self.query("PRAGMA wal_checkpoint(TRUNCATE)")

    def close(self) -> None:
        """Close the file and give the lock up."""
        with self._guard:
            self._connection.close()
            if self._lock is not None:
                self._lock.release()
                self._lock = None

    def _require_files(self) -> None:
        """Write only where what is written is found again; readers look for nothing, since they open a file anew.

        Raises: InvariantBroken("storage"), the path of a file of ours leads elsewhere.
        """
        lost = first_lost(self._files)
        if lost:
            raise InvariantBroken(STORAGE, lost)

    def _wait_for_the_disk(self, durable: bool) -> None:  # noqa: FBT001 - of the one call
        """Let the next commit be durable or not; where that can't be said there is no next commit."""
        if durable is not self._durable:
            self._connection.execute(f"PRAGMA synchronous = {'FULL' if durable else 'NORMAL'}")
            self._durable = durable

    def _roll_back(self) -> None:
        """Undo an open transaction; SQLite may have done it already."""
        if self._connection.in_transaction:
            self._connection.execute("ROLLBACK")

    def _failure(self, error: sqlite3.Error) -> InvariantBroken:
        """Tell a file that is damaged, which a person has to look at, from one that can't be written for now."""
        lost = first_lost(self._files)
        if lost:
            return InvariantBroken(STORAGE, lost)
        return InvariantBroken(CORRUPT if is_damaged(error) else STORAGE, f"{self.path.name}: {why(error, self.path)}")


def prepare_folder(folder: Path) -> None:
    """Make the folder where it is missing, and close it to everybody but its owner.

    Raises: ConfigError, neither can be done; InvariantBroken("storage"), not for now.
    """
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if folder.stat().st_mode & 0o077:
            folder.chmod(0o700)
    except OSError as error:
        raise unusable_folder(error, folder, "can't be used") from error


def random_text(chance: random.Random, length: int) -> str:
    """Return `length` letters and digits, 5 bits each."""
    return "".join(chance.choice(ALPHABET) for _ in range(length))


def _create(path: Path, chance: random.Random) -> None:
    """Make the file whole beside its place, then move it there: a crash leaves no half-made database."""
    new = path.with_name(f"{path.name}.new")
    try:
        new.unlink(missing_ok=True)
        new.touch(mode=0o600)
        connection = sqlite3.connect(new, isolation_level=None)
        try:
            connection.execute("PRAGMA synchronous = FULL")
            # One transaction: a commit for each table would cost a tenth of a second more.
            connection.executescript(f"BEGIN;\n{SCHEMA.read_text(encoding='utf-8')}\nCOMMIT;")
            connection.executemany(
                "INSERT INTO fact (key, value) VALUES (?, ?)",
                (
                    ("schema", str(SCHEMA_VERSION)),
                    ("instance", random_text(chance, INSTANCE_LENGTH)),
                    ("prefix", DEFAULT_PREFIX),
                    ("coid_seq", "0"),
                ),
            )
        finally:
            connection.close()
        new.replace(path)
        _sync_folder(path.parent)
    except (OSError, sqlite3.Error) as error:
        raise InvariantBroken(STORAGE, f"{path} can't be made: {why(error, new)}") from error


def _sync_folder(folder: Path) -> None:
    """Make a rename in the folder durable."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _open(path: Path, *, read_only: bool, connect: Callable[..., sqlite3.Connection]) -> sqlite3.Connection:
    """Open and check an existing file."""
    if path.is_dir():
        raise ConfigError(str(path), None, "is a folder: move it away, and put the database or a backup in its place")
    if not path.is_file():
        raise ConfigError(str(path), None, "is not there: the trading process makes it at its first start")
    if path.stat().st_size == 0:
        raise _damaged(path, "it is empty")
    try:
        connection = connect(
            f"{path.absolute().as_uri()}?mode={'ro' if read_only else 'rw'}",
            uri=True,
            isolation_level=None,
            check_same_thread=False,
            timeout=BUSY_TIMEOUT_MS / 1000,
        )
    except sqlite3.Error as error:
        raise _unopened(error, path) from error
    try:
        connection.row_factory = sqlite3.Row
        connection.execute("PRAGMA foreign_keys = ON")
        if not read_only:
            _check_and_migrate(connection, path)
    except sqlite3.Error as error:
        connection.close()
        raise _unopened(error, path) from error
    except BaseException:
        connection.close()
        raise
    return connection


def _files_of(path: Path, lock: StateLock) -> tuple[FileInUse, ...]:
    """Return the files that a writer depends on.

    SQLite makes the write-ahead log beside the real file as it opens it, and keeps that one until the last connection
    closes, whatever is checkpointed. On a file system that can't have one there is none to look for.

    Raises: InvariantBroken("storage"), they can't be looked at.
    """
    log = path.resolve().with_name(f"{path.resolve().name}-wal")
    try:
        found = (in_use(path, _PUT_BACK), in_use(log, _SAVE), lock.file)
    except OSError as error:
        raise InvariantBroken(STORAGE, f"{path}: {why(error, path)}") from error
    return tuple(file for file in found if file is not None)


def _unopened(error: sqlite3.Error, path: Path) -> ConfigError | InvariantBroken:
    """Tell a file that can't be used for now from one that is damaged, or another program's."""
    if is_around(error):
        return InvariantBroken(STORAGE, f"{path}: {why(error, path)}")
    return _damaged(path, str(error))


def _check_and_migrate(connection: sqlite3.Connection, path: Path) -> None:
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    verdict = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
    if verdict != "ok":
        raise _damaged(path, str(verdict))
    migrate(connection, path)
    for file in path.parent.glob(f"{path.name}*"):
        if file.stat().st_mode & 0o077:
            file.chmod(0o600)


def _damaged(path: Path, what: str) -> ConfigError:
    return ConfigError(
        str(path),
        None,
        f"can't be used as the trading database ({what}) and was left as it is: put a backup in its place, or move it "
        "away and check orders and positions at the broker before a new start",
    )
