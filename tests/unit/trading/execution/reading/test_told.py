from __future__ import annotations

from dataclasses import replace

import pytest

from tests.fakes.kept_evidence import KeptEvidence
from tests.fakes.order_books import OrderBooks
from tests.fakes.trading_states import EPOCH, IN_SESSION, entry, reading, shows, stop, target
from trading.execution.reading.told import Told, drop_told, keep_told, kept_told, told_by, told_of
from trading.model.order import BrokerStatus, IntentState
from trading.model.record import IntentRecord, JournalView

TARGET = target("E-T", 3, parent="E")
FILLED = shows(TARGET, BrokerStatus.FILLED, filled_quantity=9.0, average_price=105.25)


@pytest.mark.parametrize("average", [105.25, None])
@pytest.mark.parametrize("made", [TARGET, stop("E-S", 2, parent="E")])
def test_what_is_kept_is_what_the_row_said(made: IntentRecord, average: float | None) -> None:
    row = replace(shows(made, BrokerStatus.FILLED, filled_quantity=8.0), average_price=average)
    kept = KeptEvidence()
    keep_told(kept, made.coid, row, reading(IN_SESSION))
    assert kept_told(kept) == {made.coid: Told(9, 8, average, made.intent.limit_price)} == {made.coid: told_by(row)}


def test_the_list_is_newer_than_what_is_kept_unless_the_id_is_of_another_session() -> None:
    older = {"E-T": Told(9, 4, 105.0, 105.0)}
    shown = reading(IN_SESSION, orders=[FILLED])
    assert told_of(JournalView((TARGET,), ()), shown, older) == {"E-T": told_by(FILLED)}
    assert told_of(JournalView((replace(TARGET, seen_epoch=EPOCH - 1),), ()), shown, older) == older
    assert told_of(JournalView((TARGET,), ()), reading(IN_SESSION), older) == older
    assert told_of(JournalView((TARGET, entry()), ()), shown) == {"E-T": told_by(FILLED)}


@pytest.mark.parametrize(
    ("record", "stays"),
    [
        (replace(TARGET, state=IntentState.FILLED, filled=8), True),
        (replace(TARGET, state=IntentState.FILLED, filled=9), False),
        # It came back, so the list shows it.
        (TARGET, False),
        (None, False),
    ],
)
def test_it_is_kept_until_the_executions_have_come_or_can_not_come_any_more(
    record: IntentRecord | None, *, stays: bool
) -> None:
    kept = KeptEvidence()
    keep_told(kept, "E-T", FILLED, reading(IN_SESSION))
    kept.record("shares:265598:9", "0", IN_SESSION)
    drop_told(kept, JournalView(() if record is None else (record,), ()))
    assert kept_told(kept) == ({"E-T": told_by(FILLED)} if stays else {})
    assert "shares:265598:9" in kept.seen


def test_end_without_its_executions_is_a_gap_after_a_minute_over_a_restart(books: OrderBooks) -> None:
    entry, *_ = books.enter()
    books.read()
    books.broker.fill(books.broker.named(entry.coid).order_id, 100.0)
    books.broker.empty.add("executions")
    books.read()
    books.restart()
    books.read(60)
    assert books.record(entry.coid).state is IntentState.FILLED
    assert books.latches() == {"exec_gap"}
    told = [each for each in books.context().evidence.subjects() if each.startswith("told:")]
    assert told == [f"told:{entry.coid}"]
    books.broker.empty.clear()
    books.read(60)
    assert (books.record(entry.coid).filled, books.shares()) == (9, {"AAPL": 9})
    assert not [each for each in books.context().evidence.subjects() if each.startswith("told:")]
