"""A resume, as the trading process takes it up: what the person saw ends, what came after the look stays."""

from __future__ import annotations

from datetime import date

import pytest

from tests.fakes.request_house import DAMAGED, NOW, House
from trading.cycle.operator_requests import EXPIRES_AFTER_S
from trading.model.decision import RiskState
from trading.model.mode import Mode, Seen
from trading.model.operator_request import OperatorVerb

DAY = date(2014, 3, 3)


def test_resume_ends_the_halts_that_the_person_saw(house: House) -> None:
    house.requests.ask(OperatorVerb.HALT, "earnings")
    house.take_up()
    house.requests.ask(OperatorVerb.RESUME, "looked at", seen=house.store.mode().seen)
    house.take_up()
    assert (house.mode(), house.store.mode().reason) == (Mode.ACTIVE, "looked at")
    assert house.answers()[-1] == "resumed: the mode is ACTIVE. Acknowledged: earnings"


@pytest.mark.parametrize(
    ("beyond", "mode", "begin"),
    [
        (0, Mode.ACTIVE, "resumed: the mode is ACTIVE"),
        (1, Mode.HALTED, "refused: not understood, nothing was done"),
        (10**9, Mode.HALTED, "refused: not understood, nothing was done"),
        (-1, Mode.HALTED, "refused: this halted after what you saw"),
        (-10, Mode.HALTED, "refused: this halted after what you saw"),
    ],
)
def test_resume_that_names_a_halt_that_never_was_is_not_understood(
    house: House, beyond: int, mode: Mode, begin: str
) -> None:
    house.requests.ask(OperatorVerb.HALT, "earnings")
    house.take_up()
    house.requests.ask(OperatorVerb.RESUME, seen=Seen(house.store.mode().seen.halt + beyond))
    house.take_up()
    assert (house.mode(), house.answers()[-1][: len(begin)]) == (mode, begin)


def test_newer_halt_wins_over_a_resume_and_the_answer_says_so(house: House) -> None:
    house.requests.ask(OperatorVerb.HALT, "earnings")
    house.take_up()
    seen = house.store.mode().seen
    house.requests.ask(OperatorVerb.HALT, "fire")
    house.take_up()
    house.requests.ask(OperatorVerb.RESUME, seen=seen)
    house.take_up()
    assert (house.mode(), house.store.mode().reason) == (Mode.HALTED, "fire")
    assert house.answers()[-1] == (
        "refused: this halted after what you saw: fire. Look again, then resume. Acknowledged: earnings"
    )


def test_resume_says_what_is_still_there(house: House) -> None:
    house.store.halts.raise_halt("short", "AAPL -10", reason="short 10 AAPL", actor="system", now=NOW)
    house.requests.ask(OperatorVerb.RESUME)
    house.take_up()
    assert house.mode() is Mode.ACTIVE
    assert house.answers()[-1].endswith("Still so, and halting again if it changes: short 10 AAPL")


def test_resume_before_the_broker_was_compared_says_what_it_waits_for(house: House) -> None:
    house.store.set_reconciled(reconciled=False, reason="session 2 began", now=NOW)
    house.requests.ask(OperatorVerb.RESUME)
    house.take_up()
    assert house.answers() == ["resumed: the mode is RECONCILING, session 2 began"]


@pytest.mark.parametrize("age_s", [EXPIRES_AFTER_S + 0.1, None])
def test_late_resume_does_nothing(house: House, age_s: float | None) -> None:
    house.store.halts.raise_halt("short", "AAPL -10", reason="short", actor="system", now=NOW)
    house.requests.ask(OperatorVerb.RESUME, age_s=age_s)
    house.take_up()
    assert house.mode() is Mode.HALTED
    assert house.answers() == ["refused: asked for more than 60 s ago; look, then ask again"]


def test_resume_just_in_time_resumes(house: House) -> None:
    house.store.halts.raise_halt("short", "AAPL -10", reason="short", actor="system", now=NOW)
    house.requests.ask(OperatorVerb.RESUME, age_s=EXPIRES_AFTER_S)
    house.take_up()
    assert house.mode() is Mode.ACTIVE


def test_resume_that_a_crash_interrupted_is_not_done_again(house: House) -> None:
    house.requests.ask(OperatorVerb.RESUME)
    house.requests.failures["answer"] = [DAMAGED]
    house.take_up()
    house.store.halts.raise_halt("short", "AAPL -10", reason="short", actor="system", now=NOW)
    house.boot().take_up(NOW)
    assert house.mode() is Mode.HALTED
    assert house.answers()[0].startswith("refused: interrupted")


def test_resume_that_cannot_be_recorded_as_taken_up_is_not_carried_out(house: House) -> None:
    house.store.halts.raise_halt("short", "AAPL -10", reason="short", actor="system", now=NOW)
    house.requests.ask(OperatorVerb.RESUME)
    house.requests.failures["take_up"] = [DAMAGED]
    house.take_up()
    assert house.mode() is Mode.HALTED
    assert house.answers() == []
    house.take_up()
    assert house.mode() is Mode.ACTIVE


@pytest.mark.parametrize(
    ("codes", "peak"),
    [(["drawdown_halt"], 9_000.0), (["drawdown_halt", "rejects"], 9_000.0), (["rejects", "oversold"], 12_000.0)],
)
def test_resume_clears_the_latches_and_measures_a_drawdown_from_todays_equity(
    house: House, codes: list[str], peak: float
) -> None:
    latched = RiskState(peak=12_000.0, prior_equity=9_000.0, latches=dict.fromkeys(codes, DAY))
    house.store.set_risk_state(latched, reason="latched", actor="risk", now=NOW)
    house.requests.ask(OperatorVerb.RESUME)
    house.take_up()
    assert house.store.risk_state() == RiskState(peak=peak, prior_equity=9_000.0)
    assert house.mode() is Mode.ACTIVE


def test_resume_names_the_limits_that_it_clears(house: House) -> None:
    house.store.set_risk_state(RiskState(latches={"drawdown_halt": DAY}), reason="24 %", actor="risk", now=NOW)
    house.requests.ask(OperatorVerb.RESUME, seen=house.store.mode().seen)
    house.take_up()
    assert house.answers() == ["resumed: the mode is ACTIVE. Cleared: drawdown limit (24 %)"]


@pytest.mark.parametrize("before", [{}, {"oversold": DAY}], ids=["none", "another"])
@pytest.mark.parametrize("halted", [False, True])
def test_limit_that_latched_after_the_look_stays_with_those_before_it_and_the_answer_names_it(
    house: House, before: dict[str, date], *, halted: bool
) -> None:
    if halted:
        house.requests.ask(OperatorVerb.HALT, "earnings")
        house.take_up()
    house.store.set_risk_state(RiskState(latches=before), reason="2 AAPL", actor="system", now=NOW)
    seen = house.store.mode().seen
    risk = RiskState(peak=100.0, prior_equity=70.0, latches={**before, "drawdown_halt": DAY})
    house.store.set_risk_state(risk, reason="30 %", actor="risk", now=NOW)
    house.requests.ask(OperatorVerb.RESUME, seen=seen)
    house.take_up()
    assert house.store.risk_state() == risk
    assert house.mode() is Mode.REDUCING
    said = "drawdown limit, oversold (2 AAPL; 30 %)" if before else "drawdown limit (30 %)"
    acknowledged = ". Acknowledged: earnings" if halted else ""
    assert house.answers()[-1:] == [
        f"refused: this latched after what you saw: {said}. Look again, then resume" + acknowledged
    ]
    house.requests.ask(OperatorVerb.RESUME, seen=house.store.mode().seen)
    house.take_up()
    assert house.mode() is Mode.ACTIVE


@pytest.mark.parametrize("looked_at", range(3), ids=["before", "during", "after"])
def test_daily_loss_that_comes_and_goes_turns_no_resume_away(house: House, looked_at: int) -> None:
    house.store.set_risk_state(RiskState(latches={"drawdown_halt": DAY}), reason="24 %", actor="risk", now=NOW)
    seen = [house.store.mode().seen]
    for lost in ("6 % lost", None):
        house.store.halts.set_daily_loss(lost, NOW)
        seen.append(house.store.mode().seen)
    house.requests.ask(OperatorVerb.RESUME, seen=seen[looked_at])
    house.take_up()
    assert house.answers() == ["resumed: the mode is ACTIVE. Cleared: drawdown limit (24 %)"]


def test_limit_that_was_cleared_and_latched_anew_is_a_newer_one(house: House) -> None:
    latched = RiskState(latches={"oversold": DAY})
    house.store.set_risk_state(latched, reason="2 AAPL", actor="system", now=NOW)
    seen = house.store.mode().seen
    house.store.set_risk_state(RiskState(), reason="resumed", actor="ann", now=NOW)
    house.store.set_risk_state(latched, reason="3 AAPL", actor="system", now=NOW)
    house.requests.ask(OperatorVerb.RESUME, seen=seen)
    house.take_up()
    assert house.mode() is Mode.REDUCING


@pytest.mark.parametrize(
    ("latches", "seen"),
    [({}, Seen(1, 99)), ({"drawdown_halt": DAY}, Seen(0, 99)), ({"drawdown_halt": DAY}, Seen(1, 0))],
    ids=["no latch", "a newer halt", "a newer latch"],
)
def test_resume_leaves_the_risk_state(house: House, latches: dict[str, date], seen: Seen) -> None:
    risk = RiskState(peak=12_000.0, prior_equity=9_000.0, latches=latches)
    house.store.set_risk_state(risk, reason="decision", actor="risk", now=NOW)
    house.store.halts.raise_halt("short", "AAPL -10", reason="short", actor="system", now=NOW)
    house.requests.ask(OperatorVerb.RESUME, seen=seen)
    house.take_up()
    assert house.store.risk_state() == risk
