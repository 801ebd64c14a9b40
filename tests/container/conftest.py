"""Images, the running demo, and the figures at the end."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.container.engine import FIGURES, Project, checkout, docker, figure


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Give each test the time that building an image may take."""
    for item in items:
        if "container" in str(item.path):
            item.add_marker(pytest.mark.timeout(900))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print what was measured."""
    if FIGURES:
        terminalreporter.section("measured")
        for name, value in FIGURES:
            terminalreporter.write_line(f"{name:32} {value}")


@pytest.fixture(scope="session", autouse=True)
def engine() -> None:
    """Fail at once, and once, where Docker doesn't answer."""
    try:
        subprocess.run(["docker", "info"], capture_output=True, check=True, timeout=30)  # noqa: S607
    except (OSError, subprocess.SubprocessError):
        pytest.exit("Docker doesn't answer; tests/container needs it", returncode=1)


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    """The simulated demo under Compose, built and healthy, fast enough to trade within seconds."""
    folder = checkout(tmp_path_factory.mktemp("demo"))
    project = Project(folder, "tradingtest", "simulated", "SIM_SECONDS_PER_DAY=0.4\nMAX_POSITIONS=8\n")
    project.build()
    project.down()
    try:
        seconds = project.up()
        figure("simulated: start until healthy", f"{seconds:.1f} s")
        yield project
    finally:
        Path(folder / "compose.log").write_text(project.logs(), encoding="utf-8")
        project.down()
        docker("image", "rm", "-f", f"{project.name}-{project.kind}", check=False)
