"""The way to the gateway: its name, its addresses of both kinds, its port, and the certificate that it shows."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import Enum, auto
from pathlib import Path
from types import MappingProxyType
from urllib.parse import urlsplit

from requests.utils import DEFAULT_CA_BUNDLE_PATH
from urllib3.util.ssl_ import create_urllib3_context

from trading.cli.doctor.findings import Finding, bad, note, ok
from trading.config.hosts import with_port

CONNECT_S = 2.0
HANDSHAKE_S = 3.0
SOON = timedelta(days=30)
_TLS_PORT = 443


@dataclass(frozen=True, slots=True)
class Reached:
    """What became of each address of the gateway: "" where it answers, else why not."""

    host: str
    port: int
    tried: Mapping[str, str]
    unknown: str = ""
    """why its name has no address"""

    @property
    def open(self) -> bool:
        """Whether something listens."""
        return "" in self.tried.values()

    @property
    def where(self) -> str:
        """Return host and port as people write them."""
        return with_port(self.host, self.port)


def reach(url: str, limit_s: float = CONNECT_S) -> Reached:
    """Try every address of the gateway."""
    parts = urlsplit(url)
    host, port = parts.hostname or "localhost", parts.port or _TLS_PORT
    try:
        listed = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except OSError as error:
        return Reached(host, port, MappingProxyType({}), error.strerror or str(error))
    tried: dict[str, str] = {}
    for family, kind, _, _, address in listed:
        name = str(address[0])
        if name in tried:
            continue
        try:
            with socket.socket(family, kind) as connection:
                connection.settimeout(limit_s)
                connection.connect(address)
            tried[name] = ""
        except TimeoutError:
            tried[name] = f"no answer within {limit_s:g} s"
        except OSError as error:
            tried[name] = error.strerror or str(error)
    return Reached(host, port, MappingProxyType(tried))


def listening(reached: Reached) -> Finding:
    """Judge whether anything listens at the gateway's address."""
    if reached.unknown:
        return bad("gateway", f"{reached.host} has no address ({reached.unknown})", "correct GATEWAY_URL")
    silent = {name: why for name, why in reached.tried.items() if why}
    if not reached.open:
        why = "; ".join(f"{name}: {why}" for name, why in silent.items())
        return note("gateway", f"{reached.where} does not answer ({why})", "start it: ./start.sh")
    at = ", ".join(name for name, why in reached.tried.items() if not why)
    but = f", not at {', '.join(silent)}" if silent else ""
    return ok("gateway", f"{reached.where} answers at {at}{but}")


class Distrust(Enum):
    """Why a certificate is not trusted, or none was shown."""

    NO_BUNDLE = auto()
    """the file with the certificates to trust is missing or can't be read"""
    EARLY = auto()
    """it is not good yet"""
    EXPIRED = auto()
    OTHER_HOST = auto()
    UNKNOWN = auto()
    """nobody whom we trust has signed it"""
    NO_TLS = auto()
    SILENT = auto()


# OpenSSL's numbers of what a certificate can be refused for: too early, too late, another name, another address.
_REFUSALS = MappingProxyType(
    {9: Distrust.EARLY, 10: Distrust.EXPIRED, 62: Distrust.OTHER_HOST, 64: Distrust.OTHER_HOST}
)


@dataclass(frozen=True, slots=True)
class Shown:
    """What came of a TLS handshake: until when the certificate is good, or why it is not trusted."""

    bundle: Path | None
    """the certificates that are trusted, None for the public ones"""
    until: datetime | None = None
    distrust: Distrust | None = None
    why: str = ""


def shake_hands(reached: Reached, bundle: Path | None, limit_s: float = HANDSHAKE_S) -> Shown:
    """Begin TLS with the gateway as its client does, and end it again."""
    try:
        context = create_urllib3_context(cert_reqs=ssl.CERT_REQUIRED)
        context.load_verify_locations(cafile=str(bundle or DEFAULT_CA_BUNDLE_PATH))
    except OSError as error:
        return Shown(bundle, distrust=Distrust.NO_BUNDLE, why=error.strerror or str(error))
    try:
        with (
            socket.create_connection((reached.host, reached.port), timeout=limit_s) as plain,
            context.wrap_socket(plain, server_hostname=reached.host) as secured,
        ):
            peer = secured.getpeercert() or {}
    except ssl.SSLCertVerificationError as error:
        distrust = _REFUSALS.get(error.verify_code, Distrust.UNKNOWN)
        return Shown(bundle, distrust=distrust, why=error.verify_message)
    except TimeoutError:
        return Shown(bundle, distrust=Distrust.SILENT, why=f"it said nothing for {limit_s:g} s")
    except ssl.SSLError as error:
        return Shown(bundle, distrust=Distrust.NO_TLS, why=error.reason or str(error))
    except OSError as error:
        return Shown(bundle, distrust=Distrust.SILENT, why=error.strerror or str(error))
    until = datetime.fromtimestamp(ssl.cert_time_to_seconds(str(peer["notAfter"])), UTC)
    return Shown(bundle, until)


_AGAIN = "where that lasts for minutes restart it; perhaps another program has its port"
_FIXES: Mapping[Distrust, str] = MappingProxyType(
    {
        Distrust.EARLY: "see whether the clock of this machine is right",
        Distrust.EXPIRED: "give the gateway a new one: delete gateway.p12 in STATE_DIR/gateway/root and restart",
        Distrust.OTHER_HOST: "set GATEWAY_URL to a name that the certificate is for (start.sh's is for localhost)",
        Distrust.NO_TLS: "another program has this port, or it is a gateway without TLS: correct GATEWAY_URL",
        Distrust.SILENT: _AGAIN,
    }
)


def certificate(shown: Shown, now: datetime) -> Finding:
    """Judge the certificate that the gateway shows."""
    trusted = "the public certificates" if shown.bundle is None else str(shown.bundle)
    if shown.distrust is None:
        until = shown.until
        if until is not None and until - now < SOON:
            fix = _FIXES[Distrust.EXPIRED]
            return note("certificate", f"trusted by {trusted}, but only until {until:%Y-%m-%d}", fix)
        return ok("certificate", f"trusted by {trusted}" + ("" if until is None else f", until {until:%Y-%m-%d}"))
    match shown.distrust:
        case Distrust.NO_BUNDLE:
            fix = "set GATEWAY_CA_BUNDLE to the gateway's certificate (PEM); ./start.sh makes one"
            return bad("certificate", f"{trusted} can't be used: {shown.why}", fix)
        case Distrust.UNKNOWN if shown.bundle is None:
            fix = "set GATEWAY_CA_BUNDLE to the gateway's certificate (PEM)"
        case Distrust.UNKNOWN:
            fix = (
                "enter no password there: it is the gateway of another state folder, or something between. "
                "Restart ./start.sh, or set GATEWAY_CA_BUNDLE to its certificate"
            )
        case _:
            fix = _FIXES[shown.distrust]
    text = f"not trusted by {trusted}: {shown.why}"
    if shown.distrust in (Distrust.SILENT, Distrust.NO_TLS):
        text = f"the gateway shows none: {shown.why}"
    return bad("certificate", text, fix)


Reach = Callable[[str], Reached]
ShakeHands = Callable[[Reached, Path | None], Shown]
