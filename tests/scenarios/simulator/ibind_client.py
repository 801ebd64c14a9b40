"""ibind's REST client on a simulator, through its public constructor."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from ibind import IbkrClient, OrderRequest, QuestionType

from tests.scenarios.simulator.process import ACCOUNT, Running

AAPL, MSFT = 265598, 272093
ANSWERS = dict.fromkeys(QuestionType, True)


@contextmanager
def connected(simulator: Running) -> Iterator[IbkrClient]:
    """Return a client that has asked for the accounts, as the API wants it."""
    client = IbkrClient(
        account_id=ACCOUNT,
        url=f"{simulator.url}/v1/api/",
        cacert=str(simulator.certificate),
        use_session=True,
        auto_register_shutdown=False,
    )
    client.receive_brokerage_accounts()
    try:
        yield client
    finally:
        client.close()


def order(side: str, kind: str, quantity: float, **fields: object) -> OrderRequest:
    return OrderRequest(AAPL, side, quantity, kind, ACCOUNT, **fields)
