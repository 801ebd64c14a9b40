"""Whether memory, threads and open files of the three programs stay flat over many simulated days.

Run: python -m bench.soak [SECONDS]. Simulator, trading process and dashboard run as they do, over HTTPS, as fast as
they can; once a second /proc is looked at and the dashboard is asked. What is printed is a straight line through the
second half of the samples (the first fills caches): where it begins, and how much it rises in a thousand sessions,
with twice its standard error. It ends with the bars, or after so many seconds. TMPDIR=/dev/shm keeps the state in
memory, where no disk slows it down. Numbers are printed and never asserted.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
import urllib.request
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import click
import numpy as np

from bench.measure import resident_mib
from tests.scenarios.lockstep_run import ROOT, Span, World, lockstep_world
from tests.scenarios.start_run import free_port
from trading.bootstrap import BUNDLED_BARS

SPAN = Span(date(2014, 6, 2), sessions=925, symbols=60)
SECONDS = 300.0
EVERY_S = 1.0
FEWEST = 20
PER_SESSIONS = 1000
ASKED = ("/healthz", "/readyz", "/metrics")


@dataclass(frozen=True, slots=True)
class Sample:
    """A program at one moment: completed sessions, MiB in use, threads, open files."""

    sessions: int
    memory: float
    threads: int
    files: int


@dataclass(frozen=True, slots=True)
class Line:
    """A straight line through samples: its first value, its rise in a thousand sessions, twice the error of that."""

    first: float
    rise: float
    error: float

    @classmethod
    def through(cls, sessions: list[int], values: list[float]) -> Line:
        """Fit by least squares."""
        x, y = np.array(sessions, dtype=float), np.array(values)
        x -= x[0]
        slope, first = np.polyfit(x, y, 1)
        left = y - (first + slope * x)
        error = np.sqrt((left @ left) / max(len(y) - 2, 1) / ((x - x.mean()) @ (x - x.mean())))
        return cls(float(first), float(slope) * PER_SESSIONS, 2.0 * float(error) * PER_SESSIONS)


def sample_of(pid: int, sessions: int) -> Sample:
    """Look at a process.

    Raises: OSError, it is gone.
    """
    status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    threads = next(int(line.split()[1]) for line in status.splitlines() if line.startswith("Threads:"))
    return Sample(sessions, resident_mib(pid), threads, len(os.listdir(f"/proc/{pid}/fd")))


def start_dashboard(world: World, port: int) -> subprocess.Popen[bytes]:
    """Start the dashboard on the world's state."""
    environ = {name: text for name, text in os.environ.items() if name.startswith(("PATH", "HOME", "LANG"))}
    environ |= {"GATEWAY": "simulated", "STATE_DIR": str(world.folder / "state"), "DASHBOARD_PORT": str(port)}
    environ |= {"LOG_DIR": str(world.folder / "logs"), "DASHBOARD_PASSWORD": "made up for a measurement"}
    arguments = [sys.executable, "-m", "gunicorn", "-c", "webapp/gunicorn.conf.py", "--log-level", "error"]
    return subprocess.Popen(arguments, cwd=ROOT, env=environ, stdout=subprocess.DEVNULL)  # noqa: S603 - our own


def worker_of(pid: int) -> int:
    """Return the process that gunicorn's own started, that one until then."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()
    return int(children[0]) if children else pid


def ask(port: int) -> None:
    """Ask the dashboard what a monitor asks; that it is not ready is an answer."""
    for path in ASKED:
        with suppress(OSError), urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=5.0) as answer:
            answer.read()


def watch(world: World, seconds: float) -> dict[str, list[Sample]]:
    """Let everything run and sample it."""
    found: dict[str, list[Sample]] = {"simulator": [], "trading process": [], "dashboard": []}
    port = free_port()
    trader = world.start_trader()
    dashboard = start_dashboard(world, port)
    try:
        end = time.monotonic() + seconds
        while time.monotonic() < end and trader.poll() is None and not world.told_the_end():
            time.sleep(EVERY_S)
            ask(port)
            rows = world.rows("SELECT count(*) AS n FROM decision")
            sessions = rows[0]["n"] if rows else 0
            pids = (world.simulator.pid, trader.pid, worker_of(dashboard.pid))
            for samples, pid in zip(found.values(), pids, strict=True):
                samples.append(sample_of(pid, sessions))
    finally:
        for process in (trader, dashboard):
            process.terminate()
            process.wait(30)
    return found


def main(seconds: float) -> None:
    """Print a line for each program and what is counted of it."""
    with (
        tempfile.TemporaryDirectory(prefix="soak-") as folder,
        lockstep_world(Path(folder), BUNDLED_BARS, SPAN) as world,
    ):
        found = watch(world, seconds)
    for name, samples in found.items():
        late = samples[len(samples) // 2 :]
        if len(late) < FEWEST or late[0].sessions == late[-1].sessions:
            click.echo(f"{name}: {len(samples)} samples are too few")
            continue
        sessions = [sample.sessions for sample in late]
        click.echo(f"{name}: sessions {sessions[0]} to {sessions[-1]} of {SPAN.sessions}, {len(late)} samples")
        for what in ("memory", "threads", "files"):
            line = Line.through(sessions, [float(getattr(sample, what)) for sample in late])
            unit = "MiB" if what == "memory" else ""
            rise = f"{line.rise:+8.2f} ± {line.error:.2f} in {PER_SESSIONS} sessions"
            click.echo(f"  {what:8} {line.first:8.1f} {unit:3}  {rise}")


if __name__ == "__main__":
    main(float(sys.argv[1]) if len(sys.argv) > 1 else SECONDS)
