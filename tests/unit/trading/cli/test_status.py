from __future__ import annotations

import json
import os

import pytest

from tests.fakes.chance import seeded
from tests.fakes.decisions import decision
from tests.fakes.orders import LATER, NOW, bracket, fill
from tests.unit.trading.cli.conftest import Shell
from trading.model.status import SessionState, StatusKey
from trading.monitoring.metrics import MetricsFile
from trading.monitoring.wall_clock import WallClock
from trading.store.database import Database
from trading.store.journal import SqliteJournal
from trading.store.records import SqliteStore


@pytest.fixture
def lived(shell: Shell) -> Shell:
    """A state folder with a position, orders, a trade and a decision, of a process that lives."""
    database = Database(shell.state / "trading.db", chance=seeded())
    database.claim("DU1234567", "simulated")
    journal, store = SqliteJournal(database), SqliteStore(database)
    for conid, symbol in ((1, "AAPL"), (2, "IBM")):
        entry, stop, target = bracket(journal.next_coid(), conid=conid, symbol=symbol)
        journal.plan([entry, stop, target])
        journal.execute(entry.coid, fill(f"b{conid}", entry, 10, 100.01), NOW)
        if symbol == "IBM":
            journal.execute(target.coid, fill("s", target, 10, 105.03, time=LATER), LATER)
    store.record_closed_trades()
    store.record_decision(decision(), NOW)
    store.record_equity(decision().session, 10_012.34, 8_999.99, 1, 0.0123)
    store.set_reconciled(reconciled=True, reason="all found", now=NOW)
    store.set_value(StatusKey.SESSION_STATE, SessionState.READY)
    database.close()
    MetricsFile(shell.state / "metrics.prom", version="1").write()
    return shell


def test_nothing_yet_is_said_with_what_to_do(shell: Shell) -> None:
    done = shell.run("status")
    assert done.code == 0
    assert "no state yet" in done.out
    assert "./start.sh" in done.out
    assert not shell.state.exists()


def test_state_is_shown_at_a_glance(lived: Shell) -> None:
    done = lived.run("status")
    assert done.code == 0
    lines = done.out.splitlines()
    assert lines[0] == "Mode      ACTIVE (all found)"
    assert lines[1] == "Ready     yes: All is well."
    assert "10,012.34 USD on 2014-03-03" in done.out
    assert "DU***4567" in done.out
    assert "DU1234567" not in done.out
    assert [line.split() for line in lines if line.startswith("AAPL  ") and "0/10" in line] == [
        ["AAPL", "10", "100.01", "–", "95.02", "105.03", "0/10", "2014-03-04"]
    ]
    assert any(line.startswith("IBM") and line.endswith("+48.20") for line in lines)


def test_json_holds_the_same_for_programs(lived: Shell) -> None:
    found = json.loads(lived.run("status", "--json").out)
    assert (found["mode"], found["ready"], found["code"]) == ("ACTIVE", True, "ready")
    assert found["positions"][0]["covered"] == 0
    assert found["last_trades"][0]["pnl"] == 48.2
    assert found["denials"] == {"max_positions": 1, "no_stop": 1}
    assert found["last_decision"] == "2014-03-03"


def test_silent_process_is_not_ready(lived: Shell) -> None:
    old = WallClock().now().timestamp() - 1000
    os.utime(lived.state / "metrics.prom", (old, old))
    done = lived.run("status")
    assert "Ready     no: The trading process has been silent" in done.out


def test_word_of_a_newer_version_counts_as_starting(lived: Shell) -> None:
    database = Database(lived.state / "trading.db")
    SqliteStore(database).set_value(StatusKey.SESSION_STATE, "dreaming")
    database.close()
    assert json.loads(lived.run("status", "--json").out)["code"] == "starting"


def test_damaged_database_is_one_line_and_exit_1(shell: Shell) -> None:
    shell.state.mkdir(parents=True)
    (shell.state / "trading.db").write_bytes(b"rubbish" * 1000)
    done = shell.run("status")
    assert (done.code, len(done.err.splitlines())) == (1, 1)
