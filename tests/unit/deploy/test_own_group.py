"""A part that start.sh starts: a group of its own, and signals as everywhere else."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

REPORT = """
import os, signal
interrupts = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGQUIT)]
print(os.getpid() == os.getpgrp() == os.getsid(0), interrupts == [signal.default_int_handler, signal.SIG_DFL])
print(os.getpid())
raise SystemExit(7)
"""
# As bash starts what runs in the background.
IGNORING = 'trap "" INT QUIT PIPE; exec "$@"'


def test_program_has_a_group_of_its_own_hears_interrupts_and_keeps_its_process_id(project_root: Path) -> None:
    own_group = [sys.executable, "-I", "-S", str(project_root / "deploy" / "own_group.py")]
    with subprocess.Popen(
        ["/bin/sh", "-c", IGNORING, "sh", *own_group, sys.executable, "-c", REPORT], stdout=subprocess.PIPE, text=True
    ) as process:
        output, _ = process.communicate(timeout=30)
    assert output.split() == ["True", "True", str(process.pid)]
    assert process.returncode == 7
