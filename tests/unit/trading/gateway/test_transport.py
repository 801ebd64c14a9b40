from __future__ import annotations

import logging
import socket

import psutil
import pytest

from tests.fakes.raw_server import Peer, answering, serving, within
from tests.unit.trading.gateway.posting import ORDER, post
from trading.errors import ConfigError, NotSent, OutcomeUnknown
from trading.gateway.transport import HttpTransport, base_url

GATEWAY = "https://localhost:5055"
ORDERS = f"{GATEWAY}/v1/api/iserver/account/DU1234567/orders"


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
    return port


def test_the_request_is_what_was_asked_for_and_no_more() -> None:
    with serving(answering(b"{}")) as server:
        post(server.url)
    (request,) = server.received
    head, _, body = request.partition(b"\r\n\r\n")
    assert head.startswith(b"POST /v1/api/iserver/account/DU1234567/orders HTTP/1.1\r\n")
    assert body == ORDER
    assert b"Cookie" not in head
    assert b"Accept-Encoding: identity" in head
    assert b"Content-Type: application/json" in head


def test_a_post_without_a_body_says_so() -> None:
    with serving(answering(b"{}")) as server:
        post(server.url, body=None)
    assert b"Content-Length: 0\r\n" in server.received[0]


def test_connections_are_used_again() -> None:
    with serving(answering(b"{}")) as server:
        transport = HttpTransport(server.url, None)
        for _ in range(5):
            transport.exchange("GET", "/x", None, None, 5.0)
        transport.close()
        assert server.connections == 1


def test_a_cookie_is_neither_kept_nor_sent_back() -> None:
    with serving(answering(b"{}", "200 OK", "Set-Cookie: api=secret; Path=/")) as server:
        transport = HttpTransport(server.url, None)
        for _ in range(2):
            transport.exchange("GET", "/x", None, None, 5.0)
        transport.close()
    assert b"secret" not in server.received[1]


def test_refused_connection_means_nothing_was_sent() -> None:
    with pytest.raises(NotSent, match="refused"):
        post(f"http://127.0.0.1:{free_port()}")


def test_unknown_name_means_nothing_was_sent() -> None:
    with pytest.raises(NotSent):
        post("https://nothing.invalid:5055")


def test_a_connection_that_is_never_accepted_is_given_up_after_three_seconds() -> None:
    with socket.create_server(("127.0.0.1", 0), backlog=0) as listener:
        port = listener.getsockname()[1]
        fillers = []
        try:
            for _ in range(4):
                filler = socket.socket()
                filler.setblocking(False)
                filler.connect_ex(("127.0.0.1", port))
                fillers.append(filler)
            with within(4.0), pytest.raises(NotSent, match="in time"):
                post(f"http://127.0.0.1:{port}", limit_s=10.0)
        finally:
            for filler in fillers:
                filler.close()


def test_reset_after_the_request_is_an_unknown_outcome() -> None:
    def behaviour(peer: Peer) -> None:
        peer.request()
        peer.reset()

    with serving(behaviour) as server, pytest.raises(OutcomeUnknown):
        post(server.url)


def test_close_without_an_answer_is_an_unknown_outcome() -> None:
    def behaviour(peer: Peer) -> None:
        peer.request()

    with serving(behaviour) as server, pytest.raises(OutcomeUnknown, match="without an answer"):
        post(server.url)


def test_reset_after_the_head_of_the_answer_is_an_unknown_outcome() -> None:
    def behaviour(peer: Peer) -> None:
        peer.request()
        peer.send(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n")
        peer.reset()

    with serving(behaviour) as server, pytest.raises(OutcomeUnknown):
        post(server.url)


def test_a_large_body_that_is_only_half_read_is_an_unknown_outcome() -> None:
    def behaviour(peer: Peer) -> None:
        peer.head()
        peer.reset()

    with serving(behaviour) as server, pytest.raises(OutcomeUnknown):
        post(server.url, body=b"x" * 8_000_000)


def test_a_post_is_sent_once_even_when_a_kept_connection_has_died() -> None:
    def once(peer: Peer) -> None:
        peer.request()
        peer.answer(b"{}")
        peer.request()
        peer.reset()

    with serving(once, answering(b"{}")) as server:
        transport = HttpTransport(server.url, None)
        transport.exchange("GET", "/x", None, None, 5.0)
        with pytest.raises(OutcomeUnknown):
            transport.exchange("POST", "/x", None, ORDER, 5.0)
        transport.close()
        assert [request.split()[0] for request in server.received] == [b"GET", b"POST"]


def test_a_connection_that_the_server_closed_meanwhile_is_replaced_before_anything_is_sent() -> None:
    def once(peer: Peer) -> None:
        peer.request()
        peer.answer(b"{}")

    with serving(once, answering(b"[]")) as server:
        transport = HttpTransport(server.url, None)
        transport.exchange("GET", "/x", None, None, 5.0)
        server.settle()
        assert transport.exchange("POST", "/x", None, ORDER, 5.0).body == b"[]"
        transport.close()


@pytest.mark.parametrize("body", [None, ORDER], ids=["without a body", "with a body"])
def test_silence_is_an_unknown_outcome_at_the_deadline(body: bytes | None) -> None:
    def behaviour(peer: Peer) -> None:
        peer.request()
        peer.silence()

    with serving(behaviour) as server, within(1.5), pytest.raises(OutcomeUnknown, match="in time"):
        post(server.url, limit_s=0.5, body=body)


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
    ],
    ids=["length", "chunked"],
)
def test_a_server_that_drips_cannot_hold_us(answer: bytes) -> None:
    def behaviour(peer: Peer) -> None:
        peer.request()
        peer.drip(answer, 0.1)

    with serving(behaviour) as server, within(1.5), pytest.raises(OutcomeUnknown, match="in time"):
        post(server.url, limit_s=0.7)


def test_a_late_answer_is_not_read_as_that_of_the_next_request() -> None:
    def late(peer: Peer) -> None:
        peer.request()
        peer.silence(0.6)
        peer.answer(b'"late"')

    with serving(late, answering(b'"right"')) as server:
        transport = HttpTransport(server.url, None)
        with pytest.raises(OutcomeUnknown):
            transport.exchange("GET", "/x", None, None, 0.4)
        server.settle()
        assert transport.exchange("GET", "/y", None, None, 5.0).body == b'"right"'
        transport.close()


def test_an_answer_that_nobody_asked_for_is_not_read_as_that_of_the_next_request() -> None:
    def doubled(peer: Peer) -> None:
        peer.request()
        peer.send(b"".join(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n" + body for body in (b'"one"', b'"two"')))
        peer.silence()

    with serving(doubled, answering(b'"right"')) as server:
        transport = HttpTransport(server.url, None)
        assert transport.exchange("GET", "/x", None, None, 5.0).body == b'"one"'
        assert transport.exchange("GET", "/y", None, None, 5.0).body == b'"right"'
        transport.close()


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\n[1,2",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\n[1,2",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\n[1,2\r\n",
    ],
    ids=["length", "inside a chunk", "between chunks"],
)
def test_a_body_that_is_cut_off_is_an_unknown_outcome(answer: bytes) -> None:
    def behaviour(peer: Peer) -> None:
        peer.request()
        peer.send(answer)

    with serving(behaviour) as server, pytest.raises(OutcomeUnknown, match=r"cut off|broken"):
        post(server.url)


@pytest.mark.parametrize(
    "headers",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 60000000\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3938700\r\n",
        b"HTTP/1.1 302 Found\r\nLocation: /sso/Login\r\nConnection: close\r\n\r\n",
        b"HTTP/1.1 503 Unavailable\r\nConnection: close\r\n\r\n",
    ],
    ids=["announced", "not announced", "chunked", "redirected", "failing"],
)
def test_a_huge_body_is_not_read_to_its_end(headers: bytes) -> None:
    def behaviour(peer: Peer) -> None:
        peer.request()
        peer.send(headers)
        for _ in range(600):
            peer.send(b" " * 100_000)

    with serving(behaviour) as server, pytest.raises(OutcomeUnknown, match="too large") as caught:
        post(server.url)
    assert caught.value.status in (200, 302, 503)


def test_no_socket_stays_open_after_failures() -> None:
    def failing(peer: Peer) -> None:
        peer.request()
        peer.send(b"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\n[1,2")

    with serving(failing) as server:
        transport = HttpTransport(server.url, None)
        errors = []
        for _ in range(30):
            with pytest.raises(OutcomeUnknown) as caught:
                transport.exchange("GET", "/x", None, None, 5.0)
            errors.append(caught.value)
        server.settle()
        remote = [each.raddr for each in psutil.Process().net_connections("tcp")]
        assert ("127.0.0.1", server.port) not in remote
        assert len(errors) == 30
        transport.close()


def test_what_is_no_http_is_an_unknown_outcome() -> None:
    def behaviour(peer: Peer) -> None:
        peer.request()
        peer.send(b"SSH-2.0-OpenSSH_9.2\r\n\r\n")

    with serving(behaviour) as server, pytest.raises(OutcomeUnknown):
        post(server.url)


def test_endless_headers_are_an_unknown_outcome() -> None:
    def behaviour(peer: Peer) -> None:
        peer.request()
        peer.send(b"HTTP/1.1 200 OK\r\n")
        for at in range(100_000):
            peer.send(b"X-%d: y\r\n" % at)

    with serving(behaviour) as server, pytest.raises(OutcomeUnknown):
        post(server.url)


def test_no_error_text_holds_an_account_or_an_address() -> None:
    def behaviour(peer: Peer) -> None:
        peer.request()

    with serving(behaviour) as server, pytest.raises(OutcomeUnknown) as caught:
        post(server.url)
    assert "1234567" not in str(caught.value)
    assert str(server.port) not in str(caught.value)
    assert "DU***4567" in str(caught.value)


def test_no_library_logs_an_account(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG), serving(answering(b"{}", "200 OK", "no colon here")) as server:
        post(server.url)
    assert "1234567" not in caplog.text


@pytest.mark.parametrize(
    ("url", "base"),
    [
        ("https://localhost:5055", "https://localhost:5055/v1/api"),
        ("https://localhost:5055/", "https://localhost:5055/v1/api"),
        ("https://gateway.example/v1/api/", "https://gateway.example/v1/api"),
        ("http://127.0.0.1:5055", "http://127.0.0.1:5055/v1/api"),
        ("http://[::1]:5055", "http://[::1]:5055/v1/api"),
    ],
)
def test_the_address_gets_the_path_of_the_api(url: str, base: str) -> None:
    assert base_url(url) == base


@pytest.mark.parametrize(
    "url",
    [
        "http://gateway.example:5055",
        "http://10.0.0.5",
        "ftp://localhost",
        "localhost:5055",
        "",
        "https://u:p@localhost",
        "https://localhost:99999",
        "https://localhost/?a=b",
    ],
)
def test_an_address_that_cannot_be_used_is_an_error_of_the_configuration(url: str) -> None:
    with pytest.raises(ConfigError):
        base_url(url)
