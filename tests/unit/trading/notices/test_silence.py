from __future__ import annotations

from datetime import timedelta

import pytest

from tests.fakes.notices import NOON
from trading.notices.silence import LEAST, silence

NOW = NOON + timedelta(hours=2)


def test_process_that_died_is_told_of_with_both_ends_of_its_silence() -> None:
    news = silence(NOON, "", NOW)
    assert news is not None
    assert "was silent from 2026-03-04 12:00:00 UTC to 2026-03-04 14:00:00 UTC" in news.text
    assert (news.topic, news.over) == (f"silent {NOON.isoformat()}", NOW)


@pytest.mark.parametrize(("stopped", "seconds"), [("2026-03-04T12:00:00+00:00", 7200), ("", LEAST.total_seconds() - 1)])
def test_process_that_was_stopped_or_came_back_at_once_is_not(stopped: str, seconds: float) -> None:
    assert silence(NOW - timedelta(seconds=seconds), stopped, NOW) is None


def test_first_start_of_all_is_not_told_of() -> None:
    assert silence(None, "", NOW) is None


def test_loop_that_was_stuck_is_told_of_though_its_process_lived_to_the_end() -> None:
    told = silence(NOON - timedelta(seconds=2), "", NOON, ("decides", 438.0))
    assert told is not None
    assert told.since == NOON - timedelta(seconds=440)
    assert 'stuck from 2026-03-04 11:52:40 UTC to 2026-03-04 12:00:00 UTC (its step "decides")' in told.text
    assert silence(NOON, "2026-03-04T12:00:00+00:00", NOON, ("decides", 438.0)) is None


@pytest.mark.parametrize("stuck", [None, ("decides", 400.0)])
def test_shares_that_had_no_stop_are_told_beside_the_silence(stuck: tuple[str, float] | None) -> None:
    told = silence(NOON, "", NOW, stuck, 43)
    assert told is not None
    assert "Stops stayed at the broker, but 43 shares had none" in told.text
