from __future__ import annotations

import json
import os
from datetime import UTC, datetime

import msgspec
import pytest

from tests.fakes.chance import seeded
from tests.fakes.decisions import decision
from tests.fakes.heartbeats import leave_beat
from tests.fakes.memory_metrics import MemoryLog, MemoryMetrics
from tests.fakes.notices import notice
from tests.fakes.orders import LATER, NOW, bracket, fill
from tests.unit.trading.cli.conftest import Shell
from trading.model.balances import BalanceMemory, Balances, FlowState
from trading.model.decision import Denied
from trading.model.notice import Outcome, Part
from trading.model.status import SessionState, StatusKey
from trading.monitoring.notifications import LogNotifier
from trading.monitoring.sign_of_life import HEARTBEAT_NAME, WAITING_NAME
from trading.store.alerts import SqliteAlerts
from trading.store.balances import SqliteBalances
from trading.store.database import Database
from trading.store.journal import SqliteJournal
from trading.store.notices import SqliteNotices
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
        journal.record_fill(entry.coid, fill(f"b{conid}", entry, 10, 100.01), NOW)
        if symbol == "IBM":
            journal.record_fill(target.coid, fill("s", target, 10, 105.03, time=LATER), LATER)
    store.record_closed_trades()
    store.record_decision(decision(), NOW)
    store.record_equity(decision().session, 10_012.34, 8_999.99, 1, 0.0123)
    store.set_reconciled(reconciled=True, reason="all found", now=NOW)
    store.keep({StatusKey.SESSION_STATE: SessionState.READY})
    database.close()
    leave_beat(shell.state)
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


@pytest.mark.parametrize(
    ("state", "said"),
    [(None, "neither gain nor loss, unless you say that it was one"), (FlowState.CONFIRMED, "neither gain nor loss")],
)
def test_money_that_came_is_shown_beside_the_equity(lived: Shell, state: FlowState | None, said: str) -> None:
    database = Database(lived.state / "trading.db", chance=seeded())
    book = SqliteBalances(database)
    book.record_flow(BalanceMemory(Balances(LATER, 0.0, 10_500.0)), 500.0, 10_000.0, LATER)
    if state is not None:
        book.settle(1, state, actor="ann", now=LATER)
    database.close()
    shown = f"Money     500.00 USD came into the account on {LATER:%Y-%m-%d}, by no trade of ours: {said}"
    assert shown in lived.run("status").out.splitlines()
    assert json.loads(lived.run("status", "--json").out)["flows"][0]["amount"] == 500.0


def test_json_holds_the_same_for_programs(lived: Shell) -> None:
    found = json.loads(lived.run("status", "--json").out)
    assert (found["mode"], found["ready"], found["code"]) == ("ACTIVE", True, "ready")
    assert found["positions"][0]["covered"] == 0
    assert found["last_trades"][0]["pnl"] == 48.2
    assert found["denials"] == {"max_positions": 1, "no_stop": 1}
    assert found["last_decision"] == "2014-03-03"


def test_silent_process_is_not_ready(lived: Shell) -> None:
    leave_beat(lived.state, silent_s=1000.0)
    done = lived.run("status")
    assert "Ready     no: The trading process has been silent" in done.out
    assert "Loop " not in done.out


@pytest.mark.parametrize(
    "said",
    [
        {"silent_s": 1000.0},
        {"ended_at": "2026-11-30T14:02:41+00:00", "ended_by": "Ctrl-C"},
        {"step": "decides", "step_s": 0.0, "over_s": 60.0},
    ],
)
def test_what_a_process_that_does_not_live_has_said_is_told_with_its_age(
    lived: Shell, said: dict[str, str | float]
) -> None:
    assert "as last" not in lived.run("status").out
    leave_beat(lived.state, **said)  # type: ignore[arg-type]
    at = datetime(2026, 11, 30, 14, 2, 41, tzinfo=UTC)
    os.utime(lived.state / HEARTBEAT_NAME, (at.timestamp(), at.timestamp()))
    out = lived.run("status").out
    assert out.startswith("Mode      ACTIVE, as last seen 2026-11-30 14:02 UTC (all found)\n")
    assert "session ready, as last seen 2026-11-30 14:02 UTC\n" in out
    assert "\nPositions and orders, as last recorded:\n\nPosition" in out
    found = json.loads(lived.run("status", "--json").out)
    assert (found["old"], found["known_at"]) == (True, "2026-11-30T14:02:41Z")


def test_account_that_is_not_read_any_more_is_told_with_the_time_of_its_last_reading(lived: Shell) -> None:
    database = Database(lived.state / "trading.db")
    store = SqliteStore(database)
    store.keep({StatusKey.MARKET_NOW: "2014-03-04T17:00:59+00:00"})
    assert "Positions and orders" not in lived.run("status").out
    store.keep({StatusKey.SESSION_STATE: SessionState.GATEWAY_DOWN})
    database.close()
    said = lived.run("status").out
    assert said.startswith("Mode      ACTIVE (all found)\n")
    assert "\nPositions and orders, as of 2014-03-04 17:00 UTC:\n\nPosition" in said


def test_what_nobody_knows_the_age_of_is_as_last_recorded(lived: Shell) -> None:
    (lived.state / HEARTBEAT_NAME).unlink()
    out = lived.run("status").out
    assert out.startswith("Mode      ACTIVE, as last recorded (all found)\n")
    assert "session ready, as last recorded\n" in out


def test_process_that_start_sh_has_yet_to_start_says_nothing_of_now(lived: Shell) -> None:
    (lived.state / WAITING_NAME).write_text("waiting for the gateway", encoding="utf-8")
    assert lived.run("status").out.startswith("Mode      ACTIVE, as last seen ")
    assert json.loads(lived.run("status", "--json").out)["old"]


def test_step_of_the_loop_is_said_with_how_long_it_lasts(lived: Shell) -> None:
    leave_beat(lived.state, step="decides", step_s=12.0)
    assert "Loop      decides, for 12 s" in lived.run("status").out.splitlines()
    found = json.loads(lived.run("status", "--json").out)
    assert (found["step"], found["step_s"]) == ("decides", 12.0)


def test_word_of_a_newer_version_counts_as_starting(lived: Shell) -> None:
    database = Database(lived.state / "trading.db")
    SqliteStore(database).keep({StatusKey.SESSION_STATE: "dreaming"})
    database.close()
    assert json.loads(lived.run("status", "--json").out)["code"] == "starting"


def test_damaged_database_is_one_line_and_exit_1(shell: Shell) -> None:
    shell.state.mkdir(parents=True)
    (shell.state / "trading.db").write_bytes(b"rubbish" * 1000)
    done = shell.run("status")
    assert (done.code, len(done.err.splitlines())) == (1, 1)


def test_what_a_person_has_to_know_stands_at_the_top(shell: Shell) -> None:
    database = Database(shell.state / "trading.db")
    store = SqliteStore(database)
    store.halts.raise_halt("short", "AAPL -10", reason="short 10 AAPL", actor="system", now=NOW)
    store.halts.acknowledge_halts(seen=1, actor="ann", now=NOW)
    store.halts.set_flatten("request 1", reason="the news", actor="ann", now=NOW)
    store.halts.set_flatten_progress("left to sell: 9 XOM", NOW)
    SqliteAlerts(database, LogNotifier(MemoryLog(), MemoryMetrics(), lambda: 0.0)).present("x", "XOM", "XOM bare", NOW)
    waits = [Denied("AAPL", "state", 30.0, 10.0, "seconds between this clock and the gateway's")]
    store.show({StatusKey.WAITING: msgspec.json.encode(waits).decode()})
    store.keep({StatusKey.SESSION_NEXT: "This login ends at 17:00 UTC."})
    database.close()
    lines = shell.run("status").out.splitlines()
    since = f"{NOW:%Y-%m-%d %H:%M} UTC"
    assert f"Halt      short, acknowledged, and still so: short 10 AAPL (system, {since})" in lines
    assert f"Halt      operator, halts: the news (ann, {since})" in lines
    assert "Flatten   left to sell: 9 XOM (ann)" in lines
    assert f"Alert     XOM bare (since {since})" in lines
    assert "Waits     AAPL: State: 30, limit 10. seconds between this clock and the gateway's" in lines
    assert "Session   This login ends at 17:00 UTC." in lines
    found = json.loads(shell.run("status", "--json").out)
    assert [halt["cause"] for halt in found["halts"]] == ["short", "operator"]
    assert [denied["symbol"] for denied in found["waiting"]] == ["AAPL"]
    assert found["flatten"]["waits_for"] == "left to sell: 9 XOM"


def test_flatten_that_is_over_is_not_shown(shell: Shell) -> None:
    database = Database(shell.state / "trading.db")
    store = SqliteStore(database)
    store.halts.set_flatten("request 1", reason="the news", actor="ann", now=NOW)
    store.halts.end_flatten("all own shares are sold", NOW)
    database.close()
    assert json.loads(shell.run("status", "--json").out)["flatten"] is None


def test_trouble_of_the_session_is_said_once_with_since_when_why_and_what_to_do(lived: Shell) -> None:
    database = Database(lived.state / "trading.db")
    SqliteStore(database).keep(
        {
            StatusKey.SESSION_STATE: SessionState.WAITING_LOGIN,
            StatusKey.STATE_SINCE: "2014-03-04T17:00:59+00:00",
            StatusKey.SESSION_DETAIL: "no session",
            StatusKey.SESSION_PERSON: "Log in.",
            StatusKey.SESSION_NEXT: "The system goes on.",
        }
    )
    database.close()
    lines = lived.run("status").out.splitlines()
    assert lines[1].startswith("Ready     no: Nobody is logged in at the gateway.")
    assert lines[1].endswith(" Since 2014-03-04 17:00 UTC of the simulated market: no session")
    assert lines[2] == "To do     Log in. The system goes on."
    assert not [line for line in lines if line.startswith("Session ")]


def test_what_could_not_be_delivered_last_is_one_line_until_something_is(lived: Shell) -> None:
    database = Database(lived.state / "trading.db", chance=seeded())
    book = SqliteNotices(database, lambda: NOW.date())
    book.note([notice(1), notice(2)], ())
    book.record("json://host", [(1, Part.TOLD)], Outcome.FAILED, NOW, "answered 500")
    said = [line for line in lived.run("status").out.splitlines() if line.startswith("Notify")]
    assert said == [f"Notify    not delivered to json://host: answered 500 (1 times, last {NOW:%Y-%m-%d %H:%M} UTC)"]
    book.record("json://host", [(2, Part.TOLD)], Outcome.SENT, LATER)
    assert "Notify" not in lived.run("status").out
    database.close()


def test_that_no_records_are_there_is_not_that_there_are_no_positions(lived: Shell) -> None:
    (lived.state / "trading.db").unlink()
    leave_beat(lived.state)
    said = lived.run("status").out
    assert "trading.db is not there" in said
    assert "No positions" not in said
