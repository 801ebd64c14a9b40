"""The server: a thread for each connection, TLS or plain, keep-alive, limits on everything, a clean end on SIGTERM."""

from __future__ import annotations

import logging
import socket
import ssl
import threading
import time

from simulator.core import Simulator
from simulator.messages import Response, unavailable
from simulator.server import websocket
from simulator.server.answers import Answers, log_defect
from simulator.server.http import BadRequest, Connection, HttpRequest
from simulator.server.misbehaviour import Misbehaviour, reset
from simulator.server.sockets import converse
from simulator.server.tempo import Tempo
from simulator.server.visitors import Visitor, Visitors
from simulator.truth import LogLostError

MOST_CONNECTIONS = 256
MOST_WEBSOCKETS = 64
"""of these; they keep their places as long as they like"""
HANDSHAKE_S = 5.0
REOPEN_S = 0.1
SEND_BUFFER_BYTES = 128 * 1024
"""what is made in advance for a client that does not take its answers: work that the others wait for"""
ACCEPT_S = 0.1
"""how long a wait for a connection lasts before the server looks whether it is to stop, or to shut its port"""
TICK_S = 0.05
GRACE_S = 5.0
"""how long the end waits for answers that are being made"""
WEBSOCKET_PATHS = ("/v1/api/ws", "/v1/portal/ws")
logger = logging.getLogger(__name__)


class Server:
    """Listens on one port and serves one simulator."""

    def __init__(
        self,
        simulator: Simulator,
        host: str,
        port: int,
        context: ssl.SSLContext | None,
        most_connections: int = MOST_CONNECTIONS,
    ) -> None:
        """Bind the port; `context` None speaks plain HTTP, port 0 takes a free one.

        Raises:
            OSError: the address can't be bound.
        """
        self._simulator = simulator
        self._misbehaviour = Misbehaviour(context)
        self._answers = Answers(simulator, Tempo(enabled=simulator.broker.config.pacing))
        self._stopping = threading.Event()
        self._hurrying = threading.Event()
        self._visitors = Visitors(most_connections)
        self._websockets = threading.BoundedSemaphore(MOST_WEBSOCKETS)
        self.failure: LogLostError | None = None
        """why `serve` ended, where nobody called `stop`"""
        self._host = host
        self._listener = self._listen(port)
        self.port: int = self._listener.getsockname()[1]

    def _listen(self, port: int) -> socket.socket:
        family = socket.AF_INET6 if ":" in self._host else socket.AF_INET
        listener = socket.create_server((self._host, port), family=family, backlog=256)
        listener.settimeout(ACCEPT_S)
        return listener

    def serve(self) -> None:
        """Serve until `stop`; answers that are being made are still sent."""
        threading.Thread(target=self._tick, name="clock", daemon=True).start()
        while not self._stopping.is_set():
            self._shut_port()
            try:
                sock, address = self._listener.accept()
            except TimeoutError:
                continue
            except OSError as fault:
                # The client was gone before it was let in, or the process has no file left for it: others go first.
                logger.debug("accept failed: %s", fault)
                self._stopping.wait(0.05)
                continue
            if self._misbehaviour.turns_away():
                reset(sock)
                sock.close()
                continue
            self._start(sock, str(address[0]))
        self._listener.close()
        deadline = time.monotonic() + GRACE_S
        while not self._visitors.part(wait_s=0.1) and not self._hurrying.is_set() and time.monotonic() < deadline:
            continue

    def _shut_port(self) -> None:
        """Keep the port shut as long as a fault refuses connections."""
        if self._misbehaviour.shut_for_s() <= 0.0:
            return
        self._listener.close()
        while not self._stopping.wait(max(self._misbehaviour.shut_for_s(), REOPEN_S)):
            try:
                self._listener = self._listen(self.port)
            except OSError as fault:
                # Somebody else has it for a moment.
                logger.warning("port %d can't be opened again yet: %s", self.port, fault)
            else:
                return

    def stop(self) -> None:
        """Let `serve` end; called a second time, without waiting for answers that are being made.

        It takes no lock: a signal's handler may interrupt whatever holds one.
        """
        if self._stopping.is_set():
            self._hurrying.set()
        self._stopping.set()

    def _fail(self, fault: LogLostError) -> None:
        self.failure = fault
        self._hurrying.set()
        self._stopping.set()

    def _start(self, sock: socket.socket, client: str) -> None:
        visitor = None
        while visitor is None and not self._stopping.is_set():
            visitor = self._visitors.enter(sock, wait_s=0.2)
        if visitor is None:
            sock.close()
            return
        threading.Thread(target=self._serve_connection, args=(visitor, client), daemon=True).start()

    def _serve_connection(self, visitor: Visitor, client: str) -> None:
        try:
            visitor.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            visitor.socket.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER_BYTES)
            context = self._misbehaviour.context()
            if context is not None:
                visitor.socket.settimeout(HANDSHAKE_S)
                # The handshake comes later: until then nobody could wake this thread.
                visitor.socket = tls = context.wrap_socket(
                    visitor.socket, server_side=True, do_handshake_on_connect=False
                )
                tls.do_handshake()
            self._converse(Connection(visitor.socket), visitor, client)
        except OSError as fault:
            # Broken connections and failed handshakes are the clients' business; ssl's errors are OSErrors as well.
            logger.debug("connection ended: %s", fault)
        except LogLostError as fault:
            self._fail(fault)
        except Exception as fault:  # noqa: BLE001  (a defect ends this connection, and no other)
            log_defect("connection", fault)
        finally:
            self._visitors.leave(visitor)
            visitor.socket.close()

    def _converse(self, connection: Connection, visitor: Visitor, client: str) -> None:
        going_on = True
        while going_on and not self._stopping.is_set():
            try:
                request = connection.read_request(self._simulator.taken_in)
            except BadRequest as fault:
                connection.write(Response(fault.status), keep_alive=False)
                return
            if request is None or not self._visitors.begin_answer(visitor):
                return
            going_on = self._respond(connection, request, visitor, client)
            self._visitors.end_answer(visitor)

    def _respond(self, connection: Connection, request: HttpRequest, visitor: Visitor, client: str) -> bool:
        """Answer a request and return whether the connection is kept."""
        logger.debug("%s %s", request.method, request.path)
        if request.path in WEBSOCKET_PATHS and websocket.is_upgrade(request.headers):
            refused = self._open_websocket(connection, request)
            if refused is None:
                return False
            response = refused
        else:
            response = self._answers.answer(request, client)
        self._visitors.begin_taking(visitor)
        keep = request.keep_alive and not self._stopping.is_set()
        if response.wire is not None:
            return self._misbehaviour.act(connection, response, response.wire, keep_alive=keep)
        connection.write(response, keep_alive=keep, head_only=request.method == "HEAD")
        return keep

    def _open_websocket(self, connection: Connection, request: HttpRequest) -> Response | None:
        """Serve a websocket until its end; return the refusal of one that may not be opened."""
        if not self._websockets.acquire(blocking=False):
            return unavailable()
        try:
            refused = self._answers.refuse_websocket(request)
            if refused is None:
                converse(connection, self._simulator, request, self._stopping)
            return refused
        finally:
            self._websockets.release()

    def _tick(self) -> None:
        while not self._stopping.wait(TICK_S):
            try:
                self._simulator.tick()
            except LogLostError as fault:
                self._fail(fault)
            except Exception as fault:  # noqa: BLE001  (calls are answered on)
                log_defect("clock", fault)
