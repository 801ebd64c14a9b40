"""Names of hosts: this machine's own, and how they are written in addresses."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

EVERYWHERE = "::"
"""what a server listens on that all addresses of this machine reach"""
LOOPBACK = ("localhost", "127.0.0.1", "::1")
"""names of this machine that nobody else reaches"""
_EVERYWHERE: Mapping[str, str] = MappingProxyType(
    {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - what is compared, nothing listens
)


def in_url(host: str) -> str:
    """Return a host as an address holds it: an IPv6 address in brackets."""
    return f"[{host}]" if ":" in host else host


def with_port(host: str, port: int) -> str:
    """Return host and port as an address holds them."""
    return f"{in_url(host)}:{port}"


def reached_at(host: str) -> str:
    """Return the host at which this machine reaches a server that was told to listen on `host`."""
    return _EVERYWHERE.get(host, host)


def overlap(one: str, other: str) -> bool:
    """Return whether two servers of this machine that listen on these hosts can't have the same port."""
    return any(_same(here, there) for here in _addresses(one) for there in _addresses(other))


def _addresses(host: str) -> tuple[str, ...]:
    return LOOPBACK[1:] if host == LOOPBACK[0] else (host,)


def _same(one: str, other: str) -> bool:
    if one == other or EVERYWHERE in {one, other}:
        return True
    # What listens on every address of version 4 listens on none of version 6.
    return (one in _EVERYWHERE and ":" not in other) or (other in _EVERYWHERE and ":" not in one)
