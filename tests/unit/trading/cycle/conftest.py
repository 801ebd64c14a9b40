from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fakes.chance import seeded
from tests.fakes.request_house import House
from tests.fakes.session_login import Login
from trading.store.database import Database


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    """What people write to and what takes it up, on a database in a temporary folder."""
    database = Database(tmp_path / "trading.db")
    yield House(database)
    database.close()


@pytest.fixture
def login(tmp_path: Path) -> Iterator[Login]:
    """What keeps a session, on a database in a temporary folder."""
    database = Database(tmp_path / "trading.db", chance=seeded())
    yield Login(database)
    database.close()
