"""The adapter to Interactive Brokers' Client Portal API: sessions, market data and orders over HTTPS.

`connect` makes the three ports of `trading.ports`; the transport behind them can be replaced.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from pathlib import Path

from trading.gateway.api_client import READ_S, ApiClient
from trading.gateway.market_data import GatewayMarketData
from trading.gateway.memory import ProcessMemory
from trading.gateway.orders import AccountBroker
from trading.gateway.pacing import OnWait, Pacing, untold
from trading.gateway.session import GatewaySession
from trading.gateway.transport import HttpTransport, Transport, TransportTo
from trading.ports import Clock, GatewayMemory

# Five calls at a time are documented, more than four are throttled now and then.
_PARALLEL_HISTORIES = 4


@dataclass(frozen=True, slots=True)
class Gateway:
    """One login's ports; brokers are made by account, since its id may first have to be asked for."""

    session: GatewaySession
    market_data: GatewayMarketData
    api: ApiClient
    transport: Transport

    def broker(self, account_id: str) -> AccountBroker:
        """Return the broker of one account.

        Raises: ConfigError, it is no account id.
        """
        return AccountBroker(self.api, self.session, account_id)

    def close(self) -> None:
        """Close the sockets."""
        self.transport.close()


def connect(  # noqa: PLR0913 - all by name, and what differs between live and simulated is chosen in one place
    url: str,
    *,
    ca_bundle: Path | None,
    clock: Clock,
    rng: random.Random,
    paced: bool,
    parallel: bool = True,
    read_s: float = READ_S,
    transport_to: TransportTo = HttpTransport,
    on_wait: OnWait = untold,
    memory: GatewayMemory | None = None,
) -> Gateway:
    """Return the gateway at `url`; nothing is sent yet.

    Args:
        url: Its address; the API's path is added when it has none.
        ca_bundle: The certificates to trust, None for the public ones.
        clock: Time for pacing and pauses.
        rng: Where the jitter of pauses comes from.
        paced: Keep the API's request limits and believe the gateway's clock; off for a simulated gateway.
        parallel: Where requests are paced, read several contracts and histories at a time.
        read_s: Seconds that one exchange may take in all.
        transport_to: Makes the transport to an address and the certificates to trust; over the network by default.
        on_wait: Is told how many seconds each request waited for the limits.
        memory: Keeps pinned contracts and the end of a penalty over a restart; by default they end with the process.

    Raises: ConfigError, the address can't be used.
    """
    used = transport_to(url, ca_bundle)
    kept = memory if memory is not None else ProcessMemory()
    api = ApiClient(used, Pacing(clock, limited=paced, on_wait=on_wait, memory=kept), clock, rng, read_s)
    session = GatewaySession(api, tell_server_time=paced)
    readers = _PARALLEL_HISTORIES if paced and parallel else 1
    market_data = GatewayMarketData(api, session, clock, kept, parallel=readers)
    return Gateway(session, market_data, api, used)
