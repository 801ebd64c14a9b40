from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.unit.webapp.desk import HandClock
from webapp.audit import AuditLog


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def log(tmp_path: Path, clock: HandClock) -> Iterator[AuditLog]:
    made = AuditLog(tmp_path / "webapp.log", clock)
    yield made
    made.close()


def lines(folder: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in (folder / "webapp.log").read_bytes().splitlines()]


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


def test_noise_is_one_line_and_then_its_number(tmp_path: Path, log: AuditLog, clock: HandClock) -> None:
    for number in range(20_000):
        log.noise("login_failed", address=f"10.0.0.{number % 7}", cause="password")
    clock.pass_by(60)
    log.write("login", actor="operator", address="127.0.0.1")
    log.sum_up()
    first, login, summed = lines(tmp_path)
    assert (first["event"], first["cause"], "count" in first) == ("login_failed", "password", False)
    assert login["event"] == "login"
    assert (summed["event"], summed["cause"], summed["count"]) == ("login_failed", "password", 19_999)
    assert summed["since"] == "2026-03-03T17:00:00+00:00"
    assert (summed["address"], summed["also_from"]) == ("10.0.0.1", [f"10.0.0.{n}" for n in range(2, 6)])


def test_what_somebody_does_who_is_logged_in_is_never_summed_up(tmp_path: Path, log: AuditLog) -> None:
    for _ in range(200):
        log.write("halt_requested", actor="operator", address="127.0.0.1")
    assert len(lines(tmp_path)) == 200


def test_what_was_counted_is_written_at_the_end(tmp_path: Path) -> None:
    log = AuditLog(tmp_path / "webapp.log", HandClock())
    for _ in range(3):
        log.noise("wrong_host", address="127.0.0.1")
    log.close()
    assert [line.get("count") for line in lines(tmp_path)] == [None, 2]


def raised(number: int) -> Exception:
    """Return an error that comes from one place and says each time something else."""
    nothing: dict[int, int] = {}
    try:
        nothing[number]
    except KeyError as error:
        return error
    raise AssertionError


def test_an_error_that_keeps_coming_has_one_traceback_and_one_id(
    tmp_path: Path, log: AuditLog, clock: HandClock
) -> None:
    ids = {log.failure(address="127.0.0.1", error=raised(number)) for number in range(1000)}
    other = log.failure(address="127.0.0.1", error=ValueError("x"))
    clock.pass_by(60)
    log.sum_up()
    assert len(ids) == 1
    assert other not in ids
    first, second, summed = lines(tmp_path)
    assert "KeyError: 0" in str(first["traceback"])
    assert {first["error_id"]} == ids
    assert second["error_id"] == other
    assert (summed["event"], summed["cause"], summed["count"]) == ("error", first["cause"], 999)


def test_a_folder_that_takes_no_file_stops_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "logs").write_text("a file", encoding="utf-8")
    log = AuditLog(tmp_path / "logs" / "webapp.log", HandClock())
    log.write("login", actor="operator", address="127.0.0.1")
    log.close()
    assert capsys.readouterr() == ("", "")
