"""A run of start.sh on free ports, with stand-ins for the parts."""

from __future__ import annotations

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

ROOT = Path(__file__).resolve().parents[2]
LIMIT_S = 40.0


def free_port() -> int:
    """Return a port that nobody uses."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def make_certificate(path: Path) -> None:
    """Write a private key and its certificate for localhost into one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "stand-in")])
    begin = datetime(2020, 1, 1, tzinfo=UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(begin)
        .not_valid_after(begin + timedelta(days=36_500))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path.write_bytes(private + certificate.public_bytes(serialization.Encoding.PEM))


def alive(pid: int) -> bool:
    """Return whether a process runs; one that ended and waits for its parent doesn't."""
    try:
        return Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


class Run:
    """One start.sh in a checkout of its own."""

    def __init__(self, folder: Path) -> None:
        """Lay out the checkout: the real scripts, an .env to be written, a Python that stands in."""
        self.folder = folder
        self.checkout = folder / "checkout"
        shutil.copytree(ROOT / "deploy", self.checkout / "deploy", ignore=shutil.ignore_patterns("__pycache__"))
        for name in ("start.sh", "conf.yaml", "config.json"):
            shutil.copy(ROOT / name, self.checkout)
        (self.checkout / "trading").symlink_to(ROOT / "trading")
        (self.checkout / "data").mkdir()
        (self.checkout / "data" / "us_daily.csv.gz").touch()
        python = folder / "python"
        python.write_text(f'#!/bin/sh\nexec {sys.executable} {ROOT / "tests/scenarios/start_parts.py"} "$@"\n')
        python.chmod(0o755)
        make_certificate(folder / "gateway.both")
        self.gateway_port, self.dashboard_port = free_port(), free_port()
        self.environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(folder),
            "TMPDIR": str(folder),
            "GATEWAY": "simulated",
            "GATEWAY_URL": f"https://localhost:{self.gateway_port}/v1/api",
            "DASHBOARD_PORT": str(self.dashboard_port),
            "TRADING_PYTHON": str(python),
            "PART_FOLDER": str(folder),
        }
        self._output = folder / "output"
        self.process: subprocess.Popen[bytes] | None = None

    def begin(self, *arguments: str, **settings: str) -> Run:
        """Start it in the background; a keyword is an environment variable."""
        with self._output.open("wb") as output:
            self.process = subprocess.Popen(
                [str(self.checkout / "start.sh"), *arguments],
                env=self.environment | settings,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        return self

    def finished(self, *arguments: str, **settings: str) -> tuple[int, str]:
        """Run it to its end; return exit code and output."""
        self.begin(*arguments, **settings)
        return self.wait(), self.output()

    def output(self) -> str:
        """Return all that was printed until now."""
        return self._output.read_text(encoding="utf-8")

    def see(self, pattern: str, times: int = 1) -> str:
        """Wait until the output matches `pattern` this many times; return the output."""
        limit = time.monotonic() + LIMIT_S
        while time.monotonic() < limit:
            if len(re.findall(pattern, self.output(), re.MULTILINE)) >= times:
                return self.output()
            if self.process is not None and self.process.poll() is not None:
                break
            time.sleep(0.05)
        problem = f"{pattern!r} not seen {times} times in:\n{self.output()}"
        raise AssertionError(problem)

    def starts(self, part: str) -> list[tuple[int, int]]:
        """Return process and grandchild of each start of a part."""
        file = self.folder / f"{part}.pids"
        lines = file.read_text(encoding="ascii").splitlines() if file.exists() else []
        return [(int(line.split()[0]), int(line.split()[1])) for line in lines]

    def seen_by(self, part: str) -> str:
        """Return the environment that a part was started with."""
        return (self.folder / f"{part}.env").read_text(encoding="utf-8")

    def left_over(self) -> list[int]:
        """Return the processes of all parts that still run."""
        return [
            pid for part in ("gateway", "web", "trader") for both in self.starts(part) for pid in both if alive(pid)
        ]

    def send(self, number: signal.Signals) -> None:
        """Send start.sh alone a signal."""
        assert self.process is not None
        self.process.send_signal(number)

    def wait(self) -> int:
        """Wait for its end and return the exit code."""
        assert self.process is not None
        return self.process.wait(LIMIT_S)

    def stop(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Stop it by a signal; return the exit code."""
        self.send(number)
        return self.wait()

    def close(self) -> None:
        """End whatever is left, when a test failed."""
        for pid in self.left_over():
            os.kill(pid, signal.SIGKILL)
        if self.process is not None and self.process.poll() is None:
            self.process.kill()
            self.process.wait()
