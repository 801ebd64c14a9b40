"""What the simulated broker did and what the journal has of it, side by side."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tests.container.engine import Project

READ = """
import json, sqlite3
lines = [json.loads(line) for line in open("/app/state/simulated/simulator/truth.jsonl", "rb").read().splitlines()]
database = sqlite3.connect("file:/app/state/simulated/trading.db?mode=ro", uri=True)
intents = database.execute("SELECT coid, state, role, quantity FROM intent").fetchall()
executions = database.execute("SELECT execution_id, quantity, price FROM execution").fetchall()
positions = database.execute("SELECT conid, quantity FROM position").fetchall()
check = database.execute("PRAGMA integrity_check").fetchone()[0]
trades = database.execute("SELECT count(*) FROM trade").fetchone()[0]
print(json.dumps([lines, intents, executions, positions, trades, check]))
"""


@dataclass(frozen=True, slots=True)
class Books:
    """Both records at one moment."""

    truth: list[dict[str, Any]]
    intents: list[list[Any]]
    executions: list[list[Any]]
    positions: list[list[Any]]
    closed_trades: int
    integrity: str

    @classmethod
    def read(cls, project: Project) -> Books:
        """Read both inside the container."""
        return cls(*project.python(READ))

    def accepted(self) -> list[str]:
        """Return our order id of each order that the broker accepted, once for each time."""
        tickets = [ticket for line in self.truth if line["kind"] == "order" for ticket in line["tickets"]]
        return [ticket["coid"] for ticket in tickets if "coid" in ticket]

    def fills(self) -> dict[str, tuple[int, float]]:
        """Return quantity and price by execution id, as the broker has it."""
        executions = [line["execution"] for line in self.truth if line["kind"] == "fill"]
        return {one["execution_id"]: (one["quantity"], one["price"]) for one in executions}

    def held(self) -> dict[int, int]:
        """Return the shares by contract, as the broker has it."""
        held: dict[int, int] = {}
        for line in self.truth:
            if line["kind"] == "fill":
                held[line["execution"]["conid"]] = line["execution"]["position"]
        return {conid: shares for conid, shares in held.items() if shares}

    def differences(self) -> list[str]:
        """Return everything in which the two disagree; nothing lost and nothing twice is an empty list."""
        known = {coid for coid, *_ in self.intents}
        accepted = self.accepted()
        found = [f"accepted twice: {coid}" for coid in sorted(set(accepted)) if accepted.count(coid) > 1]
        found += [f"accepted but not in the journal: {coid}" for coid in sorted(set(accepted) - known)]
        ours = {execution: (quantity, price / 10_000) for execution, quantity, price in self.executions}
        theirs = self.fills()
        found += [f"fill not in the journal: {fill}" for fill in sorted(theirs.keys() - ours.keys())]
        found += [f"fill that never was: {fill}" for fill in sorted(ours.keys() - theirs.keys())]
        found += [f"fill differs: {fill}" for fill in sorted(theirs.keys() & ours.keys()) if theirs[fill] != ours[fill]]
        own = dict(self.positions)
        if own != self.held():
            found.append(f"positions: journal {own}, broker {self.held()}")
        if self.integrity != "ok":
            found.append(f"database: {self.integrity}")
        return found
