"""One HTTP exchange with the gateway: verified, limited in time and size, never repeated, and honest about its end."""

from __future__ import annotations

import http.client
import ipaddress
import logging
import socket
import ssl
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from http import cookiejar
from pathlib import Path
from typing import Protocol
from urllib.parse import quote, urlencode, urlsplit

import requests
from urllib3.exceptions import HTTPError, IncompleteRead, NewConnectionError, ProtocolError
from urllib3.response import BaseHTTPResponse

from trading.config.hosts import in_url, with_port
from trading.errors import ConfigError, NotSent, OutcomeUnknown, causes_of
from trading.gateway.fields import plain
from trading.gateway.sockets import Exchange, PatientAdapter, current
from trading.model.account import mask_accounts

CONNECT_S = 3.0
MAX_ANSWER_BYTES = 2 * 1024 * 1024
# The gateway program keeps five connections to its upstream; a sixth parallel call would wait inside it.
MAX_CONNECTIONS = 5

_CHUNK = 64 * 1024
_GZIP = 16 + zlib.MAX_WBITS


@dataclass(frozen=True, slots=True)
class HttpAnswer:
    """A whole answer: status, body (decoded), and the server's clock where it sent one."""

    status: int
    body: bytes
    server_time_ms: int | None = None


class Transport(Protocol):
    """The seam: over the network in use, within the process in tests."""

    def exchange(
        self, verb: str, path: str, query: Mapping[str, str] | None, body: bytes | None, limit_s: float
    ) -> HttpAnswer:
        """Do one exchange in at most `limit_s` seconds and return the answer, whatever its status.

        Raises: NotSent, nothing that could be acted on left; OutcomeUnknown, it left and no whole answer came.
        """
        ...

    def close(self) -> None:
        """Let go of what is kept open."""
        ...


TransportTo = Callable[[str, Path | None], Transport]
"""makes a transport to an address, with the certificates to trust; None means the public ones"""


class _Session(requests.Session):
    """A session that does not even look where a redirection points: requests would read its body without a limit."""

    def get_redirect_target(self, resp: requests.Response) -> None:
        """Return no target."""


class HttpTransport:
    """The transport over HTTPS (plain HTTP to this machine only)."""

    def __init__(self, url: str, ca_bundle: Path | None) -> None:
        """Take the gateway's address and the certificates to trust; None means the public ones.

        Raises: ConfigError, the address can't be used.
        """
        self._base = base_url(url)
        self._verify: str | bool = str(ca_bundle) if ca_bundle is not None else True
        self._session = _Session()
        # Neither proxies nor a bundle of certificates from the environment.
        self._session.trust_env = False
        # urllib3 logs whole addresses, with account ids in them.
        logging.getLogger("urllib3").setLevel(logging.CRITICAL)
        # The gateway drops cookies of its clients; none is kept, so none can leak.
        self._session.cookies.set_policy(cookiejar.DefaultCookiePolicy(allowed_domains=[]))
        self._session.mount(self._base, PatientAdapter(MAX_CONNECTIONS))
        self._headers = {"User-Agent": "trading-system", "Accept": "application/json", "Accept-Encoding": "identity"}

    def exchange(
        self, verb: str, path: str, query: Mapping[str, str] | None, body: bytes | None, limit_s: float
    ) -> HttpAnswer:
        """Do one exchange (see `Transport`)."""
        call = f"{verb} {mask_accounts(path)}"
        request = self._prepared(verb, path, query, body)
        exchange = Exchange(limit_s, limit_s, has_body=bool(body))
        token = current.set(exchange)
        try:
            response = self._session.send(
                request,
                stream=True,
                timeout=(min(CONNECT_S, limit_s), limit_s),
                verify=self._verify,
                allow_redirects=False,
                proxies={},
            )
            return _whole(call, response)
        except (OSError, HTTPError, http.client.HTTPException) as error:
            cause = _cause(error)
            if exchange.may_have_arrived:
                raise OutcomeUnknown(call, cause) from error
            raise NotSent(call, cause) from error
        finally:
            current.reset(token)

    def close(self) -> None:
        """Close the sockets that are kept open."""
        self._session.close()

    def _prepared(
        self, verb: str, path: str, query: Mapping[str, str] | None, body: bytes | None
    ) -> requests.PreparedRequest:
        """Build the request by hand: requests' own preparation would add what nobody asked for."""
        request = requests.PreparedRequest()
        request.method = verb
        request.url = f"{self._base}{path}" + (f"?{urlencode(query, safe=',:', quote_via=quote)}" if query else "")
        request.headers = requests.structures.CaseInsensitiveDict(self._headers)
        request.body = body or None
        if body:
            request.headers["Content-Type"] = "application/json"
        if verb != "GET":
            request.headers["Content-Length"] = str(len(body or b""))
        return request


def base_url(url: str) -> str:
    """Return the address with the API's path and no slash at its end.

    Raises: ConfigError: no address, not HTTPS and not on this machine either, or with a user name, query or fragment.
    """
    parts = urlsplit(url)
    try:
        host, port = parts.hostname, parts.port
    except ValueError:
        host, port = None, None
    if not host or parts.scheme not in ("http", "https") or parts.username or parts.query or parts.fragment:
        raise ConfigError("GATEWAY_URL", plain(url), "write it like https://localhost:5055")
    if parts.scheme == "http" and not _is_loopback(host):
        raise ConfigError("GATEWAY_URL", plain(url), "use https:// unless the gateway runs on this machine")
    authority = in_url(host) if port is None else with_port(host, port)
    return f"{parts.scheme}://{authority}{parts.path.rstrip('/') or '/v1/api'}"


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _whole(call: str, response: requests.Response) -> HttpAnswer:
    """Read the body to its end; whatever goes wrong closes the socket, so that no later request gets this answer."""
    raw: BaseHTTPResponse = response.raw
    whole = False
    try:
        announced = response.headers.get("Content-Length", "")
        if announced.isdigit() and int(announced) > MAX_ANSWER_BYTES:
            raise OutcomeUnknown(call, "the answer is too large", response.status_code)
        body = _decoded(call, response, _read(call, raw, response.status_code))
        whole = True
    finally:
        if whole:
            raw.release_conn()
        else:
            raw.close()
    return HttpAnswer(response.status_code, body, _server_time_ms(response.headers.get("Date")))


def _read(call: str, raw: BaseHTTPResponse, status: int) -> bytes:
    chunks: list[bytes] = []
    size = 0
    while chunk := raw.read(_CHUNK, decode_content=False):
        size += len(chunk)
        if size > MAX_ANSWER_BYTES:
            raise OutcomeUnknown(call, "the answer is too large", status)
        chunks.append(chunk)
    return b"".join(chunks)


def _decoded(call: str, response: requests.Response, body: bytes) -> bytes:
    """Undo gzip, which was not asked for, to the same limit of size."""
    coding = response.headers.get("Content-Encoding", "identity").strip().lower()
    if coding in ("", "identity"):
        return body
    if coding != "gzip":
        raise OutcomeUnknown(call, "the answer's encoding is not known", response.status_code)
    inflater = zlib.decompressobj(_GZIP)
    try:
        plain_body = inflater.decompress(body, MAX_ANSWER_BYTES)
    except zlib.error:
        raise OutcomeUnknown(call, "the answer is broken (gzip)", response.status_code) from None
    if inflater.unconsumed_tail:
        raise OutcomeUnknown(call, "the answer is too large", response.status_code)
    if not inflater.eof:
        raise OutcomeUnknown(call, "the answer is cut off (gzip)", response.status_code)
    return plain_body


def _server_time_ms(date: str | None) -> int | None:
    try:
        return int(parsedate_to_datetime(date).timestamp() * 1000) if date else None
    except (ValueError, OverflowError):
        return None


# The first that fits names the cause; the texts of the errors themselves hold addresses and account ids.
_CAUSES: tuple[tuple[type[BaseException], str], ...] = (
    (ConnectionRefusedError, "connection refused: is the gateway running?"),
    (socket.gaierror, "the gateway's name was not found"),
    (ssl.SSLError, "TLS failed"),
    (TimeoutError, "no answer in time"),
    (http.client.RemoteDisconnected, "the connection was closed without an answer"),
    (ConnectionResetError, "the connection was reset"),
    (BrokenPipeError, "the connection was closed"),
    (http.client.IncompleteRead, "the answer is cut off"),
    (IncompleteRead, "the answer is cut off"),
    (http.client.HTTPException, "the answer is no HTTP"),
    (NewConnectionError, "no connection"),
    (ProtocolError, "the answer is broken"),
)


def _cause(error: BaseException) -> str:
    chain = causes_of(error)
    for link in chain:
        if isinstance(link, ssl.SSLCertVerificationError):
            return f"the gateway's certificate was not accepted: {plain(link.verify_message, 100)}"
    for kind, cause in _CAUSES:
        if any(isinstance(link, kind) for link in chain):
            return cause
    if any("CA certificate bundle" in str(link) for link in chain):
        return "the file with the gateway's certificate is missing"
    return plain(type(error).__name__)
