"""Plans of many faults at once, for any behaviour of the broker: nothing else breaks, and a restart changes nothing."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from simulator.choices import CHOICES, behaviour_with
from simulator.config import SimulatorConfig
from simulator.core import Simulator
from simulator.faults import KINDS
from simulator.faults.declaration import FaultKind
from simulator.market.replayed import ReplayedMarket
from tests.unit.simulator.exchange.telling import assert_told
from tests.unit.simulator.faults.support import FLAT, tour
from tests.unit.simulator.support import QUIET, Client, Json, panel_of

SHARE = 0.3
"""of all faults, in one plan"""
INSTANTS = ("2014-03-03T18:00:00Z", "close", "open", "2014-03-04T16:00:00Z", "close")
INIT = {"publish": True, "compete": True}


def started(folder: Path, seed: int = 0) -> Client:
    draws = random.Random(f"unknown {seed}")  # noqa: S311
    behaviour = behaviour_with({unknown.name: draws.choice(unknown.values) for unknown in CHOICES}, QUIET)
    config = SimulatorConfig(behaviour=behaviour, state_dir=folder, cash=100_000.0, auto_login=True, pacing=False)
    return Client(Simulator(config, ReplayedMarket(panel_of({"ABC": [FLAT] * 5}))))


def drawn(seed: int) -> list[Json]:
    """Return a plan: some faults, each with a rate and some of its choices."""
    draws = random.Random(seed)  # noqa: S311  (a schedule, no secret)

    def fault(kind: FaultKind) -> Json:
        chosen = {p.name: draws.choice(p.rule.values) for p in kind.parameters if hasattr(p.rule, "values")}
        rate = 10.0 ** draws.uniform(-3.0, -0.5)
        return {"id": kind.id, "selector": {"probability": rate}, "parameters": chosen}

    return [fault(kind) for kind in KINDS.values() if draws.random() < SHARE]


def two_days(on: Client, seed: int) -> list[tuple[int, bytes]]:
    """Switch the plan on and make calls for two days; return how the last round was answered."""
    assert on.call("POST", "/sim/faults", {"faults": drawn(seed), "seed": seed}).status == 200
    answers = []
    for instant in INSTANTS:
        tour(on)
        opened = on.call("POST", "/v1/api/iserver/auth/ssodh/init", INIT)
        answers.append((opened.status, opened.body))
        on.call("GET", "/v1/api/iserver/accounts")
        on.call("POST", "/sim/advance", {"to": instant})
    return answers


@pytest.mark.parametrize("seed", range(40))
def test_many_faults_at_once_leave_the_books_in_order_over_a_restart(tmp_path: Path, seed: int) -> None:
    first = started(tmp_path, seed)
    two_days(first, seed)
    assert_told(first)
    counts = first.call("GET", "/sim/faults").body
    first.simulator.close()
    again = started(tmp_path, seed)
    assert_told(again)
    assert again.call("GET", "/sim/faults").body == counts
    assert again.broker.account == first.broker.account
    assert again.broker.memory.steps == first.broker.memory.steps
    assert {number: order.state for number, order in again.broker.exchange.book.orders.items()} == {
        number: order.state for number, order in first.broker.exchange.book.orders.items()
    }


def test_same_seed_gives_the_same_log(tmp_path: Path) -> None:
    logs = []
    for folder in ("a", "b"):
        answers = two_days(started(tmp_path / folder), 7)
        logs.append(((tmp_path / folder / "truth.jsonl").read_bytes(), answers))
    assert logs[0] == logs[1]
