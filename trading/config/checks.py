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
_NUMBERS = re.compile(r"[0-9.]+")
_PART_OF_DAY = re.compile(r"([01]\d|2[0-3]):[0-5]\d-([01]\d|2[0-3]):[0-5]\d")
_MOST = 253
_MOST_PORTS = 65_535
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
