"""What a turn looks at of the journal."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.fakes.orders import LATER, NOW, PATHS, about, at_work, bracket, fill, market_exit, planned_exit
from trading.model.order import MAYBE_LIVE, TERMINAL, IntentState
from trading.model.record import Split
from trading.model.request import RequestKind
from trading.ports import AdjustmentKind
from trading.store.commands import SqliteCommandLog
from trading.store.database import Database
from trading.store.journal import SqliteJournal

S = IntentState


@pytest.mark.parametrize("state", IntentState)
def test_view_has_what_may_be_live_or_planned_and_what_ended_lately(journal: SqliteJournal, state: IntentState) -> None:
    intent = planned_exit(journal, *PATHS[state])
    assert [r.coid for r in journal.view(NOW).records] == [intent.coid]
    later = [r.coid for r in journal.view(LATER).records]
    assert later == ([intent.coid] if state in MAYBE_LIVE | {S.PLANNED} else [])
    assert (state in TERMINAL) == (later == [])


def test_view_has_all_orders_of_a_contract_that_is_owned_however_old(journal: SqliteJournal) -> None:
    entry, stop, target = bracket(journal.next_coid())
    journal.plan([entry, stop, target])
    journal.record_fill(entry.coid, fill("e1", entry, 10, 100.0), NOW)
    for coid in (entry.coid, stop.coid, target.coid):
        for state in PATHS[S.CANCELLED]:
            journal.transition(coid, state, "", NOW)
    view = journal.view(LATER + timedelta(days=90))
    assert len(view.records) == 3
    assert [position.quantity for position in view.positions] == [10]


def test_view_has_the_commands_about_live_orders_and_the_recent_ones(
    journal: SqliteJournal, commands: SqliteCommandLog
) -> None:
    entry, stop, target = bracket(journal.next_coid())
    at_work(journal, commands, [entry, stop, target])
    about(commands, [stop.coid], kind=RequestKind.CANCEL)
    assert [c.kind for c in journal.view(NOW).commands] == [RequestKind.SUBMIT, RequestKind.CANCEL]
    assert [c.kind for c in journal.view(LATER).commands] == [RequestKind.CANCEL]
    journal.transition(stop.coid, S.CANCELLED, "", NOW)
    assert journal.view(LATER).commands == ()


def test_view_knows_every_contract_that_anything_was_sent_in(
    journal: SqliteJournal, commands: SqliteCommandLog
) -> None:
    first, second = market_exit(journal.next_coid(), conid=7), market_exit(journal.next_coid(), conid=8)
    journal.plan([first, second])
    about(commands, [first.coid])
    journal.transition(first.coid, S.REJECTED, "", NOW)
    assert journal.view(LATER + timedelta(days=90)).traded == {7}


def test_view_knows_the_splits_of_what_an_entry_bought_also_after_all_was_sold(journal: SqliteJournal) -> None:
    entry, stop, target = bracket(journal.next_coid())
    journal.plan([entry, stop, target])
    journal.record_fill(entry.coid, fill("e1", entry, 10, 100.0), NOW)
    assert journal.view(NOW).split_ratios == {}
    journal.adjust(entry.conid, 10, AdjustmentKind.SPLIT, "split", NOW, ratio=2.0)
    journal.adjust(entry.conid, 40, AdjustmentKind.SPLIT, "split", NOW, ratio=3.0)
    journal.adjust(entry.conid, -60, AdjustmentKind.MANUAL, "sold by hand", NOW)
    view = journal.view(NOW)
    assert (view.positions, view.split_ratios) == ((), {entry.coid: 6.0})
    assert view.splits == (Split(entry.coid, 2.0, NOW), Split(entry.coid, 3.0, NOW))


def test_view_is_made_anew_after_anything_was_written(journal: SqliteJournal) -> None:
    intent = planned_exit(journal)
    first = journal.view(NOW)
    assert journal.view(NOW) is first
    journal.transition(intent.coid, S.SENDING, "", NOW)
    assert journal.view(NOW).by_coid[intent.coid].state is S.SENDING
    assert first.by_coid[intent.coid].state is S.PLANNED


def test_two_journals_on_one_file_see_each_others_orders(journal: SqliteJournal, database: Database) -> None:
    other = SqliteJournal(database)
    intent = planned_exit(journal, S.SENDING)
    assert other.view(NOW).by_coid[intent.coid].state is S.SENDING
    journal.transition(intent.coid, S.UNKNOWN, "", NOW)
    assert other.view(NOW).by_coid[intent.coid].state is S.UNKNOWN


def test_intents_are_asked_for_by_state(journal: SqliteJournal) -> None:
    first, second = planned_exit(journal), planned_exit(journal, S.SENDING)
    assert [r.coid for r in journal.intents(states=frozenset({S.SENDING}))] == [second.coid]
    assert [r.coid for r in journal.intents()] == [first.coid, second.coid]
