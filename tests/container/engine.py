"""Docker and Compose, as far as these tests need them."""

from __future__ import annotations

import json
import os
import re
import shutil
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

Found = TypeVar("Found")

ROOT = Path(__file__).resolve().parents[2]
# What the image is built from, and what a person needs for `docker compose up`.
SHIPPED = (
    "start.sh", "conf.yaml", "config.json", "docker-compose.yml", "Dockerfile", ".dockerignore", "pyproject.toml",
    "LICENSE", "requirements.txt", "requirements-notify.txt", "package.json", "package-lock.json", "tools",
    "deploy", "data", "gateway", "trading", "simulator", "webapp",
)  # fmt: skip

FIGURES: list[tuple[str, str]] = []


def figure(name: str, value: str) -> None:
    """Keep something that was measured, for the end of the report."""
    FIGURES.append((name, value))


def docker(*arguments: str, check: bool = True, limit_s: float = 120) -> str:
    """Run a command of docker and return what it printed; standard error too when it fails."""
    done = subprocess.run(
        ["docker", *arguments],  # noqa: S607 - found on the path, as a person's is
        capture_output=True,
        text=True,
        timeout=limit_s,
        check=False,
    )
    if check and done.returncode != 0:
        problem = f"docker {' '.join(arguments)}: exit {done.returncode}\n{done.stdout[-3000:]}\n{done.stderr[-6000:]}"
        raise AssertionError(problem)
    return done.stdout + ("" if done.returncode == 0 else done.stderr)


def wait_for(what: str, found: Callable[[], Found], limit_s: float = 60) -> Found:
    """Wait until `found` returns something true, and return it."""
    limit = time.monotonic() + limit_s
    while time.monotonic() < limit:
        result = found()
        if result:
            return result
        time.sleep(0.25)
    problem = f"not within {limit_s:.0f} s: {what}"
    raise AssertionError(problem)


def free_port() -> int:
    """Return a port of this machine that nobody uses."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def checkout(folder: Path) -> Path:
    """Return a copy of what ships, without anybody's .env, state and secrets."""
    for name in SHIPPED:
        source = ROOT / name
        if source.is_dir():
            ignored = shutil.ignore_patterns("__pycache__", "vendor", "*.zip")
            shutil.copytree(source, folder / name, ignore=ignored)
        else:
            shutil.copy(source, folder / name)
    return folder


class Project:
    """One `docker compose` project from a checkout, on ports of its own."""

    def __init__(self, folder: Path, name: str, kind: str, settings: str = "", more: str = "") -> None:
        """Write .env and the override that a test machine needs: other ports, and the host's network while building."""
        self.folder, self.name, self.kind = folder, name, kind
        self.gateway_port, self.dashboard_port = free_port(), free_port()
        (folder / ".env").write_text(settings, encoding="utf-8")
        override = (
            f"services:\n  trading:\n    image: {name}-{kind}\n    build:\n      network: host\n    ports: !override\n"
            f"      - 127.0.0.1:{self.gateway_port}:5055\n      - 127.0.0.1:{self.dashboard_port}:5056\n{more}"
        )
        (folder / "test.override.yml").write_text(override, encoding="utf-8")

    @property
    def container(self) -> str:
        """Return the container's name."""
        return f"{self.name}-trading-1"

    def compose(self, *arguments: str, limit_s: float = 120) -> str:
        """Run a command of Compose as a person would, with the override."""
        files = ("-f", "docker-compose.yml", "-f", "test.override.yml")
        done = subprocess.run(
            ["docker", "compose", "-p", self.name, *files, *arguments],  # noqa: S607
            cwd=self.folder,
            env=os.environ | {"GATEWAY": self.kind},
            capture_output=True,
            text=True,
            timeout=limit_s,
            check=False,
        )
        if done.returncode != 0:
            said = f"{done.stdout[-6000:]}\n{done.stderr[-6000:]}"
            problem = f"docker compose {' '.join(arguments)}: exit {done.returncode}\n{said}"
            raise AssertionError(problem)
        return done.stdout

    def build(self) -> None:
        """Build the image and note its size by layer."""
        began = time.monotonic()
        self.compose("build", limit_s=900)
        image = f"{self.name}-{self.kind}"
        figure(f"{self.kind}: build", f"{time.monotonic() - began:.0f} s")
        size = int(self.inspect("{{.Size}}", image))
        figure(f"{self.kind}: image", f"{size / 1e6:.0f} MB")
        for line in docker("history", "--no-trunc", "--format", "{{.Size}}\t{{.CreatedBy}}", image).splitlines():
            layer, _, made_by = line.partition("\t")
            if layer.endswith("MB"):
                figure(f"{self.kind}: layer", f"{layer:>8} {made_by[:90]}")

    def inspect(self, what: str, target: str | None = None) -> str:
        """Return one thing that Docker knows, of the container or of `target`."""
        return docker("inspect", "-f", what, target or self.container).strip()

    def health(self) -> str:
        """Return `starting`, `healthy` or `unhealthy`."""
        return self.inspect("{{.State.Health.Status}}")

    def up(self) -> float:
        """Start it and wait until the dashboard says that all is alive; return the seconds."""
        began = time.monotonic()
        self.compose("up", "-d", "--no-build")
        wait_for("a healthy dashboard", lambda: self.get("/healthz")[0] == 200, 90)
        return time.monotonic() - began

    def down(self) -> None:
        """Remove everything, volumes too."""
        self.compose("down", "--volumes", "--timeout", "5")

    def logs(self) -> str:
        """Return what `docker compose logs` shows, without the container's name."""
        return re.sub(r"^\S*trading-1\s+\| ", "", self.compose("logs", "--no-color"), flags=re.MULTILINE)

    def get(self, path: str, **headers: str) -> tuple[int, str]:
        """Ask the dashboard; 0 where nothing answers."""
        url = f"http://127.0.0.1:{self.dashboard_port}{path}"
        try:
            with urllib.request.urlopen(urllib.request.Request(url, headers=headers), timeout=10) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()
        except OSError:
            return 0, ""

    def metric(self, name: str) -> float:
        """Return the sum of a metric over its labels."""
        lines = [line for line in self.get("/metrics")[1].splitlines() if re.match(rf"{name}[{{ ]", line)]
        return sum(float(line.rpartition(" ")[2]) for line in lines)

    def run(self, *command: str, check: bool = True) -> str:
        """Run a command inside the container, as its user."""
        return docker("exec", self.container, *command, check=check)

    def python(self, code: str) -> Any:  # noqa: ANN401 - JSON
        """Run Python inside the container and return the JSON that it prints."""
        return json.loads(self.run("python", "-c", code))

    def gateway(self, method: str, path: str, body: str = "") -> tuple[int, str]:
        """Ask the gateway from inside, over its verified certificate."""
        status, text = self.python(ASK_GATEWAY.format(kind=self.kind, method=method, path=path, body=body))
        return status, text

    def gateway_listens(self) -> bool:
        """Return whether the gateway's port is open, seen from inside."""
        code = "import json, socket; s = socket.socket(); print(json.dumps(s.connect_ex(('127.0.0.1', 5055)) == 0))"
        return self.python(code) is True

    def processes(self) -> dict[str, int]:
        """Return the process of each part, as numbers of this machine."""
        found = {}
        marks = {"-m simulator": "gateway", "GatewayStart": "gateway", "-m trading run": "trader", "-m gunicorn": "web"}
        for line in docker("top", self.container, "-o", "pid,ppid,args").splitlines()[1:]:
            pid, _, command = line.split(None, 2)
            for mark, part in marks.items():
                if mark in command and part not in found:
                    found[part] = int(pid)
        return found

    def resident_mb(self) -> dict[str, float]:
        """Return the resident memory by part, its children included, and the rest as `supervisor`."""
        used: dict[str, float] = {}
        for line in docker("top", self.container, "-o", "pid,rss,args").splitlines()[1:]:
            _, kilobytes, command = line.split(None, 2)
            marks = {"-m simulator": "gateway", "GatewayStart": "gateway", "-m trading": "trader", "gunicorn": "web"}
            part = next((part for mark, part in marks.items() if mark in command), "supervisor")
            used[part] = used.get(part, 0.0) + int(kilobytes) / 1024
        return used


ASK_GATEWAY = """
import json, ssl, urllib.request
kind = "{kind}"
file = "gateway/root/gateway.pem" if kind == "live" else "simulated/simulator/simulator-cert.pem"
context = ssl.create_default_context(cafile="/app/state/" + file)
body = {body!r}.encode() or None
headers = {{"Content-Type": "application/json"}}
request = urllib.request.Request("https://localhost:5055{path}", body, headers, method="{method}")
try:
    with urllib.request.urlopen(request, timeout=20, context=context) as answer:
        print(json.dumps([answer.status, answer.read().decode()]))
except urllib.error.HTTPError as error:
    print(json.dumps([error.code, error.read().decode()]))
"""
