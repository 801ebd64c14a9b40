from __future__ import annotations

import stat
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.fakes.orders import NOW, at_work, bracket
from tests.unit.trading.cli.conftest import Shell, trader
from trading.model.decision import RiskState
from trading.model.mode import OPERATOR
from trading.model.operator_request import OperatorRequest, OperatorVerb
from trading.model.order import IntentState
from trading.model.status import SessionState, StatusKey
from trading.store.commands import SqliteCommandLog
from trading.store.database import Database
from trading.store.journal import SqliteJournal
from trading.store.operator_requests import HALT_FILE, RequestsDatabase
from trading.store.records import SqliteStore


@pytest.mark.parametrize(
    ("command", "kind"),
    [
        (("halt",), OperatorVerb.HALT),
        (("resume", "--yes"), OperatorVerb.RESUME),
        (("flatten", "--yes"), OperatorVerb.FLATTEN),
    ],
)
def test_request_reaches_the_trader_and_its_answer_the_person(
    shell: Shell, command: tuple[str, ...], kind: OperatorVerb
) -> None:
    with trader(shell, "done, 2 orders cancelled") as seen:
        done = shell.run(*command, "--reason", "looks odd")
    assert (done.code, done.out, done.err) == (0, f"{kind}: done, 2 orders cancelled\n", "")
    assert [(control.kind, control.argument, control.actor[:4]) for control in seen] == [(kind, "looks odd", "cli:")]


def test_refusal_is_exit_1(shell: Shell) -> None:
    with trader(shell, "refused: the broker's records differ"):
        done = shell.run("resume", "--yes")
    assert (done.code, done.out, done.err) == (1, "", "resume: refused: the broker's records differ\n")


def test_without_a_trader_the_request_waits_and_that_is_said(shell: Shell) -> None:
    done = shell.run("halt", "--wait", "0")
    assert (done.code, len(done.err.splitlines())) == (1, 1)
    assert "not yet confirmed" in done.err
    assert [control.kind for control in RequestsDatabase(shell.state / "controls.db").pending()] == [OperatorVerb.HALT]


@pytest.mark.parametrize(
    ("command", "typed"),
    [
        ("resume", ""),
        ("resume", "n\n"),
        ("resume", "yes please\nn\n"),
        ("flatten", ""),
        ("flatten", "flatten\n"),
        ("flatten", "yes\n"),
    ],
)
def test_without_the_word_that_it_asks_for_nothing_is_done(
    shell: Shell, monkeypatch: pytest.MonkeyPatch, command: str, typed: str
) -> None:
    monkeypatch.setattr("sys.stdin", Typed(typed))
    done = shell.run(command, "--wait", "0")
    assert done.code == 1
    assert "nothing was done" in done.err
    assert not shell.state.exists()


def test_flatten_goes_on_with_its_word(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", Typed("FLATTEN\n"))
    with trader(shell, "sold 10 AAPL"):
        done = shell.run("flatten")
    assert done.code == 0


def test_halt_works_by_a_file_where_the_database_of_requests_does_not(shell: Shell) -> None:
    shell.state.mkdir(parents=True)
    (shell.state / "controls.db").write_bytes(b"rubbish" * 1000)
    done = shell.run("halt", "--reason", "looks odd")
    assert done.code == 1
    assert HALT_FILE in done.err
    assert (shell.state / HALT_FILE).read_text() == "looks odd\n"


@contextmanager
def somebody_who_deletes(file: Path) -> Iterator[None]:
    """Delete a file of requests as soon as one is in it."""
    controls, over = RequestsDatabase(file), threading.Event()

    def work() -> None:
        while not over.wait(0.01):
            if controls.pending():
                file.unlink()

    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def test_halt_whose_request_is_deleted_before_anybody_saw_it_halts_by_the_file(shell: Shell) -> None:
    with somebody_who_deletes(shell.state / "controls.db"):
        done = shell.run("halt", "--reason", "looks odd")
    assert done.code == 1
    assert "the halt is gone: the file of requests was deleted or replaced meanwhile" in done.err
    assert (shell.state / HALT_FILE).read_text() == "looks odd\n"


def test_requests_are_private(shell: Shell) -> None:
    shell.run("halt", "--wait", "0")
    assert stat.S_IMODE(shell.state.stat().st_mode) == 0o700
    assert stat.S_IMODE((shell.state / "controls.db").stat().st_mode) == 0o600


class Typed:
    """What a person types, then the end of the input."""

    def __init__(self, text: str) -> None:
        self._lines = text.splitlines(keepends=True)

    def readline(self) -> str:
        return self._lines.pop(0) if self._lines else ""

    def isatty(self) -> bool:
        return False


@contextmanager
def trading_database(shell: Shell) -> Iterator[SqliteStore]:
    database = Database(shell.state / "trading.db")
    yield SqliteStore(database)
    database.close()


def test_resume_shows_what_halts_and_names_the_newest_of_it(shell: Shell) -> None:
    with trading_database(shell) as store:
        store.halts.raise_halt("short", "AAPL -10", reason="short 10 AAPL", actor="system", now=NOW)
        store.halts.halt_over("short", (), NOW)
        store.halts.raise_halt(OPERATOR, "request 1", reason="earnings", actor="ann", now=NOW)
        latches = {"drawdown_halt": NOW.date(), "oversold": NOW.date()}
        store.set_risk_state(RiskState(latches=latches), reason="2 AAPL", actor="system", now=NOW)
        shown = store.mode().seen
    with trader(shell, "resumed: the mode is ACTIVE") as seen:
        done = shell.run("resume", "--yes")
    assert [request.seen for request in seen] == [shown]
    assert done.err.splitlines() == [
        f"HALTED since {NOW:%Y-%m-%d %H:%M} UTC: short 10 AAPL (and 1 more) (system)",
        "  halted by short: short 10 AAPL (system, over by itself)",
        "  halted by operator: earnings (ann)",
        f"  latched since {NOW:%Y-%m-%d %H:%M} UTC: drawdown limit, oversold (2 AAPL)",
    ]


def test_resume_names_no_time_of_a_mode_that_nothing_has_set(shell: Shell) -> None:
    with trading_database(shell):
        pass
    with trader(shell, "resumed: the mode is RECONCILING"):
        done = shell.run("resume", "--yes")
    assert done.err.splitlines() == ["RECONCILING: not yet compared with the broker (system)"]


def test_flatten_is_followed_to_its_end(shell: Shell) -> None:
    with trading_database(shell) as store, trader(shell, "halted: own shares are sold as soon as they may be") as seen:
        store.halts.set_flatten("request 1", reason="the news", actor="ann", now=NOW)
        store.halts.set_flatten_progress("sells 9 AAPL", NOW)
        threading.Thread(target=end_once_asked, args=(store, seen)).start()
        done = shell.run("flatten", "--yes")
    assert done.code == 0
    assert done.out.splitlines()[0] == "flatten: halted: own shares are sold as soon as they may be"
    assert done.out.splitlines()[-1] == "flatten: all own shares are sold"


def end_once_asked(store: SqliteStore, seen: list[OperatorRequest]) -> None:
    over = threading.Event()
    while not seen:
        over.wait(0.01)
    store.halts.end_flatten("all own shares are sold", NOW)


@pytest.mark.parametrize("follow", [True, False])
def test_halt_follows_live_entries_to_their_end(shell: Shell, *, follow: bool) -> None:
    database = Database(shell.state / "trading.db")
    journal = SqliteJournal(database)
    group = bracket(journal.next_coid())
    at_work(journal, SqliteCommandLog(database), group)
    SqliteStore(database).show({StatusKey.SESSION_STATE: SessionState.READY})
    with trader(shell, "halted") as seen:

        def cancelled() -> None:
            while not seen:
                threading.Event().wait(0.01)
            threading.Event().wait(0.5)
            journal.transition(group[0].coid, IntentState.CANCELLED, "", NOW)

        canceller = threading.Thread(target=cancelled)
        canceller.start()
        done = shell.run("halt", "--follow" if follow else "--no-follow")
        canceller.join()
    database.close()
    assert done.code == 0
    assert done.out.splitlines()[0] == "halt: halted"
    last = "halt: the entry in AAPL is CANCELLED; no own entry is live" if follow else "halt: halted"
    assert done.out.splitlines()[-1] == last


def test_halt_that_is_not_confirmed_in_time_is_exit_1(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("trading.cli.operate.FOLLOW_HALT_S", 0.0)
    database = Database(shell.state / "trading.db")
    journal = SqliteJournal(database)
    at_work(journal, SqliteCommandLog(database), bracket(journal.next_coid()))
    with trader(shell, "halted"):
        done = shell.run("halt")
    database.close()
    assert done.code == 1
    assert "not confirmed at the broker: use TWS or the phone" in done.err
