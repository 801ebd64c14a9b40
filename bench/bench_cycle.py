"""How long a live cycle takes against what the API's limits force, and what a cycle costs besides.

Run: python -m bench.bench_cycle [SYMBOLS...]. The real trading process with its real pacing trades a simulated market
whose clock moves only while all of it waits. Cold is a process that starts after a close with nothing in its caches,
steady the same one on the next close, idle a turn in which nothing happens. Numbers are printed and never asserted.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import click

from drill.voices import quiet
from tests.scenarios.paced_run import Call, PacedRun, panel_of

SYMBOLS = (5, 100, 500)
WAY_S = 0.1
IDLE_TURNS = 20
# There are too few bars yet for any signal: nothing is sent, and turns between two decisions are idle.
START = "2014-02-03"
_HISTORY = "/iserver/marketdata/history"
# Calls and the seconds in which they may be made, as documented: of all together, and of one each.
_ALL = (10, 1.0)
_ONE_EACH = {"/iserver/account/orders": 5.0, "/iserver/account/trades": 5.0, "/portfolio/accounts": 5.0}


@dataclass(frozen=True, slots=True)
class Cycle:
    """One cycle: seconds by the clock and of the processor, its calls, and commits that waited for the disk."""

    seconds: float
    work_s: float
    calls: tuple[Call, ...]
    disk_waits: int

    @property
    def decided(self) -> bool:
        """Return whether bars were read."""
        return any(call.path == _HISTORY for call in self.calls)


def forced_s(calls: Sequence[Call], *, after_start: bool) -> float:
    """Return the seconds that the limits force on `calls`, whichever way they are arranged.

    Right after a start an earlier process may have used up every limit.
    """
    counts = Counter(call.path for call in calls)
    count, period_s = _ALL
    waits = [(len(calls) - (0 if after_start else 1)) // count * period_s]
    waits += [(counts[path] - (0 if after_start else 1)) * each_s for path, each_s in _ONE_EACH.items()]
    return max(waits)


def cycle_of(process: PacedRun) -> Cycle:
    """Run one cycle."""
    calls, waits = len(process.way.calls), process.disk.waits
    began, work = process.clock.monotonic(), time.process_time()
    next_at = process.system.run_cycle()
    done = Cycle(
        process.clock.monotonic() - began,
        time.process_time() - work,
        tuple(process.way.calls[calls:]),
        process.disk.waits - waits,
    )
    process.clock.wait(next_at)
    return done


def decision_of(process: PacedRun) -> Cycle:
    """Run cycles to the next one that decides."""
    while not (done := cycle_of(process)).decided:
        pass
    return done


def line(name: str, cycle: Cycle, forced: float) -> str:
    """Return what is printed of a cycle."""
    ratio = f"{cycle.seconds / forced:5.2f} times" if forced else " " * 11
    return (
        f"    {name:22} {len(cycle.calls):5} calls {cycle.seconds:7.2f} s, forced {forced:6.2f} s {ratio}"
        f"   work {cycle.work_s:5.2f} s, waits for the disk {cycle.disk_waits}"
    )


def measure(symbols: int, way_s: float) -> None:
    """Print the cycles of one process."""
    with tempfile.TemporaryDirectory(prefix="bench-cycle-") as folder:
        process = PacedRun(Path(folder), panel_of(symbols), start=START, way_s=way_s)
        click.echo(f"  {symbols} symbols, {way_s:g} s a call")
        first = cycle_of(process)
        click.echo(line("start", first, forced_s(first.calls, after_start=True)))
        for name in ("decision, cold", "decision, steady"):
            done = decision_of(process)
            click.echo(line(name, done, forced_s(done.calls, after_start=False)))
        idle = [done for _ in range(IDLE_TURNS) if not (done := cycle_of(process)).decided]
        process.end()
    waits = sum(done.disk_waits for done in idle)
    work_ms = 1000 * sum(done.work_s for done in idle) / len(idle)
    seconds = sum(done.seconds for done in idle) / len(idle)
    click.echo(f"    {len(idle)} idle turns: {seconds:.2f} s each, work {work_ms:.1f} ms, waits for the disk {waits}")


def main(counts: Sequence[int]) -> None:
    """Measure each number of symbols on a way without delay, and the largest on one with it."""
    quiet()
    click.echo("live cycle, by the clock of the market; forced is what the documented limits alone would take")
    for symbols in counts:
        measure(symbols, 0.0)
    measure(max(counts), WAY_S)


if __name__ == "__main__":
    main([int(text) for text in sys.argv[1:]] or SYMBOLS)
