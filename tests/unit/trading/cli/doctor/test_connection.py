from __future__ import annotations

import socket
import ssl
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.fakes.raw_server import Peer, answering, certificate, serving
from trading.cli.doctor import connection
from trading.cli.doctor.connection import Distrust, Reached, Shown, listening, reach, shake_hands

NOW = datetime(2026, 11, 24, 15, 0, tzinfo=UTC)
BUNDLE = Path("state/gateway/root/gateway.pem")


def reached(port: int, host: str = "127.0.0.1") -> Reached:
    return Reached(host, port, {host: ""})


@pytest.mark.parametrize(
    ("tried", "verdict", "text"),
    [
        ({"127.0.0.1": ""}, "ok", "localhost:5055 answers at 127.0.0.1"),
        ({"::1": "", "127.0.0.1": ""}, "ok", "localhost:5055 answers at ::1, 127.0.0.1"),
        ({"::1": "Connection refused", "127.0.0.1": ""}, "ok", "answers at 127.0.0.1, not at ::1"),
        ({"::1": "refused", "127.0.0.1": "late"}, "note", "does not answer (::1: refused; 127.0.0.1: late)"),
    ],
)
def test_each_address_of_the_gateway_is_told(tried: Mapping[str, str], verdict: str, text: str) -> None:
    found = listening(Reached("localhost", 5055, tried))
    assert found.verdict == verdict
    assert text in found.text


def test_name_without_an_address_has_to_be_corrected() -> None:
    found = listening(reach("https://no-such-host.invalid:5055"))
    assert (found.verdict, found.fix) == ("bad", "correct GATEWAY_URL")
    assert "no-such-host.invalid" in found.text


def test_every_address_is_tried_ipv6_too() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        assert reach(f"https://127.0.0.1:{port}") == Reached("127.0.0.1", port, {"127.0.0.1": ""})
        sixth = reach(f"https://[::1]:{port}")
    assert sixth.where == f"[::1]:{port}"
    assert not sixth.open
    assert list(sixth.tried) == ["::1"]
    assert not reach(f"https://127.0.0.1:{port}").open


def test_address_without_a_port_means_that_of_https() -> None:
    assert reach("https://localhost", limit_s=0.2).port == 443


def test_certificate_that_the_bundle_holds_is_trusted(tmp_path: Path) -> None:
    bundle, context = certificate(tmp_path, days=90)
    with serving(answering(b""), tls=context) as server:
        shown = shake_hands(reached(server.port), bundle)
    assert shown.distrust is None
    found = connection.certificate(shown, datetime.now(UTC))  # noqa: TID251 - TLS asks the real clock
    assert found.verdict == "ok"
    assert str(bundle) in found.text


def test_certificate_that_ends_soon_is_noted() -> None:
    assert connection.certificate(Shown(BUNDLE, NOW + timedelta(days=31)), NOW).verdict == "ok"
    found = connection.certificate(Shown(BUNDLE, NOW + timedelta(days=29)), NOW)
    assert (found.verdict, "2026-12-23" in found.text) == ("note", True)


def test_each_reason_for_distrust_is_told_apart(tmp_path: Path) -> None:
    bundle, context = certificate(tmp_path / "good")
    other, _ = certificate(tmp_path / "other")
    expired, old = certificate(tmp_path / "old", days=-1)
    named, elsewhere = certificate(tmp_path / "named", "192.0.2.1")

    def seen(tls: ssl.SSLContext, trusted: Path | None) -> Distrust | None:
        with serving(answering(b""), tls=tls) as server:
            return shake_hands(reached(server.port), trusted).distrust

    assert seen(context, bundle) is None
    assert seen(context, other) is Distrust.UNKNOWN
    assert seen(context, None) is Distrust.UNKNOWN
    assert seen(old, expired) is Distrust.EXPIRED
    assert seen(elsewhere, named) is Distrust.OTHER_HOST


def test_bundle_that_can_not_be_read_is_told_before_anything_is_asked(tmp_path: Path) -> None:
    (tmp_path / "empty.pem").write_text("no certificate", encoding="ascii")
    for name in ("missing.pem", "empty.pem"):
        shown = shake_hands(reached(9), tmp_path / name)
        assert shown.distrust is Distrust.NO_BUNDLE
        assert name in connection.certificate(shown, NOW).text


def test_what_speaks_no_tls_or_says_nothing_is_no_gateway(tmp_path: Path) -> None:
    bundle, _ = certificate(tmp_path)
    with serving(lambda peer: peer.send(b"SSH-2.0-OpenSSH_9.6\r\n" * 4)) as server:
        assert shake_hands(reached(server.port), bundle).distrust is Distrust.NO_TLS
    with serving(Peer.silence) as server:
        assert shake_hands(reached(server.port), bundle, limit_s=0.1).distrust is Distrust.SILENT
    with serving(Peer.reset) as server:
        assert shake_hands(reached(server.port), bundle).distrust is Distrust.SILENT


@pytest.mark.parametrize(
    ("bundle", "distrust", "text", "fix"),
    [
        (BUNDLE, Distrust.NO_BUNDLE, "gateway.pem can't be used: why", "./start.sh makes one"),
        (BUNDLE, Distrust.UNKNOWN, "not trusted by state/gateway", "enter no password there"),
        (None, Distrust.UNKNOWN, "not trusted by the public certificates", "set GATEWAY_CA_BUNDLE"),
        (BUNDLE, Distrust.EXPIRED, "not trusted", "give the gateway a new one"),
        (BUNDLE, Distrust.OTHER_HOST, "not trusted", "set GATEWAY_URL to a name"),
        (BUNDLE, Distrust.NO_TLS, "shows none: why", "another program has this port"),
        (BUNDLE, Distrust.SILENT, "shows none: why", "restart it"),
    ],
)
def test_each_reason_for_distrust_says_what_to_do(bundle: Path | None, distrust: Distrust, text: str, fix: str) -> None:
    found = connection.certificate(Shown(bundle, None, distrust, "why"), NOW)
    assert found.verdict == "bad"
    assert text in found.text
    assert fix in found.fix
