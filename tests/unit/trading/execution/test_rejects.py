from __future__ import annotations

from dataclasses import replace

import pytest

from tests.fakes.fake_broker import refused
from tests.fakes.kept_evidence import KeptEvidence
from tests.fakes.order_books import OrderBooks
from tests.fakes.trading_states import IN_SESSION, entry, stop
from trading.execution.rejects import latched_for, note_latched, rejected_in_a_row
from trading.model.order import IntentState
from trading.model.record import JournalView

S = IntentState


def in_a_row(*states: IntentState, latched: frozenset[str] = frozenset()) -> tuple[str, ...]:
    entries = [replace(entry(f"E{n}", n), state=state) for n, state in enumerate(states, 1)]
    # What becomes of stops tells nothing of entries.
    stops = [stop(f"E{n}-S", 50 + n, parent=f"E{n}", state=S.REJECTED) for n in range(1, len(states) + 1)]
    return rejected_in_a_row(JournalView((*entries, *stops), ()), latched)


@pytest.mark.parametrize(
    ("states", "found"),
    [
        ([], ()),
        ([S.REJECTED, S.REJECTED, S.REJECTED], ("E3", "E2", "E1")),
        ([S.REJECTED, S.FILLED, S.REJECTED], ("E3",)),
        ([S.REJECTED, S.REJECTED, S.WORKING], ()),
        ([S.REJECTED, S.REJECTED, S.EXPIRED], ()),
        ([S.REJECTED, S.DENIED, S.REJECTED, S.LOST, S.PLANNED, S.SENDING, S.UNKNOWN, S.DECLINED], ("E3", "E1")),
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
    assert in_a_row(S.REJECTED, S.REJECTED, S.REJECTED, S.REJECTED, latched=latched_for(kept)) == ("E4",)


def test_three_refusals_in_a_row_latch_once_and_three_more_once_again(books: OrderBooks) -> None:
    def refuse() -> bool:
        """Let the broker refuse one more entry; return whether that latched."""
        books.enter(refused, symbol="XOM")
        books.read()
        risk = books.store.risk_state()
        books.store.set_risk_state(replace(risk, latches={}), reason="seen", actor="test", now=books.clock.now())
        books.restart()
        return bool(risk.latches)

    assert [refuse() for _ in range(6)] == [False, False, True, False, False, True]
