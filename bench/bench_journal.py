"""How long the journal's three commits of an order take on a disk: planned, about to be sent, answered.

Run: python -m bench.bench_journal [FOLDER]. Beside them stands what this disk takes for one page that has to be there.
Numbers are printed and never asserted: they depend on the machine, and in a folder in memory they say nothing.
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import click

from bench.measure import timed
from tests.fakes.orders import NOW, about, bracket
from trading.model.command import CommandState
from trading.model.outcome import Answer
from trading.store.commands import SqliteCommandLog
from trading.store.database import Database
from trading.store.journal import SqliteJournal

ROOT = Path(__file__).resolve().parents[1]
ORDERS = 500
PAGE = 4096
ANSWER = Answer(200, b'[{"order_id":"1234567890","local_order_id":"x","order_status":"PreSubmitted"}]')
IN_MEMORY = frozenset({"tmpfs", "ramfs"})


def file_system(folder: Path) -> str:
    """Return the kind of file system that a folder is on."""
    mounts = [line.split()[1:3] for line in Path("/proc/mounts").read_text(encoding="utf-8").splitlines()]
    above = [mount for mount in mounts if folder.resolve().is_relative_to(mount[0])]
    return max(above, key=lambda mount: len(mount[0]))[1]


def pages_s(folder: Path) -> list[float]:
    """Return the seconds of writing a page at the end of a file and having it on the disk, many times."""
    with (folder / "pages").open("wb", buffering=0) as file:

        def page() -> None:
            file.write(bytes(PAGE))
            os.fdatasync(file.fileno())

        return [timed(page)[1] for _ in range(ORDERS)]


def orders_s(folder: Path) -> list[tuple[float, float, float]]:
    """Return the seconds of each order's three commits; an order is an entry with its stop and its target."""
    database = Database(folder / "trading.db")
    journal, commands = SqliteJournal(database), SqliteCommandLog(database)
    found = []
    for number in range(ORDERS):
        group = bracket(journal.next_coid(), conid=number + 1)
        coids = [intent.coid for intent in group]
        _, planned = timed(partial(journal.plan, group))
        opened, asked = timed(partial(about, commands, coids))
        _, answered = timed(partial(commands.record_response, opened, "ACK", ANSWER, CommandState.ACKED, NOW))
        for order_id, coid in enumerate(coids, 10 * number):
            journal.bind(coid, order_id, 1, NOW)
        found.append((planned, asked, answered))
    database.close()
    return found


def line(name: str, seconds: Sequence[float]) -> str:
    """Return what is printed of many times the same."""
    ordered = sorted(seconds)
    return (
        f"  {name:26} {1000 * ordered[len(ordered) // 2]:6.2f} ms"
        f"  {1000 * ordered[len(ordered) * 99 // 100]:6.2f} ms (99 of 100)"
    )


def main(above: Path) -> None:
    """Measure in a folder of its own below `above`."""
    above.mkdir(parents=True, exist_ok=True)
    kind = file_system(above)
    click.echo(f"journal: {ORDERS} orders on {kind}" + (", which is no disk" if kind in IN_MEMORY else ""))
    with tempfile.TemporaryDirectory(prefix="bench-journal-", dir=above) as folder:
        floor = pages_s(Path(folder))
        found = orders_s(Path(folder))
    for place, name in enumerate(("planned (W1)", "about to be sent (W2)", "answered (W3)")):
        click.echo(line(name, [each[place] for each in found]))
    together = [sum(each) for each in found]
    click.echo(line("the three together", together))
    click.echo(line("a page on this disk", floor))
    ratio = sorted(together)[ORDERS // 2] / sorted(floor)[ORDERS // 2]
    click.echo(f"  the three take {ratio:.1f} times as long as a page")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "build")
