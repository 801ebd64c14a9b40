"""The server: a thread for each connection, TLS or plain, keep-alive, limits on everything, a clean end on SIGTERM."""

from __future__ import annotations

import ipaddress
import logging
import socket
import ssl
import threading
from urllib.parse import urlsplit

from simulator.core import Simulator
from simulator.messages import Response, error
from simulator.server import websocket
from simulator.server.http import BadRequest, Connection, HttpRequest
from simulator.server.misbehaviour import misbehave
from simulator.server.sockets import converse
from simulator.server.tempo import Tempo

MOST_CONNECTIONS = 64
HANDSHAKE_S = 5.0
TICK_S = 0.05
WEBSOCKET_PATHS = ("/v1/api/ws", "/v1/portal/ws")
logger = logging.getLogger(__name__)


class Server:
    """Listens on one port and serves one simulator."""

    def __init__(self, simulator: Simulator, host: str, port: int, context: ssl.SSLContext | None) -> None:
        """Bind the port; `context` None speaks plain HTTP, port 0 takes a free one.

        Raises:
            OSError: the address can't be bound.
        """
        self._simulator = simulator
        self._context = context
        self._tempo = Tempo(enabled=simulator.broker.config.pacing)
        self._stopping = threading.Event()
        self._connections: set[socket.socket] = set()
        self._guard = threading.Lock()
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self._listener = socket.create_server((host, port), family=family, backlog=128)
        self.port: int = self._listener.getsockname()[1]

    def serve(self) -> None:
        """Serve until `stop`."""
        threading.Thread(target=self._tick, name="clock", daemon=True).start()
        self._listener.settimeout(0.2)
        while not self._stopping.is_set():
            try:
                sock, address = self._listener.accept()
            except TimeoutError:
                continue
            except OSError:
                break
            self._start(sock, str(address[0]))
        self._listener.close()

    def stop(self) -> None:
        """End `serve` and close every connection; an answer that is being made is still sent."""
        self._stopping.set()
        with self._guard:
            for sock in self._connections:
                try:
                    sock.shutdown(socket.SHUT_RD)
                except OSError:
                    continue

    def _start(self, sock: socket.socket, client: str) -> None:
        with self._guard:
            full = len(self._connections) >= MOST_CONNECTIONS
            if not full:
                self._connections.add(sock)
        if full:
            sock.close()
            return
        threading.Thread(target=self._serve_connection, args=(sock, client), daemon=True).start()

    def _serve_connection(self, sock: socket.socket, client: str) -> None:
        used: socket.socket = sock
        try:
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if self._context is not None:
                sock.settimeout(HANDSHAKE_S)
                used = self._context.wrap_socket(sock, server_side=True)
            self._converse(Connection(used), client)
        except OSError as fault:
            # Broken connections and failed handshakes are the clients' business; ssl's errors are OSErrors as well.
            logger.debug("connection ended", extra={"cause": str(fault)})
        finally:
            with self._guard:
                self._connections.discard(sock)
            used.close()
            sock.close()

    def _converse(self, connection: Connection, client: str) -> None:
        while not self._stopping.is_set():
            try:
                request = connection.read_request()
            except BadRequest as fault:
                connection.write(Response(fault.status), keep_alive=False)
                return
            if request is None:
                return
            if request.path in WEBSOCKET_PATHS and websocket.is_upgrade(request.headers):
                converse(connection, self._simulator, request.headers, self._stopping)
                return
            response = self._answer(request, client)
            if response.wire is not None:
                misbehave(connection, response, response.wire)
                return
            keep = request.keep_alive and not self._stopping.is_set()
            connection.write(response, keep_alive=keep, head_only=request.method == "HEAD")
            if not keep:
                return

    def _answer(self, request: HttpRequest, client: str) -> Response:
        if request.method == "OPTIONS":
            return Response(204)
        if request.path.startswith("/sim/"):
            refused = _refuse_control(request, client)
            if refused is not None:
                return refused
        method = "GET" if request.method == "HEAD" else request.method

        def proceed() -> Response:
            return self._simulator.handle(method, request.path, request.query, request.body, dict(request.cookies))

        return self._tempo.answer(request.path, proceed)

    def _tick(self) -> None:
        while not self._stopping.wait(TICK_S):
            self._simulator.tick()


def _refuse_control(request: HttpRequest, client: str) -> Response | None:
    """Keep the control to programs of this machine: no other address, and no page of a browser."""
    if not ipaddress.ip_address(client.partition("%")[0]).is_loopback:
        return error(403, "the simulator's control is for this machine only")
    origin = request.headers.get("origin")
    if origin is not None and urlsplit(origin).netloc != request.headers.get("host"):
        return error(403, "the simulator's control is not for pages of other sites")
    return None
