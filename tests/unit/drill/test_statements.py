"""What the trading system's own statements are called: the words are asked of its stores, so that they stay true."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from pathlib import Path

import pytest

from drill.deaths import Reaper
from drill.situations import make_old_file
from drill.statements import written
from tests.fakes.chance import seeded
from tests.fakes.orders import NOW, about, bracket, fill, market_exit, request
from trading.model.command import CommandState, Step
from trading.model.order import IntentState
from trading.model.outcome import Answer
from trading.model.request import RequestKind
from trading.ports import AdjustmentKind
from trading.store.commands import SqliteCommandLog
from trading.store.database import Database
from trading.store.evidence import SqliteEvidence
from trading.store.journal import SqliteJournal
from trading.store.records import SqliteStore


class Watching(Reaper):
    """Keeps what each commit wrote."""

    def __init__(self) -> None:
        super().__init__([], lambda _kill: None)
        self.commits: list[Counter[str]] = []
        self.statements: list[tuple[str, ...]] = []

    def passing(self, point: str, *about: str) -> None:
        if point == "commit_after":
            self.commits.append(Counter(about))
        if point == "statement":
            self.statements.append(about)

    def taken(self) -> Counter[str]:
        """Return what was committed since the last question."""
        found = sum(self.commits, Counter[str]())
        self.commits.clear()
        return found


@pytest.fixture
def watching() -> Watching:
    return Watching()


@pytest.fixture
def database(watching: Watching, tmp_path: Path) -> Database:
    return Database(tmp_path / "trading.db", chance=seeded(), connect=watching.connect())


def test_way_of_an_order_is_told_step_by_step(watching: Watching, database: Database) -> None:
    journal, commands = SqliteJournal(database), SqliteCommandLog(database)
    group = bracket(journal.next_coid())
    coids = [intent.coid for intent in group]
    watching.taken()
    journal.plan(group)
    assert watching.taken() == {"planned entry": 1, "planned child": 2}
    opened = about(commands, coids)
    assert watching.taken() == {"submit": 1, "submit entry": 1, "SENDING": 3}
    commands.record_question(coids, "r1", ("o163",), NOW)
    assert watching.taken() == {"QUESTIONED": 3}
    commands.record_response(opened, "ACK", Answer(200, b"[]"), CommandState.ACKED, NOW)
    assert watching.taken() == {"answer": 1}
    commands.record_reply(opened.command, coids, request(RequestKind.REPLY, "yes"), 1, NOW, moves=True)
    assert watching.taken() == {"REPLYING": 3}
    journal.bind(coids[0], 100, 1, NOW)
    assert watching.taken() == {"WORKING": 1, "binding": 1}
    journal.record_fill(coids[0], fill("e1", group[0], 10, 100.0), NOW)
    assert watching.taken() == {"execution": 1, "position": 2}
    about(commands, [coids[1]], kind=RequestKind.CANCEL, step=Step.EXIT)
    assert watching.taken() == {"cancel": 1, "cancel exit": 1}
    journal.adjust(group[0].conid, -1, AdjustmentKind.MANUAL, "sold by hand", NOW)
    assert watching.taken() == {"adjustment": 1, "position": 1}


def test_order_of_its_own_is_told_by_its_role(watching: Watching, database: Database) -> None:
    journal = SqliteJournal(database)
    intent = market_exit(journal.next_coid())
    watching.taken()
    journal.plan([intent])
    assert watching.taken() == {"planned exit": 1}
    journal.transition(intent.coid, IntentState.DENIED, "too late", NOW)
    assert watching.taken() == {"DENIED": 1}


def test_votes_halts_and_facts_are_told(watching: Watching, database: Database) -> None:
    store = SqliteStore(database)
    SqliteEvidence(database).record("TS-1", "not listed", NOW)
    assert watching.taken() == {"vote": 1}
    store.halts.raise_halt("operator", "1", reason="look", actor="ann", now=NOW + timedelta(seconds=1))
    assert watching.taken()["halt"] == 1
    store.keep({"epoch": "2"})
    assert watching.taken() == {"fact epoch": 1}


def test_statement_counts_for_what_its_transaction_has_written_so_far(watching: Watching, database: Database) -> None:
    journal = SqliteJournal(database)
    group = bracket(journal.next_coid())
    watching.statements.clear()
    journal.plan(group)
    database.query("SELECT 1 FROM fact")
    assert watching.statements[0] == ()
    assert watching.statements[-2][:1] == ("planned entry",)
    assert watching.statements[-1] == ()


def test_migration_and_its_copy_and_the_checkpoint_are_told(watching: Watching, tmp_path: Path) -> None:
    path = tmp_path / "old.db"
    make_old_file(path)
    Database(path, connect=watching.connect()).checkpoint()
    assert watching.taken()["schema"] > 20
    assert watching.statements[-1] == ("checkpoint",)


@pytest.mark.parametrize("sql", ["SELECT * FROM intent", "UPDATE intent SET frozen_at = ?", "PRAGMA quick_check(1)"])
def test_rest_has_no_name(sql: str) -> None:
    assert written(sql, ("x",)) == ()


def test_statement_whose_values_come_one_by_one_is_named_by_its_text_alone() -> None:
    assert written("INSERT INTO fact (key, value) VALUES (?, ?)", ()) == ()
    assert written("UPDATE intent SET state = ?", ()) == ()
