"""start.sh with the real parts, in a checkout whose path, user's folder and variables are a test's to choose."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from tests.scenarios.start_run import ROOT, free_port

LIMIT_S = 60.0
# Enough to have decided on some sessions.
CYCLES = 6


class RealStart:
    """One start.sh; whoever makes it ends it with `close`."""

    def __init__(self, folder: Path, name: str = "checkout") -> None:
        """Lay out a checkout of that name, with links to the code."""
        self.checkout = folder / name
        self.checkout.mkdir()
        shutil.copytree(ROOT / "deploy", self.checkout / "deploy", ignore=shutil.ignore_patterns("__pycache__"))
        for file in ("start.sh", "conf.yaml", "config.json"):
            shutil.copy(ROOT / file, self.checkout)
        for part in ("trading", "webapp", "simulator", "data"):
            (self.checkout / part).symlink_to(ROOT / part)
        self.gateway_port, self.dashboard_port = free_port(), free_port()
        self._output = folder / "output"
        self._process: subprocess.Popen[bytes] | None = None

    def begin(self, before: str = ":", **settings: str) -> None:
        """Start it in the background, after the shell's command `before`; a keyword is a variable."""
        environment = {
            "PATH": os.environ["PATH"],
            "TRADING_PYTHON": sys.executable,
            "GATEWAY": "simulated",
            "GATEWAY_URL": f"https://localhost:{self.gateway_port}",
            "DASHBOARD_PORT": str(self.dashboard_port),
            "SIM_SECONDS_PER_DAY": "0.3",
        } | settings
        with self._output.open("wb") as output:
            self._process = subprocess.Popen(
                ["/bin/bash", "-c", f"{before}; exec ./start.sh"],
                cwd=self.checkout,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def output(self) -> str:
        """Return all that was printed until now."""
        return self._output.read_text(encoding="utf-8", errors="replace")

    def trades(self) -> None:
        """Wait until some sessions were decided on.

        Raises: AssertionError, it takes too long or says something that nobody should see.
        """
        limit = time.monotonic() + LIMIT_S
        while len(re.findall(r"cycle .* session=2", self.output())) < CYCLES:
            assert time.monotonic() < limit, self.output()
            time.sleep(0.1)
        assert "Traceback" not in self.output()
        assert not re.search(r"^web +\| (?!log in once)", self.output(), re.MULTILINE), self.output()

    def written(self) -> Iterator[Path]:
        """Give the folders and files that the system has made."""
        for folder in ("state", "logs"):
            yield self.checkout / folder
            yield from (self.checkout / folder).iterdir()
        yield from (self.checkout / "state" / "simulated").iterdir()

    def trader(self) -> int:
        """Return the trading process, 0 where there is none."""
        assert self._process is not None
        start = self._process.pid
        for child in Path(f"/proc/{start}/task/{start}/children").read_text(encoding="ascii").split():
            if b"trading\0run" in Path(f"/proc/{child}/cmdline").read_bytes():
                return int(child)
        return 0

    def stop(self) -> int:
        """Stop it in order; return its exit code."""
        assert self._process is not None
        self._process.send_signal(signal.SIGTERM)
        return self._process.wait(LIMIT_S)

    def close(self) -> None:
        """End whatever is left, when a test failed."""
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
            self._process.wait(LIMIT_S)
