"""Docker's health check of the dashboard."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from deploy.healthcheck import check
from tests.fakes.raw_server import answering, certificate, serving
from tests.unit.deploy.conftest import Script


@pytest.mark.parametrize(
    ("status", "healthy", "words"),
    [("200 OK", True, '{"status":"ok"}'), ("503 Unavailable", False, 'HTTP 503: {"status":"ok"}')],
)
def test_only_a_200_is_healthy(status: str, healthy: bool, words: str) -> None:  # noqa: FBT001
    with serving(answering(b'{"status":"ok"}', status)) as server:
        assert check(f"127.0.0.1:{server.port}", "") == (healthy, words)
    assert server.received[0].startswith(b"GET /healthz ")


def test_own_certificate_is_trusted_whatever_name_it_is_for(tmp_path: Path) -> None:
    bundle, context = certificate(tmp_path, "192.0.2.1")
    with serving(answering(b"ok"), tls=context) as server:
        assert check(f"127.0.0.1:{server.port}", str(bundle)) == (True, "ok")


def test_another_certificate_than_the_own_is_not_trusted(tmp_path: Path) -> None:
    bundle, _ = certificate(tmp_path / "ours")
    _, context = certificate(tmp_path / "theirs")
    with serving(answering(b"ok"), tls=context) as server:
        healthy, words = check(f"127.0.0.1:{server.port}", str(bundle))
    assert not healthy
    assert "certificate verify failed" in words
    assert server.received == []


def test_proxy_of_the_environment_is_not_asked_about_this_machine(script: Script) -> None:
    with serving(answering(b"ok")) as server, serving(answering(b"proxy", "502 Bad Gateway")) as proxy:
        assert script("healthcheck.py", f"127.0.0.1:{server.port}", http_proxy=proxy.url, HTTP_PROXY=proxy.url) == (
            0,
            "ok\n",
        )
    assert proxy.received == []


def test_script_tells_docker_by_its_exit_code(tmp_path: Path, script: Script) -> None:
    bundle, context = certificate(tmp_path)
    with serving(answering(b"ok"), tls=context) as server:
        assert script("healthcheck.py", f"127.0.0.1:{server.port}", str(bundle)) == (0, "ok\n")
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    code, words = script("healthcheck.py", f"127.0.0.1:{port}")
    assert code == 1
    assert "refused" in words
    assert len(words.splitlines()) == 1
