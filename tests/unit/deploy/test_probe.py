"""What the probe finds at a gateway, in an exit code and in words."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from deploy.probe import ANSWERS, NO_ANSWER, NO_UPSTREAM, Gateway, probe
from tests.fakes.raw_server import Behaviour, Peer, answering, certificate, serving, within
from tests.unit.deploy.conftest import Script

LIMIT_S = 0.3


def upstream(behaviour: Behaviour) -> Behaviour:
    """Answer what the program answers by itself, and treat what goes through it as told."""

    def served(peer: Peer) -> None:
        if peer.request().startswith(b"GET / "):
            peer.answer(b"<html>", "200 OK")
        else:
            behaviour(peer)

    return served


def silent(peer: Peer) -> None:
    peer.silence()


def reset(peer: Peer) -> None:
    peer.reset()


def status(line: str) -> Behaviour:
    return lambda peer: peer.answer(b"{}", line)


@pytest.mark.parametrize(
    ("behaviour", "code", "words"),
    [
        (status("200 OK"), ANSWERS, "answers"),
        (status("401 Unauthorized"), ANSWERS, "nobody is logged in; log in at https://127.0.0.1:"),
        (status("503 Unavailable"), ANSWERS, "IBKR's servers answer with an error (HTTP 503)"),
        (silent, NO_UPSTREAM, "runs, but IBKR's servers don't answer it"),
        (reset, NO_UPSTREAM, "runs, but its API doesn't answer"),
    ],
)
def test_request_through_the_gateway_tells_of_the_login_and_of_the_servers_behind_it(
    tmp_path: Path, behaviour: Behaviour, code: int, words: str
) -> None:
    bundle, context = certificate(tmp_path)
    with serving(upstream(behaviour), tls=context) as server, within(5.0):
        found = probe(Gateway(server.url, str(bundle), LIMIT_S), "api")
    assert found[0] == code
    assert found[1].startswith(words)


def test_program_alone_is_asked_without_a_request_through_it(tmp_path: Path) -> None:
    bundle, context = certificate(tmp_path)
    with serving(answering(b"", "302 Found", "Location: /sso/Login"), tls=context) as server:
        assert probe(Gateway(server.url, str(bundle)), "alive") == (ANSWERS, "runs")
    assert [request.split(b"\r\n")[0] for request in server.received] == [b"GET / HTTP/1.1"]


@pytest.mark.parametrize("what", ["alive", "api"])
def test_gateway_that_refuses_this_address_is_not_ready_and_says_what_to_change(tmp_path: Path, what: str) -> None:
    bundle, context = certificate(tmp_path)
    with serving(answering(b"Access Denied", "404 Not Found"), tls=context) as server:
        code, words = probe(Gateway(server.url, str(bundle)), what)
    assert code == NO_UPSTREAM
    assert "ips.allow of conf.yaml" in words


def test_gateway_that_holds_the_request_is_given_up(tmp_path: Path) -> None:
    bundle, context = certificate(tmp_path)
    with serving(silent, tls=context) as server, within(5.0):
        assert probe(Gateway(server.url, str(bundle), LIMIT_S), "alive") == (NO_ANSWER, "no answer within 0.3 s")


def test_something_that_speaks_no_tls_is_named(tmp_path: Path) -> None:
    bundle, _ = certificate(tmp_path)
    with serving(answering(b"hello")) as server:
        code, words = probe(Gateway(server.url.replace("http:", "https:"), str(bundle), LIMIT_S), "alive")
    assert code == NO_ANSWER
    assert words


def test_certificate_of_somebody_else_is_not_believed(tmp_path: Path) -> None:
    bundle, _ = certificate(tmp_path / "ours")
    _, context = certificate(tmp_path / "theirs")
    with serving(answering(b""), tls=context) as server:
        code, words = probe(Gateway(server.url, str(bundle)), "alive")
    assert code == NO_ANSWER
    assert words.startswith(f"its certificate is not the one in {bundle}: ")
    assert server.received == []


def test_script_says_in_one_line_what_it_found(tmp_path: Path, script: Script) -> None:
    bundle, context = certificate(tmp_path)
    with serving(answering(b"{}", "401 Unauthorized"), tls=context) as server:
        assert script("probe.py", server.url, str(bundle), "api") == (
            ANSWERS,
            f"nobody is logged in; log in at {server.url}\n",
        )
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    nobody = f"https://127.0.0.1:{port}"
    assert script("probe.py", nobody, str(bundle), "alive") == (NO_ANSWER, "its port is not open\n")
    missing = tmp_path / "none.pem"
    assert script("probe.py", nobody, str(missing), "alive") == (
        NO_ANSWER,
        f"its certificate {missing} is not there yet\n",
    )
