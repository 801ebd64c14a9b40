"""How soon after a halt the cancels of ten entries are out, with the dashboard dead and the API's limits kept.

Run: python -m bench.bench_halt. The halt comes as a file, right after a look at it, at moments from a tenth of a second
to half an hour after the entries were sent; seconds are the market's. `tests/scenarios/test_halt_in_time.py` holds 2 s.
"""

from __future__ import annotations

import tempfile
from datetime import timedelta
from pathlib import Path

import click

from drill.voices import quiet
from tests.scenarios.paced_run import ENTRIES_SENT, PacedRun, panel_of

AFTER_S = (*(0.1 + 0.3 * number for number in range(20)), 60.0, 1800.0)
TENTH = 9


def tenth_cancel_s(later_s: float) -> float:
    """Return the seconds from a halt to the tenth cancel."""
    halted_at = ENTRIES_SENT + timedelta(seconds=later_s)
    with tempfile.TemporaryDirectory(prefix="bench-halt-") as folder:
        run = PacedRun(Path(folder), panel_of(60), settings=("risk.profile=strategy",))
        run.halt_at(halted_at)
        run.system.run()
        run.end()
    cancels = [call.at - halted_at.timestamp() for call in run.way.calls if call.verb == "DELETE"]
    return cancels[TENTH]


def main() -> None:
    """Print median and worst."""
    quiet()
    found = sorted(tenth_cancel_s(later_s) for later_s in AFTER_S)
    median, worst = found[len(found) // 2], found[-1]
    click.echo(f"halt: tenth cancel out after {median:.2f} s in the median of {len(found)}, {worst:.2f} s at most")


if __name__ == "__main__":
    main()
