"""Disks and networks of a test's own. Everything here runs in namespaces apart: see tools/machine-test.sh."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.scenarios.real_system import RealSystem


@pytest.fixture(scope="session", autouse=True)
def apart() -> None:
    """Refuse to touch the machine's own mounts and addresses."""
    if os.environ.get("OUTSIDE") in {None, str(Path("/proc/self/ns/net").readlink())}:
        pytest.exit("tests/machines runs in namespaces of its own: make machine-test", returncode=1)


def do(*command: str) -> None:
    """Run a command that has to succeed."""
    subprocess.run(command, check=True, capture_output=True)


@dataclass
class Volume:
    """A small disk of its own, mounted at `folder`."""

    folder: Path

    def fill(self) -> None:
        """Leave no byte free."""
        with (self.folder / "filling").open("wb", buffering=0) as file:
            for size in (65536, 4096, 1):
                try:
                    while True:
                        file.write(b"\0" * size)
                except OSError:
                    continue

    def free(self) -> None:
        """Give the space back."""
        (self.folder / "filling").unlink()

    def remount(self, how: str) -> None:
        """Make it read-only (`ro`) or writable (`rw`)."""
        do("mount", "-o", f"remount,{how}", str(self.folder))


@pytest.fixture
def volume(tmp_path: Path) -> Iterator[Volume]:
    """A disk of 32 MB."""
    folder = tmp_path / "volume"
    folder.mkdir()
    do("mount", "-t", "tmpfs", "-o", "size=32m", "none", str(folder))
    yield Volume(folder)
    do("umount", "--lazy", str(folder))


@pytest.fixture
def system(tmp_path: Path, volume: Volume) -> Iterator[RealSystem]:
    """Processes whose state and logs are on that disk; what they say and the simulated gateway are elsewhere."""
    made = RealSystem(tmp_path, STATE_DIR=str(volume.folder / "state"), LOG_DIR=str(volume.folder / "logs"))
    made.state = volume.folder / "state" / "simulated"
    made.database = made.state / "trading.db"
    yield made
    made.close()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Leave out what another user is needed for where there is only one: in a user namespace without root."""
    users = Path("/proc/self/uid_map").read_text(encoding="ascii").split()
    if os.getuid() != 0 or int(users[2]) == 1:
        for item in [item for item in items if "another_user" in item.name]:
            items.remove(item)
            print(f"left out, since only root can be another user: {item.name}")  # noqa: T201 - the run's own words
