"""controls.db: what people ask of the trading process, by dashboard and command line, and what it answers.

A file `HALT` beside it is a request to halt, so that stopping works with nothing but a shell. The trader moves it to
`HALT.taken` once it has acted on it; a new one halts again.
"""

from __future__ import annotations

import math
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeGuard

from trading.errors import InvariantBroken
from trading.model.boot_time import BootTime
from trading.model.mode import NOTHING_SEEN, Seen
from trading.model.operator_request import OperatorRequest, OperatorVerb, RequestProgress
from trading.store.boot_time import boot_time
from trading.store.database import prepare_folder
from trading.store.file_errors import is_held, why
from trading.store.units import utc_text

HALT_FILE = "HALT"
TAKEN_FILE = "HALT.taken"
BUSY_TIMEOUT_S = 2.0
# Of a text that somebody wrote: enough for a reason.
_MAX_TEXT = 200

_TABLE = """
CREATE TABLE IF NOT EXISTS request (
    id         INTEGER PRIMARY KEY,
    kind       TEXT NOT NULL,
    argument   TEXT NOT NULL,
    actor      TEXT NOT NULL,
    created    TEXT NOT NULL,
    answered   TEXT,
    result     TEXT
) STRICT
"""
# Since version 2 of trading.db; the statements are repeated until the file has them.
_ADDED = {
    "boot_id": "ALTER TABLE request ADD COLUMN boot_id TEXT",
    "boot_s": "ALTER TABLE request ADD COLUMN boot_s REAL",
    "seen": "ALTER TABLE request ADD COLUMN seen INTEGER NOT NULL DEFAULT 0",
    "taken_up": "ALTER TABLE request ADD COLUMN taken_up TEXT",
    "seen_latched": "ALTER TABLE request ADD COLUMN seen_latched INTEGER NOT NULL DEFAULT 0",
}


class RequestsDatabase:
    """`trading.ports.Requests` and its other end; each call opens the file anew, so threads may share one object."""

    def __init__(self, path: Path, *, boot: Callable[[], BootTime] = boot_time) -> None:
        """Use the file `path`, which the first request makes."""
        self._path = path
        self._halt_file = path.with_name(HALT_FILE)
        self._boot = boot

    def request(
        self, kind: OperatorVerb, argument: str, actor: str, now: datetime, *, seen: Seen = NOTHING_SEEN
    ) -> int:
        """Store a request and return its number; a resume names what the person has `seen`.

        Raises: InvariantBroken("controls"), the file can't be written; ConfigError, the folder can't be made.
        """
        prepare_folder(self._path.parent)
        try:
            if not self._path.exists():
                self._path.touch(mode=0o600)
        except OSError as error:
            raise InvariantBroken("controls", f"{self._path.name}: {why(error, self._path)}") from error
        made = self._boot()
        with self._connection() as connection:
            _begin(connection)
            cursor = connection.execute(
                "INSERT INTO request (kind, argument, actor, created, boot_id, boot_s, seen, seen_latched)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                (kind, argument, actor, utc_text(now), made.boot_id, made.seconds, seen.halt, seen.latched),
            )
            return int(cursor.lastrowid or 0)

    def make_halt_file(self, reason: str) -> Path:
        """Halt where requests can't be stored; return the file that does it.

        Raises: ConfigError, the folder can't be made; InvariantBroken("controls"), the file can't be made either.
        """
        prepare_folder(self._path.parent)
        try:
            file = self._halt_file.open("w", encoding="utf-8")
        except OSError as error:
            words = why(error, self._halt_file)
            raise InvariantBroken(
                "controls", f"{self._halt_file} can't be made: {words}. Use TWS or the phone for anything urgent"
            ) from error
        # An empty one halts as well, and a full disk may have room for that.
        with suppress(OSError), file:
            file.write(reason + "\n")
        return self._halt_file

    def progress(self, number: int) -> RequestProgress | None:
        """Return how far a request has come, None where there is none of that number.

        Raises: InvariantBroken("controls").
        """
        rows = self._rows("SELECT * FROM request WHERE id = ?", number)
        if not rows:
            return None
        row = dict(rows[0])
        return RequestProgress(self._age_s(row), row.get("taken_up") is not None, row["result"])

    def halt_file(self) -> OperatorRequest | None:
        """Return the file HALT as a request; one that can't be read halts all the same."""
        try:
            # When it came to this place: one that is moved back here is a new one.
            made = datetime.fromtimestamp(self._halt_file.lstat().st_ctime, tz=UTC)
        except FileNotFoundError:
            return None
        except (OSError, OverflowError, ValueError):
            made = None
        text = self._text_of_file()
        return OperatorRequest(
            number=None,
            kind=OperatorVerb.HALT,
            argument=text or "the file HALT is there",
            actor=f"file {HALT_FILE}",
            made=made,
            age_s=None,
            seen=NOTHING_SEEN,
            taken_up=False,
        )

    def _text_of_file(self) -> str:
        """Return the beginning of what is in the file HALT; a pipe or a device is not waited for."""
        try:
            if not self._halt_file.is_file():
                return ""
            with self._halt_file.open("rb") as file:
                return _plain(file.read(_MAX_TEXT).decode("utf-8", "replace"))
        except OSError:
            return ""

    def halt_file_done(self) -> None:
        """Move the file HALT out of the way; where that can't be done it stays in force.

        Raises: InvariantBroken("controls").
        """
        try:
            self._halt_file.replace(self._path.with_name(TAKEN_FILE))
        except FileNotFoundError:
            return
        except OSError as error:
            raise InvariantBroken("controls", f"{self._halt_file} can't be moved away: {error}") from error

    def pending(self) -> tuple[OperatorRequest, ...]:
        """Return the requests that nobody has answered yet, oldest first.

        Raises: InvariantBroken, "controls_busy" where somebody else holds the file now, "controls" else.
        """
        return tuple(self._read(row) for row in self._rows("SELECT * FROM request WHERE answered IS NULL ORDER BY id"))

    def take_up(self, request: OperatorRequest, now: datetime) -> None:
        """Record that a request is being carried out, before anything of it is.

        Raises: InvariantBroken, as `pending`.
        """
        with self._connection() as connection:
            _begin(connection)
            connection.execute("UPDATE request SET taken_up = ? WHERE id = ?", (utc_text(now), request.number))

    def answer(self, request: OperatorRequest, text: str, now: datetime) -> None:
        """Record what was done.

        Raises: InvariantBroken, as `pending`.
        """
        with self._connection() as connection:
            connection.execute(
                "UPDATE request SET answered = ?, result = ? WHERE id = ?", (utc_text(now), text, request.number)
            )

    def _read(self, row: sqlite3.Row) -> OperatorRequest:
        """Return a row as a request, of no kind where it makes no sense; a halt is one whatever else is wrong.

        Raises: InvariantBroken("controls"), somebody made a table in which a row can't be told from another.
        """
        values = dict(row)
        if not isinstance(values["id"], int):
            raise InvariantBroken("controls", f"{self._path.name}: a request without a number")
        word = values.get("kind")
        kind = OperatorVerb(word) if word in frozenset(OperatorVerb) else None
        try:
            made = datetime.fromisoformat(values["created"]).astimezone(UTC)
        except (KeyError, TypeError, ValueError, OverflowError):
            made = None
        halt, latched = (values.get(column, 0) for column in ("seen", "seen_latched"))
        seen = Seen(halt, latched) if _is_number(halt) and _is_number(latched) else None
        odd = made is None or values["id"] < 1 or seen is None
        if odd and kind is not OperatorVerb.HALT:
            kind = None
        return OperatorRequest(
            number=values["id"],
            kind=kind,
            argument=_plain(values.get("argument")),
            actor=_plain(values.get("actor")),
            made=made,
            age_s=self._age_s(values),
            seen=NOTHING_SEEN if odd or seen is None else seen,
            taken_up=values.get("taken_up") is not None,
        )

    def _age_s(self, values: dict[str, object]) -> float | None:
        age_s = self._boot().since(values.get("boot_id"), values.get("boot_s"))
        return age_s if age_s is not None and math.isfinite(age_s) else None

    def _rows(self, sql: str, *values: object) -> list[sqlite3.Row]:
        """Return rows; none while there is no file or it has no table yet."""
        try:
            if self._path.stat().st_size == 0:
                return []
        except FileNotFoundError:
            return []
        except OSError as error:
            raise InvariantBroken("controls", f"{self._path.name}: {error}") from error
        with self._connection() as connection:
            rows: list[sqlite3.Row] = connection.execute(sql, values).fetchall()
            return rows

    @contextmanager
    def _connection(self) -> Iterator[sqlite3.Connection]:
        """Open the file for one transaction.

        Raises: InvariantBroken, "controls_busy" where it is locked for too long, "controls": damaged, not writable.
        """
        try:
            connection = sqlite3.connect(self._path, timeout=BUSY_TIMEOUT_S)
        except sqlite3.Error as error:
            raise self._failure(error) from error
        try:
            connection.row_factory = sqlite3.Row
            # Whatever bytes a foreign hand wrote, one row must not hide the others.
            connection.text_factory = lambda content: content.decode("utf-8", "replace")
            with connection:
                yield connection
        except sqlite3.Error as error:
            raise self._failure(error) from error
        finally:
            connection.close()

    def _failure(self, error: sqlite3.Error) -> InvariantBroken:
        return InvariantBroken(
            "controls_busy" if is_held(error) else "controls", f"{self._path.name}: {why(error, self._path)}"
        )


def _begin(connection: sqlite3.Connection) -> None:
    """Begin to write, in a table that has all columns: an older version of this program may have made it."""
    connection.execute("BEGIN IMMEDIATE")
    connection.execute(_TABLE)
    there = {row["name"] for row in connection.execute("PRAGMA table_info(request)")}
    for column, statement in _ADDED.items():
        if column not in there:
            connection.execute(statement)


def _is_number(value: object) -> TypeGuard[int]:
    return isinstance(value, int) and value >= 0


def _plain(text: object) -> str:
    """Return the start of a text that somebody wrote, on one line."""
    return " ".join(str(text)[:_MAX_TEXT].split())
