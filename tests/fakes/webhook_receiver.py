"""A server that takes notifications: it keeps them, and can be down, refuse, hang or drip."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


class Receiver:
    """Listens on a port of this machine until it is closed."""

    def __init__(self, port: int = 0, *, status: int = 200) -> None:
        self.status = status
        self.bodies: list[dict[str, Any]] = []
        self.heads: list[tuple[str, dict[str, str]]] = []
        self._come = threading.Condition(threading.RLock())
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                with receiver._come:
                    receiver.heads.append((self.path, dict(self.headers)))
                    if receiver.status == 200:
                        receiver.bodies.append(body)
                    receiver._come.notify_all()
                self.send_response(receiver.status)
                if receiver.status == 302:
                    self.send_header("Location", "http://127.0.0.1:9/elsewhere")
                self.end_headers()

            def log_message(self, *_arguments: object) -> None:
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
        self._server.daemon_threads = True
        self.port: int = self._server.server_address[1]
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()

    @property
    def text(self) -> str:
        """Return the titles and texts of all that came."""
        with self._come:
            return "\n".join(f"{body['title']}\n{body['message']}" for body in self.bodies)

    def wait_for(self, wanted: Callable[[str], bool], limit_s: float) -> str:
        """Wait until what came is enough; return it."""
        with self._come:
            enough = self._come.wait_for(lambda: wanted(self.text), limit_s)
        assert enough, self.text
        return self.text

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(5.0)
