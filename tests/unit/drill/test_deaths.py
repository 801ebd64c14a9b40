"""Where the trading process dies."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from drill.deaths import Death, Reaper
from drill.schedule import Kill


def test_nth_passing_of_a_point_is_the_last() -> None:
    died: list[Kill] = []
    reaper = Reaper([Kill("call_after", 2, "entry")], died.append)
    reaper.passing("call_after", "entry")
    reaper.passing("call_before", "entry")
    reaper.passing("call_after", "stop")
    with pytest.raises(Death):
        reaper.passing("call_after", "entry")
    assert [kill.role for kill in died] == ["entry"]


def test_dead_process_does_nothing_more_until_it_is_revived() -> None:
    reaper = Reaper([Kill("statement")], lambda _kill: None)
    with pytest.raises(Death):
        reaper.passing("statement")
    with pytest.raises(Death):
        reaper.check()
    reaper.revive()
    reaper.check()
    reaper.passing("statement")


def test_nobody_dies_once_it_is_disarmed() -> None:
    reaper = Reaper([Kill("statement")], lambda _kill: None)
    kill = Kill("waiting", at="2014-03-03T15:00:00+00:00")
    reaper.disarm()
    reaper.passing("statement")
    reaper.kill(kill)
    reaper.check()


def test_death_may_be_that_of_what_is_being_written(tmp_path: Path) -> None:
    reaper = Reaper([Kill("commit_before", of="halt")], lambda _kill: None)
    connection = reaper.connect()(tmp_path / "t.db", isolation_level=None)
    connection.execute("CREATE TABLE halt (n INTEGER)")
    connection.execute("BEGIN")
    connection.execute("COMMIT")
    connection.execute("BEGIN")
    connection.execute("INSERT INTO halt VALUES (1)")
    with pytest.raises(Death):
        connection.execute("COMMIT")
    connection.execute("ROLLBACK")
    connection.close()


def test_points_are_counted_for_as_long_as_somebody_may_die() -> None:
    reaper = Reaper([], lambda _kill: None)
    reaper.passing("call_after", "read", "execution")
    reaper.passing("call_after", "read", "read")
    reaper.disarm()
    reaper.passing("call_after", "read")
    counted = {about: count for (_, about), count in reaper.counts.items()}
    assert counted == {None: 2, "read": 2, "execution": 1}


def test_opening_of_a_file_and_each_page_of_a_copy_are_points(tmp_path: Path) -> None:
    reaper = Reaper([Kill("opening", 2), Kill("backup", 2)], lambda _kill: None)
    connection = reaper.connect()(tmp_path / "t.db", isolation_level=None)
    connection.execute("CREATE TABLE t (n INTEGER)")
    copy = sqlite3.connect(tmp_path / "copy.db")
    with pytest.raises(Death):
        connection.backup(copy)
    reaper.revive()
    connection.backup(copy)
    assert copy.execute("SELECT count(*) FROM t").fetchone() == (0,)
    with pytest.raises(Death):
        reaper.connect()(tmp_path / "t.db")
    copy.close()
    connection.close()


def test_death_that_comes_while_nobody_is_there_kills_nobody_later_either() -> None:
    died: list[Kill] = []
    kill = Kill("waiting", at="2014-03-03T15:00:00+00:00")
    reaper = Reaper([kill], died.append)
    reaper.gone()
    reaper.kill(kill)
    reaper.revive()
    reaper.kill(kill)
    reaper.check()
    assert died == []


def written(path: Path) -> list[int]:
    connection = sqlite3.connect(path)
    found = [row[0] for row in connection.execute("SELECT n FROM t")]
    connection.close()
    return found


@pytest.mark.parametrize(("point", "left"), [("commit_before", []), ("commit_after", [1])])
def test_commit_counts_when_the_process_dies_after_it_and_not_before(
    point: str, left: list[int], tmp_path: Path
) -> None:
    path = tmp_path / "t.db"
    sqlite3.connect(path, isolation_level=None).execute("CREATE TABLE t (n INTEGER)").connection.close()
    reaper = Reaper([Kill(point)], lambda _kill: None)  # type: ignore[arg-type]
    connection = reaper.connect()(path, isolation_level=None)
    connection.execute("BEGIN")
    connection.execute("INSERT INTO t VALUES (1)")
    with pytest.raises(Death):
        connection.execute("COMMIT")
    if connection.in_transaction:
        connection.execute("ROLLBACK")
    connection.close()
    assert written(path) == left


def test_statement_of_a_dead_process_does_not_reach_the_file(tmp_path: Path) -> None:
    path = tmp_path / "t.db"
    reaper = Reaper([Kill("statement", 2)], lambda _kill: None)
    connection = reaper.connect()(path, isolation_level=None)
    connection.execute("CREATE TABLE t (n INTEGER)")
    for _ in range(2):
        with pytest.raises(Death):
            connection.executemany("INSERT INTO t VALUES (?)", [(1,)])
    connection.close()
    assert written(path) == []
