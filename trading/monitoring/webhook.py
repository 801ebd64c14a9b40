"""Plain webhooks: one POST of JSON in apprise's form, through the HTTP client that is there anyway."""

from __future__ import annotations

import socket
import ssl
from urllib.parse import unquote

import requests
import urllib3

from trading.config.addresses import Address
from trading.errors import causes_of
from trading.model.account import mask_accounts
from trading.model.notice import Message, Sent

CONNECT_S, ANSWER_S = 5.0, 8.0
_GOOD = range(200, 300)
_VERSION = "1.0"
# The first that fits; the texts of the errors themselves hold the whole address.
_CAUSES: tuple[tuple[type[BaseException], str], ...] = (
    (ssl.SSLCertVerificationError, "its certificate was not accepted"),
    (ssl.SSLError, "TLS failed"),
    (socket.gaierror, "its name was not found"),
    (urllib3.exceptions.NameResolutionError, "its name was not found"),
    (ConnectionRefusedError, "connection refused"),
    (TimeoutError, "no answer in time"),
    (urllib3.exceptions.TimeoutError, "no answer in time"),
    (ConnectionError, "the connection was lost"),
)


class _Session(requests.Session):
    """A session that does not even look where a redirection points."""

    def get_redirect_target(self, resp: requests.Response) -> None:
        """Return no target."""


class Webhook:
    """`trading.ports.notices.Sender` to a server that takes JSON; what it answers is not read beyond the status."""

    def __init__(self, address: Address) -> None:
        """Send to a plain address."""
        self._address = address

    @property
    def channel(self) -> str:
        """Return what the address is called."""
        return self._address.channel

    def send(self, message: Message) -> Sent:
        """POST a message; anything but a status of 2xx is a failure."""
        address = self._address
        body = {
            "version": _VERSION,
            "title": mask_accounts(message.title),
            "message": mask_accounts(message.text),
            "attachments": [],
            "type": message.kind.value,
        }
        login = (unquote(address.user), unquote(address.password)) if address.user else None
        try:
            with _Session() as session:
                session.headers["User-Agent"] = "trading-system"
                with session.post(
                    address.url,
                    json=body,
                    # Without a user none is taken from ~/.netrc either.
                    auth=login or _nobody,
                    timeout=(CONNECT_S, ANSWER_S),
                    allow_redirects=False,
                    stream=True,
                ) as answer:
                    status = answer.status_code
        except (requests.RequestException, urllib3.exceptions.HTTPError, OSError, ValueError) as error:
            return Sent(ok=False, detail=_cause(error))
        return Sent(ok=True) if status in _GOOD else Sent(ok=False, detail=f"answered {status}")


def _nobody(request: requests.PreparedRequest) -> requests.PreparedRequest:
    return request


def _cause(error: BaseException) -> str:
    chain = causes_of(error)
    return next(
        (cause for kind, cause in _CAUSES if any(isinstance(link, kind) for link in chain)), type(error).__name__
    )
