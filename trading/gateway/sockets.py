"""Connections that know by when a whole exchange has to be over and whether anything that matters was written.

urllib3 and requests raise the same error for "could not connect" and for "the answer was lost"; for an order the first
means that it may be sent again and the second that it must not.
"""

from __future__ import annotations

import contextlib
import http.client
import io
import socket
import time
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, cast

from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool, PoolManager
from urllib3.connection import HTTPConnection, HTTPSConnection

if TYPE_CHECKING:
    from collections.abc import Iterable

    from _typeshed import SupportsRead, WriteableBuffer
    from typing_extensions import Buffer


class Exchange:
    """One request under way."""

    __slots__ = ("_has_body", "_writes", "deadline", "silence_s")

    def __init__(self, total_s: float, silence_s: float, *, has_body: bool) -> None:
        """Start the time that the exchange may take, `total_s`; no single wait for bytes is longer than `silence_s`."""
        self.deadline = time.monotonic() + total_s
        self.silence_s = silence_s
        self._has_body = has_body
        self._writes = 0

    @property
    def may_have_arrived(self) -> bool:
        """Whether the other side may have the request: with a body, once a write of the body began; else of the head.

        A request whose body is announced and never comes can't be acted on, so a broken write of the head is safe.
        """
        return self._writes > (1 if self._has_body else 0)

    def wrote(self) -> None:
        """Count a write that is about to begin; the head goes out in one, the body in those after it."""
        self._writes += 1

    def patience(self) -> float:
        """Return the seconds that the next wait on the socket may take.

        Raises: TimeoutError, the exchange's time is up.
        """
        left = self.deadline - time.monotonic()
        if left <= 0.0:
            raise TimeoutError
        return min(left, self.silence_s)


current: ContextVar[Exchange] = ContextVar("current")


class _PatientReader(io.RawIOBase):
    """Bytes from a socket, each wait for them limited by the exchange's deadline."""

    def __init__(self, sock: socket.socket, exchange: Exchange) -> None:
        self._sock = sock
        self._raw = sock.makefile("rb", buffering=0)
        self._exchange = exchange
        self._over = False

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer) -> int | None:
        if self._over:
            return 0
        self._sock.settimeout(self._exchange.patience())
        return self._raw.readinto(buffer)

    def finish(self) -> None:
        """Read no further."""
        self._over = True

    def hang_up(self) -> None:
        """Make the connection useless for another request."""
        with contextlib.suppress(OSError):
            self._sock.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        self._raw.close()
        super().close()


class _WholeReader(io.BufferedReader):
    """A buffer that notices bytes behind the answer: whatever they are, the next request's answer is not among them."""

    def __init__(self, reader: _PatientReader) -> None:
        super().__init__(reader)
        self._reader = reader

    def close(self) -> None:
        if not self.closed:
            self._reader.finish()
            if self.peek(1):
                self._reader.hang_up()
        super().close()


class _PatientSocket:
    """The one method of a socket that http.client's response calls."""

    def __init__(self, sock: socket.socket, exchange: Exchange) -> None:
        self._sock = sock
        self._exchange = exchange

    def makefile(self, _mode: str) -> io.BufferedReader:
        return _WholeReader(_PatientReader(self._sock, self._exchange))


class _PatientResponse(http.client.HTTPResponse):
    def __init__(self, sock: socket.socket, debuglevel: int = 0, method: str | None = None) -> None:
        # Read as if it were a socket: nothing but makefile is asked of it.
        super().__init__(cast("socket.socket", _PatientSocket(sock, current.get())), debuglevel, method)


class PatientConnection(HTTPConnection):
    """A plain connection with a deadline and a memory of what it wrote."""

    response_class = _PatientResponse

    def connect(self) -> None:
        """Connect (and shake hands, over TLS) within what is left of the exchange."""
        exchange = current.get()
        limit = self.timeout if isinstance(self.timeout, int | float) else exchange.silence_s
        self.timeout = min(limit, exchange.patience())
        super().connect()

    def send(self, data: SupportsRead[bytes] | Iterable[Buffer] | Buffer | str) -> None:
        """Write, noting first that something is about to leave."""
        exchange = current.get()
        if self.sock is None:
            self.connect()
        self.sock.settimeout(exchange.patience())
        exchange.wrote()
        super().send(data)


class PatientTlsConnection(PatientConnection, HTTPSConnection):
    """The same over TLS."""


class _PlainPool(HTTPConnectionPool):
    ConnectionCls = PatientConnection


class _TlsPool(HTTPSConnectionPool):
    ConnectionCls = PatientTlsConnection


class PatientAdapter(HTTPAdapter):
    """requests' adapter over these connections; it never repeats anything."""

    def __init__(self, connections: int) -> None:
        """Keep up to `connections` sockets open between requests."""
        super().__init__(pool_connections=1, pool_maxsize=connections, max_retries=0, pool_block=False)

    def init_poolmanager(self, connections: int, maxsize: int, block: bool = False, **pool_kwargs: Any) -> None:  # noqa: ANN401, FBT001, FBT002 (requests' signature)
        """Make the pool of our own connections."""
        super().init_poolmanager(connections, maxsize, block, **pool_kwargs)
        manager: PoolManager = self.poolmanager
        manager.pool_classes_by_scheme = {"http": _PlainPool, "https": _TlsPool}

    def close(self) -> None:
        """Close the sockets now; urllib3 would leave that to the collection of garbage."""
        pools = self.poolmanager.pools
        for key in list(pools.keys()):
            pool = pools.get(key)
            if pool is not None:
                pool.close()
        super().close()
