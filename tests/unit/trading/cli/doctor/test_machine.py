from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.unit.trading.cli.conftest import Shell
from trading.cli.doctor import machine
from trading.cli.doctor.findings import Finding, Verdict
from trading.cli.doctor.machine import Place, Problem, judged, place_of, summed_up
from trading.cli.environment import read_settings
from trading.errors import InvariantBroken
from trading.store.database import Database, prepare_folder
from trading.store.migrations import SCHEMA_VERSION

ME, OTHER = os.geteuid(), os.geteuid() + 1


def place(
    *, owner: int = 7, mode: int = 0o700, folder: bool = True, writable: bool = True, read_only: bool = False
) -> Place:
    return Place(Path("/srv/state"), owner, mode, folder, writable, read_only)


def only(found: Iterator[Finding]) -> Finding:
    [finding] = found
    return finding


@pytest.fixture
def state(shell: Shell) -> Path:
    prepare_folder(shell.state)
    return shell.state


def database_in(state: Path) -> Path:
    Database(state / "trading.db").close()
    return state / "trading.db"


def test_place_of_this_user_alone_is_well() -> None:
    assert judged(place(), 7, folder=True) is None
    assert judged(place(folder=False, mode=0o600), 7, folder=False) is None


@pytest.mark.parametrize(
    ("found", "folder", "verdict", "text", "fix"),
    [
        (place(folder=False), True, "bad", "is a file", "move it away"),
        (place(), False, "bad", "is a folder", "move it away"),
        (place(read_only=True), True, "bad", "read-only file system", "mount it writable"),
        (place(owner=8, writable=False), True, "bad", "belongs to user 8, this is user 7", "chown -R 7 /srv/state"),
        (place(owner=8), True, "note", "belongs to user 8, this is user 7", "as user 8"),
        (place(writable=False), True, "bad", "can't be written", "chmod u+rwx /srv/state"),
        (place(writable=False, folder=False), False, "bad", "can't be written", "chmod u+rw /srv/state"),
        (place(mode=0o750), True, "note", "(mode 750)", "chmod 700 /srv/state"),
        (place(mode=0o604, folder=False), False, "note", "(mode 604)", "chmod 600 /srv/state"),
    ],
)
def test_what_is_wrong_with_a_place_is_told_with_what_to_do(
    found: Place,
    folder: bool,  # noqa: FBT001 - a column of the table above
    verdict: str,
    text: str,
    fix: str,
) -> None:
    problem = judged(found, 7, folder=folder)
    assert problem is not None
    assert problem.verdict == verdict
    assert text in problem.text
    assert fix in problem.fix


def test_place_is_taken_as_it_is(tmp_path: Path) -> None:
    file = tmp_path / "file"
    assert place_of(file) is None
    file.touch()
    file.chmod(0o640)
    found = place_of(file)
    assert found == Place(file, ME, 0o640, is_folder=False, writable=True, read_only_disk=False)


def test_worst_of_several_problems_decides_and_comes_first() -> None:
    problems = [Problem(Verdict.NOTE, f"note {number}", "look") for number in range(3)]
    found = summed_up("files", [*problems, Problem(Verdict.BAD, "worst", "mend")], "well")
    assert found == Finding("files", Verdict.BAD, "worst; note 0; note 1; 1 more", "mend; look")
    assert summed_up("files", [], "well") == Finding("files", Verdict.OK, "well")


def test_folders_that_can_be_made_are_well(shell: Shell) -> None:
    assert only(machine.folders(read_settings(), ME)).verdict == "ok"
    assert not shell.state.exists()


def test_folder_that_is_a_file_is_found(shell: Shell) -> None:
    (shell.folder / "state").write_text("", encoding="utf-8")
    found = only(machine.folders(read_settings(), ME))
    assert (found.verdict, found.text.startswith("STATE_DIR: ")) == ("bad", True)


def test_open_folder_is_noted_and_the_one_that_it_will_be_made_in_is_not(state: Path, shell: Shell) -> None:
    shell.folder.chmod(0o755)
    assert only(machine.folders(read_settings(), ME)).verdict == "ok"
    state.chmod(0o755)
    assert only(machine.folders(read_settings(), ME)).verdict == "note"
    assert only(machine.folders(read_settings(), OTHER)).text.startswith(
        f"STATE_DIR: {state.relative_to(shell.folder)}"
    )


def test_files_of_the_state_are_looked_at_one_by_one(state: Path) -> None:
    assert only(machine.files(read_settings(), ME)).text == "none yet"
    database_in(state)
    (state / "controls.db").touch(mode=0o600)
    assert only(machine.files(read_settings(), ME)).verdict == "ok"
    (state / "controls.db").chmod(0o644)
    found = only(machine.files(read_settings(), ME))
    assert (found.verdict, "controls.db" in found.text, "trading.db" in found.text) == ("note", True, False)


def test_env_file_that_others_can_read_or_with_a_name_that_nobody_reads_is_noted(shell: Shell) -> None:
    file = shell.folder / ".env"
    assert only(machine.env_file(ME)).verdict == "ok"
    file.write_text("MAX_POSITIONS=3\n", encoding="utf-8")
    file.chmod(0o400)
    assert only(machine.env_file(ME)).verdict == "ok"
    file.chmod(0o644)
    file.write_text("BACKUP_TARGET=there\n", encoding="utf-8")
    found = only(machine.env_file(ME))
    assert (found.verdict, "chmod 600" in found.fix) == ("note", True)
    assert "nothing here reads BACKUP_TARGET" in found.text
    assert "belongs to" in only(machine.env_file(OTHER)).text


def test_less_than_200_mb_are_too_little() -> None:
    assert machine.free_space(200 * 1024**2).verdict == "ok"
    assert machine.free_space(200 * 1024**2 - 1).verdict == "bad"


def test_disk_is_looked_at_where_the_state_will_be(shell: Shell) -> None:
    assert shell.folder.exists()
    assert only(machine.disk(read_settings())).text.endswith("MB free")


def test_database_is_whole_or_not_there_yet(state: Path) -> None:
    assert only(machine.database(read_settings(), ME)).text.startswith("not there yet")
    database_in(state)
    assert only(machine.database(read_settings(), ME)).text == "whole; last decision none"


def test_running_trader_is_not_disturbed(state: Path) -> None:
    opened = Database(state / "trading.db")
    assert only(machine.database(read_settings(), ME)).verdict == "ok"
    opened.close()


def test_damaged_database_is_found_and_left_as_it_is(state: Path) -> None:
    (state / "trading.db").write_bytes(b"rubbish" * 1000)
    (state / "trading.db").chmod(0o600)
    found = only(machine.database(read_settings(), ME))
    assert (found.verdict, found.fix) == ("bad", "put a backup in its place")
    assert (state / "trading.db").read_bytes() == b"rubbish" * 1000


def test_database_that_another_program_has_locked_is_told_as_such(state: Path) -> None:
    path = database_in(state)
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("PRAGMA locking_mode = EXCLUSIVE")
        other.execute("BEGIN EXCLUSIVE")
        found = only(machine.database(read_settings(), ME))
    assert (found.verdict, found.text) == ("bad", "locked by another program")


def test_another_users_database_is_not_opened(state: Path) -> None:
    database_in(state)

    def refused(*_arguments: object, **_options: object) -> sqlite3.Connection:
        raise AssertionError

    found = only(machine.database(read_settings(), OTHER, refused))
    assert found.text.endswith(": not opened")
    assert "chown" in found.fix


def test_database_of_another_version_is_told(state: Path) -> None:
    path = database_in(state)
    for schema, verdict in ((SCHEMA_VERSION + 1, "bad"), (SCHEMA_VERSION - 1, "note")):
        with closing(sqlite3.connect(path)) as opened, opened:
            opened.execute("UPDATE fact SET value = ? WHERE key = 'schema'", (str(schema),))
        assert only(machine.database(read_settings(), ME)).verdict == verdict
    assert machine.version("").verdict == "bad"


@pytest.mark.parametrize(
    ("code", "text"),
    [
        (sqlite3.SQLITE_BUSY_SNAPSHOT, "locked"),
        (sqlite3.SQLITE_LOCKED, "locked"),
        (sqlite3.SQLITE_CORRUPT_INDEX, "damaged"),
        (sqlite3.SQLITE_CANTOPEN, "can't be read"),
        (sqlite3.SQLITE_IOERR_READ, "can't be read"),
    ],
)
def test_error_of_the_database_is_told_by_what_it_is(code: int, text: str) -> None:
    cause = sqlite3.OperationalError("some words")
    cause.sqlite_errorcode = code
    wrapped = InvariantBroken("storage", "trading.db: some words")
    wrapped.__cause__ = cause
    assert text in machine.unreadable(wrapped).text
    assert machine.unreadable(cause) == machine.unreadable(wrapped)
