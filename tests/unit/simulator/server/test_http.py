from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest

from simulator.messages import Response
from simulator.server.http import BadRequest, Connection, encode_response


@pytest.fixture
def ends() -> Iterator[tuple[socket.socket, Connection]]:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        yield ours, Connection(theirs)


def test_requests_are_read_one_after_the_other(ends: tuple[socket.socket, Connection]) -> None:
    client, connection = ends
    client.sendall(b"GET /a%20b?x=1 HTTP/1.1\r\nHost: h\r\n\r\nPOST /c HTTP/1.1\r\nContent-Length: 2\r\n\r\n{}")
    first, second = connection.read_request(), connection.read_request()
    assert first is not None
    assert second is not None
    assert (first.method, first.path, first.query, first.keep_alive) == ("GET", "/a b", "x=1", True)
    assert (second.method, second.body) == ("POST", b"{}")


def test_chunked_body_is_put_together(ends: tuple[socket.socket, Connection]) -> None:
    client, connection = ends
    client.sendall(b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n1;x=y\r\nc\r\n0\r\n\r\n")
    request = connection.read_request()
    assert request is not None
    assert request.body == b"abc"


def test_body_is_waited_for_only_as_far_as_it_is_wanted(ends: tuple[socket.socket, Connection]) -> None:
    client, connection = ends
    client.sendall(b"POST /a HTTP/1.1\r\nContent-Length: 1000\r\n\r\nabc")
    asked = []

    def taken_in(method: str, path: str) -> int:
        asked.append((method, path))
        return 3

    request = connection.read_request(taken_in)
    assert request is not None
    assert (request.body, asked) == (b"abc", [("POST", "/a")])


def test_closed_connection_is_no_request(ends: tuple[socket.socket, Connection]) -> None:
    client, connection = ends
    client.close()
    assert connection.read_request() is None


@pytest.mark.parametrize(
    ("data", "status"),
    [
        (b"nonsense\r\n\r\n", 400),
        (b"GET / HTTP/9\r\n\r\n", 400),
        (b"GET nothing HTTP/1.1\r\n\r\n", 400),
        (b"GET http://elsewhere/ HTTP/1.1\r\n\r\n", 400),
        (b"G3T / HTTP/1.1\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\n folded: x\r\n\r\n", 400),
        (b"POST / HTTP/1.1\r\nContent-Length: \xb2\r\n\r\n", 400),
        (b"POST / HTTP/1.1\r\nContent-Length: " + b"9" * 5000 + b"\r\n\r\n", 413),
        (b"POST / HTTP/1.1\r\nContent-Length: 99999999\r\nExpect: 100-continue\r\n\r\n", 413),
        (b"POST / HTTP/1.1\r\nTransfer-Encoding: gzip, chunked\r\n\r\n", 400),
        (b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n-2\r\n", 400),
        (b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0x2\r\nab\r\n", 400),
        (b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nabc\r\n", 400),
        (b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nffffffff\r\n", 413),
        (b"POST / HTTP/1.1\r\nHost: h\r\n\r\n", 411),
        (b"POST / HTTP/1.1\r\nContent-Length: x\r\n\r\n", 400),
        (b"POST / HTTP/1.1\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n", 400),
        (b"POST / HTTP/1.1\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n", 400),
        (b"POST / HTTP/1.1\r\nContent-Length: 99999999\r\n\r\n", 413),
        (b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", 400),
        (b"GET / HTTP/1.1\r\nA: " + b"x" * 40_000 + b"\r\n", 431),
    ],
)
def test_bad_request_gets_its_status(ends: tuple[socket.socket, Connection], data: bytes, status: int) -> None:
    client, connection = ends
    client.sendall(data)
    with pytest.raises(BadRequest) as raised:
        connection.read_request()
    assert raised.value.status == status


def test_of_double_cookies_the_first_with_a_value_counts(ends: tuple[socket.socket, Connection]) -> None:
    client, connection = ends
    client.sendall(b"GET / HTTP/1.1\r\nCookie: REGION=; JSESSIONID=one; JSESSIONID=two\r\n\r\n")
    request = connection.read_request()
    assert request is not None
    assert request.cookies == {"REGION": "", "JSESSIONID": "one"}


def test_answer_is_one_piece_with_its_length() -> None:
    data = encode_response(Response(401), keep_alive=False)
    assert data == b"HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"


def test_client_that_expects_a_word_before_its_body_gets_it(ends: tuple[socket.socket, Connection]) -> None:
    client, connection = ends
    client.sendall(b"POST / HTTP/1.1\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n{}")
    request = connection.read_request()
    assert request is not None
    assert request.body == b"{}"
    assert client.recv(100) == b"HTTP/1.1 100 Continue\r\n\r\n"


@pytest.mark.parametrize(
    ("version", "header", "kept"),
    [
        (b"1.1", b"", True),
        (b"1.1", b"Connection: TE, close\r\n", False),
        (b"1.0", b"", False),
        (b"1.0", b"Connection: Keep-Alive\r\n", True),
    ],
)
def test_connection_is_kept_as_the_client_asks(
    ends: tuple[socket.socket, Connection], version: bytes, header: bytes, *, kept: bool
) -> None:
    client, connection = ends
    client.sendall(b"\r\nGET / HTTP/" + version + b"\r\n" + header + b"\r\n")
    request = connection.read_request()
    assert request is not None
    assert request.keep_alive is kept
