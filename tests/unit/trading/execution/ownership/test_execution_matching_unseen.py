"""What was sold by a stop or target of ours that nobody has seen, after days away."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from tests.fakes.trading_states import AAPL, IN_SESSION, PRE_OPEN, reading, shows
from tests.unit.trading.execution.ownership.test_execution_matching import (
    ENTRY,
    STOP,
    UNSEEN,
    UNSEEN_STOP,
    UNSEEN_TARGET,
    bare,
    execution,
    owner,
)
from tests.unit.trading.execution.shares_shown import TEN
from trading.execution.ownership.execution_matching import match_executions
from trading.model.order import BrokerStatus, IntentState, OrderType
from trading.model.record import JournalView


@pytest.mark.parametrize("order_id", [4711, None])
@pytest.mark.parametrize(
    ("price", "leg"),
    [(0.0, None), (94.0, "E-S"), (95.95, "E-S"), (95.96, None), (104.99, None), (105.0, "E-T"), (200.0, "E-T")],
)
def test_sale_under_no_known_id_is_that_of_the_unseen_leg_whose_price_allows_it(
    order_id: int | None, price: float, leg: str | None
) -> None:
    assert owner(UNSEEN, execution(UNSEEN_STOP, 9, price, order_ref=None, order_id=order_id)) == leg


@pytest.mark.parametrize(
    "changes",
    [{"quantity": 8.0}, {"quantity": 10.0}, {"order_ref": "somebody"}, {"time": PRE_OPEN - timedelta(days=9)}],
)
def test_other_sale_under_an_unknown_id_is_somebody_elses(changes: dict[str, object]) -> None:
    found = replace(execution(UNSEEN_STOP, 9, 94.0, order_ref=None, order_id=4711), **changes)  # type: ignore[arg-type]
    assert owner(UNSEEN, found) is None


def test_sale_under_the_id_of_an_order_in_the_list_is_not_that_of_a_leg_nobody_has_seen() -> None:
    listed = replace(shows(STOP), order_id=4711)
    assert owner(UNSEEN, execution(UNSEEN_STOP, 9, 94.0, order_ref=None, order_id=4711), listed) is None


@pytest.mark.parametrize(
    ("price", "order_id", "listed", "state", "leg"),
    [
        (105.0, None, False, IntentState.UNKNOWN, "E-T"),
        # Trades that name orders would have named it; its row is there and would say so; and it is none that is missed.
        (105.0, 4711, False, IntentState.UNKNOWN, None),
        (105.0, None, True, IntentState.UNKNOWN, None),
        (105.0, None, False, IntentState.WORKING, None),
        (104.0, None, False, IntentState.UNKNOWN, None),
    ],
)
def test_sale_that_names_no_order_may_be_of_a_leg_whose_row_is_gone(
    price: float, order_id: int | None, state: IntentState, leg: str | None, *, listed: bool
) -> None:
    bound = replace(UNSEEN_TARGET, order_id=3, state=state)
    sold = execution(UNSEEN_TARGET, 9, price, order_ref=None, order_id=order_id)
    assert owner((ENTRY, STOP, bound), sold, *((shows(bound),) if listed else ())) == leg


@pytest.mark.parametrize(
    ("owned", "held", "leg"),
    [
        (12, 3.0, "E-S"),
        (12, 0.0, None),
        (12, 12.0, None),
        (1, -8.0, "E-S"),
        (1, 0.0, "E-S"),
        (1, -7.0, None),
        (1, -16.0, "E-S"),  # the account was short when the stock split
        (12, 6.0, None),
    ],
)
def test_leg_that_nobody_has_seen_has_sold_what_the_position_is_smaller_by(
    owned: int, held: float, leg: str | None
) -> None:
    # The entry bought more than it was for, or was cancelled when it had bought but one.
    journal = JournalView(UNSEEN, (replace(TEN, quantity=owned),))
    sold = execution(UNSEEN_STOP, 9, 94.0, order_ref=None, order_id=4711)
    matched = match_executions([sold], journal, reading(IN_SESSION, held={AAPL: held}), 0.0)
    assert [coid for coid, _ in matched.fills] == ([] if leg is None else [leg])


@pytest.mark.parametrize(("state", "leg"), [(IntentState.FILLED, "E-S"), (IntentState.WORKING, None)])
def test_leg_that_nobody_has_seen_can_have_sold_what_the_broker_took_back_since(
    state: IntentState, leg: str | None
) -> None:
    journal = JournalView((replace(ENTRY, state=state, filled=0), UNSEEN_STOP, UNSEEN_TARGET), ())
    sold = execution(UNSEEN_STOP, 9, 94.0, order_ref=None, order_id=4711)
    matched = match_executions([sold], journal, reading(IN_SESSION, held={AAPL: -9.0}), 0.0)
    assert [coid for coid, _ in matched.fills] == ([] if leg is None else [leg])


def test_sale_that_looks_like_that_of_a_listed_order_of_others_is_not_that_of_a_leg_nobody_has_seen() -> None:
    by_hand = replace(shows(STOP, BrokerStatus.FILLED, filled_quantity=9.0), order_id=4711, order_type=OrderType.MARKET)
    sold = bare(UNSEEN_STOP, 9, 94.0)
    assert owner(UNSEEN, sold, by_hand) is None
    assert owner(UNSEEN, sold, replace(by_hand, average_price=94.0)) is None
    assert owner(UNSEEN, sold, replace(by_hand, average_price=94.1)) == "E-S"
    assert owner(UNSEEN, sold, replace(by_hand, filled_quantity=8.0)) == "E-S"


def test_nothing_is_that_of_a_leg_nobody_has_seen_while_the_order_list_can_not_be_read() -> None:
    shown = reading(IN_SESSION, failed=["orders"])
    sold = execution(UNSEEN_STOP, 9, 94.0, order_ref=None, order_id=4711)
    assert match_executions([sold], JournalView(UNSEEN, ()), shown, 0.0).fills == ()


@pytest.mark.parametrize(("held", "ours"), [(-5.0, ["E", "E-S"]), (4.0, ["E"])])
def test_stop_sold_what_its_entry_bought_in_the_same_reading_before_somebody_sold_more(
    held: float, ours: list[str]
) -> None:
    entry = replace(ENTRY, state=IntentState.WORKING)
    bought = execution(entry, 9, execution_id="a")
    stopped = execution(UNSEEN_STOP, 9, 94.0, order_ref=None, order_id=None, execution_id="b")
    by_hand = replace(stopped, execution_id="c", quantity=5.0, price=99.0)
    shown = reading(IN_SESSION, held={AAPL: held})
    journal = JournalView((entry, *UNSEEN[1:]), ())
    matched = match_executions([bought, stopped, by_hand], journal, shown, 0.0)
    assert [coid for coid, _ in matched.fills] == ours
    # Once they are counted they are own shares.
    counted = JournalView((replace(entry, filled=9), *UNSEEN[1:]), (replace(TEN, quantity=9),))
    matched = match_executions([bought, stopped, by_hand], counted, shown, 0.0)
    assert [coid for coid, _ in matched.fills] == ours
