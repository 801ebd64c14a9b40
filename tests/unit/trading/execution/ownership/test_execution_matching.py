from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from tests.fakes.trading_states import (
    AAPL,
    EPOCH,
    IN_SESSION,
    MSFT,
    PRE_OPEN,
    after,
    entry,
    reading,
    sale,
    shows,
    stop,
    target,
)
from trading.execution.ownership.execution_matching import Matched, match_executions
from trading.execution.reading.told import Told
from trading.model.order import BrokerOrder, BrokerStatus, Execution, IntentState, Side
from trading.model.record import IntentRecord, JournalView

ENTRY = entry()
STOP, TARGET = stop("E-S", 2, parent="E"), target("E-T", 3, parent="E")


def execution(made: IntentRecord, quantity: float = 9, price: float = 100.0, **changes: object) -> Execution:
    """Return an execution of an order with its id, and with its name where the broker knows that."""
    found = Execution(
        execution_id="0000e0d5.00000001.01.01",
        account_id="DU1234567",
        conid=made.intent.conid,
        symbol=made.intent.symbol,
        side=made.intent.side,
        quantity=quantity,
        price=price,
        commission=1.0,
        time=IN_SESSION,
        order_ref=made.coid if made.intent.parent_coid is None else None,
        order_id=made.order_id,
    )
    return replace(found, **changes)  # type: ignore[arg-type]


def bare(made: IntentRecord, quantity: float = 9, price: float = 100.0, **changes: object) -> Execution:
    """Return an execution that carries neither id nor name."""
    return execution(made, quantity, price, **{"order_ref": None, "order_id": None, **changes})


def match(
    records: tuple[IntentRecord, ...],
    *executions: Execution,
    orders: tuple[BrokerOrder, ...] = (),
    skew_s: float | None = 0.0,
    told: dict[str, Told] | None = None,
    theirs: frozenset[str] = frozenset(),
    spent: frozenset[str] = frozenset(),
    corrected: frozenset[str] = frozenset(),
) -> Matched:
    shown = reading(IN_SESSION, orders=orders)
    return match_executions(executions, JournalView(records, ()), shown, skew_s, theirs, told, spent, corrected)


def owner(records: tuple[IntentRecord, ...], found: Execution, *orders: BrokerOrder) -> str | None:
    matched = match(records, found, orders=orders)
    assert len(matched.fills) + len(matched.foreign) == 1
    return matched.fills[0][0] if matched.fills else None


# ---- with a name or an id


@pytest.mark.parametrize("state", [IntentState.PLANNED, IntentState.DENIED])
def test_execution_with_the_name_of_an_order_that_never_left_is_not_ours(state: IntentState) -> None:
    assert owner((replace(ENTRY, state=state, order_id=None),), execution(ENTRY)) is None


def test_execution_with_our_name_is_ours_whatever_its_id() -> None:
    assert owner((ENTRY,), execution(ENTRY, order_id=None)) == "E"
    assert owner((ENTRY,), execution(ENTRY, order_id=4711)) == "E"


def test_execution_of_more_than_was_ordered_is_ours_with_our_name() -> None:
    assert owner((ENTRY,), execution(ENTRY, quantity=12, price=101.0)) == "E"


def test_execution_with_an_id_of_this_session_is_ours() -> None:
    assert owner((ENTRY, STOP, TARGET), execution(STOP)) == "E-S"


@pytest.mark.parametrize("change", [{"conid": MSFT}, {"side": Side.BUY}])
def test_id_alone_in_another_contract_or_on_the_other_side_is_not_ours(change: dict[str, object]) -> None:
    assert owner((STOP,), execution(STOP, **change)) is None  # type: ignore[arg-type]


def test_our_name_in_another_contract_is_not_ours() -> None:
    assert owner((ENTRY,), execution(ENTRY, conid=MSFT, order_id=None)) is None


def test_execution_that_nobody_here_ordered_is_foreign() -> None:
    foreign = execution(ENTRY, order_id=4711, order_ref="TS-else-0001-random")
    assert match((ENTRY,), foreign) == Matched((), (foreign,))


# ---- ids that come again

OLD = entry("D", 1, seen_epoch=EPOCH - 1, state=IntentState.CANCELLED, ended_at=PRE_OPEN - timedelta(hours=20))
OLD_SENT = replace(OLD, sent_at=PRE_OPEN - timedelta(days=1))


def test_id_that_came_again_is_the_order_that_this_session_showed() -> None:
    assert owner((OLD_SENT, ENTRY), execution(ENTRY, order_ref=None)) == "E"


def test_id_of_another_session_is_ours_only_where_the_order_allows_the_execution() -> None:
    old = replace(ENTRY, seen_epoch=EPOCH - 1)
    assert owner((old,), execution(old, order_ref=None)) == "E"
    assert owner((old,), execution(old, quantity=10, order_ref=None)) is None
    assert owner((old,), execution(old, price=100.02, order_ref=None)) is None
    assert owner((old,), execution(old, order_ref=None, time=after(-60, PRE_OPEN))) is None


def test_of_two_orders_of_other_sessions_the_newer_one_has_it() -> None:
    records = (replace(OLD_SENT, state=IntentState.WORKING), replace(ENTRY, seen_epoch=EPOCH - 1))
    assert owner(records, execution(ENTRY, order_ref=None)) == "E"


@pytest.mark.parametrize(("seconds", "ours"), [(-5, True), (1, True), (5, False)])
def test_order_that_is_over_has_no_executions_after_its_end_by_its_id_alone(seconds: float, *, ours: bool) -> None:
    ended = replace(OLD_SENT, ended_at=IN_SESSION)
    found = execution(ended, order_ref=None, time=after(seconds))
    assert (owner((ended,), found) == "D") is ours


@pytest.mark.parametrize(("listed", "ours"), [(10.0, True), (9.0, False)])
def test_overfill_that_comes_long_after_the_end_counts_where_the_list_tells_of_it(listed: float, *, ours: bool) -> None:
    filled = replace(ENTRY, filled=9, state=IntentState.FILLED, ended_at=IN_SESSION)
    late = execution(filled, quantity=1, order_ref=None, time=after(3600))
    shown = replace(shows(filled, BrokerStatus.FILLED), filled_quantity=listed)
    assert (match((filled,), late, orders=(shown,)).fills == (("E", late),)) is ours


@pytest.mark.parametrize(("listed", "ours"), [(9.0, True), (0.0, False)])
def test_sale_after_the_end_without_id_and_name_counts_where_the_list_tells_of_it(listed: float, *, ours: bool) -> None:
    ended = replace(STOP, state=IntentState.CANCELLED, ended_at=PRE_OPEN)
    shown = replace(shows(ended, BrokerStatus.FILLED), filled_quantity=listed)
    assert (owner((ended,), bare(ended), shown) == "E-S") is ours


@pytest.mark.parametrize("state", [IntentState.LOST, IntentState.REJECTED, IntentState.DECLINED])
def test_order_that_was_taken_for_absent_may_have_executions_after_that(state: IntentState) -> None:
    absent = replace(OLD_SENT, state=state, ended_at=PRE_OPEN)
    assert owner((absent,), execution(absent, order_ref=None)) == "D"


@pytest.mark.parametrize("state", [IntentState.PLANNED, IntentState.DENIED])
def test_order_that_never_left_has_no_executions(state: IntentState) -> None:
    assert owner((replace(ENTRY, state=state),), execution(ENTRY, order_ref=None)) is None


def test_provisional_order_has_what_it_allows() -> None:
    provisional = replace(ENTRY, provisional=True)
    assert owner((provisional,), execution(ENTRY, order_ref=None)) == "E"
    assert owner((provisional,), execution(ENTRY, quantity=10, order_ref=None)) is None


@pytest.mark.parametrize(
    ("skew_s", "early_s", "ours"),
    [(0.0, 1.9, True), (0.0, 2.1, False), (3.0, 4.9, True), (None, 9.9, True), (None, 10.1, False)],
)
def test_execution_before_the_order_was_sent_is_not_its_but_for_what_the_clocks_differ(
    skew_s: float | None, early_s: float, *, ours: bool
) -> None:
    found = execution(ENTRY, order_ref=None, time=after(-early_s, PRE_OPEN))
    assert bool(match((ENTRY,), found, skew_s=skew_s).fills) is ours


# ---- without either

SOLD = shows(TARGET, BrokerStatus.FILLED, filled_quantity=9.0)


def test_sale_without_id_and_name_is_that_of_the_leg_that_has_filled() -> None:
    rows = (shows(STOP, BrokerStatus.CANCELLED, filled_quantity=0.0), SOLD)
    assert owner((STOP, TARGET), bare(TARGET, price=105.0), *rows) == "E-T"


def test_parts_of_a_sale_are_ours_together_or_not_at_all() -> None:
    parts = [bare(TARGET, quantity, 105.0, execution_id=str(quantity)) for quantity in (4, 5)]
    assert len(match((TARGET,), *parts, orders=(SOLD,)).fills) == 2
    assert match((TARGET,), parts[0], orders=(SOLD,)).fills == ()


def test_sale_of_somebody_else_is_not_ours_while_no_order_of_ours_is_short_of_it() -> None:
    assert owner((TARGET,), bare(TARGET, price=105.0), shows(TARGET)) is None
    assert owner((TARGET,), bare(TARGET, price=105.0)) is None


@pytest.mark.parametrize(
    "change", [{"time": after(-86400)}, {"price": 104.99}, {"quantity": 8}, {"conid": MSFT}, {"side": Side.BUY}]
)
def test_sale_that_the_order_can_not_have_made_is_not_ours(change: dict[str, object]) -> None:
    assert owner((TARGET,), bare(TARGET, **{"price": 105.0, **change}), SOLD) is None  # type: ignore[arg-type]


def test_sale_that_two_orders_may_have_made_is_nobodys() -> None:
    rows = (shows(STOP, BrokerStatus.FILLED, filled_quantity=9.0), SOLD)
    assert owner((STOP, TARGET), bare(TARGET, price=105.0), *rows) is None


def test_sale_after_the_end_of_a_leg_is_its_where_the_list_says_that_it_filled_all_the_same() -> None:
    over = replace(TARGET, state=IntentState.CANCELLED, ended_at=after(-600))
    found = bare(TARGET, price=105.0)
    assert owner((STOP, over), found, SOLD) == "E-T"
    assert owner((STOP, over), found, shows(TARGET, BrokerStatus.CANCELLED, filled_quantity=0.0)) is None


def test_sale_that_was_corrected_counts_once_and_its_earlier_versions_go_with_it() -> None:
    versions = [
        bare(TARGET, quantity, 105.0, execution_id=f"0000e0d5.00000001.01.0{n}") for n, quantity in ((1, 9), (2, 8))
    ]
    for filled in (8.0, 9.0):
        row = shows(TARGET, BrokerStatus.FILLED, filled_quantity=filled)
        matched = match((TARGET,), *versions, orders=(row,))
        assert [(coid, found.quantity) for coid, found in matched.fills] == [("E-T", 9), ("E-T", 8)]
        assert matched.foreign == ()


def test_sale_beyond_what_a_leg_was_for_is_its_where_the_list_says_so() -> None:
    sold = replace(TARGET, state=IntentState.FILLED, filled=9, ended_at=after(-60))
    more = bare(TARGET, 1, 105.0)
    assert owner((STOP, sold), more, shows(TARGET, BrokerStatus.FILLED, filled_quantity=10.0)) == "E-T"
    assert owner((STOP, sold), more, SOLD) is None


def test_purchase_without_a_name_is_not_ours_when_a_named_one_explains_what_the_order_filled() -> None:
    named = execution(ENTRY, order_id=None)
    other = bare(ENTRY, price=99.9, execution_id="0000e0d5.00000002.01.01", time=after(60))
    matched = match((ENTRY,), named, other, orders=(shows(ENTRY, BrokerStatus.FILLED, filled_quantity=9.0),))
    assert [found.execution_id for _, found in matched.fills] == [named.execution_id]
    assert matched.foreign == (other,)


def test_sale_far_above_its_price_is_not_the_stops_when_another_one_is() -> None:
    by_hand = bare(STOP, price=103.0, execution_id="0000e0d5.00000002.01.01")
    stopped = bare(STOP, price=94.8, time=after(60))
    filled = shows(STOP, BrokerStatus.FILLED, filled_quantity=9.0)
    matched = match((STOP,), by_hand, stopped, orders=(filled,))
    assert [found.price for _, found in matched.fills] == [94.8]
    assert [coid for coid, _ in match((STOP,), by_hand, orders=(filled,)).fills] == ["E-S"]


def test_sales_of_both_legs_without_id_and_name_are_told_apart_by_the_price_that_one_of_them_allows() -> None:
    rows = (shows(STOP, BrokerStatus.FILLED, filled_quantity=9.0), SOLD)
    dear, cheap = bare(TARGET, price=105.0, execution_id="1"), bare(STOP, price=95.0, execution_id="2")
    assert set(match((STOP, TARGET), dear, cheap, orders=rows).fills) == {("E-T", dear), ("E-S", cheap)}
    # At a price that both allow nobody can tell.
    either = replace(cheap, price=105.0)
    assert match((STOP, TARGET), dear, either, orders=rows).fills == ()


def test_of_sales_that_look_the_same_one_that_was_taken_for_a_sale_by_hand_is_not_the_order_s() -> None:
    by_hand, stopped = bare(STOP, price=94.0, execution_id="hand"), bare(STOP, price=94.0, execution_id="stop")
    early = replace(stopped, price=94.1)
    filled = shows(STOP, BrokerStatus.FILLED, filled_quantity=9.0)
    assert match((STOP,), by_hand, stopped, orders=(filled,)).fills == ()
    spent = frozenset({"hand"})
    assert match((STOP,), by_hand, stopped, orders=(filled,), spent=spent).fills == (("E-S", stopped),)
    # The price says more.
    priced = replace(filled, average_price=94.1)
    assert match((STOP,), by_hand, early, orders=(priced,), spent=frozenset({"stop"})).fills == (("E-S", early),)
    dear = replace(by_hand, price=103.0)
    assert match((STOP,), dear, stopped, orders=(filled,), spent=frozenset({"stop"})).fills == (("E-S", stopped),)
    # The only one that there is was ours all along.
    assert match((STOP,), by_hand, orders=(filled,), spent=spent).fills == (("E-S", by_hand),)


def test_order_that_has_left_the_list_is_judged_by_what_was_told_of_it_last() -> None:
    gone = replace(TARGET, state=IntentState.FILLED, ended_at=after(60), seen_epoch=EPOCH - 1)
    split = bare(TARGET, 18, 52.6)
    assert match((gone,), split, told={"E-T": Told(18, 18, 52.6, 52.5)}).fills == (("E-T", split),)
    assert match((gone,), split, told={"E-T": Told(9, 9, 105.0, 105.0)}).fills == ()
    with_id = replace(split, order_id=TARGET.order_id)
    assert match((gone,), with_id, told={"E-T": Told(18, 18, 52.6, 52.5)}).fills == (("E-T", with_id),)
    assert match((gone,), with_id).fills == ()


def test_order_that_was_found_by_likeness_alone_is_short_of_nothing() -> None:
    assert owner((replace(TARGET, provisional=True),), bare(TARGET, price=105.0), SOLD) is None


def test_execution_that_carries_somebody_elses_id_or_name_is_not_matched_by_bounds() -> None:
    for change in ({"order_id": 4711}, {"order_ref": "theirs"}):
        assert owner((TARGET,), bare(TARGET, price=105.0, **change), SOLD) is None


# ---- the order of counting


def test_at_equal_times_purchases_are_counted_before_sales_whatever_their_ids() -> None:
    bought = execution(ENTRY, execution_id="ffff")
    sold = execution(TARGET, price=105.0, execution_id="0000")
    assert [coid for coid, _ in match((ENTRY, STOP, TARGET), sold, bought).fills] == ["E", "E-T"]


def test_fills_are_counted_in_the_order_in_which_they_were_made() -> None:
    late, early = execution(ENTRY, 4, execution_id="a", time=after(1)), execution(ENTRY, 5, execution_id="b")
    assert [found.execution_id for _, found in match((ENTRY,), late, early).fills] == ["b", "a"]
    assert ENTRY.intent.conid == AAPL


# ---- under no id, or one that nobody knows

UNSEEN_STOP = replace(STOP, order_id=None, state=IntentState.UNKNOWN)
UNSEEN_TARGET = replace(TARGET, order_id=None, state=IntentState.UNKNOWN)
UNSEEN = (replace(ENTRY, state=IntentState.FILLED, filled=9), UNSEEN_STOP, UNSEEN_TARGET)


def test_execution_soon_after_an_order_was_cancelled_is_its_own() -> None:
    ended = replace(ENTRY, state=IntentState.CANCELLED, ended_at=IN_SESSION - timedelta(minutes=5))
    assert owner((ended,), execution(ended, order_ref=None)) == "E"


def test_shares_that_an_order_filled_when_it_ended_are_counted_when_they_are_told_of() -> None:
    gap = replace(STOP, state=IntentState.FILLED, ended_at=IN_SESSION + timedelta(minutes=1))
    told = {"E-S": Told(9, 9, 94.0, None)}
    assert [coid for coid, _ in match((ENTRY, gap), bare(gap, 9, 94.0), told=told).fills] == ["E-S"]


@pytest.mark.parametrize("sold", [4, 5, 9])
def test_stop_that_sold_all_that_a_reverse_split_left_of_its_shares_waits_for_no_more(sold: int) -> None:
    full = replace(STOP, state=IntentState.FILLED, filled=4, ended_at=IN_SESSION - timedelta(minutes=1))
    assert owner((ENTRY, full), bare(full, sold, 94.0)) is None


def test_terms_that_a_split_gave_an_order_are_those_that_an_execution_is_judged_by() -> None:
    row = replace(
        shows(TARGET), total_quantity=18.0, filled_quantity=18.0, limit_price=52.5, status=BrokerStatus.FILLED
    )
    assert owner((ENTRY, TARGET), bare(TARGET, 18, 52.6), row) == "E-T"


def test_what_was_taken_back_of_an_order_by_its_name_is_looked_for_under_no_other() -> None:
    sold = sale("X", order_id=9, state=IntentState.FILLED, filled=0)
    told = {sold.coid: Told(9, 9, 105.0, None)}
    by_hand = bare(sold, 9, 105.0)
    assert [coid for coid, _ in match((ENTRY, sold), by_hand, told=told).fills] == [sold.coid]
    assert match((ENTRY, sold), by_hand, told=told, corrected=frozenset({sold.coid})).fills == ()
    back = replace(by_hand, execution_id="0000ffff.00000009.01.02", order_ref=sold.coid, quantity=0.0)
    assert [coid for coid, _ in match((ENTRY, sold), back, by_hand, told=told).fills] == [sold.coid]
    assert match((ENTRY, sold), back, by_hand, told=told).foreign == (by_hand,)
