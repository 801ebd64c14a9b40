"""A server of raw sockets: what a connection does is a function, so that it can misbehave in any way."""

from __future__ import annotations

import contextlib
import datetime
import ipaddress
import socket
import ssl
import struct
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

Behaviour = Callable[["Peer"], None]


class Peer:
    """The server's end of one connection."""

    def __init__(self, sock: socket.socket, received: list[bytes], stop: threading.Event) -> None:
        self._sock = sock
        self._received = received
        self._stop = stop

    def request(self) -> bytes:
        """Return one whole request (head and body), empty when the client is gone."""
        data = b""
        while b"\r\n\r\n" not in data:
            data += (got := self._sock.recv(65536))
            if not got:
                return b""
        head, _, body = data.partition(b"\r\n\r\n")
        length = 0
        for line in head.split(b"\r\n"):
            name, _, value = line.partition(b":")
            if name.lower() == b"content-length":
                length = int(value)
        while len(body) < length:
            body += (got := self._sock.recv(65536))
            if not got:
                return b""
        self._received.append(head + b"\r\n\r\n" + body)
        return self._received[-1]

    def head(self) -> None:
        """Read the head and nothing behind it."""
        data = b""
        while not data.endswith(b"\r\n\r\n"):
            data += self._sock.recv(1)

    def send(self, data: bytes) -> None:
        self._sock.sendall(data)

    def answer(self, body: bytes, status: str = "200 OK", *headers: str) -> None:
        lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *headers, "", ""]
        self.send("\r\n".join(lines).encode() + body)

    def drip(self, data: bytes, every_s: float) -> None:
        for at in range(len(data)):
            if self._stop.wait(every_s):
                return
            self.send(data[at : at + 1])

    def silence(self, seconds: float = 30.0) -> None:
        self._stop.wait(seconds)

    def reset(self) -> None:
        """Close so that the client sees a reset."""
        self._sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._sock.close()


class RawServer:
    """Listens on a free port; the n-th connection behaves as the n-th behaviour, the last for all that follow."""

    def __init__(self, behaviours: list[Behaviour], tls: ssl.SSLContext | None) -> None:
        self.received: list[bytes] = []
        self.connections = 0
        self._behaviours = behaviours
        self._tls = tls
        self._stop = threading.Event()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._threads = [threading.Thread(target=self._accept, daemon=True)]
        self._threads[0].start()

    @property
    def url(self) -> str:
        return f"{'https' if self._tls else 'http'}://127.0.0.1:{self.port}"

    def settle(self) -> None:
        """Wait until every connection so far is over, and its end on its way to the client."""
        for thread in self._threads[1:]:
            thread.join(5.0)

    def idle(self) -> bool:
        """Return whether no connection is open."""
        return not any(thread.is_alive() for thread in self._threads[1:])

    def close(self) -> None:
        self._stop.set()
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for thread in self._threads:
            thread.join(5.0)

    def _accept(self) -> None:
        while not self._stop.is_set():
            try:
                sock, _ = self._listener.accept()
            except OSError:
                return
            behaviour = self._behaviours[min(self.connections, len(self._behaviours) - 1)]
            self.connections += 1
            thread = threading.Thread(target=self._serve, args=(sock, behaviour), daemon=True)
            self._threads.append(thread)
            thread.start()

    def _serve(self, sock: socket.socket, behaviour: Behaviour) -> None:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with contextlib.suppress(OSError), sock:
            served = self._tls.wrap_socket(sock, server_side=True) if self._tls else sock
            with served:
                behaviour(Peer(served, self.received, self._stop))


@contextlib.contextmanager
def serving(*behaviours: Behaviour, tls: ssl.SSLContext | None = None) -> Iterator[RawServer]:
    server = RawServer(list(behaviours), tls)
    try:
        yield server
    finally:
        server.close()


@contextlib.contextmanager
def within(seconds: float) -> Iterator[None]:
    """Fail when the block takes longer: limits of sockets are kept in real time."""
    started = time.monotonic()  # noqa: TID251
    yield
    assert time.monotonic() - started < seconds  # noqa: TID251


def answering(body: bytes, status: str = "200 OK", *headers: str) -> Behaviour:
    """Answer every request of a connection in the same way."""

    def behaviour(peer: Peer) -> None:
        while peer.request():
            peer.answer(body, status, *headers)

    return behaviour


def certificate(folder: Path, name: str = "127.0.0.1", days: int = 1) -> tuple[Path, ssl.SSLContext]:
    """Return a self-signed certificate's file and a server context that uses it; negative `days`: expired."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "gateway")])
    now = datetime.datetime.now(datetime.UTC)  # noqa: TID251 - TLS asks the real clock
    built = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - datetime.timedelta(days=3))
        .not_valid_after(now + datetime.timedelta(days=days))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(name))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    folder.mkdir(parents=True, exist_ok=True)
    bundle, private = folder / "gateway.pem", folder / "gateway.key"
    bundle.write_bytes(built.public_bytes(serialization.Encoding.PEM))
    private.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(bundle, private)
    return bundle, context
