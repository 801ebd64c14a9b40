from __future__ import annotations

from dataclasses import replace

import pytest

from tests.fakes.trading_states import entry, shows
from trading.execution.ownership.foreign import is_name, is_orphan
from trading.model.order import IntentState as S


@pytest.mark.parametrize(
    ("name", "state", "orphan"),
    [
        ("TS-abcd-0001-random", None, True),
        *(("TS-abcd-0001-random", state, state in {S.PLANNED, S.DENIED}) for state in S),
        ("XX-abcd-0001-random", None, False),
        ("XX-abcd-0001-random", S.PLANNED, False),
        ("TS-words", None, False),
        ("TS and - some - free - text", None, False),
        (None, None, False),
    ],
)
def test_orphan_has_our_prefix_and_never_left_by_the_journal(
    name: str | None, state: S | None, *, orphan: bool
) -> None:
    record = None if state is None else replace(entry(), state=state)
    row = replace(shows(entry()), order_ref=name)
    assert is_orphan(row, "TS", record) is orphan


@pytest.mark.parametrize(
    ("name", "ours"),
    [("TS-abcd-0001", False), ("TS-abcd-0001-random", True), ("TS-abcd-0001-random-more", False), ("", False)],
)
def test_name_of_ours_has_four_parts(name: str, *, ours: bool) -> None:
    assert is_name(name) is ours
