from __future__ import annotations

import math
import re
from datetime import date
from pathlib import Path

import pytest

from tests.fakes.chance import seeded
from tests.fakes.orders import CONID, LATER, NOW, PATHS, at_work, bracket, fill, market_exit, planned_exit
from trading.errors import InvariantBroken
from trading.model.decision import Denied
from trading.model.intent_state import EDGES
from trading.model.order import IntentState
from trading.model.record import IntentRecord
from trading.ports import AdjustmentKind
from trading.store.commands import SqliteCommandLog
from trading.store.database import Database
from trading.store.journal import MAX_COID_LENGTH, SqliteJournal

S = IntentState


def record(journal: SqliteJournal, coid: str) -> IntentRecord:
    found = journal.intent(coid)
    assert found is not None
    return found


# ---- names


def test_name_has_prefix_instance_number_and_chance(journal: SqliteJournal, database: Database) -> None:
    coid = journal.next_coid()
    assert re.fullmatch(r"TS-[0-9a-z]{4}-0001-[0-9a-z]{6}", coid)
    assert database.fact("instance") == coid.split("-")[1]


def test_names_stay_within_the_brokers_length(journal: SqliteJournal, database: Database) -> None:
    with database.transaction() as connection:
        connection.execute("UPDATE fact SET value = ? WHERE key = 'coid_seq'", (str(36**8),))
    assert len(journal.next_coid()) <= MAX_COID_LENGTH


def test_name_that_is_too_long_for_the_broker_is_none(journal: SqliteJournal, database: Database) -> None:
    with database.transaction() as connection:
        connection.execute("UPDATE fact SET value = 'A-VERY-LONG-PREFIX' WHERE key = 'prefix'")
    with pytest.raises(InvariantBroken, match="longer than 32"):
        journal.next_coid()


def test_no_two_names_are_equal(journal: SqliteJournal) -> None:
    assert len({journal.next_coid() for _ in range(50)}) == 50


def test_number_of_a_name_is_spent_even_if_the_process_ends(path: Path) -> None:
    names = []
    for _ in range(3):
        database = Database(path)
        names.append(SqliteJournal(database).next_coid().split("-")[2])
        database.close()
    assert names == ["0001", "0002", "0003"]


def test_restored_backup_makes_other_names(tmp_path: Path) -> None:
    database = Database(tmp_path / "a" / "trading.db")
    database.checkpoint()
    database.close()
    copy = tmp_path / "b" / "trading.db"
    copy.parent.mkdir()
    copy.write_bytes((tmp_path / "a" / "trading.db").read_bytes())
    names = []
    for folder in ("a", "b"):
        again = Database(tmp_path / folder / "trading.db")
        names.append(SqliteJournal(again).next_coid())
        again.close()
    assert names[0].split("-")[:3] == names[1].split("-")[:3]
    assert names[0] != names[1]


def test_same_seed_and_same_steps_make_the_same_names(tmp_path: Path) -> None:
    names = []
    for folder in ("a", "b"):
        database = Database(tmp_path / folder / "trading.db", chance=seeded(3))
        names.append([SqliteJournal(database).next_coid() for _ in range(3)])
        database.close()
    assert names[0] == names[1]


def test_file_without_its_own_facts_names_nothing(journal: SqliteJournal, database: Database) -> None:
    with database.transaction() as connection:
        connection.execute("DELETE FROM fact WHERE key = 'prefix'")
    with pytest.raises(InvariantBroken, match="prefix"):
        journal.next_coid()


# ---- intents and their states


def test_planned_intent_comes_back_as_it_was(journal: SqliteJournal) -> None:
    intents = bracket(journal.next_coid())
    journal.plan(intents)
    assert tuple(each.intent for each in journal.intents()) == intents
    assert journal.intents()[0] == IntentRecord(intents[0], S.PLANNED)


def test_unknown_name_is_none(journal: SqliteJournal) -> None:
    assert journal.intent("nobody") is None


def test_used_name_is_refused_and_nothing_of_the_plan_stays(journal: SqliteJournal) -> None:
    intents = bracket(journal.next_coid())
    journal.plan(intents)
    other = market_exit(journal.next_coid())
    with pytest.raises(InvariantBroken, match="used before"):
        journal.plan([other, market_exit(intents[0].coid)])
    assert journal.intent(other.coid) is None


@pytest.mark.parametrize("missing", [1, 2])
def test_entry_without_stop_or_target_is_refused(journal: SqliteJournal, missing: int) -> None:
    intents = list(bracket(journal.next_coid()))
    del intents[missing]
    with pytest.raises(InvariantBroken, match="no stop and target"):
        journal.plan(intents)
    assert journal.intents() == ()


@pytest.mark.parametrize("current", IntentState)
def test_only_edges_of_the_state_machine_are_taken(journal: SqliteJournal, current: IntentState) -> None:
    for new in IntentState:
        intent = planned_exit(journal, *PATHS[current])
        if new in EDGES[current]:
            journal.transition(intent.coid, new, "allowed", NOW)
            assert record(journal, intent.coid).state is new
        else:
            with pytest.raises(InvariantBroken, match=f"from {current} to {new}"):
                journal.transition(intent.coid, new, "not allowed", NOW)
            assert record(journal, intent.coid).state is current


def test_every_edge_is_logged(journal: SqliteJournal, database: Database) -> None:
    intent = planned_exit(journal, S.SENDING)
    journal.bind(intent.coid, 9, 1, NOW)
    journal.transition(intent.coid, S.CANCELLED, "by hand", NOW)
    rows = database.query("SELECT state FROM intent_log WHERE coid = ? ORDER BY id", (intent.coid,))
    assert [row["state"] for row in rows] == ["PLANNED", "SENDING", "WORKING", "CANCELLED"]


def test_denied_group_is_closed_with_the_code_of_the_first_and_counted_once(
    journal: SqliteJournal, database: Database
) -> None:
    entry, stop, target = bracket(journal.next_coid())
    journal.plan([entry, stop, target])
    denied = Denied("AAPL", "too_old", 3.0, 0.0, "past its window")
    journal.record_denial(entry.decided, denied, [entry.coid, stop.coid, target.coid], NOW)
    assert [(r.state, r.detail) for r in journal.intents()] == [
        (S.DENIED, "too_old: past its window 3 against 0.0"),
        (S.DENIED, "too_old"),
        (S.DENIED, "too_old"),
    ]
    (row,) = database.query("SELECT stage, symbol, code, session, value, limit_value, detail FROM denial")
    assert tuple(row) == ("order", "AAPL", "too_old", "2014-03-03", 3.0, 0.0, "past its window")


def test_refusal_of_which_no_order_was_made_is_kept_alone(journal: SqliteJournal, database: Database) -> None:
    journal.record_denial(date(2014, 3, 3), Denied("AAPL", "instrument", math.nan, None, "no contract"), (), NOW)
    (row,) = database.query("SELECT stage, symbol, code, session, value, limit_value, detail FROM denial")
    assert tuple(row) == ("order", "AAPL", "instrument", "2014-03-03", None, None, "no contract")
    assert journal.intents() == ()


def test_order_that_was_sent_can_not_be_denied(journal: SqliteJournal, database: Database) -> None:
    intent = planned_exit(journal, S.SENDING)
    with pytest.raises(InvariantBroken):
        journal.record_denial(intent.decided, Denied("AAPL", "short", None, None), [intent.coid], NOW)
    assert database.query("SELECT * FROM denial") == []


# ---- order ids


def test_bound_orders_work(journal: SqliteJournal, commands: SqliteCommandLog) -> None:
    intents = bracket(journal.next_coid())
    at_work(journal, commands, intents, epoch=4)
    assert [(r.order_id, r.state, r.seen_epoch, r.provisional) for r in journal.intents()] == [
        (100, S.WORKING, 4, False),
        (101, S.WORKING, 4, False),
        (102, S.WORKING, 4, False),
    ]


def test_binding_leaves_a_further_state_alone(journal: SqliteJournal, commands: SqliteCommandLog) -> None:
    entry, *children = bracket(journal.next_coid())
    at_work(journal, commands, [entry, *children])
    journal.transition(entry.coid, S.FILLED, "", NOW)
    journal.bind(entry.coid, 100, 2, NOW)
    assert (record(journal, entry.coid).state, record(journal, entry.coid).seen_epoch) == (S.FILLED, 2)


def test_one_order_is_not_bound_to_two_intents_nor_two_orders_to_one(
    journal: SqliteJournal, commands: SqliteCommandLog
) -> None:
    entry, stop, target = bracket(journal.next_coid())
    at_work(journal, commands, [entry, stop, target])
    with pytest.raises(InvariantBroken, match="order 101"):
        journal.bind(entry.coid, 101, 1, NOW)
    with pytest.raises(InvariantBroken, match="order 999"):
        journal.bind(stop.coid, 999, 1, NOW)
    assert [r.order_id for r in journal.intents()] == [100, 101, 102]


def test_order_id_that_comes_again_is_given_to_the_next_order_once_the_first_is_over(journal: SqliteJournal) -> None:
    first = planned_exit(journal, S.SENDING)
    journal.bind(first.coid, 7, 1, NOW)
    second = planned_exit(journal, S.SENDING)
    with pytest.raises(InvariantBroken):
        journal.bind(second.coid, 7, 2, NOW)
    journal.transition(first.coid, S.CANCELLED, "", NOW)
    journal.bind(second.coid, 7, 2, NOW)
    assert (record(journal, second.coid).state, record(journal, second.coid).order_id) == (S.WORKING, 7)


def test_order_that_vanished_loses_its_id_to_the_one_that_it_is_given_to(journal: SqliteJournal) -> None:
    first, second = planned_exit(journal, S.SENDING), planned_exit(journal, S.SENDING)
    journal.bind(first.coid, 7, 1, NOW)
    journal.transition(first.coid, S.UNKNOWN, "vanished", NOW)
    journal.bind(second.coid, 7, 2, NOW, provisional=True)
    assert record(journal, first.coid).order_id == 7
    journal.bind(second.coid, 7, 2, NOW)
    assert (record(journal, first.coid).state, record(journal, first.coid).order_id) == (S.UNKNOWN, None)
    assert (record(journal, second.coid).state, record(journal, second.coid).order_id) == (S.WORKING, 7)


def test_provisional_binding_gives_way_to_a_certain_one(journal: SqliteJournal) -> None:
    intent, other = planned_exit(journal, S.SENDING, S.UNKNOWN), planned_exit(journal, S.SENDING, S.UNKNOWN)
    journal.bind(intent.coid, 7, 1, NOW, provisional=True)
    assert (record(journal, intent.coid).state, record(journal, intent.coid).provisional) == (S.WORKING, True)
    assert record(journal, intent.coid).unproven
    journal.bind(other.coid, 7, 1, NOW)
    journal.bind(intent.coid, 8, 1, NOW)
    assert (record(journal, intent.coid).order_id, record(journal, intent.coid).provisional) == (8, False)
    assert not record(journal, intent.coid).unproven


def test_log_says_that_an_order_was_found_by_likeness_and_when_it_was_proven(
    journal: SqliteJournal, database: Database
) -> None:
    intent = planned_exit(journal, S.SENDING, S.UNKNOWN)
    journal.bind(intent.coid, 7, 1, NOW, provisional=True)
    for _ in range(2):
        journal.bind(intent.coid, 7, 1, LATER)
    rows = database.query("SELECT state, detail FROM intent_log WHERE coid = ? ORDER BY id", (intent.coid,))
    assert [tuple(row) for row in rows[-2:]] == [("WORKING", "order 7, by likeness alone"), ("WORKING", "order 7")]


def test_order_that_is_unknown_again_is_bound_for_nothing(journal: SqliteJournal) -> None:
    intent = planned_exit(journal, S.SENDING, S.UNKNOWN)
    journal.bind(intent.coid, 7, 1, NOW, provisional=True)
    journal.transition(intent.coid, S.UNKNOWN, "it is gone", LATER)
    assert not record(journal, intent.coid).provisional
    assert record(journal, intent.coid).unknown_since == LATER


@pytest.mark.parametrize("state", [S.LOST, S.DECLINED, S.REJECTED])
def test_order_that_was_taken_for_absent_works_once_it_is_found_for_certain(
    journal: SqliteJournal, state: IntentState
) -> None:
    intent = planned_exit(journal, *PATHS[state])
    journal.bind(intent.coid, 7, 1, NOW, provisional=True)
    assert record(journal, intent.coid).state is state
    journal.bind(intent.coid, 7, 1, NOW)
    assert record(journal, intent.coid).state is S.WORKING
    assert record(journal, intent.coid).ended_at is None


def test_orders_that_a_reading_showed_are_marked_with_its_epoch(
    journal: SqliteJournal, commands: SqliteCommandLog
) -> None:
    entry, stop, target = bracket(journal.next_coid())
    at_work(journal, commands, [entry, stop, target])
    journal.mark_seen([entry.coid, stop.coid], 5)
    assert [r.seen_epoch for r in journal.intents()] == [5, 5, 1]


# ---- what is not proven


def test_only_an_order_that_may_be_live_is_frozen_and_any_further_step_thaws_it(journal: SqliteJournal) -> None:
    intent = planned_exit(journal)
    with pytest.raises(InvariantBroken):
        journal.freeze(intent.coid, NOW)
    for state in (S.SENDING, S.UNKNOWN):
        journal.transition(intent.coid, state, "", NOW)
    journal.freeze(intent.coid, NOW)
    assert record(journal, intent.coid).frozen
    journal.bind(intent.coid, 5, 1, NOW)
    assert not record(journal, intent.coid).frozen


def test_frozen_order_that_was_found_by_likeness_thaws_once_it_is_bound_for_certain(journal: SqliteJournal) -> None:
    intent = planned_exit(journal, S.SENDING, S.UNKNOWN)
    journal.bind(intent.coid, 5, 1, NOW, provisional=True)
    journal.freeze(intent.coid, NOW)
    journal.bind(intent.coid, 6, 1, NOW, provisional=True)
    assert record(journal, intent.coid).frozen
    journal.bind(intent.coid, 6, 1, LATER)
    assert not record(journal, intent.coid).frozen


def test_time_of_freezing_is_that_of_the_first(journal: SqliteJournal, database: Database) -> None:
    intent = planned_exit(journal, S.SENDING, S.UNKNOWN)
    journal.freeze(intent.coid, NOW)
    journal.freeze(intent.coid, LATER)
    assert database.query("SELECT frozen_at FROM intent")[0]["frozen_at"].startswith("2014-03-04")


def test_time_of_the_end_is_that_of_the_first_end(journal: SqliteJournal) -> None:
    intent = planned_exit(journal, S.SENDING, S.WORKING)
    assert record(journal, intent.coid).ended_at is None
    journal.transition(intent.coid, S.CANCELLED, "", NOW)
    journal.transition(intent.coid, S.CANCELLED, "again", LATER)
    assert record(journal, intent.coid).ended_at == NOW
    journal.transition(intent.coid, S.WORKING, "RESURRECTED", LATER)
    assert record(journal, intent.coid).ended_at is None


# ---- own shares


def test_own_positions_come_by_symbol(journal: SqliteJournal) -> None:
    for conid, symbol in ((3, "MSFT"), (2, "AAPL"), (1, "XOM")):
        entry, stop, target = bracket(journal.next_coid(), conid=conid, symbol=symbol)
        journal.plan([entry, stop, target])
        journal.record_fill(entry.coid, fill(symbol, entry, 1, 10.0), NOW)
    assert [position.symbol for position in journal.own_positions()] == ["AAPL", "MSFT", "XOM"]


def test_plan_that_a_person_set_is_the_positions(journal: SqliteJournal, database: Database) -> None:
    entry, stop, target = bracket(journal.next_coid())
    journal.plan([entry, stop, target])
    journal.record_fill(entry.coid, fill("e1", entry, 10, 100.0), NOW)
    journal.set_plan(CONID, 97.5, 111.25, NOW)
    (position,) = journal.own_positions()
    assert (position.quantity, position.stop_price, position.target_price) == (10, 97.5, 111.25)
    (row,) = database.query("SELECT kind, quantity, reason FROM adjustment")
    assert tuple(row) == ("correction", 0, "stop 97.5 and target 111.25 were set by hand")


def test_executions_and_adjustments_add_up_to_own_shares(journal: SqliteJournal, database: Database) -> None:
    entry, stop, target = bracket(journal.next_coid())
    journal.plan([entry, stop, target])
    journal.record_fill(entry.coid, fill("a.b.01.01", entry, 10, 100.0), NOW)
    journal.record_fill(entry.coid, fill("a.b.01.02", entry, 8, 100.0), NOW)
    journal.record_fill(stop.coid, fill("e2", stop, 3, 95.0), NOW)
    journal.adjust(entry.conid, -2, AdjustmentKind.MANUAL, "sold by hand", NOW)
    total = database.query(
        "SELECT (SELECT sum(CASE side WHEN 'BUY' THEN quantity ELSE -quantity END) FROM execution"
        " WHERE corrected_by IS NULL) + (SELECT sum(quantity) FROM adjustment) AS own"
    )[0]["own"]
    assert [total] == [position.quantity for position in journal.own_positions()] == [3]


def test_owner_of_a_fill_is_found_under_each_version_of_its_id(journal: SqliteJournal) -> None:
    entry, stop, target = bracket(journal.next_coid())
    journal.plan([entry, stop, target])
    journal.record_fill(entry.coid, fill("0000e0d5.6576fd38.0a.01", entry, 4, 100.0), NOW)
    journal.record_fill(entry.coid, fill("loose", entry, 4, 100.0), NOW)
    asked = ["0000e0d5.6576fd38.0a.01", "0000e0d5.6576fd38.0a.02", "0000e0d5.6576fd38.0b.01", "loose", "loosely", ""]
    assert journal.fill_owners(asked) == {
        "0000e0d5.6576fd38.0a.01": entry.coid,
        "0000e0d5.6576fd38.0a.02": entry.coid,
        "loose": entry.coid,
    }


def test_transition_that_fails_leaves_state_and_log_as_they_were(journal: SqliteJournal, database: Database) -> None:
    intent = planned_exit(journal)
    with database.transaction() as connection:
        connection.execute("CREATE TRIGGER fail BEFORE INSERT ON intent_log BEGIN SELECT raise(ABORT, 'crash'); END")
    with pytest.raises(InvariantBroken, match="crash"):
        journal.transition(intent.coid, S.SENDING, "", NOW)
    assert record(journal, intent.coid).state is S.PLANNED


def test_orders_of_a_group_move_together_or_not_at_all(journal: SqliteJournal) -> None:
    group = bracket(journal.next_coid())
    journal.plan(group)
    coids = [intent.coid for intent in group]
    journal.transition(coids, S.SENDING, "", NOW)
    journal.transition(coids[2], S.UNKNOWN, "", NOW)
    with pytest.raises(InvariantBroken, match="can't go"):
        journal.transition(coids, S.PLANNED, "nothing was sent", NOW)
    assert [record.state for record in journal.intents()] == [S.SENDING, S.SENDING, S.UNKNOWN]
