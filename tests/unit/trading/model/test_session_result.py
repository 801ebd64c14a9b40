from __future__ import annotations

import dataclasses

import pytest

from trading.model.session_result import Held


def test_what_was_read_of_a_session_does_not_change() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        Held("AAPL", 10, 10).covered = 0  # type: ignore[misc]
