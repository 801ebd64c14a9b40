"""The simulator as its own process, as a user starts it."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import requests

ROOT = Path(__file__).resolve().parents[3]
BARS = ROOT / "data" / "us_daily.csv.gz"
ACCOUNT = "DU1234567"
Json: TypeAlias = Any  # what an answer holds: the tests say what they expect of it


def command(*options: str) -> list[str]:
    return [sys.executable, "-m", "simulator", *options]


@dataclass
class Running:
    process: subprocess.Popen[str]
    port: int
    certificate: Path
    session: requests.Session

    @property
    def url(self) -> str:
        return f"https://localhost:{self.port}"

    def get(self, path: str) -> Json:
        return self.session.get(self.url + path, timeout=10).json()

    def post(self, path: str, body: object) -> Json:
        return self.session.post(self.url + path, json=body, timeout=10).json()

    def advance(self, to: str, *, stop_on_event: bool = False) -> Json:
        return self.post("/sim/advance", {"to": to, "stop_on_event": stop_on_event})

    def place(self, **order: object) -> Json:
        """Place an order and confirm its question, if it raises one."""
        body = {"orders": [{"tif": "DAY", **order}]}
        rows = self.post(f"/v1/api/iserver/account/{ACCOUNT}/orders", body)
        if isinstance(rows, list) and "message" in rows[0]:
            rows = self.post(f"/v1/api/iserver/reply/{rows[0]['id']}", {"confirmed": True})
        return rows

    def truth(self) -> bytes:
        return self.session.get(f"{self.url}/sim/truth", timeout=10).content


def wait_for_port(process: subprocess.Popen[str]) -> int:
    """Return the port of a simulator that has just been started, once it listens."""
    assert process.stdout is not None
    found = re.search(r"://\S+:(\d+),", process.stdout.readline())
    assert found is not None
    return int(found.group(1))


@contextmanager
def running(state: Path, *options: str) -> Iterator[Running]:
    """Start the simulator on a free port, logged in, at speed 0 from 2014-03-03; it is killed in the end."""
    fixed = ("--port", "0", "--state", str(state), "--start", "2014-03-03", "--speed", "0", "--pacing", "off")
    arguments = command(*fixed, "--bars", str(BARS), "--auto-login", *options)
    with (
        subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True, cwd=ROOT) as process,
        requests.Session() as session,
    ):
        port = wait_for_port(process)
        session.verify = str(state / "simulator-cert.pem")
        session.trust_env = False
        try:
            yield Running(process, port, state / "simulator-cert.pem", session)
        finally:
            process.kill()
