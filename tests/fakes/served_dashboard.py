"""The dashboard as it really runs: gunicorn in a process of its own, on a port of its own."""

from __future__ import annotations

import contextlib
import http.client
import os
import re
import socket
import ssl
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode

from trading.monitoring.wall_clock import WallClock

ROOT = Path(__file__).resolve().parents[2]
PASSWORD = "correct-horse-battery"
CLOCK = WallClock()
START_S = 30.0
_TOKEN = re.compile(r'name="csrf_token" value="([^"]+)"')


def free_port() -> int:
    """Return a port that nobody uses."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer, read to its end."""

    status: int
    headers: http.client.HTTPMessage
    text: str


@dataclass(frozen=True, slots=True)
class Served:
    """A running dashboard."""

    port: int
    folder: Path
    tls: bool

    def ask(self, method: str, path: str, body: str | None = None, **headers: str) -> Answer:
        """Ask once, on a connection of one's own."""
        if self.tls:
            context = ssl.create_default_context(cafile=str(self.folder / "gateway.pem"))
            connection: http.client.HTTPConnection = http.client.HTTPSConnection(
                "127.0.0.1", self.port, timeout=20, context=context
            )
        else:
            connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        with contextlib.closing(connection):
            connection.request(method, path, body=body, headers={"Host": "localhost", **headers})
            answer = connection.getresponse()
            return Answer(answer.status, answer.headers, answer.read().decode())

    def post(self, path: str, fields: dict[str, str], **headers: str) -> Answer:
        """Send a form."""
        return self.ask(
            "POST", path, urlencode(fields), **{"Content-Type": "application/x-www-form-urlencoded", **headers}
        )

    def log_in(self) -> str:
        """Return the cookie of a new session."""
        answer = self.post("/login", {"password": PASSWORD})
        assert answer.status == 303
        return answer.headers["Set-Cookie"].partition(";")[0]

    def log_out(self, cookie: str) -> None:
        """End a session, which takes its token."""
        match = _TOKEN.search(self.ask("GET", "/", Cookie=cookie).text)
        assert match is not None
        assert self.post("/logout", {"csrf_token": match[1]}, Cookie=cookie).status == 303

    def audit(self) -> str:
        return (self.folder / "logs" / "webapp.log").read_text(encoding="utf-8")

    def console(self) -> str:
        return (self.folder / "console").read_text(encoding="utf-8")


def start(folder: Path, port: int, **environ: str) -> subprocess.Popen[str]:
    """Start the dashboard; what it says goes to its pipe."""
    return subprocess.Popen(
        _COMMAND, cwd=ROOT, env=_environment(folder, port, environ), stderr=subprocess.PIPE, text=True
    )


@contextlib.contextmanager
def serving(folder: Path, files: int | None = None, **environ: str) -> Iterator[Served]:
    """Run the dashboard, with at most so many open `files`; at the end it has to stop in order."""
    port = free_port()
    with (folder / "console").open("wb") as console:
        limited: tuple[str, ...] = () if files is None else ("sh", "-c", f'ulimit -n {files}; exec "$@"', "sh")
        process = subprocess.Popen(
            (*limited, *_COMMAND), cwd=ROOT, env=_environment(folder, port, environ), stderr=console
        )
    try:
        deadline = CLOCK.monotonic() + START_S
        while True:
            try:
                socket.create_connection(("127.0.0.1", port), 1).close()
                break
            except OSError:
                assert process.poll() is None
                assert CLOCK.monotonic() < deadline
        yield Served(port, folder, tls="DASHBOARD_TLS_CERT" in environ)
    finally:
        process.terminate()
        process.wait(timeout=20)
    assert process.returncode == 0


_COMMAND = (sys.executable, "-m", "gunicorn", "--config", "webapp/gunicorn.conf.py")


def _environment(folder: Path, port: int, environ: dict[str, str]) -> dict[str, str]:
    return {
        "PATH": os.environ["PATH"],
        "STATE_DIR": str(folder / "state"),
        "LOG_DIR": str(folder / "logs"),
        "DASHBOARD_PORT": str(port),
        "DASHBOARD_PASSWORD": PASSWORD,
        **environ,
    }
