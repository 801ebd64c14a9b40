"""Deaths of the trading process wherever it works, and its new start: no order goes out twice, nothing is miscounted.

Within one process it dies at a chosen statement, commit or call; over HTTPS it is killed at any instant.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from datetime import date
from pathlib import Path

import pytest

from drill.schedule import Kill
from tests.fakes.chance import seeded
from tests.scenarios.lockstep_run import Span, equity_of, expected, lockstep_world, no_order_twice, trades_of
from tests.scenarios.mortal_run import MortalRun
from trading.bootstrap import trading_calendar

# Short holding periods, so that there are exits to be killed in.
SHORT = ("risk.profile=strategy", "strategy.trend_mean_reversion.max_holding_bars=3")
SPAN = Span(date(2015, 1, 5), sessions=40, symbols=24, settings=SHORT)
LITTLE = Span(date(2015, 1, 5), sessions=15, symbols=12, settings=SHORT)

# What the end of the data leaves no time to prove is left out.
OPEN_OUTCOMES = """
SELECT coid FROM intent WHERE state IN ('SENDING', 'QUESTIONED', 'REPLYING', 'UNKNOWN')
AND session < (SELECT max(session) FROM equity)
"""

# A run that died before takes another way, on which it may never come to a later place.
ENOUGH = 10

Start = Callable[[Sequence[Kill]], MortalRun]


@pytest.fixture(scope="module")
def start(tmp_path_factory: pytest.TempPathFactory, bundled_bars: Path) -> Start:
    """Return what runs the little span to its end, with deaths."""
    panel, calendar = LITTLE.panel(bundled_bars), trading_calendar()

    def run(kills: Sequence[Kill]) -> MortalRun:
        made = MortalRun(tmp_path_factory.mktemp("life"), LITTLE, panel, calendar)
        made.trade(kills)
        assert len(made.deaths) >= min(len(kills), ENOUGH)
        no_order_twice(made, made.truth())
        return made

    return run


@pytest.fixture(scope="module")
def undisturbed(start: Start) -> MortalRun:
    return start(())


def places(run: MortalRun, point: str, role: str | None, count: int) -> Iterator[Kill]:
    """Return deaths at so many of the times that a run is at a point, spread over all of it."""
    times = run.points[point, role]
    assert times > 0
    for nth in sorted({1 + (times - 1) * place // max(count - 1, 1) for place in range(count)}):
        yield Kill(point=point, role=role, nth=nth)  # type: ignore[arg-type]


def test_run_that_nobody_disturbs_equals_the_backtest(undisturbed: MortalRun, bundled_bars: Path) -> None:
    result = expected(LITTLE, bundled_bars)
    assert undisturbed.trades() == trades_of(result) != []
    assert undisturbed.equity() == equity_of(result)
    assert undisturbed.missed() == set()


@pytest.mark.timeout(600)
@pytest.mark.parametrize(
    ("point", "role"),
    [
        ("call_after", "reply"),
        ("call_before", "cancel"),
        ("call_after", "cancel"),
        ("call_before", "read"),
        ("call_after", "read"),
    ],
)
def test_death_after_an_order_was_taken_and_around_all_that_is_no_order_changes_nothing(
    start: Start, undisturbed: MortalRun, point: str, role: str
) -> None:
    for kill in places(undisturbed, point, role, 4):
        run = start([kill])
        assert run.missed() == set(), kill
        assert run.result() == undisturbed.result(), kill


@pytest.mark.timeout(600)
@pytest.mark.parametrize(
    ("point", "role"),
    [
        ("call_before", "entry"),
        ("call_after", "entry"),
        ("call_before", "reply"),
        ("call_before", "exit"),
        ("call_after", "exit"),
    ],
)
def test_order_that_a_death_kept_from_being_taken_is_found_out_and_an_entry_never_sent_again(
    start: Start, undisturbed: MortalRun, point: str, role: str
) -> None:
    missed: set[str] = set()
    for kill in places(undisturbed, point, role, 4):
        run = start([kill])
        assert not run.missed() & run.taken(), kill
        assert run.missed() or run.result() == undisturbed.result(), kill
        assert run.rows(OPEN_OUTCOMES) == [], kill
        missed |= run.missed()
    assert missed


@pytest.mark.timeout(600)
@pytest.mark.parametrize("point", ["statement", "commit_before", "commit_after"])
def test_death_at_a_statement_or_commit_loses_nothing_that_was_taken(
    start: Start, undisturbed: MortalRun, point: str
) -> None:
    unharmed = 0
    kills = list(places(undisturbed, point, None, 7))
    for kill in kills:
        run = start([kill])
        assert not run.missed() & run.taken(), kill
        if not run.missed():
            assert run.result() == undisturbed.result(), kill
            unharmed += 1
    assert unharmed > len(kills) / 2


@pytest.mark.timeout(600)
def test_many_deaths_in_one_run_send_nothing_twice(start: Start, undisturbed: MortalRun) -> None:
    kills = [*places(undisturbed, "commit_after", None, 12), *places(undisturbed, "call_after", "reply", 4)]
    run = start(kills)
    assert not run.missed() & run.taken()


@pytest.mark.timeout(900)
def test_kills_at_random_instants_change_nothing(tmp_path: Path, bundled_bars: Path) -> None:
    result = expected(SPAN, bundled_bars)
    chance = seeded(20150105)
    with lockstep_world(tmp_path, bundled_bars, SPAN) as world:
        for _ in range(8):
            world.kill_after(2.0 + 2.0 * chance.random())
        world.run_to_the_end(limit_s=300)
        no_order_twice(world, world.truth())
        # A kill between an order's row and its arrival is rare; what it kept from arriving is told and not sent again.
        lost = world.rows("SELECT coid FROM intent WHERE state IN ('LOST', 'DECLINED', 'REJECTED')")
        assert lost or (world.trades(), world.equity()) == (trades_of(result), equity_of(result))


@pytest.mark.timeout(900)
def test_gateway_that_is_killed_now_and_then_changes_nothing(tmp_path: Path, bundled_bars: Path) -> None:
    result = expected(SPAN, bundled_bars)
    with lockstep_world(tmp_path, bundled_bars, SPAN) as world:
        trader = world.start_trader()
        try:
            for _ in range(3):
                time.sleep(2.5)
                world.restart_simulator()
            assert trader.poll() is None, world.console()
            world.wait_for_the_end(trader, limit_s=200)
        finally:
            trader.kill()
            trader.wait()
        no_order_twice(world, world.truth())
        # An order whose answer died with the gateway may be proven absent: that is told, and it is not sent again.
        lost = world.rows("SELECT coid FROM intent WHERE state IN ('LOST', 'DECLINED', 'REJECTED')")
        assert lost or world.trades() == trades_of(result)


@pytest.mark.timeout(120)
def test_second_process_on_the_same_state_ends_with_3_and_sends_nothing(tmp_path: Path, bundled_bars: Path) -> None:
    with lockstep_world(tmp_path, bundled_bars, LITTLE) as world:
        first = world.start_trader()
        try:
            while not world.trades():
                assert first.poll() is None, world.console()
                time.sleep(0.1)
            assert world.start_trader().wait(60) == 3
            assert first.poll() is None, world.console()
        finally:
            first.kill()
            first.wait()
        no_order_twice(world, world.truth())
