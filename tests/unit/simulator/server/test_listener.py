from __future__ import annotations

import http.client
import socket
import threading
from collections.abc import Iterator

import pytest

from simulator.server.listener import Server
from tests.unit.simulator.support import Row, start

FLAT: Row = (100.0, 100.0, 100.0, 100.0, 1000.0)


@pytest.fixture
def server() -> Iterator[Server]:
    made = Server(start({"ABC": [FLAT]}).simulator, "127.0.0.1", 0, None)
    thread = threading.Thread(target=made.serve)
    thread.start()
    yield made
    made.stop()
    thread.join(5)
    assert not thread.is_alive()


def test_connection_is_kept_for_the_next_call(server: Server) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=5)
    for _ in range(3):
        connection.request("GET", "/v1/api/iserver/auth/status")
        answer = connection.getresponse()
        assert (answer.status, answer.getheader("Connection")) == (200, "keep-alive")
        assert b'"authenticated":true' in answer.read()
    connection.close()


def test_head_has_no_body_and_options_is_answered(server: Server) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=5)
    for method, status in (("HEAD", 302), ("OPTIONS", 204)):
        connection.request(method, "/")
        answer = connection.getresponse()
        assert (answer.status, answer.read()) == (status, b"")
    connection.close()


def test_malformed_request_gets_its_status_and_the_connection_ends(server: Server) -> None:
    with socket.create_connection(("127.0.0.1", server.port), timeout=5) as client:
        client.sendall(b"nonsense\r\n\r\n")
        assert client.recv(100).startswith(b"HTTP/1.1 400 ")


def test_page_of_another_site_cannot_use_the_control(server: Server) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=5)
    connection.request("POST", "/sim/advance", body="{}", headers={"Origin": "https://example.com"})
    answer = connection.getresponse()
    assert answer.status == 403
    answer.read()
    connection.close()


def test_many_clients_are_served_at_once(server: Server) -> None:
    statuses: list[int] = []

    def call() -> None:
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=10)
        for _ in range(20):
            connection.request("POST", "/v1/api/tickle", body="{}")
            answer = connection.getresponse()
            answer.read()
            statuses.append(answer.status)
        connection.close()

    threads = [threading.Thread(target=call) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert statuses == [200] * 160
