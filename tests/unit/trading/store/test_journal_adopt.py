"""Live orders that a person takes into the journal: all of a group or none."""

from __future__ import annotations

import pytest

from tests.fakes.orders import LATER, NOW, bracket, market_exit
from trading.errors import InvariantBroken
from trading.model.order import IntentState, OrderIntent
from trading.ports import Adopted
from trading.store.journal import SqliteJournal

S = IntentState


def adopt(journal: SqliteJournal, *intents: OrderIntent, first_id: int = 100) -> None:
    ids = range(first_id, first_id + len(intents))
    journal.plan(intents, adopted=Adopted(ids, "adopted by ann", 3, LATER))


@pytest.mark.parametrize("planned", [0, 3])
def test_adopted_group_works_whether_it_was_planned_or_is_new(journal: SqliteJournal, planned: int) -> None:
    group = bracket(journal.next_coid())
    if planned:
        journal.plan(group)
    adopt(journal, *group)
    found = journal.intents()
    assert [(r.intent, r.state, r.order_id, r.seen_epoch) for r in found] == [
        (intent, S.WORKING, order_id, 3) for order_id, intent in enumerate(group, 100)
    ]


@pytest.mark.parametrize("state", [S.DENIED, S.SENDING])
def test_name_that_has_left_or_was_refused_is_not_adopted(journal: SqliteJournal, state: IntentState) -> None:
    intent = market_exit(journal.next_coid())
    journal.plan([intent])
    journal.transition(intent.coid, state, "", NOW)
    with pytest.raises(InvariantBroken):
        adopt(journal, intent)
    assert [record.state for record in journal.intents()] == [state]


def test_group_of_which_one_order_is_taken_is_not_adopted_at_all(journal: SqliteJournal) -> None:
    other = market_exit(journal.next_coid())
    adopt(journal, other, first_id=102)
    group = bracket(journal.next_coid())
    journal.plan(group)
    with pytest.raises(InvariantBroken):
        adopt(journal, *group)
    assert [record.state for record in journal.intents()] == [S.WORKING, S.PLANNED, S.PLANNED, S.PLANNED]


def test_entry_is_not_adopted_without_its_stop(journal: SqliteJournal) -> None:
    entry, _, target = bracket(journal.next_coid())
    with pytest.raises(InvariantBroken):
        adopt(journal, entry, target)
    assert journal.intents() == ()
