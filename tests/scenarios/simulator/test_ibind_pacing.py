"""A well-behaved client at the real limits on calls, which are what a simulator that runs by itself has."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from ibind import IbkrClient, IbkrWsClient

from tests.scenarios.simulator.process import ACCOUNT, Running, running

SYMBOLS = ["AAPL", "MSFT", "IBM", "KO", "GE", "XOM", "T", "PFE", "INTC", "CSCO", "WMT", "JNJ"]


@pytest.fixture
def simulator(tmp_path: Path) -> Iterator[Running]:
    with running(tmp_path, "--pacing", "real") as started:
        yield started


def test_calls_one_after_the_other_stay_below_the_limit(client: IbkrClient) -> None:
    for _ in range(12):
        assert client.check_health()


def test_histories_in_parallel_are_all_served(client: IbkrClient) -> None:
    found = client.marketdata_history_by_symbols(SYMBOLS, period="1w", bar="1d", raise_on_error=True)
    assert {symbol: len(bars) > 1 for symbol, bars in found.items()} == dict.fromkeys(SYMBOLS, True)
    assert client.check_health()


def test_websocket_that_asks_for_its_session_twice_while_it_connects_is_let_in(
    client: IbkrClient, simulator: Running
) -> None:
    stream = IbkrWsClient(
        account_id=ACCOUNT,
        url=f"wss://localhost:{simulator.port}/v1/api/ws",
        ibkr_client=client,
        cacert=str(simulator.certificate),
    )
    assert stream.start()
    assert stream.is_authenticated()
    stream.shutdown()


def test_list_of_orders_is_limited_by_itself_and_nothing_else(client: IbkrClient) -> None:
    client.live_orders(force=True)
    client.live_orders()
    with pytest.raises(Exception, match="429"):
        client.live_orders()
    assert client.check_health()
