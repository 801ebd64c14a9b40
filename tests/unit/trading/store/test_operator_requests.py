from __future__ import annotations

import os
import shutil
import sqlite3
import threading
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.fakes.orders import LATER, NOW
from trading.errors import InvariantBroken
from trading.model.boot_time import BootTime
from trading.model.mode import NOTHING_SEEN, Seen
from trading.model.operator_request import OperatorRequest, OperatorVerb, RequestProgress
from trading.store.operator_requests import HALT_FILE, TAKEN_FILE, RequestsDatabase

VERSION_1 = """
CREATE TABLE request (
    id INTEGER PRIMARY KEY, kind TEXT NOT NULL, argument TEXT NOT NULL, actor TEXT NOT NULL, created TEXT NOT NULL,
    answered TEXT, result TEXT
) STRICT
"""


class Boot:
    def __init__(self) -> None:
        self.time = BootTime("one", 1_000.0)

    def __call__(self) -> BootTime:
        return self.time

    def go(self, seconds: float) -> None:
        self.time = replace(self.time, seconds=self.time.seconds + seconds)

    def again(self) -> None:
        self.time = BootTime("two", 10_000.0)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state" / "controls.db"


@pytest.fixture
def boot() -> Boot:
    return Boot()


@pytest.fixture
def requests(path: Path, boot: Boot) -> RequestsDatabase:
    return RequestsDatabase(path, boot=boot)


def write(path: Path, sql: str, *values: object) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(sql, values)
        connection.commit()


def insert(
    path: Path, number: int, kind: str, created: str = "2014-03-04T13:30:00+00:00", halt: int = 0, latched: int = 0
) -> None:
    sql = "INSERT INTO request (id, kind, argument, actor, created, seen, seen_latched) VALUES (?, ?, '', 'a', ?, ?, ?)"
    write(path, sql, number, kind, created, halt, latched)


def test_request_waits_until_it_is_answered(requests: RequestsDatabase) -> None:
    number = requests.request(OperatorVerb.RESUME, "settled", "cli:ann", NOW, seen=Seen(7, 5))
    (asked,) = requests.pending()
    assert asked == OperatorRequest(
        number, OperatorVerb.RESUME, "settled", "cli:ann", NOW, 0.0, Seen(7, 5), taken_up=False
    )
    assert requests.progress(number) == RequestProgress(0.0, taken_up=False, answer=None)
    requests.take_up(asked, LATER)
    assert [request.taken_up for request in requests.pending()] == [True]
    assert requests.progress(number) == RequestProgress(0.0, taken_up=True, answer=None)
    requests.answer(asked, "resumed", LATER)
    assert requests.pending() == ()
    assert requests.progress(number) == RequestProgress(0.0, taken_up=True, answer="resumed")


def test_requests_come_oldest_first(requests: RequestsDatabase) -> None:
    numbers = [requests.request(kind, "", "a", NOW) for kind in (OperatorVerb.RESUME, OperatorVerb.HALT)]
    assert [request.number for request in requests.pending()] == numbers


def test_age_is_that_of_the_machine_whatever_the_wall_clock_says(requests: RequestsDatabase, boot: Boot) -> None:
    number = requests.request(OperatorVerb.HALT, "", "a", NOW)
    boot.go(61.5)
    assert requests.pending()[0].age_s == 61.5
    boot.again()
    assert requests.pending()[0].age_s is None
    progress = requests.progress(number)
    assert progress is not None
    assert progress.age_s is None


def test_before_the_first_request_there_is_nothing_and_no_file(requests: RequestsDatabase, path: Path) -> None:
    assert requests.pending() == ()
    assert requests.progress(1) is None
    assert requests.halt_file() is None
    assert not path.exists()


def test_file_that_a_crash_left_empty_is_used(requests: RequestsDatabase, path: Path) -> None:
    path.parent.mkdir()
    path.touch()
    assert requests.pending() == ()
    assert requests.request(OperatorVerb.HALT, "", "a", NOW) == 1


def test_file_is_its_owners_alone(requests: RequestsDatabase, path: Path) -> None:
    requests.request(OperatorVerb.HALT, "", "a", NOW)
    assert path.stat().st_mode & 0o777 == 0o600


def test_file_of_an_older_version_is_read_written_and_answered(requests: RequestsDatabase, path: Path) -> None:
    path.parent.mkdir()
    write(path, VERSION_1)
    write(path, "INSERT INTO request (kind, argument, actor, created) VALUES ('halt', '', 'a', ?)", NOW.isoformat())
    (old,) = requests.pending()
    assert (old.kind, old.age_s, old.seen, old.taken_up) == (OperatorVerb.HALT, None, NOTHING_SEEN, False)
    assert requests.progress(1) == RequestProgress(None, taken_up=False, answer=None)
    requests.take_up(old, LATER)
    assert requests.request(OperatorVerb.RESUME, "", "a", NOW, seen=Seen(3, 4)) == 2
    assert [(request.taken_up, request.seen) for request in requests.pending()] == [
        (True, NOTHING_SEEN),
        (False, Seen(3, 4)),
    ]


# ---- the file HALT


def test_halt_file_is_a_request(requests: RequestsDatabase, path: Path) -> None:
    path.parent.mkdir()
    file = path.with_name(HALT_FILE)
    file.write_text("fire in\nthe kitchen\n", encoding="utf-8")
    request = requests.halt_file()
    assert request is not None
    assert (request.number, request.kind, request.argument) == (None, OperatorVerb.HALT, "fire in the kitchen")
    assert (request.actor, request.made) == ("file HALT", datetime.fromtimestamp(file.stat().st_ctime, tz=UTC))


@pytest.mark.parametrize("content", [b"", b"\xff\xfe\x00", b"x" * 100_000])
def test_any_halt_file_halts(requests: RequestsDatabase, path: Path, content: bytes) -> None:
    path.parent.mkdir()
    path.with_name(HALT_FILE).write_bytes(content)
    request = requests.halt_file()
    assert request is not None
    assert 0 < len(request.argument) <= 200


def test_folder_or_dangling_link_named_halt_halts_too(requests: RequestsDatabase, path: Path) -> None:
    path.with_name(HALT_FILE).mkdir(parents=True)
    assert requests.halt_file() is not None
    path.with_name(HALT_FILE).rmdir()
    path.with_name(HALT_FILE).symlink_to("nowhere")
    assert requests.halt_file() is not None


@pytest.mark.timeout(10)
def test_pipe_named_halt_halts_without_waiting_for_somebody_to_write(requests: RequestsDatabase, path: Path) -> None:
    path.parent.mkdir()
    os.mkfifo(path.with_name(HALT_FILE))
    request = requests.halt_file()
    assert request is not None
    assert request.argument == "the file HALT is there"


def test_halt_file_is_moved_away_and_a_new_one_is_another_request(requests: RequestsDatabase, path: Path) -> None:
    path.parent.mkdir()
    file, facts = path.with_name(HALT_FILE), set()
    file.touch()
    for _ in range(3):
        request = requests.halt_file()
        assert request is not None
        facts.add(request.facts)
        requests.halt_file_done()
        assert requests.halt_file() is None
        # Moved back, its own time is the old one.
        path.with_name(TAKEN_FILE).replace(file)
    assert len(facts) == 3


def test_halt_file_that_a_program_makes_is_a_request(requests: RequestsDatabase, path: Path) -> None:
    assert requests.make_halt_file("halted on the dashboard") == path.with_name(HALT_FILE)
    request = requests.halt_file()
    assert request is not None
    assert request.argument == "halted on the dashboard"


def test_halt_file_that_cannot_be_made_is_said(requests: RequestsDatabase, path: Path) -> None:
    path.with_name(HALT_FILE).mkdir(parents=True)
    with pytest.raises(InvariantBroken, match="can't be made"):
        requests.make_halt_file("x")


def test_halt_file_that_is_gone_meanwhile_is_no_error(requests: RequestsDatabase, path: Path) -> None:
    requests.halt_file_done()
    assert not path.with_name(TAKEN_FILE).exists()


def test_halt_file_that_cannot_be_moved_is_said(requests: RequestsDatabase, path: Path) -> None:
    path.with_name(HALT_FILE).mkdir(parents=True)
    (path.with_name(TAKEN_FILE) / "x").mkdir(parents=True)
    with pytest.raises(InvariantBroken, match="can't be moved away"):
        requests.halt_file_done()
    assert requests.halt_file() is not None


# ---- what makes no sense, and what can't be read


@pytest.mark.parametrize(
    ("number", "kind", "created", "seen", "latched"),
    [
        (0, "resume", "2014-03-04T13:30:00+00:00", 0, 0),
        (-1, "flatten", "2014-03-04T13:30:00+00:00", 0, 0),
        (5, "dance", "2014-03-04T13:30:00+00:00", 0, 0),
        (5, "RESUME", "2014-03-04T13:30:00+00:00", 0, 0),
        (5, "resume", "yesterday", 0, 0),
        (5, "resume", "9999-12-31T23:59:59-23:59", 0, 0),
        (5, "resume", "2014-03-04T13:30:00+00:00", -3, 0),
        (5, "resume", "2014-03-04T13:30:00+00:00", 0, -1),
    ],
)
def test_row_that_makes_no_sense_is_of_no_kind_and_hides_no_other(
    requests: RequestsDatabase, path: Path, number: int, kind: str, created: str, seen: int, latched: int
) -> None:
    good = requests.request(OperatorVerb.HALT, "", "a", NOW)
    insert(path, number, kind, created, seen, latched)
    assert {request.number: request.kind for request in requests.pending()} == {
        number: None,
        good: OperatorVerb.HALT,
    }
    for request in requests.pending():
        requests.answer(request, "not understood", NOW)
    assert requests.pending() == ()


@pytest.mark.parametrize(("number", "created"), [(0, "2014-03-04T13:30:00+00:00"), (5, "yesterday")])
def test_halt_is_one_whatever_else_is_wrong_with_its_row(
    requests: RequestsDatabase, path: Path, number: int, created: str
) -> None:
    requests.request(OperatorVerb.RESUME, "", "a", NOW)
    insert(path, number, "halt", created)
    assert OperatorVerb.HALT in {request.kind for request in requests.pending()}


@pytest.mark.parametrize("number", ["five", None])
def test_table_in_which_rows_have_no_number_is_said(requests: RequestsDatabase, path: Path, number: object) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    write(path, "CREATE TABLE request (id, kind, created, answered)")
    write(path, "INSERT INTO request VALUES (?, 'halt', '', NULL)", number)
    with pytest.raises(InvariantBroken, match="without a number"):
        requests.pending()


def test_texts_are_cut_and_put_on_one_line_whatever_bytes_they_are(requests: RequestsDatabase, path: Path) -> None:
    requests.request(OperatorVerb.HALT, "a\nb\t" + "x" * 10_000, "\x1b", NOW)
    write(path, "UPDATE request SET actor = CAST(x'fffe' AS TEXT)")
    (request,) = requests.pending()
    assert (request.argument[:4], len(request.argument)) == ("a b ", 200)
    assert request.actor == "\ufffd\ufffd"


def test_damaged_file_is_said_and_not_replaced(requests: RequestsDatabase, path: Path) -> None:
    path.parent.mkdir()
    path.write_bytes(b"rubbish" * 1000)
    with pytest.raises(InvariantBroken) as caught:
        requests.pending()
    assert caught.value.invariant == "controls"
    with pytest.raises(InvariantBroken):
        requests.request(OperatorVerb.HALT, "", "a", NOW)
    assert path.read_bytes() == b"rubbish" * 1000


def test_folder_that_cannot_be_looked_into_is_said(requests: RequestsDatabase, path: Path) -> None:
    path.parent.mkdir()
    shutil.copy(__file__, path.parent / "file")
    with pytest.raises(InvariantBroken):
        RequestsDatabase(path.parent / "file" / "controls.db").pending()


def test_two_writers_and_a_reader_do_not_disturb_each_other(requests: RequestsDatabase, path: Path) -> None:
    def write_many() -> None:
        for _ in range(20):
            RequestsDatabase(path).request(OperatorVerb.HALT, "", "a", NOW)

    threads = [threading.Thread(target=write_many) for _ in range(2)]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        requests.pending()
    for thread in threads:
        thread.join()
    assert [request.number for request in requests.pending()] == list(range(1, 41))
