"""How often bars that don't come are asked for, of how many stocks, and what is told of it."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import pairwise

import pytest

from tests.fakes.trading_context import CLOSE, OPEN, PRE_OPEN, SESSION, ContextParts
from trading.cycle.gather import market_times
from trading.cycle.missing_bars import MOST_PAUSE_S, PATIENT_TRIES, SAMPLE, MissingBars
from trading.execution.planning.state import MarketTimes

SETTLED = CLOSE + timedelta(seconds=900)
NEXT_DAY = timedelta(days=1)
SYMBOLS = [f"S{number:02}" for number in range(60)]


@pytest.fixture
def times(parts: ContextParts) -> MarketTimes:
    return market_times(parts.context(), SETTLED)


def all_tries(times: MarketTimes, until: datetime) -> list[tuple[datetime, list[str]]]:
    """Return when what is asked for, while nothing is ever found."""
    missing, now, found = MissingBars(SESSION), SETTLED, []
    while now < until:
        asked = missing.stocks_to_ask(SYMBOLS, times, now)
        found.append((now, asked))
        missing = missing.tried(now, asked_all=len(asked) == len(SYMBOLS))
        now = missing.next_try(times, now)
    return found


def test_a_day_without_bars_costs_a_bounded_number_of_questions(times: MarketTimes) -> None:
    tries = all_tries(times, SETTLED + NEXT_DAY)
    assert len(tries) == 62
    assert sum(len(asked) for _, asked in tries) == (PATIENT_TRIES + 1) * len(SYMBOLS) + SAMPLE * 58


def test_a_long_weekend_costs_two_tries_of_a_few_stocks_an_hour_more(times: MarketTimes) -> None:
    short, long = (len(all_tries(times, SETTLED + timedelta(days=days))) for days in (1, 3))
    assert long - short == 2 * 48


def test_all_stocks_are_asked_first_and_once_more_when_orders_may_leave(times: MarketTimes) -> None:
    tries = all_tries(times, SETTLED + NEXT_DAY)
    whole = [at for at, asked in tries if len(asked) == len(SYMBOLS)]
    assert whole == [*(SETTLED + timedelta(minutes=5 * number) for number in range(PATIENT_TRIES)), PRE_OPEN + NEXT_DAY]


def test_other_stocks_are_asked_each_time(times: MarketTimes) -> None:
    tries = all_tries(times, PRE_OPEN + NEXT_DAY)[PATIENT_TRIES:]
    assert {symbol for _, asked in tries for symbol in asked} == set(SYMBOLS)


def test_pauses_grow_to_half_an_hour_and_are_shorter_while_orders_may_leave(times: MarketTimes) -> None:
    moments = [at for at, _ in all_tries(times, SETTLED + NEXT_DAY)]
    pauses = {later: (later - before).total_seconds() for before, later in pairwise(moments)}
    assert [*pauses.values()][:6] == [300.0, 300.0, 300.0, 600.0, 1200.0, 1800.0]
    before_open = [pause for at, pause in pauses.items() if PRE_OPEN + NEXT_DAY < at <= OPEN + NEXT_DAY]
    assert set(before_open) == {300.0}
    assert max(pauses.values()) == MOST_PAUSE_S


def test_a_few_stocks_are_all_asked(times: MarketTimes) -> None:
    missing = MissingBars(SESSION, tries=50, all_asked_at=SETTLED)
    assert missing.stocks_to_ask(["A", "B", "C"], times, SETTLED) == ["A", "B", "C"]


def test_it_names_the_day_and_what_it_may_be() -> None:
    words = [MissingBars(SESSION, tries).words(other_bars=True) for tries in (1, PATIENT_TRIES)]
    assert words == [
        "no stock has a bar of Tue 4 Mar yet",
        "no stock has a bar of Tue 4 Mar: perhaps the exchange was closed",
    ]
    assert MissingBars(SESSION, 9).words(other_bars=False) == "no stock has any bars"
