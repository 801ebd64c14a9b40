from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fakes.trading_context import ContextParts
from tests.fakes.trading_loop import LoopParts


@pytest.fixture
def parts(tmp_path: Path) -> Iterator[ContextParts]:
    """A trading context's parts, an hour before the open of the session after `DECIDED`, in a market that rises."""
    made = ContextParts(tmp_path)
    yield made
    made.close()


@pytest.fixture
def loop(tmp_path: Path) -> Iterator[LoopParts]:
    """A trading loop's parts, at the same time, in the same market."""
    made = LoopParts(tmp_path)
    yield made
    made.close()
