"""A folder to run commands in, as a person would."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.fakes.orders import NOW
from trading.cli.main import main
from trading.model.operator_request import OperatorRequest
from trading.store.operator_requests import RequestsDatabase


@dataclass(frozen=True)
class Result:
    """How a command ended and what it said."""

    code: int
    out: str
    err: str


class Shell:
    """Runs commands in a folder of their own with the simulated gateway's settings."""

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.folder = folder
        self.state = folder / "state" / "simulated"
        self._capsys = capsys

    def run(self, *arguments: str) -> Result:
        code = main(arguments)
        said = self._capsys.readouterr()
        return Result(code, said.out, said.err)


@pytest.fixture(autouse=True)
def umask() -> Iterator[None]:
    """`run` changes it for its process, which is the tests' own here."""
    before = os.umask(0o022)
    yield
    os.umask(before)


@pytest.fixture
def shell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Shell:
    monkeypatch.chdir(tmp_path)
    for name in ("STATE_DIR", "LOG_DIR", "GATEWAY_URL", "MAX_POSITIONS", "TRADING_CHECK_INTERVAL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("GATEWAY", "simulated")
    (tmp_path / "config.json").write_text("{}", encoding="utf-8")
    return Shell(tmp_path, capsys)


@contextmanager
def trader(shell: Shell, answer: str) -> Iterator[list[OperatorRequest]]:
    """A trading process that answers every request with the same words."""
    controls, seen, over = RequestsDatabase(shell.state / "controls.db"), list[OperatorRequest](), threading.Event()

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
