from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tests.fakes.orders import LATER, NOW, about, at_work, bracket, market_exit, planned_exit, request
from trading.errors import InvariantBroken
from trading.model.command import CommandDraft, CommandState, Step
from trading.model.decision import Denied
from trading.model.order import IntentState
from trading.model.outcome import Answer
from trading.model.request import RequestKind
from trading.store.commands import MAX_BODY, SqliteCommandLog
from trading.store.database import Database
from trading.store.journal import SqliteJournal

S = IntentState


def states(journal: SqliteJournal) -> list[IntentState]:
    return [record.state for record in journal.intents()]


def command_states(journal: SqliteJournal) -> list[CommandState]:
    return [command.state for command in journal.view(NOW).commands]


def test_submission_is_on_file_and_its_orders_are_sending_before_anything_leaves(
    journal: SqliteJournal, commands: SqliteCommandLog, path: Path
) -> None:
    entry, stop, target = bracket(journal.next_coid())
    journal.plan([entry, stop, target])
    about(commands, [entry.coid, stop.coid, target.coid], epoch=7)
    with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)) as another_process:
        rows = another_process.execute("SELECT phase, verb, body_sha256, epoch FROM wire").fetchall()
        sent = another_process.execute("SELECT state, sent_at IS NOT NULL, epoch FROM intent").fetchall()
    assert rows == [("ABOUT", "POST", request().body_sha256, 7)]
    assert sent == [("SENDING", 1, 7)] * 3


def test_submission_moves_all_its_orders_or_none(journal: SqliteJournal, commands: SqliteCommandLog) -> None:
    first, second = market_exit(journal.next_coid()), market_exit(journal.next_coid())
    journal.plan([first, second])
    journal.record_denial(second.decided, Denied("AAPL", "short", None, None), [second.coid], NOW)
    with pytest.raises(InvariantBroken):
        about(commands, [first.coid, second.coid])
    assert states(journal) == [S.PLANNED, S.DENIED]
    assert journal.view(NOW).commands == ()


def test_order_is_not_submitted_twice(journal: SqliteJournal, commands: SqliteCommandLog, database: Database) -> None:
    intent = planned_exit(journal)
    about(commands, [intent.coid])
    with pytest.raises(InvariantBroken):
        about(commands, [intent.coid])
    assert len(database.query("SELECT * FROM wire")) == 1


@pytest.mark.parametrize("kind", [RequestKind.CANCEL, RequestKind.MODIFY])
def test_cancel_and_modification_move_no_order(
    journal: SqliteJournal, commands: SqliteCommandLog, kind: RequestKind
) -> None:
    group = bracket(journal.next_coid())
    at_work(journal, commands, group)
    about(commands, [group[1].coid], kind=kind, step=Step.RESIZE)
    assert states(journal) == [S.WORKING] * 3
    last = journal.view(NOW).commands_of(group[1].coid)[-1]
    assert (last.kind, last.state, last.step) == (kind, CommandState.SENT, Step.RESIZE)


def test_modification_keeps_what_it_asks_for(journal: SqliteJournal, commands: SqliteCommandLog) -> None:
    group = bracket(journal.next_coid())
    at_work(journal, commands, group)
    draft = CommandDraft(RequestKind.MODIFY, (group[1].coid,), Step.RESIZE, 101, quantity=7, stop_price=95.0251)
    opened = commands.record_request(draft, request(RequestKind.MODIFY), 3, LATER)
    found = journal.view(NOW).commands_of(group[1].coid)[-1]
    assert (found.number, found.draft, found.epoch, found.sent_at) == (opened.command, draft, 3, LATER)


def test_answer_is_kept_as_it_came_beside_what_left(
    journal: SqliteJournal, commands: SqliteCommandLog, database: Database
) -> None:
    opened = about(commands, [planned_exit(journal).coid], epoch=4)
    commands.record_response(
        opened, "UNKNOWN", Answer(502, b"x" * (MAX_BODY + 1)), CommandState.UNKNOWN, NOW, refused_legs=1, detail="bad"
    )
    first, answer = database.query("SELECT * FROM wire ORDER BY id")
    assert (first["phase"], first["act"], first["path"]) == ("ABOUT", "submit", request().path)
    assert (answer["phase"], answer["about_id"], answer["command"], answer["epoch"]) == (
        "ANSWER", opened.wire, opened.command, 4,
    )  # fmt: skip
    assert (answer["class"], answer["status"], len(answer["body"])) == ("UNKNOWN", 502, MAX_BODY)
    (command,) = journal.view(NOW).commands
    assert (command.state, command.refused_legs, command.detail) == (CommandState.UNKNOWN, 1, "bad")


def test_request_that_never_left_has_an_answer_without_a_body(
    journal: SqliteJournal, commands: SqliteCommandLog, database: Database
) -> None:
    opened = about(commands, [planned_exit(journal).coid])
    commands.record_response(opened, "NOT_SENT", None, CommandState.NOT_SENT, NOW)
    answer = database.query("SELECT * FROM wire ORDER BY id")[-1]
    assert (answer["class"], answer["status"], answer["body"]) == ("NOT_SENT", None, None)
    assert not journal.view(NOW).commands[0].left


def test_answer_is_recorded_once_and_only_where_one_is_due(journal: SqliteJournal, commands: SqliteCommandLog) -> None:
    opened = about(commands, [planned_exit(journal).coid])
    commands.record_response(opened, "ACK", Answer(200, b"{}"), CommandState.ACKED, NOW)
    for wire in (opened.wire, opened.wire + 1, opened.wire + 2):
        with pytest.raises(InvariantBroken, match="waits for none"):
            commands.record_response(type(opened)(opened.command, wire), "ACK", None, CommandState.UNKNOWN, NOW)
    assert command_states(journal) == [CommandState.ACKED]


def test_question_is_open_until_its_reply_is_recorded(
    journal: SqliteJournal, commands: SqliteCommandLog, database: Database
) -> None:
    intent = planned_exit(journal)
    opened = about(commands, [intent.coid])
    commands.record_response(opened, "QUESTION", Answer(200, b"[]"), CommandState.SENT, NOW)
    commands.record_question([intent.coid], "reply-1", ["o10151", "o163"], NOW)
    record = journal.intents()[0]
    assert (record.state, record.reply_id, record.detail) == (S.QUESTIONED, "reply-1", "o10151,o163")
    again = commands.record_reply(
        opened.command, [intent.coid], request(RequestKind.REPLY, "yes"), 1, LATER, moves=True
    )
    assert again.command == opened.command
    assert again.wire != opened.wire
    assert (journal.intents()[0].state, journal.intents()[0].sent_at) == (S.REPLYING, LATER)
    assert [row["act"] for row in database.query("SELECT act FROM wire ORDER BY id")] == ["submit", "submit", "reply"]


def test_reply_about_a_modification_moves_no_order(journal: SqliteJournal, commands: SqliteCommandLog) -> None:
    group = bracket(journal.next_coid())
    at_work(journal, commands, group)
    opened = about(commands, [group[1].coid], kind=RequestKind.MODIFY)
    commands.record_reply(opened.command, [group[1].coid], request(RequestKind.REPLY), 1, LATER, moves=False)
    assert states(journal) == [S.WORKING] * 3
    assert journal.intents()[1].sent_at == NOW


def test_commands_are_settled_with_the_reason(journal: SqliteJournal, commands: SqliteCommandLog) -> None:
    group = bracket(journal.next_coid())
    at_work(journal, commands, group)
    first = about(commands, [group[1].coid], kind=RequestKind.CANCEL)
    second = about(commands, [group[2].coid], kind=RequestKind.CANCEL)
    commands.settle([first.command], CommandState.LAPSED, "not wanted any more", LATER)
    found = {command.number: command for command in journal.view(NOW).commands}
    assert (found[first.command].state, found[first.command].detail) == (CommandState.LAPSED, "not wanted any more")
    assert found[second.command].state is CommandState.SENT


@pytest.mark.parametrize(
    ("state", "expected"),
    [
        (CommandState.SENT, CommandState.CONFIRMED),
        (CommandState.ACKED, CommandState.CONFIRMED),
        (CommandState.REFUSED, CommandState.CONFIRMED),
        (CommandState.UNKNOWN, CommandState.CONFIRMED),
        (CommandState.NOT_SENT, CommandState.NOT_SENT),
        (CommandState.LAPSED, CommandState.LAPSED),
    ],
)
def test_end_of_an_order_confirms_what_was_asked_about_it(
    journal: SqliteJournal, commands: SqliteCommandLog, state: CommandState, expected: CommandState
) -> None:
    group = bracket(journal.next_coid())
    at_work(journal, commands, group)
    cancel = about(commands, [group[1].coid], kind=RequestKind.CANCEL)
    commands.settle([cancel.command], state, "", NOW)
    journal.transition(group[1].coid, S.CANCELLED, "", LATER)
    assert command_states(journal) == [CommandState.ACKED, expected]
