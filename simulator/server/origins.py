"""Whether a request was made by a page of another site, as browsers say it; other programs say nothing of the kind.

Whoever reaches the gateway's port acts as its user, and a browser reaches it for every page that it shows: a page of
any site can send a form or plain text to https://localhost:5055, or show it as an image. Browsers mark that by
Sec-Fetch-Site and by Origin; one that sends neither with an image names the page as its Referer.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from urllib.parse import urlsplit

_THIS_MACHINE = frozenset({"localhost", "127.0.0.1", "::1"})
# Ends of names that nobody can buy, so that no other site can make one of them lead here.
_PRIVATE_ENDS = (".localhost", ".local", ".internal", ".lan", ".home.arpa", ".test")
_HERE = (None, "same-origin", "none")


def is_foreign_page(headers: Mapping[str, str]) -> bool:
    """Return whether a page of another site asks; `headers` have names in lower case.

    One that is shown under this server's own address is not foreign, if the name is none that its owner could have made
    to lead here: origin and host agree then too, for which there is DNS rebinding.
    """
    origin, site = headers.get("origin"), headers.get("sec-fetch-site")
    if site not in _HERE:
        return True
    if origin == "null":
        # What a page with a strict referrer policy sends, ours as well as another one.
        return site != "same-origin"
    shown_by = origin if origin is not None or site is not None else headers.get("referer")
    return shown_by is not None and not _is_of(shown_by, headers.get("host"), private=True)


def is_page_of_elsewhere(headers: Mapping[str, str]) -> bool:
    """Return whether a page asks that is not shown under a name of this very machine; stricter, for the control."""
    origin = headers.get("origin")
    if headers.get("sec-fetch-site") not in _HERE:
        return True
    return origin is not None and not _is_of(origin, headers.get("host"), private=False)


def _is_of(origin: str, host: str | None, *, private: bool) -> bool:
    """Return whether an origin is this server, under a name of this machine or, where that will do, a private one."""
    try:
        split = urlsplit(origin)
        name = split.hostname
    except ValueError:
        return False
    if name is None or host is None or split.netloc.lower() != host.lower():
        return False
    return name in _THIS_MACHINE or (private and _is_private(name))


def _is_private(name: str) -> bool:
    """Return whether nobody else can make a name lead here: an address, a name without a dot or with a private end."""
    if "." not in name or name.endswith(_PRIVATE_ENDS):
        return True
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True
