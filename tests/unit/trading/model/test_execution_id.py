"""Versions of a fill, by the broker's ids."""

from __future__ import annotations

import pytest

from trading.model.execution_id import fill_key, fill_of, version_of


@pytest.mark.parametrize(
    ("execution_id", "fill_id", "version"),
    [
        ("0000e0d5.6576fd38.01.01", "0000e0d5.6576fd38.01.", 1),
        ("0000e0d5.6576fd38.0f.12", "0000e0d5.6576fd38.0f.", 12),
        ("0000e0d5.6576fd38.01.0f", "", 0),
        ("0000e0d5.6576fd38.01", "", 0),
        ("12345", "", 0),
        ("", "", 0),
    ],
)
def test_versions_of_a_fill_differ_in_the_last_part_alone(execution_id: str, fill_id: str, version: int) -> None:
    assert fill_of(execution_id) == fill_id
    assert fill_key(execution_id) == (fill_id or execution_id)
    assert version_of(execution_id) == version
