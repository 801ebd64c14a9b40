from __future__ import annotations

import sqlite3
import threading
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.fakes.orders import LATER, NOW
from trading.errors import InvariantBroken
from trading.model.mode import Control, ControlKind
from trading.store.controls import HALT_FILE, TAKEN_FILE, ControlsDatabase


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state" / "controls.db"


@pytest.fixture
def controls(path: Path) -> ControlsDatabase:
    return ControlsDatabase(path)


def test_request_waits_until_it_is_answered(controls: ControlsDatabase) -> None:
    number = controls.request(ControlKind.HALT, "looks odd", "cli:ann", NOW)
    assert controls.pending() == (Control(number, ControlKind.HALT, "looks odd", "cli:ann", NOW),)
    assert controls.result(number) is None
    controls.answer(controls.pending()[0], "halted, 2 orders cancelled", LATER)
    assert controls.pending() == ()
    assert controls.result(number) == "halted, 2 orders cancelled"


def test_requests_come_oldest_first(controls: ControlsDatabase) -> None:
    numbers = [controls.request(kind, "", "a", NOW) for kind in (ControlKind.RESUME, ControlKind.HALT)]
    assert [control.control_id for control in controls.pending()] == numbers


def test_before_the_first_request_there_is_nothing_and_no_file(controls: ControlsDatabase, path: Path) -> None:
    assert controls.pending() == ()
    assert controls.result(1) is None
    assert not path.exists()


def test_file_that_a_crash_left_empty_is_used(controls: ControlsDatabase, path: Path) -> None:
    path.parent.mkdir()
    path.touch()
    assert controls.pending() == ()
    assert controls.request(ControlKind.HALT, "", "a", NOW) == 1


def test_file_is_its_owners_alone(controls: ControlsDatabase, path: Path) -> None:
    controls.request(ControlKind.HALT, "", "a", NOW)
    assert path.stat().st_mode & 0o777 == 0o600


def test_halt_file_is_a_request_that_comes_first(controls: ControlsDatabase, path: Path) -> None:
    controls.request(ControlKind.RESUME, "", "a", NOW)
    path.with_name(HALT_FILE).write_text("fire in the kitchen\n", encoding="utf-8")
    first = controls.pending()[0]
    assert (first.kind, first.argument, first.actor) == (ControlKind.HALT, "fire in the kitchen", "file HALT")
    assert first.created == datetime.fromtimestamp(path.with_name(HALT_FILE).stat().st_mtime, tz=UTC)


@pytest.mark.parametrize("content", [b"", b"\xff\xfe\x00", b"x" * 100_000])
def test_any_halt_file_halts(controls: ControlsDatabase, path: Path, content: bytes) -> None:
    path.parent.mkdir()
    path.with_name(HALT_FILE).write_bytes(content)
    (control,) = controls.pending()
    assert control.kind is ControlKind.HALT
    assert 0 < len(control.argument) <= 200


def test_folder_named_halt_halts_too(controls: ControlsDatabase, path: Path) -> None:
    path.with_name(HALT_FILE).mkdir(parents=True)
    assert [control.kind for control in controls.pending()] == [ControlKind.HALT]


def test_answered_halt_file_is_moved_and_a_new_one_halts_again(controls: ControlsDatabase, path: Path) -> None:
    path.parent.mkdir()
    file = path.with_name(HALT_FILE)
    for _ in range(2):
        file.touch()
        controls.answer(controls.pending()[0], "halted", NOW)
        assert controls.pending() == ()
        assert path.with_name(TAKEN_FILE).exists()


def test_answer_to_a_halt_file_that_is_gone_is_no_error(controls: ControlsDatabase, path: Path) -> None:
    path.parent.mkdir()
    path.with_name(HALT_FILE).touch()
    (control,) = controls.pending()
    path.with_name(HALT_FILE).unlink()
    controls.answer(control, "halted", NOW)
    assert controls.pending() == ()


def test_request_of_a_kind_from_the_future_is_left_for_it(controls: ControlsDatabase, path: Path) -> None:
    controls.request(ControlKind.HALT, "", "a", NOW)
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("INSERT INTO request (kind, argument, actor, created) VALUES ('dance', '', 'a', 'x')")
        connection.commit()
    assert [control.kind for control in controls.pending()] == [ControlKind.HALT]


def test_damaged_file_is_said_and_not_replaced(controls: ControlsDatabase, path: Path) -> None:
    path.parent.mkdir()
    path.write_bytes(b"rubbish" * 1000)
    with pytest.raises(InvariantBroken, match="controls"):
        controls.pending()
    with pytest.raises(InvariantBroken, match="controls"):
        controls.request(ControlKind.HALT, "", "a", NOW)
    assert path.read_bytes() == b"rubbish" * 1000


def test_two_writers_and_a_reader_do_not_disturb_each_other(controls: ControlsDatabase, path: Path) -> None:
    def write() -> None:
        for _ in range(20):
            ControlsDatabase(path).request(ControlKind.HALT, "", "a", NOW)

    threads = [threading.Thread(target=write) for _ in range(2)]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        controls.pending()
    for thread in threads:
        thread.join()
    assert [control.control_id for control in controls.pending()] == list(range(1, 41))
