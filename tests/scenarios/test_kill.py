"""SIGKILL of the trading process at each place where it hurts most, and a new start: nothing in the result changes."""

from __future__ import annotations

import time
from collections import Counter
from datetime import date
from pathlib import Path

import pytest

from tests.fakes.chance import seeded
from tests.scenarios.lockstep_run import Span, World, equity_of, expected, lockstep_world, positions_of, trades_of

# Short holding periods, so that there are exits to be killed in.
SHORT = ("risk.profile=strategy", "strategy.trend_mean_reversion.max_holding_bars=3")
SPAN = Span(date(2015, 1, 5), sessions=40, symbols=24, settings=SHORT)
# Killed there, the process knows after its new start what became of the order: it was not sent yet, or it is found.
HARMLESS = ("K01", "K02:2", "K06:4", "K07:4", "K12:3", "K13:2", "K14:3", "K15:4", "K20", "K21", "K22", "K23:5")
# There the order was about to leave, or its question stood unanswered: that it did not arrive can be proven later at
# best, and an entry is not sent again by guess.
DOUBTFUL = ("K03:2", "K04:3", "K08:2", "K09:3")


def no_order_twice(world: World) -> None:
    """At most one order a name, and no more sold than was there, in what the simulator says happened."""
    names: Counter[str] = Counter()
    held: Counter[str] = Counter()
    for row in world.truth():
        if row["kind"] == "order":
            names.update(ticket["coid"] for ticket in row["tickets"] if ticket.get("coid"))
        if row["kind"] == "fill":
            execution = row["execution"]
            held[execution["symbol"]] += execution["quantity"] * (1 if execution["side"] == "BUY" else -1)
            assert held[execution["symbol"]] >= 0
    assert [name for name, count in names.items() if count > 1] == []
    executions = [row["execution"]["execution_id"] for row in world.truth() if row["kind"] == "fill"]
    assert sorted(executions) == sorted(row["execution_id"] for row in world.rows("SELECT execution_id FROM execution"))


@pytest.mark.timeout(900)
def test_kill_at_every_point_changes_nothing(tmp_path: Path, bundled_bars: Path) -> None:
    result = expected(SPAN, bundled_bars)
    with lockstep_world(tmp_path, bundled_bars, SPAN) as world:
        died = [name for name in HARMLESS if world.kill_at(name, limit_s=240)]
        assert len(died) >= 10
        world.run_to_the_end(limit_s=240)
        no_order_twice(world)
        assert world.trades() == trades_of(result)
        assert world.equity() == equity_of(result)
        assert world.open_positions() == positions_of(result)


@pytest.mark.timeout(900)
def test_kills_at_random_instants_change_nothing(tmp_path: Path, bundled_bars: Path) -> None:
    result = expected(SPAN, bundled_bars)
    chance = seeded(20150105)
    with lockstep_world(tmp_path, bundled_bars, SPAN) as world:
        for _ in range(8):
            world.kill_after(2.0 + 2.0 * chance.random())
        world.run_to_the_end(limit_s=300)
        no_order_twice(world)
        assert world.trades() == trades_of(result)
        assert world.equity() == equity_of(result)


@pytest.mark.timeout(900)
def test_order_of_which_nothing_is_known_is_never_sent_again(tmp_path: Path, bundled_bars: Path) -> None:
    doubtful: set[str] = set()
    with lockstep_world(tmp_path, bundled_bars, SPAN) as world:
        for name in DOUBTFUL:
            assert world.kill_at(name, limit_s=240)
            unproven = (
                "SELECT coid FROM intent WHERE state IN ('SENDING', 'QUESTIONED', 'REPLYING') AND order_id IS NULL"
            )
            doubtful |= {row["coid"] for row in world.rows(unproven)}
        assert len(doubtful) >= len(DOUBTFUL)
        world.run_to_the_end(limit_s=300)
        no_order_twice(world)
        taken = {ticket.get("coid") for row in world.truth() if row["kind"] == "order" for ticket in row["tickets"]}
        ended = {row["coid"]: row["state"] for row in world.rows("SELECT coid, state FROM intent")}
        assert {ended[coid] for coid in doubtful if coid not in taken and not coid.endswith(("-S", "-T"))} == {"LOST"}
        assert all(ended[coid] not in {"UNKNOWN", "SENDING"} for coid in doubtful)


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
        no_order_twice(world)
        # An order whose answer died with the gateway may be proven absent: that is told, and it is not sent again.
        lost = world.rows("SELECT coid FROM intent WHERE state IN ('LOST', 'DECLINED', 'REJECTED')")
        assert lost or world.trades() == trades_of(result)
