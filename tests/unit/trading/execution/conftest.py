from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fakes.order_books import OrderBooks


@pytest.fixture
def books(tmp_path: Path) -> Iterator[OrderBooks]:
    """A process that submits and reconciles, on a file of its own, an hour before the open."""
    made = OrderBooks(tmp_path)
    yield made
    made.close()
