"""Files of a running system that are deleted, moved or replaced: no order leaves unrecorded, and a halt is heard."""

from __future__ import annotations

import json
import shutil
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.scenarios.real_system import RealSystem

NAMED_WITHIN_S = 5.0
# A command starts in a second; the request itself is heard in half of one.
HEARD_WITHIN_S = 3.0


@pytest.fixture
def system(tmp_path: Path) -> Iterator[RealSystem]:
    made = RealSystem(tmp_path)
    yield made
    made.close()


@pytest.fixture
def active(system: RealSystem) -> RealSystem:
    """A system that trades, with its pages."""
    system.begin_gateway()
    system.begin_trading()
    system.begin_dashboard()
    system.until(lambda: system.page("/readyz")[0] == 200)
    return system


def commands(file: Path) -> int:
    """Return how many requests about orders are on record."""
    with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as connection:
        return int(connection.execute("SELECT count(*) FROM command").fetchone()[0])


def named(system: RealSystem) -> str:
    """Return what /readyz says once it says that nothing can be written; that is soon."""
    began = time.monotonic()
    system.until(lambda: "can't be written" in system.page("/readyz")[1])
    assert time.monotonic() - began < NAMED_WITHIN_S
    status, body = system.page("/readyz")
    assert status == 503
    told: str = json.loads(body)["error"]["message"]
    return told


def test_database_that_is_moved_away_stops_every_order_and_heals_when_it_is_back(active: RealSystem) -> None:
    active.until(lambda: commands(active.database) > 0)
    away = active.database.with_name("elsewhere")
    active.database.rename(away)
    told = named(active)
    # By who looks for it first: the dashboard, or the trading process as it next writes.
    assert f"{active.database.name} is not there" in told or "was deleted or moved away while it was in use" in told
    assert "put it back" in told
    before = commands(away)
    time.sleep(5.0)
    assert commands(away) == before
    assert not active.database.exists()
    assert active.runs("trader")
    away.rename(active.database)
    active.until(lambda: active.page("/readyz")[0] == 200)
    active.until(lambda: commands(active.database) > before)
    assert active.status()["mode"] == "ACTIVE"
    assert active.said("trader").count("while it was in use") <= 3, "told once, in each of log and alert"
    assert "Traceback" not in active.said("trader")


def test_backup_in_its_place_is_not_traded_on_until_a_restart(active: RealSystem) -> None:
    active.until(lambda: commands(active.database) > 0)
    backup = active.folder / "backup"
    with closing(sqlite3.connect(active.database)) as source, closing(sqlite3.connect(backup)) as target:
        source.backup(target)
    content = backup.read_bytes()
    shutil.copy(backup, active.folder / "copy")
    (active.folder / "copy").replace(active.database)
    assert f"{active.database.name} was replaced while it was in use" in named(active)
    assert active.stop("trader") == 0
    assert active.database.read_bytes() == content, "the end of the old process leaves the backup as it is"


def test_halt_is_heard_whatever_becomes_of_the_file_of_requests(active: RealSystem) -> None:
    controls = active.state / "controls.db"
    assert active.command("resume", "--yes")[0] == 0
    controls.unlink()
    began = time.monotonic()
    code, said = active.command("halt", "--no-follow", "--reason", "looks odd")
    assert (code, said.startswith("halt: halted")) == (0, True), said
    assert time.monotonic() - began < HEARD_WITHIN_S
    assert active.status()["mode"] == "HALTED"


def test_folder_that_is_moved_away_leaves_it_to_one_process_to_trade(active: RealSystem) -> None:
    active.until(lambda: commands(active.database) > 0)
    away = active.state.with_name("elsewhere")
    active.state.rename(away)
    active.until(lambda: "trading.db was deleted or moved away" in active.said("trader"))
    assert active.page("/readyz")[0] == 503
    before = commands(away / "trading.db")
    active.begin("second", "trading", "run")
    active.until(lambda: active.said("second").count(" cycle ") > 3)
    assert commands(away / "trading.db") == before
    # The orders of the first are none of its own, so that it buys nothing either.
    assert "mode=HALTED" in active.said("second")
    assert active.runs("trader")
    assert "Traceback" not in active.said("trader")
    assert active.stop("trader") == 0
    assert active.runs("second")
