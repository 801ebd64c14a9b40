"""The process that the durability test kills: it trades into a journal and tells each step once it is committed."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

from tests.fakes.orders import NOW, about, bracket, fill
from trading.model.command import CommandState
from trading.model.outcome import Answer
from trading.store.commands import SqliteCommandLog
from trading.store.database import Database
from trading.store.journal import SqliteJournal
from trading.store.records import SqliteStore


def tell(*words: object) -> None:
    """Write a line and push it out of the process."""
    sys.stdout.write(" ".join(str(word) for word in words) + "\n")
    sys.stdout.flush()


def main(path: Path) -> None:
    """Open positions and close them, one after the other, until killed."""
    database = Database(path)
    journal, commands, store = SqliteJournal(database), SqliteCommandLog(database), SqliteStore(database)
    tell("open")
    while True:
        coid = journal.next_coid()
        number = int(coid.split("-")[2], 36)
        entry, stop, target = (replace(i, conid=number) for i in bracket(coid))
        coids = [entry.coid, stop.coid, target.coid]
        journal.plan([entry, stop, target])
        tell("planned", coid)
        opened = about(commands, coids)
        tell("about", opened.wire, coid)
        commands.record_response(opened, "ACK", Answer(200, b"{}"), CommandState.ACKED, NOW)
        for place, child in enumerate(coids):
            journal.bind(child, 10 * number + place, 1, NOW)
        tell("working", coid)
        journal.record_fill(entry.coid, fill(f"b{number}", entry, 10, 100.01), NOW)
        tell("bought", coid)
        journal.record_fill(target.coid, fill(f"s{number}", target, 10, 105.03), NOW)
        tell("sold", coid)
        store.record_closed_trades()
        tell("trade", coid)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
