"""Entries that wait inside their window: why is kept, and is what they are refused for once it is over."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import pytest

from tests.fakes.plans import refused, waits
from tests.fakes.stages import settings_of
from tests.fakes.trading_states import (
    AAPL,
    DECIDED,
    OPEN,
    PRE_OPEN,
    Facts,
    after,
    approved,
    bid,
    decided,
    entry,
    moment,
    planned,
    stop,
    usually,
)
from trading.execution.planning.entries import plan_entries
from trading.execution.planning.plan import Forgo, Plan
from trading.execution.planning.waits import refusal_of, wait_of, written
from trading.model.mode import Mode
from trading.model.record import IntentRecord
from trading.ports import Sighting

ENDS, LATE = after(-120, OPEN), after(-119, OPEN)
REASONS: list[tuple[Facts, str]] = [
    ({"mode": Mode.REDUCING}, "state"),
    ({"skew_s": 30.0}, "state"),
    ({"skew_s": float("nan")}, "state"),
    ({"blocked": {AAPL: ("restricted", "an order of ours in it is not proven")}}, "restricted"),
    ({"quotes": [bid(100.0, PRE_OPEN, halted=True, prior_close=100.5)]}, "halted_symbol"),
    ({"quotes": []}, "split"),
]
NO_CONTRACT: Facts = {"contracts": {}}


def plan_of(now: datetime, *records: IntentRecord, **facts: object) -> Plan:
    quotes = [replace(bid(100.0, PRE_OPEN), prior_close=100.5)]
    plan = Plan()
    plan_entries(moment(now, *records, **usually(facts, decision=decided(approved()), quotes=quotes)), plan)
    return plan


def kept(plan: Plan) -> dict[str, tuple[Sighting, ...]]:
    return {wait_of(day, denied.symbol): (Sighting(written(denied), PRE_OPEN),) for day, denied in plan.held}


@pytest.mark.parametrize(("facts", "code"), REASONS)
@pytest.mark.parametrize("made", [False, True], ids=["not yet made", "planned"])
def test_entry_that_waited_is_refused_for_that_at_the_end_of_its_window(facts: Facts, code: str, *, made: bool) -> None:
    records = (planned(entry()), planned(stop("E-S", parent="E"))) if made else ()
    first = plan_of(PRE_OPEN, *records, **facts)
    assert [(day, denied.code) for day, denied in first.held] == [(DECIDED, code)]
    assert (waits(first), first.commands) == ({"AAPL": code}, [])
    again = plan_of(ENDS, *records, **facts, sightings=kept(first))
    assert (waits(again), again.held, again.commands) == ({"AAPL": code}, [], [])
    over = plan_of(LATE, *records, **facts, sightings=kept(first))
    assert [refusal[1] for refusal in refused(over)] == [code]


def test_entry_that_had_not_to_wait_is_refused_as_too_old() -> None:
    assert [refusal[1] for refusal in refused(plan_of(LATE))] == ["too_old"]


def test_entry_without_a_contract_waits_for_it_and_is_refused_for_that_once_its_window_is_over() -> None:
    first = plan_of(PRE_OPEN, **NO_CONTRACT)
    assert (waits(first), first.commands, first.look_again) == ({"AAPL": "instrument"}, [], after(60, PRE_OPEN))
    assert waits(plan_of(ENDS, **NO_CONTRACT, sightings=kept(first))) == {"AAPL": "instrument"}
    for now in (LATE, after(3600, OPEN)):
        over = plan_of(now, **NO_CONTRACT, sightings=kept(first))
        (command,) = over.commands
        assert isinstance(command, Forgo)
        assert (command.decided, command.denied.code, waits(over), over.held) == (DECIDED, "instrument", {}, [])
        assert command.denied.detail == "no contract, until its window was over"


def test_entry_whose_contract_nobody_asks_for_any_more_is_refused_for_what_it_waited_for() -> None:
    first = plan_of(PRE_OPEN, mode=Mode.HALTED)
    over = plan_of(LATE, **NO_CONTRACT, mode=Mode.HALTED, sightings=kept(first))
    assert refused(over) == [("", "state")]


@pytest.mark.parametrize("now", [PRE_OPEN, ENDS])
def test_symbol_on_the_list_of_restricted_ones_is_refused_at_once(now: datetime) -> None:
    settings = settings_of("risk.restricted=AAPL")
    plan = plan_of(now, settings=settings)
    assert ([refusal[1] for refusal in refused(plan)], plan.held) == (["restricted"], [])
    other = settings_of("risk.restricted=MSFT")
    assert refused(plan_of(now, settings=other)) == []


def test_evidence_of_earlier_decisions_is_dropped() -> None:
    day = DECIDED.replace(year=2013)
    old = {wait_of(day, "AAPL"): (), refusal_of(day, "AAPL"): ()}
    kept_on = {wait_of(DECIDED, "AAPL"): (), refusal_of(DECIDED, "AAPL"): ()}
    assert plan_of(PRE_OPEN, sightings=old | kept_on).over == old.keys()


def test_entry_whose_refusal_is_on_record_is_over() -> None:
    on_record: dict[str, tuple[Sighting, ...]] = {refusal_of(DECIDED, "AAPL"): ()}
    plan = plan_of(LATE, sightings=on_record)
    assert (plan.commands, waits(plan)) == ([], {})
    assert refused(plan_of(LATE, sightings={refusal_of(DECIDED, "MSFT"): ()})) == [("", "too_old")]
