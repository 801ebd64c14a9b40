"""Databases that real processes can't use: one clear line from each, and a start or a loop that goes on by itself."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from tests.scenarios.real_system import RealSystem
from trading.store.database import Database


@pytest.fixture
def system(tmp_path: Path) -> Iterator[RealSystem]:
    made = RealSystem(tmp_path)
    yield made
    made.close()


@contextmanager
def held(file: Path, *, alone: bool = False) -> Iterator[None]:
    """Hold a database as another program does; `alone` keeps readers out as well."""
    with closing(sqlite3.connect(file, isolation_level=None, timeout=20.0)) as connection:
        if alone:
            connection.execute("PRAGMA locking_mode = EXCLUSIVE")
        connection.execute("BEGIN EXCLUSIVE")
        yield


def one_line(said: tuple[int, str], code: int) -> str:
    assert said[0] == code, said
    assert said[1].count("\n") == 1, said
    assert "Traceback" not in said[1]
    return said[1]


def cycles(system: RealSystem) -> int:
    return system.said("trader").count(" cycle ")


def test_lock_at_the_start_is_told_by_everybody_and_the_next_start_goes_on(system: RealSystem) -> None:
    Database(system.database).close()
    system.begin_dashboard()
    with held(system.database, alone=True):
        words = "database is locked: another program holds it: close that"
        assert words in one_line(system.command("run"), 4)
        assert words in one_line(system.command("status"), 1)
        code, said = system.command("doctor")
        assert (code, "locked by another program" in said) == (1, True)
        code, said = system.command("halt", "--wait", "0", "--no-follow")
        assert (code, "halt is stored" in said) == (1, True)
        status, body = system.page("/readyz")
        assert (status, "trading.db can't be read (database is locked" in body) == (503, True)
    system.begin_gateway()
    system.begin_trading()
    system.until(lambda: system.status().get("mode") == "HALTED")
    assert "earlier halt" not in system.said("trader")


def test_lock_while_it_runs_sends_nothing_halts_nothing_and_heals(system: RealSystem) -> None:
    system.begin_gateway()
    system.begin_trading()
    system.until(lambda: system.status().get("mode") == "ACTIVE")
    with held(system.database):
        system.until(lambda: "another program holds it" in system.said("trader"))
        before = cycles(system)
        time.sleep(3.0)
        assert cycles(system) == before
        assert system.runs("trader")
    system.until(lambda: cycles(system) > before + 3)
    shown = system.status()
    assert (shown["mode"], shown["halts"]) == ("ACTIVE", [])
    assert system.said("trader").count("another program holds it") <= 2, "told once, and once in the alert"
    assert "Traceback" not in system.said("trader")
    assert system.stop("trader") == 0
    own = (
        system.state.parent,
        system.state,
        system.folder / "logs",
        system.database,
        *(system.folder / "logs").iterdir(),
    )
    assert [place for place in own if place.stat().st_mode & 0o077] == []


def test_lock_on_the_requests_delays_them_and_nothing_else(system: RealSystem) -> None:
    system.begin_gateway()
    system.begin_trading()
    system.until(lambda: system.status().get("mode") == "ACTIVE")
    controls = system.state / "controls.db"
    system.command("resume", "--yes")
    with held(controls, alone=True):
        before = cycles(system)
        code, said = system.command("halt", "--wait", "0", "--no-follow")
        assert (code, said.count("\n")) == (1, 2)
        assert "HALT was made, which halts as well" in said
        assert "controls.db: database is locked: another program holds it" in said
        system.until(lambda: system.status().get("mode") == "HALTED" and cycles(system) > before)
    assert "Traceback" not in system.said("trader")


@pytest.mark.parametrize("damage", ["folder", "noise", "empty"])
def test_file_that_is_no_database_is_told_and_left_alone(system: RealSystem, damage: str) -> None:
    system.state.mkdir(parents=True)
    if damage == "folder":
        system.database.mkdir()
    else:
        system.database.write_bytes(b"noise" * 9999 if damage == "noise" else b"")
    system.begin_dashboard()
    assert "trading.db" in one_line(system.command("run"), 2)
    assert "can't be read" in one_line(system.command("status"), 1)
    assert system.command("doctor")[0] == 1
    status, body = system.page("/readyz")
    assert (status, "trading.db can't be read" in body) == (503, True)
    assert system.page("/login")[0] == 200
    assert system.database.exists()
