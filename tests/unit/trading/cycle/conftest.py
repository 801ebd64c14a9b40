from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fakes.request_house import House
from trading.store.database import Database


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    """What people write to and what takes it up, on a database in a temporary folder."""
    database = Database(tmp_path / "trading.db")
    yield House(database)
    database.close()
