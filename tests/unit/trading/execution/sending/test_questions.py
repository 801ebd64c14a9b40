from __future__ import annotations

from dataclasses import replace

import pytest

from tests.fakes.stages import settings_of
from tests.fakes.trading_states import AAPL, CLOSES, CONTRACTS, DECIDED, PRE_OPEN, SESSION, approved, own
from trading.execution.planning.order_factory import Purpose, bracket, exit_order, protective_pair
from trading.execution.sending.questions import Reference, refusal
from trading.model.contract import Contract, PriceIncrement
from trading.model.order import OrderIntent
from trading.model.outcome import Answer, Questioned

PURPOSE = Purpose(DECIDED, SESSION, PRE_OPEN)
BRACKET = bracket(approved("AAPL", 9, 100.01), AAPL, PURPOSE)
PAIR = protective_pair(own(), 9, PURPOSE, None)
EXIT = (exit_order(own(), "time_stop", PURPOSE, None),)
LATE_EXIT = (exit_order(own(), "time_stop", PURPOSE, 98.0),)


def asked(
    group: tuple[OrderIntent, ...],
    *ids: str,
    reference: float | None = 100.5,
    overrides: tuple[str, ...] = (),
    contract: Contract | None = None,
) -> str | None:
    question = Questioned("r", ids, tuple(f"about {each}" for each in ids), Answer(None, b""))
    references = {} if reference is None else {AAPL: Reference(reference, contract)}
    return refusal(question, group, references, settings_of(*overrides).execution)


@pytest.mark.parametrize("ids", [("o10152",), ("o10331",), ("o354",), ("o163",), ("o163", "o10152", "o354")])
def test_bracket_may_be_asked_about_stops_missing_data_and_its_distance(ids: tuple[str, ...]) -> None:
    assert asked(BRACKET, *ids) is None


@pytest.mark.parametrize("message_id", ["o382", "o383", "o403", "o451", "p12", "o999", "o10151", "o10153"])
def test_anything_else_about_an_entry_is_answered_no(message_id: str) -> None:
    problem = asked(BRACKET, message_id)
    assert problem is not None
    assert message_id in problem
    assert f"about {message_id}" in problem


def test_one_forbidden_id_among_allowed_ones_is_enough_for_a_no() -> None:
    assert asked(BRACKET, "o10152", "o451") is not None


def test_question_without_an_id_is_answered_no() -> None:
    assert asked(BRACKET) is not None


def test_never_means_never_even_when_it_is_listed() -> None:
    listed = ("execution.allowed_questions=o383,o451,o403",)
    for message_id in ("o383", "o451", "o403"):
        assert asked(BRACKET, message_id, overrides=listed) is not None
    assert asked(EXIT, "o403", overrides=listed) is None


@pytest.mark.parametrize("message_id", ["o383", "o451"])
def test_size_and_value_are_confirmed_where_only_own_shares_are_sold(message_id: str) -> None:
    for group in (PAIR, EXIT, LATE_EXIT):
        assert asked(group, message_id) is None
        # What a person left off the list stays a no.
        assert asked(group, message_id, overrides=("execution.allowed_questions=o163",)) is not None
    assert asked((*PAIR, BRACKET[0]), message_id) is not None


@pytest.mark.parametrize("message_id", ["o382", "p12"])
def test_other_cautions_are_confirmed_for_no_sale_either(message_id: str) -> None:
    assert asked(EXIT, message_id, overrides=(f"execution.allowed_questions={message_id}",)) is not None


def test_market_order_is_confirmed_for_an_exit_only() -> None:
    assert asked(EXIT, "o10151") is None
    assert asked(LATE_EXIT, "o10151") is not None


def test_stop_order_question_needs_a_stop_order() -> None:
    assert asked(PAIR, "o10152") is None
    assert asked(EXIT, "o10152") is not None


def test_missing_market_data_is_not_confirmed_when_real_time_is_required() -> None:
    assert asked(BRACKET, "o354", overrides=("execution.require_realtime=true",)) is not None


def test_price_far_from_the_market_is_confirmed_when_every_order_is_passive() -> None:
    assert asked(BRACKET, "o163", reference=100.01) is None
    assert asked(BRACKET, "o163", reference=99.1) is None
    # A buy 2 % above the reference, and one without a reference.
    assert asked(BRACKET, "o163", reference=98.0) is not None
    assert asked(BRACKET, "o163", reference=None) is not None


def test_restored_pair_meets_the_price_question_with_the_close_of_a_held_symbol() -> None:
    assert asked(PAIR, "o163", reference=CLOSES["AAPL"]) is None
    assert asked(PAIR, "o163", reference=None) is not None


def test_stop_above_the_market_is_not_passive() -> None:
    assert asked(PAIR, "o163", reference=95.01) is None
    assert asked(PAIR, "o163", reference=95.0) is not None
    assert asked(PAIR, "o163", reference=90.0) is not None


@pytest.mark.parametrize(("reference", "confirmed"), [(100.0, True), (103.15, True), (103.16, True), (103.17, False)])
def test_price_of_an_exit_is_confirmed_at_each_limit_that_it_may_be_sent_with(
    reference: float, *, confirmed: bool
) -> None:
    # 98 lies 2 % under the first one, and 5 %, rounded down to a cent, under the next two.
    assert (asked(LATE_EXIT, "o163", reference=reference) is None) is confirmed


def test_price_of_an_exit_is_measured_on_the_increments_that_it_was_rounded_to() -> None:
    # 5 % under 103.2 are 98.04, which 98 is on a grid of a dime.
    dimes = replace(CONTRACTS["AAPL"], increments=(PriceIncrement(0.0, 0.1),))
    assert asked(LATE_EXIT, "o163", reference=103.2) is not None
    assert asked(LATE_EXIT, "o163", reference=103.2, contract=dimes) is None


def test_target_may_lie_two_percent_under_the_reference() -> None:
    target = PAIR[1]
    assert target.limit_price is not None
    assert asked((target,), "o163", reference=target.limit_price / 0.98) is None
    assert asked((target,), "o163", reference=target.limit_price / 0.97) is not None
