from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.unit.webapp.desk import HandClock
from webapp.audit import AuditLog


def test_a_value_cannot_forge_a_line_of_its_own(tmp_path: Path) -> None:
    log = AuditLog(tmp_path / "logs" / "webapp.log", HandClock())
    log.write("login_failed", actor="unknown", address="127.0.0.1", path='A\r\n{"event": "login"}\x1b[2J\u2028')
    log.close()
    lines = (tmp_path / "logs" / "webapp.log").read_bytes().splitlines()
    assert len(lines) == 1
    assert b"\x1b" not in lines[0]
    assert json.loads(lines[0])["path"].startswith("A\r\n")
    assert json.loads(lines[0])["at"] == "2026-03-03T17:00:00.000+00:00"


def test_the_log_is_its_owners_alone(tmp_path: Path) -> None:
    log = AuditLog(tmp_path / "webapp.log", HandClock())
    log.write("login", actor="operator", address="127.0.0.1")
    log.close()
    assert (tmp_path / "webapp.log").stat().st_mode & 0o077 == 0


def test_a_folder_that_takes_no_file_stops_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "logs").write_text("a file", encoding="utf-8")
    log = AuditLog(tmp_path / "logs" / "webapp.log", HandClock())
    log.write("login", actor="operator", address="127.0.0.1")
    log.close()
    assert capsys.readouterr() == ("", "")
