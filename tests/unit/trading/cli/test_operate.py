from __future__ import annotations

import stat
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.fakes.orders import NOW
from tests.unit.trading.cli.conftest import Shell
from trading.model.mode import Control, ControlKind
from trading.store.controls import HALT_FILE, ControlsDatabase


@contextmanager
def trader(shell: Shell, answer: str) -> Iterator[list[Control]]:
    """A trading process that answers every request with the same words."""
    controls, seen, over = ControlsDatabase(shell.state / "controls.db"), list[Control](), threading.Event()

    def work() -> None:
        while not over.wait(0.01):
            for control in controls.pending():
                seen.append(control)
                controls.answer(control, answer, NOW)

    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield seen
    finally:
        over.set()
        thread.join()


@pytest.mark.parametrize(
    ("command", "kind"),
    [
        (("halt",), ControlKind.HALT),
        (("resume", "--yes"), ControlKind.RESUME),
        (("flatten", "--yes"), ControlKind.FLATTEN),
    ],
)
def test_request_reaches_the_trader_and_its_answer_the_person(
    shell: Shell, command: tuple[str, ...], kind: ControlKind
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
    assert [control.kind for control in ControlsDatabase(shell.state / "controls.db").pending()] == [ControlKind.HALT]


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
