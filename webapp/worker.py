"""gunicorn's worker with a thread and a limit of time for each connection, so that nobody can keep the others out.

gunicorn's own threaded worker waits for slow clients with the threads that serve the others, closes connections
patiently in its one main loop, and ends when no file descriptor is left: a few dozen connections that say nothing would
lock the owner out. Here the main loop only lets connections in; reading, answering and closing are in the connection's
own thread, and `Crowd` decides who has to go.
"""

from __future__ import annotations

import io
import select
import selectors
import socket
import ssl
import threading
import time
from collections.abc import Iterable
from typing import TYPE_CHECKING

from flask import Flask
from gunicorn import util
from gunicorn.http.errors import NoMoreData
from gunicorn.workers.gthread import TConn, ThreadWorker

from webapp.crowd import Crowd, Phase, Visitor
from webapp.refusals import hint, refusal
from webapp.security import MAX_BODY_BYTES
from webapp.services import services_of

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

REQUEST_LIMIT_S = 15.0
"""for a request from its first byte to its last, for a connection without one, and for taking an answer"""
ROOM_S = 0.2
NO_MEANS_S = 0.05
LAST_WORDS_S = 2.0


class DashboardWorker(ThreadWorker):  # type: ignore[misc] # gunicorn has no types
    """Serves each connection in a thread of its own; of gunicorn's worker it uses all that concerns one request."""

    def init_process(self) -> None:
        """Start with nobody connected."""
        self._crowd = Crowd(self.cfg.worker_connections, REQUEST_LIMIT_S)
        self._here = threading.local()
        super().init_process()

    def load_wsgi(self) -> None:
        """Load the application, which gets whole requests only."""
        super().load_wsgi()
        self._application: Flask = self.__dict__["wsgi"]
        self._services = services_of(self._application)
        self.wsgi = self._answer_whole_request

    def run(self) -> None:
        """Let connections in until the arbiter says stop; then what is being answered is still sent."""
        self.poller.register(self.method_queue.fileno(), selectors.EVENT_READ, self.method_queue.run_callbacks)
        for listener in self.sockets:
            listener.setblocking(False)  # noqa: FBT003 (the socket's own signature)
            self.poller.register(listener, selectors.EVENT_READ, self._let_in)
        while self.alive:
            self.notify()
            self.wait_for_and_dispatch_events(timeout=1.0)
            if not self.is_parent_alive():
                break
        for listener in self.sockets:
            self.poller.unregister(listener)
            listener.close()
        deadline = time.monotonic() + self.cfg.graceful_timeout
        while not self._crowd.part(wait_s=0.5) and time.monotonic() < deadline:
            self.notify()
        self._services.audit.close()

    def notify(self) -> None:
        """Tell the arbiter that this worker lives, at least once a second, and do what is due."""
        super().notify()
        self._crowd.send_late_away()
        self._services.audit.sum_up()

    def handle_error(self, req: object, client: socket.socket, addr: tuple[str, int], exc: Exception) -> None:
        """Answer what is no proper HTTP, without repeating it; a defect is gunicorn's business: log it, answer 500."""
        status = refusal(exc)
        if status is None:
            super().handle_error(req, client, addr, exc)
            return
        if self._services.audit.noise("malformed_request", address=addr[0], problem=type(exc).__name__):
            text = "A malformed request from %s (%s); further ones are counted in webapp.log."
            self.log.warning(text, addr[0], type(exc).__name__)
        if isinstance(exc, ssl.SSLError):
            return
        try:
            util.write_error(client, status.value, status.phrase, hint(status))
        except OSError:
            self.log.debug("The sender of a malformed request is gone.")

    def _let_in(self, listener: socket.socket) -> None:
        if not self._crowd.make_room(ROOM_S):
            return
        try:
            sock, address = listener.accept()
        except (BlockingIOError, ConnectionAbortedError):
            return
        except OSError as fault:
            self._have_no_means(fault)
            return
        try:
            visitor = self._crowd.enter(sock)
        except OSError as fault:
            sock.close()
            self._have_no_means(fault)
            return
        connection = TConn(self.cfg, sock, address, listener.getsockname())
        try:
            threading.Thread(target=self._serve, args=(visitor, connection), daemon=True).start()
        except RuntimeError as fault:
            sock.close()
            self._crowd.leave(visitor)
            self._have_no_means(fault)

    def _have_no_means(self, fault: Exception) -> None:
        """Go on where the system has no file descriptor or thread left: the slowest client gives up his."""
        self._services.audit.noise("connection_not_taken", address="unknown", cause=type(fault).__name__)
        self._crowd.send_slowest_away()
        time.sleep(NO_MEANS_S)

    def _serve(self, visitor: Visitor, connection: TConn) -> None:
        self._here.visitor = visitor
        # The time is kept by the crowd.
        connection.data_ready = True
        try:
            while self.alive and self._crowd.begin(visitor, Phase.SENDING):
                if not _has_more(connection):
                    _wait_for_data(connection.sock)
                    # A kept connection's time for a request begins with the request.
                    self._crowd.begin(visitor, Phase.SENDING)
                if not self.handle(connection):
                    break
        finally:
            self._crowd.begin(visitor, Phase.TAKING)
            util.close_graceful(connection.sock, timeout=LAST_WORDS_S)
            self._crowd.leave(visitor)

    def _answer_whole_request(self, request: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Read the body, as far as one may be large, and only then ask the application.

        So what is wrong with a body is found where what is wrong with a head is, and is answered alike.
        """
        visitor: Visitor = self._here.visitor
        body = request["wsgi.input"].read(MAX_BODY_BYTES + 1)
        request["wsgi.input"] = io.BytesIO(body)
        if request.pop("HTTP_TRANSFER_ENCODING", None) is not None:
            # It came in chunks and has a length now, by which the application refuses one that is too large.
            request["CONTENT_LENGTH"] = str(len(body))
        if not self._crowd.begin(visitor, Phase.ANSWERED):
            raise NoMoreData
        try:
            answer: Iterable[bytes] = self._application(request, start_response)
        finally:
            self._crowd.begin(visitor, Phase.TAKING)
        return answer


def _has_more(connection: TConn) -> bool:
    """Return whether a part of the next request has been read ahead."""
    if connection.parser is None:
        return False
    tls = isinstance(connection.sock, ssl.SSLSocket) and connection.sock.pending() > 0
    return tls or bool(connection.parser.unreader.buf.getvalue())


def _wait_for_data(sock: socket.socket) -> None:
    """Wait until a client sends something or is gone."""
    poll = select.poll()
    poll.register(sock, select.POLLIN)
    poll.poll()
