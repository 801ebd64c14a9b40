"""gunicorn's threaded worker with a time limit on every request, so that slow clients can't take all threads."""

from __future__ import annotations

import contextlib
import socket
import threading
import time

from gunicorn.workers.gthread import TConn, ThreadWorker

REQUEST_LIMIT_S = 15.0


class DashboardWorker(ThreadWorker):  # type: ignore[misc] # gunicorn has no types
    """Cuts a connection whose request has not been read and answered in time; no page takes nearly as long."""

    def init_process(self) -> None:
        """Start with no connection in hand."""
        self._begun: dict[TConn, float] = {}
        self._begun_lock = threading.Lock()
        super().init_process()

    def handle(self, conn: TConn) -> object:
        """Serve one request, known to `notify` while it lasts."""
        with self._begun_lock:
            self._begun[conn] = time.monotonic()
        try:
            return super().handle(conn)
        finally:
            with self._begun_lock:
                self._begun.pop(conn, None)

    def notify(self) -> None:
        """Tell the arbiter that this worker lives, once a second, and cut what takes too long."""
        super().notify()
        oldest = time.monotonic() - REQUEST_LIMIT_S
        with self._begun_lock:
            late = [conn for conn, begun in self._begun.items() if begun < oldest]
        for conn in late:
            # The thread that reads from it then sees the end of the stream and gives up.
            with contextlib.suppress(OSError):
                conn.sock.shutdown(socket.SHUT_RDWR)
