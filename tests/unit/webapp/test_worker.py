"""The web server as it really runs: gunicorn in a process of its own, on a port of its own."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.fakes.served_dashboard import CLOCK, Served, free_port, serving, start
from webapp import worker


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A running dashboard."""
    with serving(tmp_path_factory.mktemp("web")) as running:
        yield running


@dataclass(frozen=True, slots=True)
class Unending:
    """A request whose body does not come to its end."""

    connection: socket.socket
    began: float


@pytest.fixture(scope="module", autouse=True)
def unending(served: Served) -> Iterator[Unending]:
    """Sent before the other tests and looked at in the last, so that its time limit passes meanwhile."""
    with socket.create_connection(("127.0.0.1", served.port), 5) as slow:
        slow.settimeout(worker.REQUEST_LIMIT_S + 10)
        slow.sendall(
            b"POST /login HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n"
            b"Content-Type: application/x-www-form-urlencoded\r\n\r\npassword="
        )
        yield Unending(slow, CLOCK.monotonic())


def test_the_server_header_has_no_version(served: Served) -> None:
    assert served.ask("GET", "/login").headers["Server"] == "gunicorn"


def test_oversized_requests_are_refused_before_the_app_sees_them(served: Served) -> None:
    assert served.ask("GET", "/login?token=" + "x" * 32_000).status in (400, 414)
    assert served.ask("GET", "/login", Cookie="x" * 64_000).status in (400, 431)


@pytest.mark.parametrize("password", ["admin", "changeme", "too-short"])
def test_a_weak_password_is_exit_2_with_one_line_and_no_port(tmp_path: Path, password: str) -> None:
    number = free_port()
    process = start(tmp_path, number, DASHBOARD_PASSWORD=password)
    _, said = process.communicate(timeout=30)
    assert process.returncode == 2
    assert said.count("\n") == 1
    assert said.startswith("webapp: DASHBOARD_PASSWORD")
    assert password not in said.replace("DASHBOARD_PASSWORD", "")
    with pytest.raises(OSError, match="refused"):
        socket.create_connection(("127.0.0.1", number), 1)


def exchange(served: Served, data: bytes) -> bytes:
    """Send raw bytes and return all that comes back."""
    with socket.create_connection(("127.0.0.1", served.port), 10) as client:
        client.sendall(data)
        return b"".join(iter(lambda: client.recv(65_536), b""))


POST = (
    b"POST /login HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
    b"Content-Type: application/x-www-form-urlencoded\r\n"
)


def test_a_chunked_form_is_read_as_any_other(served: Served) -> None:
    answer = exchange(served, POST + b"Transfer-Encoding: chunked\r\n\r\n9\r\npassword=\r\n5;a=b\r\nwrong\r\n0\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 401 ")


def test_a_client_that_asks_before_it_sends_its_form_is_told_to(served: Served) -> None:
    answer = exchange(served, POST + b"Expect: 100-continue\r\nContent-Length: 10\r\n\r\npassword=x")
    assert answer.startswith(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 401 ")


@pytest.mark.parametrize("coding", [b"chunked", b"identity", b"gzip, chunked", b"xyz", b"chunked, chunked", b""])
@pytest.mark.parametrize(
    "chunk", [b"-1\r\nx", b"zz\r\nx", b"ffffffffffffffffffffff\r\nx", b"5;\x01\r\nhello", b"1\r\nxx"]
)
def test_a_broken_coding_is_its_senders_mistake(served: Served, coding: bytes, chunk: bytes) -> None:
    with socket.create_connection(("127.0.0.1", served.port), 10) as client:
        client.sendall(POST + b"Transfer-Encoding: " + coding + b"\r\n\r\n" + chunk + b"\r\n")
        client.shutdown(socket.SHUT_WR)
        answer = b"".join(iter(lambda: client.recv(65_536), b""))
    # A chunk that is larger than what comes is no request at all: nobody is left to be answered.
    assert answer[9:12] in (b"400", b"413", b"")
    assert answer or chunk.startswith(b"f")


def test_a_chunked_body_may_be_as_large_as_any_other(served: Served) -> None:
    body = b"10000\r\n" + b"x" * 65_536 + b"\r\n1\r\nx\r\n0\r\n\r\n"
    assert exchange(served, POST + b"Transfer-Encoding: chunked\r\n\r\n" + body).startswith(b"HTTP/1.1 413 ")


def test_requests_sent_ahead_are_answered_in_order(served: Served) -> None:
    ahead = b"".join(b"GET %s HTTP/1.1\r\nHost: localhost\r\n\r\n" % path for path in (b"/login", b"/nope", b"/"))
    answer = exchange(served, ahead + b"GET /static/icon.svg HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
    assert [part[:3] for part in answer.split(b"HTTP/1.1 ")[1:]] == [b"200", b"404", b"302", b"200"]


def test_a_refusal_repeats_nothing_of_what_was_sent(served: Served) -> None:
    answer = exchange(served, b"<script>alert(1)</script> / HTTP/1.1\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 400 ")
    assert b"alert" not in answer


def test_a_request_that_never_ends_is_cut(unending: Unending) -> None:
    while unending.connection.recv(4096):
        pass
    assert CLOCK.monotonic() - unending.began < worker.REQUEST_LIMIT_S + 5
