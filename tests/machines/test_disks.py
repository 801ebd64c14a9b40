"""Disks that are full, read-only or another user's: one clear line from each process, and it goes on by itself."""

from __future__ import annotations

import http.client
import os
from pathlib import Path

import pytest

from tests.machines.conftest import Volume, do
from tests.scenarios.real_system import RealSystem
from trading.store.database import Database

FULL = "the disk is full: free some space"
READ_ONLY = "its file system is read-only: make it writable"
NOBODY = 65534


def told(system: RealSystem, words: str) -> None:
    """Hold that each command says the same in one line; `doctor` has a line for each thing that is concerned."""
    for command, code in (("run", 4), ("status", 1)):
        done = system.command(command)
        assert done[0] == code, done
        assert done[1].count("\n") == 1, done
        assert words in done[1]
    code, said = system.command("doctor")
    assert (code, "read-only file system" in said, "Traceback" in said) == (1, True, False), said


def test_full_disk_at_the_start_is_named_and_the_next_start_makes_the_database(
    system: RealSystem, volume: Volume
) -> None:
    system.state.mkdir(parents=True)
    volume.fill()
    code, said = system.command("run")
    assert (code, said.count("\n"), FULL in said) == (4, 1, True)
    code, said = system.command("halt", "--wait", "0", "--no-follow")
    assert (code, said.count("\n")) == (1, 2), said
    assert "HALT was made, which halts as well" in said
    volume.free()
    system.begin_gateway()
    system.begin_trading()
    system.until(lambda: system.status().get("mode") == "HALTED")


def test_disk_that_fills_up_while_it_runs_halts_nothing_and_heals(system: RealSystem, volume: Volume) -> None:
    system.begin_gateway()
    system.begin_dashboard()
    system.begin_trading()
    system.until(lambda: system.status().get("mode") == "ACTIVE")
    volume.fill()
    system.until(lambda: FULL in system.said("trader"))
    assert system.page("/login")[0] == http.client.OK
    volume.free()
    before = system.said("trader").count(" cycle ")
    system.until(lambda: system.said("trader").count(" cycle ") > before + 3)
    shown = system.status()
    assert (shown["mode"], shown["halts"]) == ("ACTIVE", [])
    assert "Traceback" not in system.said("trader") + system.said("web")
    assert system.stop("trader") == 0


def test_read_only_disk_is_named_by_all_and_the_dashboard_stays(system: RealSystem, volume: Volume) -> None:
    Database(system.database).close()
    system.begin_dashboard()
    system.stop("web")
    volume.remount("ro")
    told(system, READ_ONLY)
    code, said = system.command("halt", "--wait", "0", "--no-follow")
    assert (code, said.count("\n"), READ_ONLY in said) == (1, 1, True)
    assert "Use TWS or the phone" in said
    system.begin_dashboard()
    status, body = system.page("/readyz")
    assert (status, READ_ONLY in body) == (http.client.SERVICE_UNAVAILABLE, True)
    system.stop("web")
    volume.remount("rw")
    system.begin_gateway()
    system.begin_trading()
    system.until(lambda: system.status().get("mode") == "ACTIVE")


@pytest.mark.parametrize("whose", ["folder", "file"])
def test_state_of_another_user_is_named(system: RealSystem, whose: str) -> None:
    Database(system.database).close()
    os.chown(system.state if whose == "folder" else system.database, NOBODY, NOBODY)
    # Root without root's rights is a user like any other.
    system.before = ("setpriv", "--bounding-set", "-all", "--inh-caps", "-all")
    words = "this user"
    for command, code in (("run", 2 if whose == "folder" else 4), ("status", 1)):
        done = system.command(command)
        assert done[0] == code, done
        assert done[1].count("\n") == 1, done
        assert words in done[1]
    for arguments in (("doctor",), ("halt", "--wait", "0", "--no-follow")):
        done = system.command(*arguments)
        assert (done[0], "Traceback" in done[1]) == (1, False), done


def test_memory_that_is_read_only_does_not_keep_the_dashboard_away(system: RealSystem, project_root: Path) -> None:
    if project_root.is_relative_to("/dev/shm"):  # noqa: S108
        pytest.skip("this checkout lies in /dev/shm, which another file system hides here")
    do("mount", "-t", "tmpfs", "-o", "ro", "none", "/dev/shm")  # noqa: S108 - of this namespace alone
    try:
        system.begin_dashboard()
        assert system.page("/login")[0] == http.client.OK
        assert system.said("web") == ""
    finally:
        do("umount", "/dev/shm")  # noqa: S108
