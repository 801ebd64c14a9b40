"""One order over the network, as the transport sends it."""

from __future__ import annotations

from pathlib import Path

from trading.gateway.transport import HttpAnswer, HttpTransport

ORDER = b'{"orders":[]}'


def post(url: str, limit_s: float = 5.0, bundle: Path | None = None, body: bytes | None = ORDER) -> HttpAnswer:
    transport = HttpTransport(url, bundle)
    try:
        return transport.exchange("POST", "/iserver/account/DU1234567/orders", None, body, limit_s)
    finally:
        transport.close()
