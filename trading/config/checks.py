"""What a type and a range don't tell of a value: whether a path, a host, a zone, a day or a symbol can be one."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable
from datetime import date
from ipaddress import ip_address
from pathlib import Path
from zoneinfo import ZoneInfo

_TICKER = re.compile(r"[A-Z0-9][A-Z0-9.\-/ ]{0,14}")
_LABEL = r"[A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?"
_NAME = re.compile(rf"({_LABEL}\.)*{_LABEL}")
# Names that resolvers take for an address in another notation, such as 0x7f.1 for 127.0.0.1.
_NUMBERS = re.compile(r"(.*\.)?(0x[0-9a-f]*|[0-9]+)", re.IGNORECASE)
_UPSTREAM = re.compile(r"https?://[^\s\"'\\]+")
_DIGEST = re.compile(r"[0-9a-fA-F]{64}")
# Control characters, what changes the direction of a text or can't be seen, and bytes that are no UTF-8.
_UNSEEN = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff\ud800-\udfff]")
QUOTES = tuple("\u2018\u2019\u201a\u201b\u201c\u201d\u201e\u201f\u2039\u203a\u00ab\u00bb")
"""typographic quotes, which word processors and web pages make of straight ones"""
# What file systems take: bytes of a name, and of a path with some room for what is put into the folder.
_MOST_OF_NAME, _MOST_OF_PATH = 255, 4000
_PART_OF_DAY = re.compile(r"([01]\d|2[0-3]):[0-5]\d-([01]\d|2[0-3]):[0-5]\d")
_MOST = 253
_MOST_PORTS = 65_535
_HTTPS_PORT = 443
_URL = re.compile(r"https://(\[[^\]\s]+\]|[^\s/@?#:\[\]]+)(?::([0-9]{1,5}))?(?:/[^\s@?#]*)?")

Check = Callable[[object], object]
"""Takes a value of the setting's type, and returns it in the form that is kept."""


class UnusableError(ValueError):
    """A value can't be used: which one, and what to do."""

    def __init__(self, value: object, fix: str) -> None:
        """Keep both."""
        super().__init__(value, fix)
        self.value = value
        self.fix = fix


def as_path(value: object) -> Path:
    """Return a path as it stands: of what a shell would replace in it, each user, service and container has another."""
    text = str(value)
    if text.startswith(("~", "$")):
        raise UnusableError(value, f"nothing replaces {text[0]} here: write the whole path, such as {_as_whole(text)}")
    if _UNSEEN.search(text):
        raise UnusableError(value, "holds a character that can't be seen: type the path anew")
    if text.startswith(QUOTES) and text.endswith(QUOTES):
        raise UnusableError(value, "stands in typographic quotes: take them away")
    if len(text.encode()) > _MOST_OF_PATH or any(len(part.encode()) > _MOST_OF_NAME for part in text.split("/")):
        fix = f"is too long: a path has {_MOST_OF_PATH:,} bytes at most, and each part {_MOST_OF_NAME}"
        raise UnusableError(value, fix)
    return Path(text)


def _as_whole(text: str) -> str:
    """Return what this user's shell would make of a path, an example where it could make nothing."""
    try:
        whole = Path(os.path.expandvars(text)).expanduser()
    except RuntimeError:
        whole = Path(text)
    return str(whole) if whole.is_absolute() else "/home/ann/" + text.lstrip("~$/").rpartition("/")[2]


def symbols(value: object) -> tuple[str, ...]:
    """Return symbols in capitals and in order, each once."""
    found = {str(symbol).strip().upper() for symbol in value} if isinstance(value, list | tuple) else set()
    for symbol in sorted(found):
        if not _TICKER.fullmatch(symbol):
            raise UnusableError(symbol, "a symbol is like AAPL or BRK B; separate them by commas")
    return tuple(sorted(found))


def host(value: object) -> str:
    """Return the address or name of a host, an IPv6 address without its brackets."""
    text = str(value)
    bare = text[1:-1] if text.startswith("[") and text.endswith("]") else text
    try:
        return str(ip_address(bare))
    except ValueError:
        if len(bare) > _MOST or not _NAME.fullmatch(bare) or _NUMBERS.fullmatch(bare):
            raise UnusableError(value, "must be an address such as 127.0.0.1 or ::1, or the name of a host") from None
    return bare.lower()


def hosts(value: object) -> tuple[str, ...]:
    """Return names under which a page may be opened, an IPv6 address in brackets as a browser writes it."""
    found = [host(each) for each in value] if isinstance(value, Iterable) else []
    return tuple(f"[{each}]" if ":" in each else each for each in found)


def gateway_url(value: object) -> str:
    """Return the address of a gateway without the API's path, which means the same."""
    text = str(value)
    match = _URL.fullmatch(text)
    try:
        usable = match is not None and bool(host(match[1])) and 0 < int(match[2] or 443) <= _MOST_PORTS
    except UnusableError:
        usable = False
    if not usable:
        raise UnusableError(value, "must be an address like https://localhost:5055")
    return text.rstrip("/").removesuffix("/v1/api").rstrip("/")


def host_and_port(url: str) -> tuple[str, int]:
    """Return both of a gateway's address that has been checked, an IPv6 address without its brackets."""
    match = _URL.fullmatch(url)
    return (host(match[1]), int(match[2] or _HTTPS_PORT)) if match is not None else ("", 0)


def time_zone(value: object) -> str:
    """Return the name of a time zone that there is."""
    text = str(value)
    try:
        ZoneInfo(text)
    except (OSError, ValueError, LookupError):
        raise UnusableError(value, "there is no such time zone; use a name like America/New_York") from None
    return text


def quiet_hours(value: object) -> str:
    """Return a part of the day, empty for none."""
    text = str(value)
    begin, _, end = text.partition("-")
    if text and (not _PART_OF_DAY.fullmatch(text) or begin == end):
        raise UnusableError(value, "must be a part of the day like 22:00-07:00, or empty")
    return text


def day(value: object) -> str:
    """Return a day of the calendar."""
    text = str(value)
    try:
        if date.fromisoformat(text).isoformat() == text:
            return text
    except ValueError:
        pass
    raise UnusableError(value, "must be a day like 2014-03-03")


def upstream(value: object) -> str:
    """Return the address of IBKR's servers, empty for that of conf.yaml."""
    text = str(value)
    if text and not _UPSTREAM.fullmatch(text):
        raise UnusableError(value, "must be an address like https://api.ibkr.com")
    return text


def digest(value: object) -> str:
    """Return a SHA-256, empty for none."""
    text = str(value)
    if text and not _DIGEST.fullmatch(text):
        raise UnusableError(value, "must be a SHA-256: 64 digits of 0-9 and a-f")
    return text


def header_text(value: object) -> str:
    """Return a text that a header of HTTP can carry."""
    text = str(value)
    if not (text.isascii() and text.isprintable()):
        raise UnusableError(value, "may hold letters without accents, digits and signs of ASCII alone")
    return text
