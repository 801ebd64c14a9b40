"""The running dashboard among strangers: nonsense, noise and clients that drip; its owner is served all the while."""

from __future__ import annotations

import contextlib
import json
import random
import re
import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.fakes.raw_requests import malformed_request
from tests.fakes.raw_server import certificate
from tests.fakes.served_dashboard import CLOCK, Served, serving

MALFORMED = 2000
DRIPPING = 200
DRIP_S = 6.0
MOST_WAIT_S = 5.0
_STATUS = re.compile(rb"HTTP/1\.[01] (\d{3}) ")
_FORM = b"Host: localhost\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 9000\r\n\r\n"
# What a client sends before it drips; the last asks for more than it ever takes.
BEGINNINGS = (
    b"",
    b"GET /login HTT",
    b"POST /login HTTP/1.1\r\n" + _FORM,
    b"NOTHING\r\n\r\n",
    b"GET /static/vendor/lightweight-charts.js HTTP/1.1\r\nHost: localhost\r\n\r\n" * 5,
)


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    with serving(tmp_path) as running:
        yield running


def events(served: Served) -> list[str]:
    return [json.loads(line)["event"] for line in served.audit().splitlines()]


def statuses_of(served: Served, data: bytes) -> list[bytes]:
    """Send a connection's bytes and return the statuses of what comes back."""
    received = b""
    with contextlib.suppress(ConnectionError), socket.create_connection(("127.0.0.1", served.port), 10) as client:
        client.sendall(data)
        client.shutdown(socket.SHUT_WR)
        while piece := client.recv(65_536):
            received += piece
    return _STATUS.findall(received)


def test_nonsense_neither_breaks_it_nor_fills_its_logs_nor_ends_a_session(served: Served) -> None:
    cookie = served.log_in()
    draws = random.Random(23)  # noqa: S311 - the same requests each time, not a secret
    broken, seen = [], set()
    for number in range(MALFORMED):
        data = malformed_request(draws)
        statuses = statuses_of(served, data)
        seen.update(statuses)
        if any(status >= b"500" for status in statuses):
            broken.append((number, data[:1000], statuses))
    assert broken == []
    # The requests get as far as the parser, the guards and the pages.
    assert {b"200", b"302", b"400", b"401", b"403", b"404", b"405", b"414", b"415", b"417", b"421", b"431"} <= seen
    assert served.ask("GET", "/", Cookie=cookie).status == 200
    served.log_out(cookie)
    assert "Traceback" not in served.console()
    assert served.console().count("\n") == 1
    found = events(served)
    assert (found[0], found[-1]) == ("login", "logout")
    assert len(found) < 12
    assert "error" not in found


def test_junk_cookies_of_other_programs_on_localhost_harm_nothing(served: Served) -> None:
    cookie = served.log_in()
    many = "; ".join(f"other{number}={'x' * 70}" for number in range(180))
    name = cookie.partition("=")[0]
    for junk in (f"{name}=junk", name, f"{name}=a; {name}=b", "a=\xff", "=", many):
        for both in (f"{junk}; {cookie}", f"{cookie}; {junk}"):
            assert served.ask("GET", "/", Cookie=both).status == 200
    too_many = served.ask("GET", "/", Cookie=f"{cookie}; {many}; {many}")
    assert too_many.status == 431
    assert "127.0.0.1" in too_many.text


def drip(served: Served, beginning: bytes, over: threading.Event, draws: random.Random) -> None:
    """Connect, begin, and send a byte every few seconds; come back as soon as the connection is cut."""
    while not over.is_set():
        with contextlib.suppress(OSError), socket.socket() as client:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
            client.settimeout(5)
            client.connect(("127.0.0.1", served.port))
            client.sendall(beginning)
            while not over.wait(1.0 + draws.random()):
                client.sendall(b"x")


def longest_wait_s(served: Served, ask: Callable[[], object]) -> float:
    """Return how long a new client waited at most while 200 others drip."""
    over = threading.Event()
    dripping = [
        threading.Thread(
            target=drip,
            args=(served, BEGINNINGS[number % len(BEGINNINGS)], over, random.Random(number)),  # noqa: S311 - no secret
        )
        for number in range(DRIPPING)
    ]
    for thread in dripping:
        thread.start()
    longest, end = 0.0, CLOCK.monotonic() + DRIP_S
    try:
        while CLOCK.monotonic() < end:
            began = CLOCK.monotonic()
            ask()
            longest = max(longest, CLOCK.monotonic() - began)
    finally:
        over.set()
        for thread in dripping:
            thread.join()
    return longest


def test_two_hundred_dripping_clients_keep_nobody_out(served: Served) -> None:
    cookie = served.log_in()

    def ask() -> None:
        assert served.ask("GET", "/login").status == 200
        assert served.ask("GET", "/", Cookie=cookie).status == 200

    assert longest_wait_s(served, ask) < MOST_WAIT_S
    assert "Traceback" not in served.console()


def test_nor_do_they_where_it_speaks_tls(tmp_path: Path) -> None:
    bundle, _ = certificate(tmp_path)
    key = str(tmp_path / "gateway.key")
    with serving(tmp_path, DASHBOARD_TLS_CERT=str(bundle), DASHBOARD_TLS_KEY=key) as served:

        def ask() -> None:
            assert served.ask("GET", "/login").status == 200

        assert longest_wait_s(served, ask) < MOST_WAIT_S
        assert "Traceback" not in served.console()


def test_nor_do_they_where_the_system_has_few_files(tmp_path: Path) -> None:
    with serving(tmp_path, files=100) as served:

        def ask() -> None:
            assert served.ask("GET", "/login").status == 200

        assert longest_wait_s(served, ask) < MOST_WAIT_S
        assert "error" not in events(served)
        assert "Traceback" not in served.console()


def test_it_stops_at_once_while_others_drip(tmp_path: Path) -> None:
    with contextlib.ExitStack() as stack:
        with serving(tmp_path) as served:
            for _ in range(40):
                client = stack.enter_context(socket.create_connection(("127.0.0.1", served.port), 5))
                client.sendall(b"GET /login HTT")
            began = CLOCK.monotonic()
        assert CLOCK.monotonic() - began < MOST_WAIT_S
