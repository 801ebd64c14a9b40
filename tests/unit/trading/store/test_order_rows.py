from __future__ import annotations

import pytest

from tests.fakes.orders import CONID, LATER, NOW, bracket, fill, planned_exit
from trading.errors import InvariantBroken
from trading.model.order import IntentState, Role
from trading.model.record import OwnPosition
from trading.store.database import Database
from trading.store.journal import SqliteJournal
from trading.store.order_rows import insert_intent, intent_record, move, own_position, require
from trading.store.units import utc_text

S = IntentState


def test_name_that_nobody_has_is_required_in_vain(database: Database) -> None:
    with database.transaction() as connection, pytest.raises(InvariantBroken, match="no intent is called TS-x"):
        require(connection, "TS-x")


def test_intent_comes_back_from_its_row(database: Database) -> None:
    intents = bracket("TS-a", limit=100.0001, stop=0.0001)
    with database.transaction() as connection:
        for intent in intents:
            insert_intent(connection, intent)
        assert tuple(intent_record(require(connection, each.coid)).intent for each in intents) == intents


def test_step_is_logged_with_its_detail_and_time(database: Database, journal: SqliteJournal) -> None:
    intent = planned_exit(journal)
    with database.transaction() as connection:
        move(connection, require(connection, intent.coid), S.SENDING, "why", utc_text(LATER))
    rows = database.query("SELECT state, detail, at FROM intent_log ORDER BY id")
    assert [tuple(row) for row in rows] == [
        ("PLANNED", "time_stop", utc_text(NOW)),
        ("SENDING", "why", utc_text(LATER)),
    ]


def test_time_since_when_it_is_unknown_is_there_only_while_it_is(journal: SqliteJournal) -> None:
    intent = planned_exit(journal, S.SENDING)
    journal.transition(intent.coid, S.UNKNOWN, "", LATER)
    assert journal.intents()[0].unknown_since == LATER
    journal.bind(intent.coid, 1, 1, LATER)
    assert journal.intents()[0].unknown_since is None


def test_average_price_is_that_of_what_was_filled(journal: SqliteJournal) -> None:
    intents = bracket("TS-a")
    journal.plan(intents)
    journal.record_fill(intents[0].coid, fill("e1", intents[0], 1, 100.00), NOW)
    journal.record_fill(intents[0].coid, fill("e2", intents[0], 3, 99.00), NOW)
    record = journal.intents()[0]
    assert (record.filled, record.left, record.average_price) == (4, 6, 99.25)


def test_position_comes_back_from_its_row(database: Database, journal: SqliteJournal) -> None:
    intents = bracket("TS-a")
    journal.plan(intents)
    journal.record_fill("TS-a", fill("e1", intents[0], 10, 100.01), NOW)
    (row,) = database.query("SELECT * FROM position")
    assert own_position(row) == OwnPosition(CONID, "AAPL", 10, intents[0].session, 100.01, 95.02, 105.03, "TS-a")
    assert intents[0].role is Role.ENTRY
