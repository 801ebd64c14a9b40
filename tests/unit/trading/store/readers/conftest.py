"""A database that is being written while it is read."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fakes.chance import seeded
from trading.store.database import Database


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state" / "trading.db"


@pytest.fixture
def database(path: Path) -> Iterator[Database]:
    database = Database(path, chance=seeded())
    yield database
    database.close()
