from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

Script = Callable[..., tuple[int, str]]


@pytest.fixture
def script(project_root: Path) -> Script:
    """Runs a script of deploy/ as start.sh does, and returns its exit code and what it printed."""

    def run(name: str, *arguments: str, **environment: str) -> tuple[int, str]:
        done = subprocess.run(
            [sys.executable, "-I", str(project_root / "deploy" / name), *arguments],
            env={"PATH": "/usr/bin:/bin", **environment},
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )
        return done.returncode, done.stdout + done.stderr

    return run
