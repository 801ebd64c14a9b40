"""What reads the state is small and quick: the dashboard in memory, as start.sh starts it, and `status` in time."""

from __future__ import annotations

import json
import os
import re
import resource
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from tests.browser.seed import fill_state

ROOT = Path(__file__).resolve().parents[2]
PASSWORD = "correct-horse-battery"
MAX_PSS_KB = 80 * 1024
MAX_STATUS_S = 0.4
START_S = 30.0
PAGES = ("/", "/decisions", "/trades", "/trades.csv", "/log", "/halt", "/resume", "/api/equity", "/readyz", "/metrics")
HEAVY = re.compile(r"/(?:numba|llvmlite|pandas|numpy|pyarrow)[/.]")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A working folder after nine months of trading on the bundled bars."""
    made = tmp_path_factory.mktemp("seeded")
    fill_state(made / "state" / "simulated", made / "logs")
    (made / "config.json").write_text((ROOT / "config.json").read_text(encoding="utf-8"), encoding="utf-8")
    return made


def environment(folder: Path, **more: str) -> dict[str, str]:
    return {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(ROOT),
        "GATEWAY": "simulated",
        "STATE_DIR": str(folder / "state"),
        "LOG_DIR": str(folder / "logs"),
        **more,
    }


@pytest.fixture
def dashboard(folder: Path) -> Iterator[tuple[subprocess.Popen[bytes], str]]:
    """The dashboard's process and address."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "gunicorn", "--config", str(ROOT / "webapp" / "gunicorn.conf.py")]
    settings = environment(folder, DASHBOARD_PORT=str(port), DASHBOARD_PASSWORD=PASSWORD)
    process = subprocess.Popen([*command, "webapp.app:create_app()"], cwd=ROOT, env=settings)
    try:
        yield process, f"http://localhost:{port}"
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(20)


def logged_in(address: str) -> requests.Session:
    session = requests.Session()
    ends = time.monotonic() + START_S
    while True:
        try:
            answer = session.post(f"{address}/login", data={"password": PASSWORD}, timeout=10)
        except requests.ConnectionError:
            if time.monotonic() > ends:
                raise
        else:
            assert answer.status_code == 200
            return session


def family(pid: int) -> list[int]:
    """Return the process and its children."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()
    return [pid, *map(int, children)]


def pss_kb(pid: int) -> int:
    found = re.search(r"^Pss:\s+(\d+) kB$", Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii"), re.MULTILINE)
    assert found is not None
    return int(found[1])


def test_dashboard_stays_small_after_every_page_was_opened(
    folder: Path, dashboard: tuple[subprocess.Popen[bytes], str]
) -> None:
    process, address = dashboard
    session = logged_in(address)
    decisions = session.get(f"{address}/decisions", timeout=10).text
    symbols = sorted(set(re.findall(r'href="/symbols/([A-Z.]+)"', decisions)))
    assert len(symbols) > 50
    stories = [path for symbol in symbols for path in (f"/symbols/{symbol}", f"/api/symbols/{symbol}/chart")]
    older = re.findall(r'href="(/decisions\?[^"]+)"', decisions)
    for path in (*PAGES, *stories, *older):
        assert session.get(f"{address}{path.replace('&amp;', '&')}", timeout=10).status_code in {200, 503}, path
    processes = family(process.pid)
    assert len(processes) == 2
    loaded = {
        line.split()[-1]
        for pid in processes
        for line in Path(f"/proc/{pid}/maps").read_text(encoding="utf-8").splitlines()
        if HEAVY.search(line)
    }
    assert loaded == set()
    assert sum(map(pss_kb, processes)) < MAX_PSS_KB


def test_status_takes_less_than_half_a_second(folder: Path) -> None:
    taken = []
    found = {}
    for _ in range(3):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        done = subprocess.run(
            [sys.executable, "-m", "trading", "status", "--json"],
            cwd=folder, env=environment(folder), capture_output=True, check=True, timeout=30,
        )  # fmt: skip
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        found = json.loads(done.stdout)
        taken.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    assert found["positions"]
    assert found["last_trades"]
    # Of the processor: what else the machine does must not count.
    assert min(taken) < MAX_STATUS_S
