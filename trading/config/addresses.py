"""Addresses that people are notified at: one text with all of them, each holding a secret somewhere."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from trading.config.checks import UnusableError, host

MOST_ADDRESSES = 10
WEBHOOKS = frozenset({"json", "jsons"})
# What stands behind :// names a machine in these; in most others it is a token, as in tgram://TOKEN/CHAT.
_NAMES_HOST = WEBHOOKS | {"form", "forms", "xml", "xmls", "mailto", "mailtos", "gotify", "gotifys", "ntfys"}
_ANY = re.compile(r"([a-z][a-z0-9+.-]{1,31})://([^\s\x00-\x1f\x7f]+)", re.IGNORECASE)
# Between two addresses: blanks, or a comma that another one follows; any other comma is part of an address.
_BETWEEN = re.compile(r",?\s+|,+(?=[a-z][a-z0-9+.-]{1,31}://)", re.IGNORECASE)
_PLACE = re.compile(
    r"(?:([^\s/@:?#]*)(?::([^\s/@?#]*))?@)?(\[[^\]\s]+\]|[^\s/@?#:\[\]]+)(?::([0-9]{1,5}))?(/[^\s?#]*)?(\?\S*)?"
)
_MOST_PORTS = 65_535
_EXAMPLE = "write it like jsons://host/path or tgram://token/chat, with a blank between two"


@dataclass(frozen=True, slots=True, repr=False)
class Address:
    """One address; `text` is the secret, `channel` what it is called everywhere else.

    `url`, `user` and `password` are those of a plain webhook, percent-encoded, and empty for others.
    """

    text: str
    scheme: str
    channel: str
    url: str = ""
    user: str = ""
    password: str = ""

    @property
    def plain(self) -> bool:
        """Return whether it is a webhook that needs nothing but HTTP."""
        return bool(self.url)

    def __repr__(self) -> str:
        """Return what it is called."""
        return f"Address({self.channel})"


def read_addresses(text: str) -> tuple[Address, ...]:
    """Return the addresses of a text, with blanks, line breaks or commas between them.

    Raises: UnusableError, one can't be used; it names its place, and nothing of it.
    """
    words = [word for word in _BETWEEN.split(text.strip(", \t\r\n")) if word]
    if len(words) > MOST_ADDRESSES:
        raise UnusableError(None, f"holds {len(words)} addresses: keep {MOST_ADDRESSES} at most")
    found: list[Address] = []
    for number, word in enumerate(words, start=1):
        address = _address(word, f"address {number} of {len(words)}")
        if any(other.text == address.text for other in found):
            raise UnusableError(None, f"address {number} of {len(words)} stands there twice: keep one of them")
        same = sum(other.channel.partition(" ")[0] == address.channel for other in found)
        found.append(replace(address, channel=f"{address.channel} ({same + 1})") if same else address)
    return tuple(found)


def addresses(value: object) -> object:
    """Return the text as it is, once each of its addresses can be used (a check of a setting)."""
    if not read_addresses(str(value)):
        raise UnusableError(None, f"holds no address: {_EXAMPLE}")
    return value


def _address(word: str, name: str) -> Address:
    match = _ANY.fullmatch(word)
    if match is None:
        raise UnusableError(None, f"{name} can't be used: {_EXAMPLE}")
    scheme, rest = match[1].lower(), match[2]
    if scheme in {"http", "https"}:
        instead = "json" if scheme == "http" else "jsons"
        raise UnusableError(None, f"{name} begins with {scheme}://: a webhook begins with {instead}:// here")
    if scheme in WEBHOOKS:
        return _webhook(word, scheme, rest, name)
    place = _PLACE.fullmatch(rest)
    shown = place[3].lower() if place is not None and scheme in _NAMES_HOST else "…"
    return Address(word, scheme, f"{scheme}://{shown}")


def _webhook(word: str, scheme: str, rest: str, name: str) -> Address:
    place = _PLACE.fullmatch(rest)
    try:
        usable = place is not None and bool(host(place[3])) and 0 < int(place[4] or 1) <= _MOST_PORTS
    except UnusableError:
        usable = False
    if place is None or not usable:
        fix = f"{name} can't be used: write it like {scheme}://host:port/path"
        raise UnusableError(None, fix)
    channel = f"{scheme}://{place[3].lower()}"
    if place[6]:
        # Options behind a question mark are apprise's own.
        return Address(word, scheme, channel)
    port = f":{place[4]}" if place[4] else ""
    url = f"{'https' if scheme == 'jsons' else 'http'}://{place[3].lower()}{port}{place[5] or '/'}"
    return Address(word, scheme, channel, url, place[1] or "", place[2] or "")
