"""What is special about the journal in SQLite; what every journal promises is in tests/contracts."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fakes.chance import seeded
from tests.fakes.orders import NOW, bracket, fill, market_exit, request
from trading.execution import failpoints
from trading.model.order import IntentState
from trading.model.outcome import Answer
from trading.store.database import Database
from trading.store.journal import MAX_BODY, MAX_COID_LENGTH, SqliteJournal


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    database = Database(tmp_path / "state" / "trading.db", chance=seeded())
    yield database
    database.close()


def test_name_has_prefix_instance_number_and_chance(database: Database) -> None:
    coid = SqliteJournal(database).next_coid()
    assert re.fullmatch(r"TS-[0-9a-z]{4}-0001-[0-9a-z]{6}", coid)
    assert database.fact("instance") == coid.split("-")[1]


def test_names_stay_within_the_brokers_length(database: Database) -> None:
    with database.transaction() as connection:
        connection.execute("UPDATE fact SET value = ? WHERE key = 'coid_seq'", (str(36**8),))
    assert len(SqliteJournal(database).next_coid()) <= MAX_COID_LENGTH


def test_number_of_a_name_is_spent_even_if_the_process_ends(tmp_path: Path) -> None:
    names = []
    for _ in range(3):
        database = Database(tmp_path / "trading.db")
        names.append(SqliteJournal(database).next_coid().split("-")[2])
        database.close()
    assert names == ["0001", "0002", "0003"]


def test_restored_backup_makes_other_names(tmp_path: Path) -> None:
    database = Database(tmp_path / "a" / "trading.db")
    database.checkpoint()
    database.close()
    copy = tmp_path / "b" / "trading.db"
    copy.parent.mkdir()
    copy.write_bytes((tmp_path / "a" / "trading.db").read_bytes())
    names = []
    for folder in ("a", "b"):
        again = Database(tmp_path / folder / "trading.db")
        names.append(SqliteJournal(again).next_coid())
        again.close()
    assert names[0].split("-")[:3] == names[1].split("-")[:3]
    assert names[0] != names[1]


def test_same_seed_and_same_steps_make_the_same_names(tmp_path: Path) -> None:
    names = []
    for folder in ("a", "b"):
        database = Database(tmp_path / folder / "trading.db", chance=seeded(3))
        names.append([SqliteJournal(database).next_coid() for _ in range(3)])
        database.close()
    assert names[0] == names[1]


def test_wire_rows_hold_what_left_and_what_came_back(database: Database) -> None:
    journal = SqliteJournal(database)
    intent = market_exit(journal.next_coid())
    journal.plan([intent])
    sent = request()
    wire_id = journal.about([intent.coid], sent, IntentState.SENDING, 4, NOW)
    journal.answered(wire_id, "UNKNOWN", Answer(502, b"x" * (MAX_BODY + 1)), NOW)
    about, answer = database.query("SELECT * FROM wire ORDER BY id")
    assert (about["phase"], about["verb"], about["body_sha256"], about["epoch"]) == (
        "ABOUT",
        "POST",
        sent.body_sha256,
        4,
    )
    assert (answer["phase"], answer["about_id"], answer["class"], answer["status"], len(answer["body"])) == (
        "ANSWER", wire_id, "UNKNOWN", 502, MAX_BODY,
    )  # fmt: skip


def test_every_edge_is_logged(database: Database) -> None:
    journal = SqliteJournal(database)
    intent = market_exit(journal.next_coid())
    journal.plan([intent])
    journal.about([intent.coid], request(), IntentState.SENDING, 1, NOW)
    journal.bind(intent.coid, 9, NOW)
    journal.transition(intent.coid, IntentState.CANCELLED, "by hand", NOW)
    log = database.query("SELECT state FROM intent_log WHERE coid = ? ORDER BY id", (intent.coid,))
    assert [row["state"] for row in log] == ["PLANNED", "SENDING", "WORKING", "CANCELLED"]


def test_denial_before_sending_is_counted_by_its_code(database: Database) -> None:
    journal = SqliteJournal(database)
    intent = market_exit(journal.next_coid())
    journal.plan([intent])
    journal.deny(intent.coid, "too_old", "past its window")
    row = database.query("SELECT * FROM denial")[0]
    assert (row["stage"], row["symbol"], row["code"], row["session"]) == ("order", "AAPL", "too_old", "2014-03-05")


def test_executions_and_adjustments_add_up_to_own_shares(database: Database) -> None:
    journal = SqliteJournal(database)
    entry, stop, _ = bracket(journal.next_coid())
    journal.plan(bracket(entry.coid))
    journal.execute(entry.coid, fill("a.b.01.01", entry, 10, 100.0), NOW)
    journal.execute(entry.coid, fill("a.b.01.02", entry, 8, 100.0), NOW)
    journal.execute(stop.coid, fill("e2", stop, 3, 95.0), NOW)
    journal.adjust(entry.conid, -2, "sold by hand", NOW)
    total = database.query(
        "SELECT (SELECT sum(CASE side WHEN 'BUY' THEN quantity ELSE -quantity END) FROM execution"
        " WHERE corrected_by IS NULL) + (SELECT sum(quantity) FROM adjustment) AS own"
    )[0]["own"]
    assert [total] == [position.quantity for position in journal.own_positions()] == [3]


class Died(BaseException):
    """The process is gone."""


def die() -> None:
    raise Died


@pytest.mark.parametrize(("point", "shares"), [("K14", 0), ("K30", 10)])
def test_death_inside_a_transaction_leaves_nothing_of_it(database: Database, point: str, shares: int) -> None:
    journal = SqliteJournal(database)
    entry, stop, target = bracket(journal.next_coid())
    journal.plan([entry, stop, target])
    if point == "K30":
        journal.execute(entry.coid, fill("e1", entry, 10, 100.0), NOW)

    def step() -> None:
        if point == "K14":
            journal.execute(entry.coid, fill("e1", entry, 10, 100.0), NOW)
        else:
            journal.adjust(entry.conid, -3, "sold by hand", NOW)

    failpoints.arm(point, die)
    try:
        with pytest.raises(Died):
            step()
    finally:
        failpoints.disarm()
    assert sum(position.quantity for position in journal.own_positions()) == shares
    assert database.query("SELECT * FROM adjustment") == []
    assert len(database.query("SELECT * FROM execution")) == (shares > 0)


# How many lines are read before the kill: it then comes into another step each time.
@pytest.mark.parametrize("lines", [1, 3, 4, 6, 40])
def test_what_was_told_is_there_after_kill_9(tmp_path: Path, project_root: Path, lines: int) -> None:
    path = tmp_path / "state" / "trading.db"
    told: list[str] = []
    for _ in range(2):  # twice, so that a file that was killed once is killed again
        writer = Path(__file__).with_name("journal_writer.py")
        with subprocess.Popen(
            [sys.executable, str(writer), str(path)],
            stdout=subprocess.PIPE, text=True, cwd=project_root, env={"PYTHONPATH": str(project_root)},
        ) as child:  # fmt: skip
            if child.stdout is None:
                pytest.fail("no output")
            told += [child.stdout.readline().strip() for _ in range(lines)]
            child.kill()
            told += [line.strip() for line in child.stdout.read().split("\n")[:-1]]
    database = Database(path)
    check(database, told)
    database.close()


def check(database: Database, told: list[str]) -> None:
    """Hold the file equal to the story, but for the step that the kill came into."""
    intents = {row["coid"]: row for row in database.query("SELECT * FROM intent")}
    positions = {row["entry_coid"] for row in database.query("SELECT * FROM position")}
    trades = {row["entry_coid"] for row in database.query("SELECT * FROM trade")}
    wires = {row["id"] for row in database.query("SELECT id FROM wire WHERE phase = 'ABOUT'")}
    assert "open" in told
    for line in told:
        match line.split():
            case ["planned", coid]:
                assert coid in intents
            case ["about", wire_id, coid]:
                assert int(wire_id) in wires
                assert intents[coid]["state"] != "PLANNED"
            case ["working", coid]:
                assert intents[coid]["state"] == "WORKING"
            case ["bought", coid]:
                assert intents[coid]["filled"] == 10
            case ["sold", coid]:
                assert coid not in positions
            case ["trade", coid]:
                assert coid in trades
    for coid, intent in intents.items():
        if intent["role"] == "entry":
            sold = intents[f"{coid}-T"]["filled"] == 10
            assert (coid in positions) == (intent["filled"] == 10 and not sold)
            assert coid not in trades or sold
    assert database.query("PRAGMA quick_check")[0][0] == "ok"
    assert database.query("PRAGMA foreign_key_check") == []
