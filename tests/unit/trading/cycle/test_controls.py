"""Halt, resume and flatten as the trading process carries them out."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from tests.fakes.fake_broker import FakeClock
from tests.fakes.fake_controls import FakeControls
from tests.fakes.memory_journal import MemoryJournal
from tests.fakes.memory_metrics import MemoryLog
from tests.fakes.memory_store import MemoryStore
from trading.cycle.controls import ControlDesk, describe
from trading.errors import InvariantBroken
from trading.model.decision import RiskState
from trading.model.mode import ControlKind, Mode

NOW = datetime(2014, 3, 4, 13, 30, tzinfo=UTC)


class House:
    def __init__(self) -> None:
        self.controls = FakeControls()
        self.store = MemoryStore(MemoryJournal())
        self.store.set_reconciled(reconciled=True, reason="test", now=NOW)
        self.log = MemoryLog()
        self.desk = self.boot()

    def boot(self) -> ControlDesk:
        return ControlDesk(self.controls, self.store, FakeClock(NOW), self.log)


@pytest.fixture
def house() -> House:
    return House()


def test_without_a_request_nothing_changes(house: House) -> None:
    assert house.desk.take_up() == 0
    assert house.store.mode().mode is Mode.ACTIVE


def test_halt_is_in_force_at_once_with_its_reason_and_who_asked(house: House) -> None:
    house.controls.ask(ControlKind.HALT, "earnings")
    assert house.desk.take_up() == 1
    mode = house.store.mode()
    assert (mode.mode, mode.reason, mode.actor) == (Mode.HALTED, "earnings", "mary")


def test_halt_without_a_reason_has_one(house: House) -> None:
    house.controls.ask(ControlKind.HALT)
    house.desk.take_up()
    assert house.store.mode().reason == "asked for"


def test_every_request_is_answered_once_and_logged(house: House) -> None:
    house.controls.ask(ControlKind.HALT)
    house.controls.ask(ControlKind.RESUME)
    assert house.desk.take_up() == 2
    assert house.desk.take_up() == 0
    assert [kind for kind, _ in house.controls.answers] == [ControlKind.HALT, ControlKind.RESUME]
    assert [(level, fields["actor"]) for level, _, fields in house.log.lines] == [("warning", "mary")] * 2


def test_requests_are_carried_out_in_their_order(house: House) -> None:
    house.controls.ask(ControlKind.RESUME)
    house.controls.ask(ControlKind.HALT)
    house.desk.take_up()
    assert house.store.mode().mode is Mode.HALTED


def test_what_is_to_be_cancelled_survives_a_restart(house: House) -> None:
    house.controls.ask(ControlKind.FLATTEN)
    house.desk.take_up()
    house.boot()
    assert house.store.halts.flatten_goal() is not None


def test_flatten_halts_and_asks_for_the_sale_of_all_own_shares(house: House) -> None:
    house.controls.ask(ControlKind.FLATTEN)
    house.desk.take_up()
    assert house.store.mode().mode is Mode.HALTED
    assert house.store.halts.flatten_goal() is not None


def test_resume_ends_the_halt_and_what_it_had_begun(house: House) -> None:
    house.controls.ask(ControlKind.FLATTEN)
    house.desk.take_up()
    house.controls.ask(ControlKind.RESUME)
    house.desk.take_up()
    assert house.store.mode().mode is Mode.ACTIVE
    assert house.controls.answers[-1] == (
        ControlKind.RESUME,
        "resumed: the mode is ACTIVE. acknowledged: flatten. "
        "the flatten was taken back: what is not sold stays, with its stop",
    )
    assert house.store.halts.flatten_goal() is None


@pytest.mark.parametrize(("prior", "peak"), [(9_000.0, 9_000.0), (None, 12_000.0)])
def test_resume_clears_the_latches_and_measures_from_todays_equity(
    house: House, prior: float | None, peak: float
) -> None:
    latched = RiskState(peak=12_000.0, prior_equity=prior, latches={"max_drawdown": date(2014, 3, 3)})
    house.store.set_risk_state(latched, reason="drawdown", actor="risk", now=NOW)
    assert house.store.mode().mode is Mode.REDUCING
    house.controls.ask(ControlKind.RESUME)
    house.desk.take_up()
    assert house.store.risk_state() == RiskState(peak=peak, prior_equity=prior)
    assert house.store.mode().mode is Mode.ACTIVE


def test_resume_without_a_latch_leaves_the_peak(house: House) -> None:
    risk = RiskState(peak=12_000.0, prior_equity=9_000.0)
    house.store.set_risk_state(risk, reason="decision", actor="risk", now=NOW)
    house.controls.ask(ControlKind.RESUME)
    house.desk.take_up()
    assert house.store.risk_state() == risk


def test_resume_before_the_broker_was_compared_does_not_make_the_system_active(house: House) -> None:
    house.store.set_reconciled(reconciled=False, reason="session 2 began", now=NOW)
    house.controls.ask(ControlKind.RESUME)
    house.desk.take_up()
    assert house.store.mode().mode is Mode.RECONCILING
    assert house.controls.answers == [(ControlKind.RESUME, "resumed: the mode is RECONCILING")]


def test_halt_by_the_system_names_the_invariant() -> None:
    assert describe(InvariantBroken("I10", "sold more than was held")) == "I10: sold more than was held"
