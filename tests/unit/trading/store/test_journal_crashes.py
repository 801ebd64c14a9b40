"""A process that is killed while it writes the journal: what it told of is there."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from trading.store.database import Database


# How many lines are read before the kill: it then comes into another step each time.
@pytest.mark.parametrize("lines", [1, 3, 4, 6, 40])
def test_what_was_told_is_there_after_kill_9(path: Path, project_root: Path, lines: int) -> None:
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
