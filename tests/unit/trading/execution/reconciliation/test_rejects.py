from __future__ import annotations

from dataclasses import replace
from itertools import cycle

import pytest

from tests.fakes.fake_broker import refused
from tests.fakes.kept_evidence import KeptEvidence
from tests.fakes.order_books import OrderBooks
from tests.fakes.trading_states import AAPL, IN_SESSION, MSFT, PRE_OPEN, Facts, after, asked, entry, stop
from trading.execution.reconciliation.rejects import latched_for, note_latched, rejected_in_a_row
from trading.model.command import Step
from trading.model.order import IntentState
from trading.model.record import IntentRecord, JournalView

S = IntentState


def refused_entry(number: int, state: IntentState = S.REJECTED, **changes: object) -> IntentRecord:
    """Return an entry that ended a minute after it was sent; odd ones are of another stock than even ones."""
    made = entry(f"E{number}", number, conid=(AAPL, MSFT)[number % 2], state=state, ended_at=after(60, PRE_OPEN))
    return replace(made, **changes)  # type: ignore[arg-type]


def in_a_row(*states: IntentState, latched: frozenset[str] = frozenset()) -> tuple[str, ...]:
    entries = [refused_entry(n, state) for n, state in enumerate(states, 1)]
    # What becomes of stops tells nothing of entries.
    stops = [stop(f"E{n}-S", 50 + n, parent=f"E{n}", state=S.REJECTED) for n in range(1, len(states) + 1)]
    return rejected_in_a_row(JournalView((*entries, *stops), ()), latched)


@pytest.mark.parametrize(
    ("states", "found"),
    [
        ([], ()),
        ([S.REJECTED, S.REJECTED, S.REJECTED], ("E3", "E2", "E1")),
        ([S.REJECTED, S.FILLED, S.REJECTED, S.REJECTED], ("E4", "E3")),
        ([S.REJECTED], ()),
        ([S.REJECTED, S.REJECTED, S.WORKING], ()),
        ([S.REJECTED, S.REJECTED, S.EXPIRED], ()),
        (
            [
                S.REJECTED,
                S.DENIED,
                S.REJECTED,
                S.LOST,
                S.PLANNED,
                S.SENDING,
                S.UNKNOWN,
                S.DECLINED,
                S.REJECTED,
                S.REJECTED,
            ],
            ("E10", "E9", "E3", "E1"),
        ),
    ],
)
def test_refused_entries_count_from_the_newest_to_the_first_that_was_taken(
    states: list[IntentState], found: tuple[str, ...]
) -> None:
    assert in_a_row(*states) == found


def test_entries_that_were_latched_for_count_no_more() -> None:
    kept = KeptEvidence()
    for rejected in (("E2", "E1"), ("E3", "E2")):
        note_latched(kept, rejected, IN_SESSION)
        assert latched_for(kept) == {rejected[0]}
    assert in_a_row(*[S.REJECTED] * 5, latched=latched_for(kept)) == ("E5", "E4")


@pytest.mark.parametrize(
    "third",
    [
        {"filled": 1},
        {"ended_at": after(76 * 60, PRE_OPEN)},
        {"ended_at": None},
    ],
)
def test_entry_that_had_been_taken_was_not_refused(third: Facts) -> None:
    entries = (refused_entry(1, **third), refused_entry(2), refused_entry(3))
    assert rejected_in_a_row(JournalView(entries, ()), frozenset()) == ("E3", "E2")


def test_entry_that_we_cancelled_was_not_refused() -> None:
    entries = tuple(refused_entry(number) for number in (1, 2, 3))
    cancel = asked(entries[0], Step.HALT, PRE_OPEN)
    assert rejected_in_a_row(JournalView(entries, (), (cancel,)), frozenset()) == ("E3", "E2")


def test_trouble_of_one_stock_stays_its() -> None:
    entries = tuple(refused_entry(number) for number in (2, 4, 6, 8))
    assert rejected_in_a_row(JournalView(entries, ()), frozenset()) == ()


def test_three_refusals_in_a_row_latch_once_and_three_more_once_again(books: OrderBooks) -> None:
    symbols = cycle(("XOM", "AAPL"))

    def refuse() -> bool:
        """Let the broker refuse one more entry; return whether that latched."""
        books.enter(refused, symbol=next(symbols))
        books.read()
        risk = books.store.risk_state()
        books.store.set_risk_state(replace(risk, latches={}), reason="seen", actor="test", now=books.clock.now())
        books.restart()
        return bool(risk.latches)

    assert [refuse() for _ in range(6)] == [False, False, True, False, False, True]
