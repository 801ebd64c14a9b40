"""Configurations that are broken in one way each, before a real process: one line, exit 2, nothing begun."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.fakes.broken_configurations import KINDS, broken
from tests.scenarios.start_run import ROOT

MOST_LETTERS = 300
# Half a second on its own; the machine may be busy.
MOST_S = 5.0
# Of each kind that a process can meet otherwise than a function: what it prints, and bytes that are no text.
SEEDS = range(len(KINDS) * 7, len(KINDS) * 7 + 20)


@pytest.mark.parametrize("seed", SEEDS)
def test_broken_configuration_is_one_line_on_stderr_and_exit_2(tmp_path: Path, seed: int) -> None:
    made = broken(seed)
    made.lay_out(tmp_path)
    environ = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "HOME": str(tmp_path), "LC_ALL": "POSIX"}
    environ |= {name: value for name, value in made.environ.items() if "\0" not in value}
    began = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-m", "trading", "doctor", "--settings"],
        cwd=tmp_path,
        env={os.fsencode(name): os.fsencode(value) for name, value in environ.items()},
        capture_output=True,
        check=False,
    )
    line = done.stderr.decode()
    assert done.returncode == 2, line
    assert (done.stdout, line.count("\n")) == (b"", 1)
    assert made.names in line
    assert made.hidden not in line
    assert len(line.replace(str(tmp_path), "")) <= MOST_LETTERS + 1
    assert time.monotonic() - began < MOST_S
    assert {path.name for path in tmp_path.iterdir()} <= {".env", "config.json"}


def test_each_process_meets_another_kind() -> None:
    assert len({seed % len(KINDS) for seed in SEEDS}) == 20
