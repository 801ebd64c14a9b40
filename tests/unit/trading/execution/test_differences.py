"""Each kind of difference, from a moment in which it is there and one in which it is not."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from tests.fakes.trading_states import (
    AAPL,
    IN_SESSION,
    MSFT,
    covered,
    entry,
    moment,
    observing,
    own,
    sale,
    shows,
    stop,
    target,
    unreadable,
)
from trading.execution.differences import differences
from trading.execution.planning.state import TradingState
from trading.execution.reading.snapshot import Reading
from trading.execution.reconciliation.own_shares import subject_of
from trading.model.account import PositionList
from trading.model.alarm import HaltCause
from trading.model.balances import Flow
from trading.model.difference import Difference, DifferenceKind
from trading.model.order import IntentState
from trading.ports import Sighting

NAME = "TS-aaaa-0001-bbbbbb"
ORPHAN = HaltCause("orphan", NAME, "AAPL: not in the journal")


def only(state: TradingState, *halts: HaltCause) -> Difference:
    """Return the one difference that there is."""
    (found,) = differences(state, halts)
    return found


def test_where_everything_agrees_there_is_none() -> None:
    assert differences(covered()) == ()
    assert differences(covered(IN_SESSION, entry(conid=MSFT))) == ()


# ---- what can't be read


def test_list_that_can_not_be_read_is_one_and_hides_nothing_else() -> None:
    found = differences(covered(failed=["positions"], orders=[]))
    assert [each.kind for each in found] == [DifferenceKind.UNREADABLE, DifferenceKind.STOP]
    assert found[0].subject == "positions"
    assert "positions failed" in found[0].found


def test_row_that_can_not_be_read_is_one_with_its_contract() -> None:
    state = covered(unreadable_orders=[unreadable(AAPL)], unreadable_positions=[unreadable(None)])
    first, second = differences(state)
    assert (first.kind, first.symbol, "no size" in first.found) == (DifferenceKind.UNREADABLE, "AAPL", True)
    assert "does not sell AAPL" in first.system
    assert (second.symbol, "sells no own shares, ends no order" in second.system) == ("", True)


# ---- orders of ours


def test_unproven_order_shows_its_votes_since_then_and_what_would_resolve_it() -> None:
    since = IN_SESSION - timedelta(minutes=5)
    record = entry(state=IntentState.UNKNOWN, order_id=None, unknown_since=since, detail="read timed out")
    votes = {"E": tuple(Sighting("not in a witnessed reading", since + timedelta(seconds=30 * k)) for k in (-1, 1, 2))}
    found = only(moment(IN_SESSION, record, orders=[], sightings=votes))
    assert (found.kind, found.subject, found.symbol) == (DifferenceKind.UNPROVEN, "E", "AAPL")
    assert "read timed out" in found.found
    assert "(2 of 5 " in found.system
    assert "--claim E=ORDER_ID" in found.person
    assert "--absent E" in found.person


def test_frozen_order_says_that_nothing_more_is_tried() -> None:
    record = entry(state=IntentState.UNKNOWN, order_id=None, frozen=True)
    assert only(moment(IN_SESSION, record, orders=[])).system.startswith("could not find out in time")


def test_provisional_order_names_its_candidate_once() -> None:
    record = entry(provisional=True)
    found = only(moment(IN_SESSION, record, orders=[shows(record, order_ref=None)]))
    assert found.kind is DifferenceKind.PROVISIONAL
    assert "--claim E=1 " in found.person


# ---- orders of others


def test_foreign_order_is_left_alone_and_may_be_claimed_where_it_looks_like_ours() -> None:
    other = shows(entry("elsewhere", 77), order_ref=None)
    found = only(moment(IN_SESSION, orders=[other]))
    assert (found.kind, found.subject, found.person) == (DifferenceKind.FOREIGN_ORDER, "77", "")
    record = entry(state=IntentState.UNKNOWN, order_id=None)
    # What keeps it from counting as absent may be claimed.
    for shown in (other, replace(other, order_type=None, limit_price=None)):
        assert differences(moment(IN_SESSION, record, orders=[shown]))[1].person == "--claim E=77 if it is ours"


def test_orphan_is_shown_together_with_its_bracket_children() -> None:
    legs = (entry(NAME, 77), stop("S", 78, parent=NAME), target("T", 79, parent=NAME))
    rows = [shows(leg, parent_id=None if leg.order_id == 77 else 77) for leg in legs]
    found = differences(moment(IN_SESSION, orders=rows), [ORPHAN])
    assert [(each.kind, each.subject) for each in found] == [(DifferenceKind.ORPHAN, NAME)] * 3
    assert found[0].person == f"--adopt {NAME} or --ignore {NAME}"
    assert {each.kind for each in differences(moment(IN_SESSION, orders=rows))} == {DifferenceKind.FOREIGN_ORDER}


@pytest.mark.parametrize("state", [IntentState.PLANNED, IntentState.DENIED])
def test_orphan_with_the_name_of_one_that_never_left_is_shown_too(state: IntentState) -> None:
    never = entry(NAME, None, state=state)
    found = only(moment(IN_SESSION, never, orders=[shows(entry(NAME, 77))]), ORPHAN)
    assert (found.kind, found.subject) == (DifferenceKind.ORPHAN, NAME)
    assert "which no record of ours has as sent" in found.found


# ---- shares


def test_missing_shares_show_the_readings_that_say_so() -> None:
    votes = {subject_of(own()): (Sighting("4", IN_SESSION),) * 3}
    found = only(covered(held={AAPL: 4.0}, sightings=votes))
    assert (found.kind, found.found) == (DifferenceKind.SHARES_MISSING, "the broker shows 4 shares, own are 9")
    assert "(3 of 5 readings)" in found.system
    assert found.person == "--accept-shares AAPL if they were sold"


def test_missing_shares_that_could_be_a_split_say_so() -> None:
    state = covered(held={AAPL: 3.0})
    (row,) = state.snapshot.positions.value.positions if state.snapshot.positions.value else ()
    rows = Reading(PositionList((replace(row, average_price=300.0),)), IN_SESSION)
    found = only(replace(state, snapshot=replace(state.snapshot, positions=rows)))
    assert found.system == "could be a split: takes it in once the average price agrees; stop stays"
    assert found.person == "--sold AAPL if they were sold"


def test_missing_shares_of_an_unsettled_sale_are_waited_for() -> None:
    unsettled = sale(state=IntentState.UNKNOWN, order_id=None)
    found = differences(covered(IN_SESSION, unsettled, held={}))
    missing = next(each for each in found if each.kind is DifferenceKind.SHARES_MISSING)
    assert (missing.person, "not settled" in missing.system) == ("", True)


def test_foreign_shares_are_the_excess() -> None:
    found = only(covered(held={AAPL: 12.0}))
    assert (found.kind, found.found) == (DifferenceKind.SHARES_FOREIGN, "the broker shows 12 shares, own are 9")
    assert only(moment(held={4242: 1.0})).symbol == "?"


def test_short_position_halts_in_a_contract_that_we_traded_only() -> None:
    found = only(moment(held={AAPL: -3.0}))
    assert (found.kind, found.system.startswith("halted")) == (DifferenceKind.SHORT, True)
    foreign = only(moment(held={4242: -3.0}))
    assert (foreign.kind, foreign.person) == (DifferenceKind.SHORT, "")


# ---- stops


def test_shares_without_a_stop_are_one() -> None:
    found = only(moment(positions=[own()]))
    assert (found.kind, found.system) == (DifferenceKind.STOP, "puts it right")
    assert found.found == "9 of 9 own shares have no stop that works"
    assert only(moment(positions=[own()], guard=observing())).system.startswith("nothing is sent")


def test_stop_of_another_price_or_size_is_one() -> None:
    pair = (stop(), target())
    cheaper = [shows(pair[0], price=90.0), shows(pair[1])]
    assert only(covered(orders=cheaper)).found == "the stop rests at 90, planned is 95"
    larger = [shows(pair[0], total_quantity=12.0, remaining_quantity=12.0), shows(pair[1])]
    assert only(covered(orders=larger)).found == "the stop sells 12, own are 9"


def test_shares_that_are_being_sold_say_so() -> None:
    found = only(moment(IN_SESSION, sale(limit=99.0), positions=[own()]))
    assert (found.kind, found.system) == (DifferenceKind.STOP, "its sale is at the broker")


def test_money_that_came_or_went_is_a_difference_until_a_person_says_what_it_was() -> None:
    small, large = Flow(1, IN_SESSION, 60.0, 10_000.0), Flow(2, IN_SESSION, -600.0, 10_000.0)
    found = differences(replace(moment(IN_SESSION), flows=(small, large)))
    assert [(each.kind, each.subject) for each in found] == [(DifferenceKind.FLOW, "1"), (DifferenceKind.FLOW, "2")]
    assert ["buys nothing" in each.system for each in found] == [False, True]
    assert found[1].person == "--flow 2 if it did, --no-flow 2 if no money came or went"
    assert found[1].found.startswith("600.00 USD left the account")
