"""The simulated gateway of one run."""

from __future__ import annotations

from pathlib import Path

from msgspec.structs import replace

from drill.gateway import RunGateway
from drill.schedule import Deed, Schedule
from drill.world import World


def opened(schedule: Schedule, world: World, folder: Path) -> tuple[RunGateway, list[dict[str, object]]]:
    notes: list[dict[str, object]] = []
    gateway = RunGateway(
        schedule, world, folder / "gateway", lambda kind, **facts: notes.append({"kind": kind, **facts})
    )
    return gateway, notes


def test_restart_goes_on_where_the_log_ends_and_is_logged_in(ordinary: Schedule, world: World, tmp_path: Path) -> None:
    gateway, _ = opened(ordinary, world, tmp_path)
    gateway.carry_out(Deed("", "trade", fields={"symbol": "MSFT", "side": "BUY", "quantity": 5}))
    gateway.clock.pass_by(60.0)
    before = gateway.clock.now()
    gateway.restart()
    broker = gateway.clock.simulator.broker
    assert gateway.clock.now() == before
    assert [position.quantity for position in broker.account.positions.values()] == [5]
    assert broker.session.authenticated


def test_faults_are_on_from_the_break_to_the_heal(ordinary: Schedule, world: World, tmp_path: Path) -> None:
    faulty = replace(ordinary, faults=[{"id": "H05", "selector": {}, "parameters": {}}])
    gateway, _ = opened(faulty, world, tmp_path)
    assert gateway.clock.simulator.broker.faults.planned == []
    gateway.break_now()
    assert [planned.fault.id for planned in gateway.clock.simulator.broker.faults.planned] == ["H05"]
    gateway.heal()
    assert gateway.clock.simulator.broker.faults.planned == []


def test_person_logs_in_at_the_heal_where_another_login_or_nobody_has_the_session(
    ordinary: Schedule, world: World, tmp_path: Path
) -> None:
    for number, what in enumerate(("compete", "logout")):
        gateway, _ = opened(ordinary, world, tmp_path / str(number))
        gateway.carry_out(Deed("", what))
        gateway.heal()
        assert gateway.clock.simulator.broker.session.authenticated, what


def test_session_that_was_only_lost_is_left_to_the_trading_system(
    ordinary: Schedule, world: World, tmp_path: Path
) -> None:
    gateway, _ = opened(ordinary, world, tmp_path)
    gateway.carry_out(Deed("", "lose_session"))
    gateway.heal()
    assert not gateway.clock.simulator.broker.session.authenticated


def test_symbol_that_is_held_is_meant_by_held(ordinary: Schedule, world: World, tmp_path: Path) -> None:
    gateway, notes = opened(ordinary, world, tmp_path)
    gateway.carry_out(Deed("", "trade", fields={"symbol": "MSFT", "side": "BUY", "quantity": 5}))
    gateway.carry_out(Deed("", "trade", fields={"symbol": "held", "side": "SELL", "quantity": 2}))
    assert [position.quantity for position in gateway.clock.simulator.broker.account.positions.values()] == [3]
    assert notes == []


def test_foreign_order_is_found_as_such_and_a_missing_one_is_noted(
    ordinary: Schedule, world: World, tmp_path: Path
) -> None:
    gateway, notes = opened(ordinary, world, tmp_path)
    fields = {"symbol": "MSFT", "side": "BUY", "quantity": 5, "order_type": "LMT", "price": 1.0}
    gateway.carry_out(Deed("", "order", fields=fields))
    gateway.carry_out(Deed("", "cancel", "entry"))
    assert [note["of"] for note in notes] == ["entry"]
    gateway.carry_out(Deed("", "cancel", "foreign"))
    assert list(gateway.clock.simulator.broker.exchange.book.live) == []
