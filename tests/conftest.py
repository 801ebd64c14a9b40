"""What every test may rely on."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest
from hypothesis import settings

ROOT = Path(__file__).resolve().parent.parent

# Each commit of a trading.db waits for the disk; in memory a test that makes one takes a tenth of the time.
MEMORY = Path("/dev/shm")  # noqa: S108 - the folder is pytest's own, closed to others
if os.access(MEMORY, os.W_OK) and shutil.disk_usage(MEMORY).free > 2 * 10**9:
    os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(MEMORY))

# The machine's speed is no property of the code, so examples have no deadline. They are the same on every run: a
# failure that somebody sees, everybody sees.
settings.register_profile("project", deadline=None, derandomize=True, print_blob=True)
settings.load_profile("project")


@pytest.fixture(scope="session")
def project_root() -> Path:
    """The folder of the checkout."""
    return ROOT


@pytest.fixture(scope="session")
def bundled_bars() -> Path:
    """The file of real daily bars that comes with the project."""
    return ROOT / "data" / "us_daily.csv.gz"
