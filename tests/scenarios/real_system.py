"""Simulated gateway, trading process and dashboard as real processes, on ports and a folder of their own."""

from __future__ import annotations

import http.client
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from tests.scenarios.start_run import ROOT, free_port

LIMIT_S = 60.0


class RealSystem:
    """Processes of this checkout that work on one state folder; whoever makes it ends it with `close`."""

    def __init__(self, folder: Path, **settings: str) -> None:
        """Give them `folder` to write to, and further settings as variables."""
        self.folder = folder
        self.gateway_port, self.dashboard_port = free_port(), free_port()
        self.environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(folder),
            "GATEWAY": "simulated",
            "GATEWAY_URL": f"https://localhost:{self.gateway_port}",
            "DASHBOARD_PORT": str(self.dashboard_port),
            "STATE_DIR": str(folder / "state"),
            "LOG_DIR": str(folder / "logs"),
            "GATEWAY_CA_BUNDLE": str(folder / "simulator" / "simulator-cert.pem"),
            "SIM_SECONDS_PER_DAY": "0.5",
        } | settings
        self.state = folder / "state" / "simulated"
        self.database = self.state / "trading.db"
        self.before: tuple[str, ...] = ()
        """what each process is started by"""
        self._running: dict[str, subprocess.Popen[bytes]] = {}

    def begin_gateway(self) -> None:
        """Start the simulated gateway and wait until it answers."""
        bars = self.environment.get("SIM_BARS", str(ROOT / "data" / "us_daily.csv.gz"))
        options = ["--bars", bars, "--start", "2014-03-03", "--speed", "0", "--account", "DU1234567", "--auto-login"]
        state = str(self.folder / "simulator")
        self.begin(
            "gateway", "simulator", "--port", str(self.gateway_port), *options, "--pacing", "off", "--state", state
        )
        self.until(lambda: "simulated gateway on" in self.said("gateway"))

    def begin_trading(self) -> None:
        """Start the trading process."""
        self.begin("trader", "trading", "run")

    def begin_dashboard(self) -> None:
        """Start the dashboard and wait until it answers."""
        self.begin("web", "gunicorn", "--config", "webapp/gunicorn.conf.py", "webapp.app:create_app()")
        self.until(lambda: self.page("/login")[0] == http.client.OK)

    def begin(self, name: str, module: str, *arguments: str) -> None:
        """Start a Python module in the background; its output is `said(name)`."""
        with (self.folder / f"{name}.out").open("wb") as output:
            self._running[name] = subprocess.Popen(
                [*self.before, sys.executable, "-m", module, *arguments],
                cwd=ROOT,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
            )

    def command(self, *arguments: str) -> tuple[int, str]:
        """Run one command of `python -m trading`; return its exit code and all that it said."""
        done = subprocess.run(
            [*self.before, sys.executable, "-m", "trading", *arguments],
            cwd=ROOT,
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=LIMIT_S,
        )
        return done.returncode, done.stdout + done.stderr

    def status(self) -> dict[str, object]:
        """Return what `status` shows, empty where it can't be read."""
        code, said = self.command("status", "--json")
        found: dict[str, object] = json.loads(said) if code == 0 else {}
        return found

    def said(self, name: str) -> str:
        """Return what a process has said until now."""
        return (self.folder / f"{name}.out").read_text(encoding="utf-8", errors="replace")

    def runs(self, name: str) -> bool:
        """Return whether a process is there."""
        return self._running[name].poll() is None

    def page(self, path: str) -> tuple[int, str]:
        """Return status and body of a page of the dashboard, 0 while nobody answers."""
        connection = http.client.HTTPConnection("127.0.0.1", self.dashboard_port, timeout=20)
        try:
            connection.request("GET", path, headers={"Accept": "application/json"})
            answer = connection.getresponse()
            return answer.status, answer.read().decode()
        except OSError:
            return 0, ""
        finally:
            connection.close()

    def until(self, there: Callable[[], bool]) -> None:
        """Wait until something is so.

        Raises: AssertionError, with what the processes said, when it takes too long.
        """
        limit = time.monotonic() + LIMIT_S
        while not there():
            if time.monotonic() > limit:
                raise AssertionError({name: self.said(name)[-3000:] for name in self._running})
            time.sleep(0.1)

    def stop(self, name: str) -> int:
        """Stop one process in order; return its exit code."""
        process = self._running.pop(name)
        process.send_signal(signal.SIGTERM)
        return process.wait(LIMIT_S)

    def close(self) -> None:
        """End whatever runs."""
        for process in self._running.values():
            process.kill()
            process.wait()
