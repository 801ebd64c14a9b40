"""One read transaction on trading.db: whatever is asked in it is answered as of one moment, while the trader writes."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from trading.errors import DataError
from trading.store.database import BUSY_TIMEOUT_MS
from trading.store.file_errors import why

WITHOUT_LIMIT = -1


class ReadTransaction:
    """Answers SELECTs; before the trading process has made the file there are no rows."""

    def __init__(self, path: Path, connection: sqlite3.Connection | None) -> None:
        """Read through an open transaction, or of nothing."""
        self._path = path
        self._connection = connection

    @property
    def started(self) -> bool:
        """Whether there is a file."""
        return self._connection is not None

    def rows(self, sql: str, *values: object) -> list[sqlite3.Row]:
        """Return the rows of a SELECT.

        Raises: DataError, the file can't be read.
        """
        if self._connection is None:
            return []
        try:
            rows: list[sqlite3.Row] = self._connection.execute(sql, values).fetchall()
        except sqlite3.Error as error:
            raise DataError(str(self._path), f"can't be read ({why(error, self._path)})") from error
        return rows


@contextmanager
def read_transaction(path: Path) -> Iterator[ReadTransaction]:
    """Open `path` read-only for the length of the block; its first question fixes the moment that all see.

    Raises: DataError, the file is there and can't be read.
    """
    try:
        there = path.exists()
    except OSError as error:
        raise DataError(str(path), f"can't be read ({why(error, path)})") from error
    if not there:
        yield ReadTransaction(path, None)
        return
    uri = f"{path.absolute().as_uri()}?mode=ro"
    try:
        connection = sqlite3.connect(
            uri, uri=True, timeout=BUSY_TIMEOUT_MS / 1000, isolation_level=None, check_same_thread=False
        )
    except sqlite3.Error as error:
        raise DataError(str(path), f"can't be read ({why(error, path)})") from error
    with closing(connection):
        connection.row_factory = sqlite3.Row
        connection.execute("BEGIN")
        yield ReadTransaction(path, connection)
