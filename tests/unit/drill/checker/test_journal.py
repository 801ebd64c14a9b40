"""The journal as the checker reads it, of a run in which the trading system itself has written it."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from drill.checker.journal import read_journal
from drill.checker.logs import Journal, instant
from drill.driver import run
from drill.schedule import Schedule
from drill.world import World


def test_journal_that_was_never_made_is_empty(tmp_path: Path) -> None:
    assert read_journal(tmp_path / "trading.db") == Journal()


def test_file_that_is_no_journal_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "trading.db").write_bytes(b"no database")
    with pytest.raises(sqlite3.Error):
        read_journal(tmp_path / "trading.db")


def test_everything_that_is_judged_is_read(ordinary: Schedule, world: World, tmp_path: Path) -> None:
    journal = read_journal(run(ordinary, world, tmp_path).journal)
    entry = next(intent for intent in journal.intents.values() if intent.role == "entry" and intent.filled)
    assert (entry.side, entry.quantity, entry.filled, entry.state, entry.parent) == ("BUY", 25, 25, "FILLED", None)
    stop = journal.intents[f"{entry.coid}-S"]
    assert (stop.side, stop.role, stop.parent, stop.conid) == ("SELL", "stop", entry.coid, entry.conid)
    steps = [step.state for step in journal.steps if step.coid == entry.coid]
    assert (steps[0], steps[-1]) == ("PLANNED", "FILLED")
    about = next(act for act in journal.wire if act.about is None)
    assert (about.verb, about.path, about.coids[0]) == ("POST", "/iserver/account/DU1234567/orders", entry.coid)
    assert len(about.sha256) == 64
    assert any(act.about == about.number and act.kind for act in journal.wire)
    bought = next(execution for execution in journal.executions if execution.coid == entry.coid)
    assert (bought.side, bought.quantity, bought.conid, bought.replaced) == ("BUY", 25, entry.conid, False)
    assert list(journal.positions.values()) == [61]
    assert [row.value for row in journal.modes if row.fact == "reconciled"] == ["0", "1"]
    (first, *_) = journal.decisions
    assert first.answered == {*first.entries}
    assert first.entries
    assert journal.halts == ()
    assert entry.created > instant("2014-04-22T00:00:00Z")
