"""What must start in an instant and stay small imports nothing heavy, found in a fresh interpreter."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

# numba and pandas take a second and a hundred megabytes, numpy a fifth of that.
HEAVY = ("exchange_calendars", "numba", "numpy", "pandas", "prometheus_client", "pyarrow", "requests")


@pytest.mark.parametrize(
    "code",
    [
        "import webapp.app, webapp.__main__, webapp.worker",
        "from trading.cli.main import main; main(['--help'])",
        "import trading.cli.status",
        "import trading.cli.operate",
    ],
    ids=["dashboard", "help", "status", "halt and resume"],
)
def test_light_process_imports_nothing_heavy(code: str, project_root: Path) -> None:
    program = f"{code}\nimport sys; print('heavy:', *sorted({set(HEAVY)!r} & sys.modules.keys()))"
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=project_root, capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout.splitlines()[-1] == "heavy:"
