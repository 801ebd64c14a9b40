"""Names of hosts: this machine's own, and how they are written in addresses."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

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
