"""A folder to run commands in, as a person would."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

from trading.cli.main import main


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


@pytest.fixture
def shell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Shell:
    monkeypatch.chdir(tmp_path)
    for name in ("STATE_DIR", "LOG_DIR", "GATEWAY_URL", "MAX_POSITIONS", "TRADING_CHECK_INTERVAL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("GATEWAY", "simulated")
    (tmp_path / "config.json").write_text("{}", encoding="utf-8")
    return Shell(tmp_path, capsys)
