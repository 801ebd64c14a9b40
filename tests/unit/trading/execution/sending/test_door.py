"""The last look before an order leaves, on the state of that moment: what was planned a second ago may be wrong now."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.fakes.trading_states import (
    AAPL,
    ACCOUNT,
    CONTRACTS,
    DECIDED,
    IN_SESSION,
    INCREMENTS,
    MSFT,
    PRE_OPEN,
    SESSION,
    Facts,
    after,
    approved,
    asked,
    bid,
    covered,
    decided,
    entry,
    moment,
    observing,
    own,
    sale,
    shows,
    stop,
    target,
)
from trading.execution.planning.checks import fat_finger
from trading.execution.planning.order_factory import Purpose, bracket, protective_pair, with_names
from trading.execution.planning.plan import Modify, Submit
from trading.execution.planning.prices import increments_of
from trading.execution.planning.state import AccountGuard, TradingState
from trading.execution.reconciliation.doubts import shown_of
from trading.execution.sending.door import may_change, may_leave
from trading.model.account import AccountKind, Quote
from trading.model.command import CommandState, Step
from trading.model.contract import PriceIncrement
from trading.model.mode import Mode
from trading.model.order import BrokerStatus, IntentState, OrderIntent
from trading.model.request import RequestKind
from trading.ports import Sighting

PURPOSE = Purpose(DECIDED, SESSION, PRE_OPEN)
ENTRY = with_names(bracket(approved(), AAPL, PURPOSE), lambda: "E")
PAIR = tuple(replace(intent, coid=intent.role) for intent in protective_pair(own(), 9, PURPOSE, None))
EXIT = (sale().intent,)
LATE_EXIT = (sale(limit=98.0).intent,)
WAITING: Facts = {"quotes": [bid(100.5, PRE_OPEN)]}
STEPS = [(ENTRY, Step.ENTRY), (PAIR, Step.PROTECTION), (EXIT, Step.EXIT)]


def code(command: Submit, state: TradingState) -> str | None:
    denied = may_leave(command, state)
    return None if denied is None else denied.code


def test_each_kind_of_order_leaves_when_nothing_speaks_against_it() -> None:
    assert code(Submit(ENTRY, Step.ENTRY), moment(PRE_OPEN, decision=decided(approved()), **WAITING)) is None
    holding = moment(PRE_OPEN, positions=[own()])
    assert code(Submit(PAIR, Step.PROTECTION), holding) is None
    assert code(Submit(EXIT, Step.EXIT), holding) is None


@pytest.mark.parametrize(("group", "step"), STEPS)
@pytest.mark.parametrize("status", [BrokerStatus.SUBMITTED, BrokerStatus.CANCELLED, BrokerStatus.INACTIVE])
def test_nothing_leaves_whose_name_an_order_at_the_broker_carries(
    group: tuple[OrderIntent, ...], step: Step, status: BrokerStatus
) -> None:
    row = replace(shows(entry(conid=MSFT), status), order_id=99, order_ref=group[0].coid)
    quotes = [bid(100.5, PRE_OPEN)]
    holding = () if step is Step.ENTRY else (own(),)
    assert code(Submit(group, step), moment(PRE_OPEN, positions=holding, quotes=quotes, orders=[row])) == "duplicate"
    other = replace(row, order_ref=f"{group[0].coid}x")
    assert code(Submit(group, step), moment(PRE_OPEN, positions=holding, quotes=quotes, orders=[other])) is None


@pytest.mark.parametrize(
    "guard",
    [observing(), AccountGuard(ACCOUNT, AccountKind.PAPER, "", "DU7"), AccountGuard("", AccountKind.PAPER, "", "")],
)
@pytest.mark.parametrize(("group", "step"), STEPS)
def test_nothing_leaves_in_observe_mode_or_on_another_account(
    group: tuple[OrderIntent, ...], step: Step, guard: AccountGuard
) -> None:
    state = moment(PRE_OPEN, positions=[own()], guard=guard)
    assert code(Submit(group, step), state) == "account"


@pytest.mark.parametrize("group_and_step", STEPS[1:])
def test_nothing_is_sold_in_a_contract_that_is_short(group_and_step: tuple[tuple[OrderIntent, ...], Step]) -> None:
    group, step = group_and_step
    state = moment(PRE_OPEN, positions=[own()], held={AAPL: -3.0})
    assert code(Submit(group, step), state) == "short"


def test_halt_that_came_in_between_stops_entries_and_exits_but_no_stop() -> None:
    halted = moment(PRE_OPEN, positions=[own()], mode=Mode.HALTED, **WAITING)
    assert code(Submit(ENTRY, Step.ENTRY), halted) == "state"
    assert code(Submit(EXIT, Step.EXIT), halted) == "state"
    assert code(Submit(PAIR, Step.PROTECTION), halted) is None


def test_guards_sale_leaves_after_a_halt_too() -> None:
    halted = moment(IN_SESSION, positions=[own()], mode=Mode.HALTED, quotes=[bid(100.0)])
    assert code(Submit(LATE_EXIT, Step.EXIT), halted) == "state"
    assert code(Submit(LATE_EXIT, Step.EXIT, guarded=True), halted) is None


def test_second_stop_never_leaves_beside_one_that_may_live() -> None:
    for state in (IntentState.WORKING, IntentState.UNKNOWN, IntentState.SENDING):
        assert code(Submit(PAIR, Step.PROTECTION), moment(PRE_OPEN, stop(state=state), positions=[own()])) == "short"
    gone = stop(state=IntentState.CANCELLED)
    assert code(Submit(PAIR, Step.PROTECTION), moment(PRE_OPEN, gone, positions=[own()])) is None


def test_stop_never_leaves_beside_an_exit_that_may_live() -> None:
    assert code(Submit(PAIR, Step.PROTECTION), moment(PRE_OPEN, sale(), positions=[own()])) == "short"


@pytest.mark.parametrize(
    ("held", "expected"), [(10.0, None), (9.0, None), (8.0, "short"), (8.9, "short"), (0.0, "short")]
)
def test_stop_is_for_shares_that_the_broker_shows(held: float, expected: str | None) -> None:
    assert code(Submit(PAIR, Step.PROTECTION), moment(PRE_OPEN, positions=[own()], held={AAPL: held})) == expected


@pytest.mark.parametrize(
    ("again", "pair", "exits"),
    [(8.0, "short", "short"), (9.0, None, "short"), (59.0, None, "short"), (60.0, None, None)],
)
def test_shares_that_are_shown_again_are_covered_soon_and_sold_when_no_list_can_be_so_old(
    again: float, pair: str | None, exits: str | None
) -> None:
    shown = (Sighting("0", after(-again - 9, PRE_OPEN)), Sighting("9", after(-again, PRE_OPEN)))
    state = moment(PRE_OPEN, positions=[own()], sightings={shown_of(AAPL): shown})
    assert code(Submit(PAIR, Step.PROTECTION), state) == pair
    assert code(Submit(EXIT, Step.EXIT), state) == exits


def test_stop_of_a_position_that_was_sold_meanwhile_does_not_leave() -> None:
    assert code(Submit(PAIR, Step.PROTECTION), moment(PRE_OPEN, held={AAPL: 9.0})) == "short"


def test_second_exit_does_not_leave_beside_the_first() -> None:
    first = sale("X1", 4)
    second = (replace(EXIT[0], coid="X2"),)
    assert code(Submit(second, Step.EXIT), moment(PRE_OPEN, first, positions=[own()])) == "short"


def test_exit_does_not_leave_beside_a_cover_that_came_back_to_life() -> None:
    assert code(Submit(EXIT, Step.EXIT), covered(PRE_OPEN)) == "short"


@pytest.mark.parametrize("filled", [8, 9, 10])
def test_exit_does_not_leave_beside_a_stop_that_has_sold_more_than_it_was_first_sent_for(filled: int) -> None:
    # It was made larger since, by us or in a split, and may sell the rest.
    assert code(Submit(EXIT, Step.EXIT), moment(PRE_OPEN, stop(filled=filled), positions=[own()])) == "short"


def test_guards_sale_may_leave_beside_a_stop_that_nobody_can_find_but_not_beside_one_that_works() -> None:
    unknown = stop("S", None, state=IntentState.UNKNOWN)
    command = Submit(LATE_EXIT, Step.EXIT, guarded=True)
    assert code(command, moment(IN_SESSION, unknown, positions=[own()], quotes=[bid(100.0)])) is None
    assert code(command, moment(IN_SESSION, stop(), positions=[own()], quotes=[bid(100.0)])) == "short"


@pytest.mark.parametrize(
    ("quote", "expected"),
    [
        (bid(103.15), None),
        # 98.00 is 5 % under 103.16, rounded down.
        (bid(103.16), None),
        (bid(103.17), "price_collar"),
        (bid(None), "stale"),
        (bid(100.0, after(-60)), None),
        (bid(100.0, after(-61)), "stale"),
        (bid(100.0, halted=True), "stale"),
        (bid(math.nan), "stale"),
        (bid(-100.0), "stale"),
    ],
)
def test_limit_of_a_sale_lies_near_a_price_that_is_usable_when_it_leaves(quote: Quote, expected: str | None) -> None:
    assert code(Submit(LATE_EXIT, Step.EXIT), moment(IN_SESSION, positions=[own()], quotes=[quote])) == expected


@pytest.mark.parametrize("changes", [{"limit_price": 100.013}, {"stop_price": 95.001}])
@pytest.mark.parametrize("place", range(3))
def test_entry_leaves_with_a_stop_and_a_target_that_the_contract_can_have(
    place: int, changes: dict[str, float]
) -> None:
    group = [replace(intent, **changes) if n == place else intent for n, intent in enumerate(ENTRY)]  # type: ignore[arg-type]
    assert code(Submit(tuple(group), Step.ENTRY), moment(PRE_OPEN, **WAITING)) == "fat_finger"


@pytest.mark.parametrize("limit", [98.0013, 98.005, 98.009])
def test_limit_of_a_sale_lies_on_the_increments(limit: float) -> None:
    both: list[Facts] = [{}, {"contracts": {}}]
    for facts in both:
        state = moment(IN_SESSION, positions=[own()], quotes=[bid(100.0)], **facts)
        assert code(Submit((sale(limit=limit).intent,), Step.EXIT), state) == "fat_finger"
        assert code(Submit(LATE_EXIT, Step.EXIT), state) is None


@given(
    stop_price=st.floats(0.0002, 2000.0),
    further=st.floats(0.0002, 200.0),
    increments=st.sampled_from(
        [(), INCREMENTS, (PriceIncrement(0.0, 0.05),), (PriceIncrement(0.0, 0.01), PriceIncrement(5.0, 0.05))]
    ),
)
def test_prices_of_a_pair_lie_on_the_increments_whatever_is_planned(
    stop_price: float, further: float, increments: tuple[PriceIncrement, ...]
) -> None:
    contract = replace(CONTRACTS["AAPL"], increments=increments)
    position = own(stop_price=stop_price, target_price=stop_price + further)
    pair = protective_pair(position, 9, PURPOSE, contract)
    priced = [leg for leg in pair if (leg.stop_price or leg.limit_price or 0.0) > 0.0]
    assert fat_finger(priced, increments_of(contract)) is None


@pytest.mark.parametrize(("group", "step"), STEPS[1:])
def test_sale_is_of_own_shares_under_their_symbol(group: tuple[OrderIntent, ...], step: Step) -> None:
    for symbol, expected in (("AAPL", None), ("MSFT", "instrument")):
        named = tuple(replace(intent, symbol=symbol) for intent in group)
        assert code(Submit(named, step), moment(PRE_OPEN, positions=[own()])) == expected


@pytest.mark.parametrize("leg", [0, 1])
@pytest.mark.parametrize(
    ("own_shares", "held", "quantity", "expected"),
    [
        (9, 9.0, 8, None),
        (9, 9.0, 9, None),
        (9, 9.0, 10, "short"),
        (10, 10.0, 10, None),
        (10, 9.0, 10, "short"),
        (9, 10.0, 10, "short"),
        # What is there already, and less of it, may be asked for whatever is shown.
        (5, 5.0, 9, None),
        (5, 5.0, 6, None),
    ],
)
def test_stop_and_target_grow_up_to_the_own_shares_that_are_shown(
    leg: int, own_shares: int, held: float, quantity: int, expected: str | None
) -> None:
    legs = (stop(), target())
    state = moment(IN_SESSION, *legs, positions=[own(own_shares)], held={AAPL: held})
    denied = may_change(Modify(legs[leg], quantity, 96.0, Step.RESIZE), state)
    assert (None if denied is None else denied.code) == expected


def test_what_is_filled_of_a_leg_is_not_sold_again() -> None:
    partly = stop(filled=4)
    state = moment(IN_SESSION, partly, positions=[own(6)])
    assert may_change(Modify(partly, 10, 95.0, Step.RESIZE), state) is None
    assert may_change(Modify(partly, 11, 95.0, Step.RESIZE), state) is not None


def test_leg_does_not_grow_beside_an_exit_that_may_live() -> None:
    state = moment(IN_SESSION, stop(quantity=5), sale(quantity=4), positions=[own()])
    assert may_change(Modify(stop(quantity=5), 5, 96.0, Step.RESIZE), state) is None
    assert may_change(Modify(stop(quantity=5), 6, 96.0, Step.RESIZE), state) is not None


@pytest.mark.parametrize(("sent", "expected"), [(59, None), (60, "rate"), (61, "rate")])
def test_change_is_one_of_the_messages_a_minute(sent: int, expected: str | None) -> None:
    commands = [
        asked(sale(), Step.EXIT, after(-1), kind=RequestKind.SUBMIT, state=CommandState.REFUSED, number=n)
        for n in range(sent)
    ]
    denied = may_change(Modify(stop(), 5, 96.0, Step.RESIZE), covered(commands=commands))
    assert (None if denied is None else denied.code) == expected


@pytest.mark.parametrize("guard", [observing(), AccountGuard(ACCOUNT, AccountKind.PAPER, "", "DU7")])
def test_nothing_is_changed_in_observe_mode_or_on_another_account(guard: AccountGuard) -> None:
    denied = may_change(Modify(stop(), 5, 96.0, Step.RESIZE), covered(guard=guard))
    assert denied is not None
    assert denied.code == "account"
