from __future__ import annotations

import random

from tests.unit.webapp.desk import HandClock
from webapp.noise import FIRST_WINDOW_S, LONGEST_WINDOW_S, MOST_KINDS, QUIET_S, Noise

KIND = ("login_failed", "password")
DAY_S = 24 * 3600


def lines_of(noise: Noise, clock: HandClock, pauses: list[float]) -> tuple[int, int]:
    """Return how many lines events after these pauses make, and how many events those lines tell of."""
    lines = told = 0
    for pause in pauses:
        clock.pass_by(pause)
        news = noise.is_news(KIND, "10.0.0.1")
        sums = noise.due()
        lines += news + len(sums)
        told += news + sum(summary.count for summary in sums)
    return lines, told + sum(summary.count for summary in noise.rest())


def test_the_first_is_news_and_the_others_are_summed_up_after_a_minute() -> None:
    clock = HandClock()
    noise = Noise(clock)
    began = clock.now()
    assert noise.is_news(KIND, "10.0.0.1")
    for number in range(99):
        assert not noise.is_news(KIND, f"10.0.0.{number}")
    clock.pass_by(FIRST_WINDOW_S - 1)
    assert noise.due() == ()
    clock.pass_by(1)
    [summary] = noise.due()
    assert (summary.kind, summary.count, summary.since) == (KIND, 99, began)
    assert summary.addresses == tuple(f"10.0.0.{number}" for number in range(5))
    assert noise.due() == ()


def test_each_kind_is_counted_by_itself() -> None:
    noise = Noise(HandClock())
    assert noise.is_news(KIND, "a")
    assert noise.is_news(("login_failed", "link"), "a")


def test_some_of_a_kind_may_all_be_news() -> None:
    noise = Noise(HandClock())
    assert [noise.is_news(KIND, "a", most=3) for _ in range(4)] == [True, True, True, False]


def test_what_comes_after_an_hour_of_quiet_is_news_again() -> None:
    clock = HandClock()
    noise = Noise(clock)
    assert noise.is_news(KIND, "a")
    clock.pass_by(QUIET_S - 1)
    assert not noise.is_news(KIND, "a")
    assert [summary.count for summary in noise.due()] == [1]
    clock.pass_by(QUIET_S)
    assert noise.is_news(KIND, "a")


def test_what_was_counted_is_not_lost_by_the_quiet_after_it() -> None:
    clock = HandClock()
    noise = Noise(clock)
    for _ in range(3):
        noise.is_news(KIND, "a")
    clock.pass_by(2 * QUIET_S)
    assert not noise.is_news(KIND, "a")
    assert [summary.count for summary in noise.due()] == [3]


def test_a_day_of_it_makes_few_lines_however_it_is_paced_and_none_is_uncounted() -> None:
    draws = random.Random(7)  # noqa: S311 - the same pauses each time, not a secret
    paces: list[list[float]] = [
        [1.0] * DAY_S,
        [FIRST_WINDOW_S + 1.0] * (DAY_S // 61),
        [LONGEST_WINDOW_S + 1.0] * 24,
        [draws.choice((0.5, 30.0, 61.0, 121.0, 3601.0)) for _ in range(DAY_S // 800)],
    ]
    for pauses in paces:
        clock = HandClock()
        lines, told = lines_of(Noise(clock), clock, pauses)
        assert lines <= 5 * DAY_S // 3600
        assert told == len(pauses)


def test_made_up_kinds_do_not_fill_the_memory() -> None:
    noise = Noise(HandClock())
    news = sum(noise.is_news((str(number), ""), "a") for number in range(1000))
    assert news == MOST_KINDS + 1
    assert len(noise.rest()) == 1
