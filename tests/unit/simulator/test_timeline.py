from __future__ import annotations

import pytest

from simulator.timeline import Timeline


def test_actions_come_by_instant_then_as_they_were_added() -> None:
    timeline, done = Timeline(), list[str]()
    timeline.add(2, lambda: done.append("late"))
    timeline.add(1, lambda: done.append("first"))
    timeline.add(1, lambda: done.append("second"))
    while timeline.next_us() is not None:
        timeline.pop()()
    assert done == ["first", "second", "late"]


def test_an_empty_timeline_has_no_next_instant_and_no_action() -> None:
    timeline = Timeline()
    assert timeline.next_us() is None
    with pytest.raises(IndexError):
        timeline.pop()
