from __future__ import annotations

from dataclasses import replace

import pytest

from tests.fakes.trading_states import entry, own, planned, sale, stop
from trading.cycle.flattening import is_flat, progress
from trading.model.order import IntentState
from trading.model.record import IntentRecord, JournalView

NINE = own(9)
LIMIT = sale(limit=99.5)


@pytest.mark.parametrize(
    ("journal", "flat"),
    [
        (JournalView((), ()), True),
        (JournalView((stop(),), ()), True),
        (JournalView((), (NINE,)), False),
        (JournalView((entry(),), ()), False),
        (JournalView((entry(state=IntentState.UNKNOWN, order_id=None),), ()), False),
        (JournalView((entry(state=IntentState.CANCELLED),), ()), True),
    ],
)
def test_it_is_flat_with_nothing_owned_and_no_entry_that_may_buy(journal: JournalView, *, flat: bool) -> None:
    assert is_flat(journal) is flat


@pytest.mark.parametrize(
    ("record", "said"),
    [
        (sale(), "; AAPL: a sale of 9 at the market was sent"),
        (LIMIT, "; AAPL: a sale of 9 at 99.5 or better was sent"),
        (replace(LIMIT, filled=4), "; AAPL: a sale of 5 at 99.5 or better was sent"),
        (
            sale(state=IntentState.UNKNOWN, order_id=None),
            "; AAPL: a sale of 9 at the market was sent, of which nothing is known yet",
        ),
        (planned(sale()), "; AAPL: what else could sell it is cancelled first"),
        (sale(state=IntentState.CANCELLED), ""),
        (stop(), ""),
        (entry("E"), "; AAPL: its entry E may still buy"),
    ],
)
def test_progress_names_what_is_left_and_what_was_sent(record: IntentRecord, said: str) -> None:
    assert progress(JournalView((record,), (NINE,)), {}) == f"left to sell: 9 AAPL{said}"


def test_progress_says_why_something_waits_that_concerns_it() -> None:
    waiting = {"XOM": "there is no usable quote", "AAPL": "observed only"}
    assert progress(JournalView((), (NINE,)), waiting) == "left to sell: 9 AAPL; AAPL: observed only"
    assert progress(JournalView((), ()), waiting) == "left to sell: nothing"
