from __future__ import annotations

from dataclasses import replace

import pytest

from tests.fakes.trading_states import entry, shows
from trading.execution.names import is_name, is_orphan


@pytest.mark.parametrize(
    ("name", "in_journal", "orphan"),
    [
        ("TS-abcd-0001-random", False, True),
        ("TS-abcd-0001-random", True, False),
        ("XX-abcd-0001-random", False, False),
        ("TS-words", False, False),
        ("TS and - some - free - text", False, False),
        (None, False, False),
    ],
)
def test_orphan_has_our_prefix_and_is_not_in_the_journal(
    name: str | None,
    *,
    in_journal: bool,
    orphan: bool,
) -> None:
    row = replace(shows(entry()), order_ref=name)
    assert is_orphan(row, "TS", in_journal) is orphan


@pytest.mark.parametrize(
    ("name", "ours"),
    [("TS-abcd-0001", False), ("TS-abcd-0001-random", True), ("TS-abcd-0001-random-more", False), ("", False)],
)
def test_name_of_ours_has_four_parts(name: str, *, ours: bool) -> None:
    assert is_name(name) is ours
