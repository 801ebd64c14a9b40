"""Stands in for the Python of start.sh: runs a part that behaves as its environment says, and real helper scripts.

PART_<NAME> is what the part does: `runs`, `exits N`, `dies N` (after N seconds), `ignores TERM`, and of the gateway
also `silent` (never opens its port) and `hangs` (answers "/" but no API call). Each start is noted in `<part>.pids`.
"""

from __future__ import annotations

import http.server
import os
import signal
import ssl
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import NoReturn

FOLDER = Path(os.environ["PART_FOLDER"])


def say(words: str) -> None:
    """Print a line at once."""
    sys.stdout.write(words + "\n")
    sys.stdout.flush()


def note_start(name: str) -> None:
    """Note this process and a grandchild, as the gateway's script has one."""
    grandchild = subprocess.Popen(["/bin/sleep", "600"])
    with (FOLDER / f"{name}.pids").open("a", encoding="utf-8") as file:
        file.write(f"{os.getpid()} {grandchild.pid}\n")
    environment = "\n".join(f"{key}={value}" for key, value in os.environ.items())
    (FOLDER / f"{name}.env").write_text(environment, encoding="utf-8")


def behave(name: str, behaviour: str) -> NoReturn:
    """Do what any part can be told to do."""
    word, _, argument = behaviour.partition(" ")
    if word == "exits":
        say(f"{name} says why it ends")
        sys.exit(int(argument))
    if word == "dies":
        time.sleep(float(argument))
        sys.exit(1)
    if word == "ignores":
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    say(f"{name} begins")
    while True:
        time.sleep(60)


class Answers(http.server.BaseHTTPRequestHandler):
    """Answers like the gateway: "/" by a redirect, API calls by a 401, or not at all while a file `hang` is there."""

    def do_GET(self) -> None:
        """Answer the liveness question, and the dashboard's."""
        if (FOLDER / "mute").exists():
            time.sleep(60)
        self.send_response(200 if self.path == "/healthz" else 302)
        self.end_headers()

    def do_POST(self) -> None:
        """Answer an API call."""
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        with (FOLDER / "calls").open("a", encoding="utf-8") as file:
            file.write(self.path + "\n")
        if (FOLDER / "hang").exists():
            time.sleep(60)
        self.send_response(401)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


def serve(port: int, certificate: Path | None) -> None:
    """Serve in the background."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", port), Answers)
    if certificate is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()


def run_gateway(arguments: list[str]) -> NoReturn:
    """Stand in for `python -m simulator`."""
    note_start("gateway")
    behaviour = os.environ.get("PART_GATEWAY", "runs")
    if behaviour == "hangs":
        (FOLDER / "hang").touch()
    if behaviour not in ("silent",) and not behaviour.startswith("exits"):
        state = Path(arguments[arguments.index("--state") + 1])
        state.mkdir(parents=True, exist_ok=True)
        both = (FOLDER / "gateway.both").read_text(encoding="ascii")
        (state / "simulator-cert.pem").write_text(both[both.index("-----BEGIN CERT") :], encoding="ascii")
        serve(int(arguments[arguments.index("--port") + 1]), FOLDER / "gateway.both")
    behave("gateway", behaviour)


def main(arguments: list[str]) -> NoReturn:
    """Run what start.sh asked for."""
    line = " ".join(arguments)
    if "-m webapp check" in line or "-m trading doctor" in line:
        failure = os.environ.get("PART_SETTINGS", "")
        if failure:
            sys.stderr.write(failure + "\n")
        sys.exit(2 if failure else 0)
    if line == "-m webapp login-link":
        say("http://localhost/login?token=once")
        sys.exit(0)
    if line.startswith("-m simulator --check"):
        sys.exit(0)
    if arguments[:2] == ["-m", "simulator"]:
        run_gateway(arguments)
    if arguments[:2] == ["-m", "gunicorn"]:
        note_start("web")
        serve(int(os.environ["DASHBOARD_PORT"]), None)
        behave("web", os.environ.get("PART_WEB", "runs"))
    if arguments[:2] == ["-m", "trading"]:
        note_start("trader")
        behave("trader", os.environ.get("PART_TRADER", "runs"))
    os.execv(sys.executable, [sys.executable, *arguments])  # noqa: S606 - becomes the real interpreter


if __name__ == "__main__":
    main(sys.argv[1:])
