"""How long the commands take that start.sh and `make` wait for, beside Python itself.

Run: python -m bench.bench_commands. Each run of a command is followed by one of an empty program, so that a busy
machine slows both: the ratio of the two medians says more than the seconds.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import click

from bench.measure import timed

ROOT = Path(__file__).resolve().parent.parent
TIMES = 15
BARE = ("-c", "pass")
COMMANDS = {
    "deploy/settings.py all": ("deploy/settings.py", "all"),
    "trading doctor --settings": ("-m", "trading", "doctor", "--settings"),
    "trading status": ("-m", "trading", "status"),
}


@dataclass(frozen=True, slots=True)
class Cost:
    """The medians of a command and of an empty program that ran in turns."""

    command_s: float
    bare_s: float

    @property
    def ratio(self) -> float:
        """Return how many empty programs the command takes as long as."""
        return self.command_s / self.bare_s


def cost_of(arguments: Sequence[str], folder: Path, times: int = TIMES) -> Cost:
    """Run a command so many times, after one that is not counted, with its state and logs in `folder`."""
    run_s(arguments, folder)
    pairs = [(run_s(arguments, folder), run_s(BARE, folder)) for _ in range(times)]
    return Cost(*(statistics.median(each) for each in zip(*pairs, strict=True)))


def run_s(arguments: Sequence[str], folder: Path) -> float:
    """Return the seconds of one run, which has to succeed."""
    environment = {
        "PATH": os.environ["PATH"],
        "GATEWAY": "simulated",
        "STATE_DIR": str(folder / "state"),
        "LOG_DIR": str(folder / "logs"),
    }
    command = [sys.executable, *arguments]

    def run() -> None:
        subprocess.run(command, cwd=ROOT, env=environment, check=True, capture_output=True)  # noqa: S603 - our own

    _, seconds = timed(run)
    return seconds


def main() -> None:
    """Print the seconds and the ratio of each command."""
    with tempfile.TemporaryDirectory(prefix="bench-commands-") as folder:
        for name, arguments in COMMANDS.items():
            cost = cost_of(arguments, Path(folder))
            click.echo(
                f"commands: {name} in {cost.command_s:.2f} s, {cost.ratio:.1f} times an empty program "
                f"({1000 * cost.bare_s:.0f} ms), median of {TIMES}"
            )


if __name__ == "__main__":
    main()
