"""controls.db: what people ask of the trading process, by dashboard and command line, and what it answers.

A file `HALT` beside it counts as a request to halt, so that stopping works with nothing but a shell. The trader moves
it to `HALT.taken` once it has acted on it; a new one halts again.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from trading.errors import InvariantBroken
from trading.model.mode import Control, ControlKind
from trading.store.database import prepare_folder
from trading.store.units import utc_text

HALT_FILE = "HALT"
TAKEN_FILE = "HALT.taken"
# The file's request has no row, so it has a number that no row has.
HALT_FILE_ID = 0
BUSY_TIMEOUT_S = 2.0
_KINDS = frozenset(kind.value for kind in ControlKind)
# Of the text in the file: enough for a reason.
_MAX_REASON = 200

_SCHEMA = """
CREATE TABLE IF NOT EXISTS request (
    id       INTEGER PRIMARY KEY,
    kind     TEXT NOT NULL,
    argument TEXT NOT NULL,
    actor    TEXT NOT NULL,
    created  TEXT NOT NULL,
    answered TEXT,
    result   TEXT
) STRICT
"""


class ControlsDatabase:
    """`trading.ports.Controls` and its other end; each call opens the file anew, so threads may share one object."""

    def __init__(self, path: Path) -> None:
        """Use the file `path`, which the first request makes."""
        self._path = path
        self._halt_file = path.with_name(HALT_FILE)

    def request(self, kind: ControlKind, argument: str, actor: str, now: datetime) -> int:
        """Store a request and return its number.

        Raises: InvariantBroken("controls"), the file can't be written; ConfigError, the folder can't be made.
        """
        prepare_folder(self._path.parent)
        if not self._path.exists():
            self._path.touch(mode=0o600)
        with self._connection() as connection:
            connection.execute(_SCHEMA)
            cursor = connection.execute(
                "INSERT INTO request (kind, argument, actor, created) VALUES (?, ?, ?, ?)",
                (kind, argument, actor, utc_text(now)),
            )
            return int(cursor.lastrowid or 0)

    def result(self, control_id: int) -> str | None:
        """Return what the trader did about a request, None while it has not answered."""
        rows = self._rows("SELECT result FROM request WHERE id = ?", control_id)
        return rows[0]["result"] if rows else None

    def pending(self) -> tuple[Control, ...]:
        """Return requests that nobody has answered yet, oldest first; the HALT file comes before all others.

        A kind that this version doesn't know is left alone, for the version that does.
        """
        rows = self._rows("SELECT * FROM request WHERE answered IS NULL ORDER BY id")
        known = tuple(
            Control(
                control_id=row["id"],
                kind=ControlKind(row["kind"]),
                argument=row["argument"],
                actor=row["actor"],
                created=datetime.fromisoformat(row["created"]),
            )
            for row in rows
            if row["kind"] in _KINDS
        )
        by_file = self._file_request()
        return known if by_file is None else (by_file, *known)

    def answer(self, control: Control, result: str, now: datetime) -> None:
        """Record what was done; a HALT file is moved out of the way, and stays in force where that can't be done."""
        if control.control_id == HALT_FILE_ID:
            try:
                self._halt_file.replace(self._path.with_name(TAKEN_FILE))
            except FileNotFoundError:
                return
            except OSError as error:
                raise InvariantBroken("controls", f"{self._halt_file} can't be moved away: {error}") from error
            return
        with self._connection() as connection:
            connection.execute(
                "UPDATE request SET answered = ?, result = ? WHERE id = ?", (utc_text(now), result, control.control_id)
            )

    def _file_request(self) -> Control | None:
        """Return the HALT file as a request; one that can't be read halts all the same."""
        try:
            made = datetime.fromtimestamp(self._halt_file.stat().st_mtime, tz=UTC)
        except FileNotFoundError:
            return None
        except OSError:
            made = datetime.fromtimestamp(0, tz=UTC)
        try:
            text = self._halt_file.read_bytes()[:_MAX_REASON].decode("utf-8", "replace").strip()
        except OSError:
            text = ""
        return Control(HALT_FILE_ID, ControlKind.HALT, text or "the file HALT is there", f"file {HALT_FILE}", made)

    def _rows(self, sql: str, *values: object) -> list[sqlite3.Row]:
        """Return rows; none while there is no file or it has no table yet."""
        if not self._path.exists() or self._path.stat().st_size == 0:
            return []
        with self._connection() as connection:
            rows: list[sqlite3.Row] = connection.execute(sql, values).fetchall()
            return rows

    @contextmanager
    def _connection(self) -> Iterator[sqlite3.Connection]:
        """Open the file for one transaction.

        Raises: InvariantBroken("controls"), it is locked for too long, damaged or not writable.
        """
        try:
            connection = sqlite3.connect(self._path, timeout=BUSY_TIMEOUT_S)
        except sqlite3.Error as error:
            raise self._failure(error) from error
        try:
            connection.row_factory = sqlite3.Row
            with connection:
                yield connection
        except sqlite3.Error as error:
            raise self._failure(error) from error
        finally:
            connection.close()

    def _failure(self, error: sqlite3.Error) -> InvariantBroken:
        return InvariantBroken("controls", f"{self._path.name}: {error}")
