from __future__ import annotations

from pathlib import Path

import pytest

from tests.fakes.raw_server import Peer, answering, certificate, serving, within
from tests.unit.trading.gateway.posting import post
from trading.errors import NotSent, OutcomeUnknown


def test_answer_over_verified_tls(tmp_path: Path) -> None:
    bundle, context = certificate(tmp_path)
    with serving(answering(b"{}"), tls=context) as server:
        assert post(server.url, bundle=bundle).status == 200


def test_a_changed_certificate_means_nothing_was_sent(tmp_path: Path) -> None:
    bundle, _ = certificate(tmp_path / "old")
    _, context = certificate(tmp_path / "new")
    with serving(answering(b"{}"), tls=context) as server:
        with pytest.raises(NotSent, match="certificate"):
            post(server.url, bundle=bundle)
        assert server.received == []


@pytest.mark.parametrize(("name", "days"), [("127.0.0.2", 1), ("127.0.0.1", -1)], ids=["wrong host", "expired"])
def test_a_certificate_that_does_not_hold_here_means_nothing_was_sent(tmp_path: Path, name: str, days: int) -> None:
    bundle, context = certificate(tmp_path, name, days)
    with serving(answering(b"{}"), tls=context) as server:
        with pytest.raises(NotSent, match="certificate"):
            post(server.url, bundle=bundle)
        assert server.received == []


def test_the_environment_cannot_replace_the_certificates(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    good, context = certificate(tmp_path / "good")
    other, _ = certificate(tmp_path / "other")
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(good))
    monkeypatch.setenv("CURL_CA_BUNDLE", str(good))
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:1")
    with serving(answering(b"{}"), tls=context) as server:
        assert post(server.url, bundle=good).status == 200
        with pytest.raises(NotSent, match="certificate"):
            post(server.url, bundle=other)


def test_a_missing_certificate_file_means_nothing_was_sent(tmp_path: Path) -> None:
    with pytest.raises(NotSent, match="is missing"):
        post("https://127.0.0.1:9", bundle=tmp_path / "none.pem")


def test_plain_http_where_tls_is_expected_means_nothing_was_sent() -> None:
    def plain(peer: Peer) -> None:
        peer.send(b"HTTP/1.1 400 Bad Request\r\n\r\n")

    with serving(plain) as server, pytest.raises(NotSent, match="TLS"):
        post(server.url.replace("http:", "https:"))


def test_a_handshake_that_never_ends_means_nothing_was_sent() -> None:
    with serving(lambda peer: peer.silence()) as server, within(2.5), pytest.raises(NotSent, match="in time"):
        post(server.url.replace("http:", "https:"), limit_s=1.0)


def test_a_dripping_body_over_tls_cannot_hold_us(tmp_path: Path) -> None:
    def behaviour(peer: Peer) -> None:
        peer.request()
        peer.send(b"HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\n")
        peer.drip(b"x" * 900, 0.1)

    bundle, context = certificate(tmp_path)
    with serving(behaviour, tls=context) as server, within(1.5), pytest.raises(OutcomeUnknown, match="in time"):
        post(server.url, limit_s=0.7, bundle=bundle)
