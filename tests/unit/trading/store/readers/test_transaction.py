from __future__ import annotations

from pathlib import Path

import pytest

from trading.errors import DataError
from trading.store.database import Database
from trading.store.readers.transaction import read_transaction
from trading.store.records import SqliteStore


def test_file_that_can_not_be_read_is_said(path: Path) -> None:
    path.parent.mkdir()
    path.write_bytes(b"rubbish" * 1000)
    with read_transaction(path) as transaction, pytest.raises(DataError, match="can't be read"):
        transaction.rows("SELECT 1 FROM fact")


def test_without_a_file_there_are_no_rows_and_no_folder_is_made(path: Path) -> None:
    with read_transaction(path) as transaction:
        assert not transaction.started
        assert transaction.rows("SELECT 1") == []
    assert not path.parent.exists()


def test_what_is_committed_meanwhile_is_seen_by_the_next_transaction(database: Database, path: Path) -> None:
    store = SqliteStore(database)
    store.keep({"session_state": "ready"})
    question = "SELECT value FROM fact WHERE key = 'session_state'"
    with read_transaction(path) as transaction:
        before = transaction.rows(question)[0]["value"]
        store.keep({"session_state": "competing"})
        assert (before, transaction.rows(question)[0]["value"]) == ("ready", "ready")
    with read_transaction(path) as transaction:
        assert transaction.rows(question)[0]["value"] == "competing"


def test_nothing_can_be_written_through_it(database: Database, path: Path) -> None:
    with read_transaction(path) as transaction, pytest.raises(DataError, match="readonly"):
        transaction.rows("DELETE FROM fact")
