from __future__ import annotations

import ssl
import stat
from pathlib import Path

from cryptography import x509

from simulator.server.tls import ensure_certificate, server_context


def test_certificate_names_this_machine_and_its_key_is_private(tmp_path: Path) -> None:
    certificate, key = ensure_certificate(tmp_path / "state")
    loaded = x509.load_pem_x509_certificate(certificate.read_bytes())
    names = loaded.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == ["localhost"]
    assert {str(address) for address in names.get_values_for_type(x509.IPAddress)} == {"127.0.0.1", "::1"}
    assert stat.S_IMODE(key.stat().st_mode) == 0o600


def test_certificate_is_made_once(tmp_path: Path) -> None:
    first = ensure_certificate(tmp_path)[0].read_bytes()
    assert ensure_certificate(tmp_path)[0].read_bytes() == first


def test_broken_certificate_is_made_anew(tmp_path: Path) -> None:
    certificate, key = ensure_certificate(tmp_path)
    certificate.write_text("nothing", encoding="utf-8")
    ensure_certificate(tmp_path)
    assert server_context(certificate, key).minimum_version == ssl.TLSVersion.TLSv1_2


def test_certificate_is_made_anew_where_its_key_is_another_or_damaged(tmp_path: Path) -> None:
    certificate, key = ensure_certificate(tmp_path / "a")
    _, other = ensure_certificate(tmp_path / "b")
    for damaged in (other.read_bytes(), b"nothing"):
        key.write_bytes(damaged)
        server_context(*ensure_certificate(tmp_path / "a"))
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    assert certificate.exists()
