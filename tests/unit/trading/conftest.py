from __future__ import annotations

import pytest

from tests.fakes.trading_room import Room


@pytest.fixture
def room() -> Room:
    """A trading system in memory, an hour before the open of the session after `DECIDED`, in a market that rises."""
    return Room()
