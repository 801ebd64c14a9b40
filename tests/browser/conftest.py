"""A dashboard in a process of its own over a seeded state, and a Chromium that looks at it."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.browser.chromium import DESKTOP, Page, browser, find_chromium
from tests.browser.seed import fill_state
from tests.fakes.heartbeats import beating

PASSWORD = "correct-horse-battery"
START_S = 30.0


@dataclass(frozen=True, slots=True)
class Site:
    """A running dashboard: its address and the folder that the trading process would write to."""

    url: str
    state: Path


def serve(root: Path, folder: Path) -> tuple[subprocess.Popen[bytes], str]:
    """Start the dashboard on a free port and return once it listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    environment = {
        "PATH": os.environ["PATH"],
        "GATEWAY": "simulated",
        "STATE_DIR": str(folder / "state"),
        "LOG_DIR": str(folder / "logs"),
        "DASHBOARD_PORT": str(port),
        "DASHBOARD_PASSWORD": PASSWORD,
    }
    command = [sys.executable, "-m", "gunicorn", "--config", "webapp/gunicorn.conf.py"]
    process = subprocess.Popen(command, cwd=root, env=environment)
    deadline = time.monotonic() + START_S
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            assert process.poll() is None, "the dashboard did not start"
            assert time.monotonic() < deadline, "the dashboard does not listen"
            time.sleep(0.1)
        else:
            return process, f"http://localhost:{port}"


@contextlib.contextmanager
def running(root: Path, folder: Path) -> Iterator[str]:
    """Run a dashboard over the state in `folder`; its address."""
    process, url = serve(root, folder)
    try:
        yield url
    finally:
        process.terminate()
        process.wait(20)


@pytest.fixture(scope="session")
def site(project_root: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A dashboard over nine months of trading."""
    folder = tmp_path_factory.mktemp("site")
    fill_state(folder / "state" / "simulated", folder / "logs")
    state = folder / "state" / "simulated"
    with running(project_root, folder) as url, beating(state):
        yield Site(url, state)


@pytest.fixture(scope="session")
def chromium() -> Iterator[Page]:
    """One browser for all tests."""
    executable = find_chromium()
    if executable is None:
        pytest.exit("no Chromium here; on Debian and Ubuntu: apt-get install chromium", returncode=1)
    with browser(executable) as page:
        yield page


@pytest.fixture
def page(chromium: Page, site: Site) -> Page:
    """The browser, logged in, on a desktop, with nothing to complain about yet."""
    log_in(chromium, site.url)
    return chromium


def log_in(page: Page, url: str) -> None:
    """Log in with the password where that is needed, and forget what was complained about before."""
    page.set_view(DESKTOP)
    page.open(f"{url}/login")
    if page.value("location.pathname") == "/login":
        page.type("input[name=password]", PASSWORD)
        page.press("Enter")
        page.wait_for("location.pathname === '/'")
    for found in (page.complaints, page.dialogs, page.requested):
        found.clear()


@pytest.fixture(scope="session")
def pictures(project_root: Path) -> Path:
    """Where the pictures go that somebody may want to look at."""
    return project_root / "tests" / "browser" / "screenshots"
