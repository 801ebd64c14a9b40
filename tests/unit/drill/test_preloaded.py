"""What trading processes find ready."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
LOADED = """
from drill.preloaded import CALENDAR
from trading.strategies import trend_mean_reversion as module
from numba.core.registry import CPUDispatcher
compiled = [each for each in vars(module).values() if isinstance(each, CPUDispatcher)]
print(len(CALENDAR.sessions(*map(__import__("datetime").date.fromisoformat, ("2014-03-03", "2014-03-07")))))
print(any(each.signatures for each in compiled))
"""


def test_calendar_and_machine_code_are_there_once_the_module_is_loaded() -> None:
    done = subprocess.run([sys.executable, "-c", LOADED], cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert done.stdout.split() == ["5", "True"], done.stderr
