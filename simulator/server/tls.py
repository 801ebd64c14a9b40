"""The simulator's own certificate: made at the first start, so that clients can verify it like any other."""

from __future__ import annotations

import ipaddress
import os
import ssl
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

CERTIFICATE_FILE = "simulator-cert.pem"
KEY_FILE = "simulator-key.pem"
_VALID_DAYS = 3650
_ADDRESSES = ("127.0.0.1", "::1")


def ensure_certificate(folder: Path) -> tuple[Path, Path]:
    """Return certificate and key of `folder`, made anew where one is missing or damaged, or the time is nearly over.

    Clients verify against the certificate file itself; the key is readable by its owner only.
    """
    certificate, key = folder / CERTIFICATE_FILE, folder / KEY_FILE
    if not (certificate.exists() and key.exists() and _is_valid(certificate, key)):
        folder.mkdir(parents=True, exist_ok=True)
        _make(certificate, key)
    return certificate, key


def server_context(certificate: Path, key: Path) -> ssl.SSLContext:
    """Return the TLS settings of the server: 1.2 or newer, no client certificates."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_cert_chain(certificate, key)
    return context


def _is_valid(certificate: Path, key: Path) -> bool:
    try:
        loaded = x509.load_pem_x509_certificate(certificate.read_bytes())
        private = serialization.load_pem_private_key(key.read_bytes(), None)
    except (ValueError, TypeError):
        return False
    if private.public_key() != loaded.public_key():
        # The program died between writing the one and the other.
        return False
    return loaded.not_valid_after_utc > datetime.now(UTC) + timedelta(days=1)


def other_context(kind: str) -> ssl.SSLContext:
    """Return TLS settings with a certificate that no client of ours may trust: new_key, expired or wrong_host."""
    now = datetime.now(UTC)
    with tempfile.TemporaryDirectory(prefix="simulator-") as folder:
        certificate, key = Path(folder) / CERTIFICATE_FILE, Path(folder) / KEY_FILE
        _make(
            certificate,
            key,
            host="gateway.example" if kind == "wrong_host" else "localhost",
            until=now - timedelta(hours=1) if kind == "expired" else None,
        )
        return server_context(certificate, key)


def _make(certificate: Path, key: Path, *, host: str = "localhost", until: datetime | None = None) -> None:
    private = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Simulated gateway")])
    now = datetime.now(UTC)
    identifier = x509.SubjectKeyIdentifier.from_public_key(private.public_key())
    usage = x509.KeyUsage(
        digital_signature=True,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=True,
        crl_sign=False,
        encipher_only=False,
        decipher_only=False,
    )
    addresses = [x509.IPAddress(ipaddress.ip_address(text)) for text in _ADDRESSES if host == "localhost"]
    names = [x509.DNSName(host), *addresses]
    built = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(private.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(until or now + timedelta(days=_VALID_DAYS))
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(identifier, critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(identifier), critical=False)
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .sign(private, hashes.SHA256())
    )
    encoded = private.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    _write(key, encoded, 0o600)
    _write(certificate, built.public_bytes(serialization.Encoding.PEM), 0o644)


def _write(path: Path, data: bytes, mode: int) -> None:
    """Put the file in place whole, with its mode from the start."""
    new = path.with_suffix(".new")
    new.unlink(missing_ok=True)
    descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)
    new.replace(path)
