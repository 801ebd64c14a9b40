"""A client that nobody here wrote, through its public calls as its documentation shows them: what streams."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from ibind import EventSink, IbkrClient, IbkrWsClient, events
from ibind.ibkr_ws.ibkr_subscriptions import (
    AccountLedgerSubscription,
    AccountSummarySubscription,
    MarketDataSubscription,
    OrdersSubscription,
    PnlSubscription,
    TradesSubscription,
)

from tests.scenarios.simulator.ibind_client import AAPL, ANSWERS, order
from tests.scenarios.simulator.process import ACCOUNT, Running, running

PATIENCE_S = 20.0
FIELDS = ["31", "84", "86", "55"]


class Seen(EventSink):  # type: ignore[misc]  # ibind has no types
    """Keeps what the client was told."""

    def __init__(self) -> None:
        self.events: list[Any] = []

    def emit(self, event: Any) -> None:  # noqa: ANN401  (of whatever kind)
        self.events.append(event)

    def of(self, kind: type) -> list[Any]:
        return [event for event in self.events if isinstance(event, kind)]


@pytest.fixture
def simulator(tmp_path: Path) -> Iterator[Running]:
    with running(tmp_path, "--cash", "100000") as started:
        yield started


@pytest.fixture
def seen() -> Seen:
    return Seen()


@pytest.fixture
def stream(simulator: Running, client: IbkrClient, seen: Seen) -> Iterator[IbkrWsClient]:
    made = IbkrWsClient(
        account_id=ACCOUNT,
        url=f"wss://localhost:{simulator.port}/v1/api/ws",
        ibkr_client=client,
        cacert=str(simulator.certificate),
        sink=seen,
    )
    assert made.start()
    yield made
    made.shutdown()


def until(happened: Callable[[], object]) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not happened():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_every_topic_is_confirmed_and_unsubscribed(stream: IbkrWsClient, seen: Seen) -> None:
    subscriptions = [
        MarketDataSubscription(conid=str(AAPL), fields=FIELDS),
        OrdersSubscription(),
        TradesSubscription(realtime_updates_only=False, days=1),
        PnlSubscription(),
        AccountSummarySubscription(account_id=ACCOUNT, keys=["AccountCode", "NetLiquidation"]),
        AccountLedgerSubscription(account_id=ACCOUNT),
    ]
    handles = [stream.subscribe(subscription) for subscription in subscriptions]
    assert stream.wait_all(handles, timeout_each=PATIENCE_S) == []
    until(lambda: len(seen.of(events.AccountLedger)) == 2)
    quote = seen.of(events.MarketData)[0]
    assert (quote.conid, quote.data["symbol"], quote.data["last_price"]) == (str(AAPL), "AAPL", "74.77")
    [summary] = seen.of(events.AccountSummary)
    assert (summary.account_id, summary.data["NetLiquidation"]["monetaryValue"]) == (ACCOUNT, 100_000.0)
    ledgers = seen.of(events.AccountLedger)
    assert {ledger.data["key"] for ledger in ledgers} == {"LedgerListUSD", "LedgerListBASE"}
    assert seen.of(events.Pnl)[0].data["args"][f"{ACCOUNT}.Core"]["nl"] == 100_000.0
    ended = [stream.unsubscribe(subscription) for subscription in subscriptions]
    assert stream.wait_all(ended, timeout_each=PATIENCE_S) == []
    assert seen.of(events.IbkrError) == []


def test_order_and_its_fill_are_told(stream: IbkrWsClient, client: IbkrClient, seen: Seen) -> None:
    client.live_orders(force=True)
    handles = [stream.subscribe(OrdersSubscription()), stream.subscribe(TradesSubscription())]
    assert stream.wait_all(handles, timeout_each=PATIENCE_S) == []
    client.place_order(order("BUY", "MKT", 10, coid="streamed", tif="DAY"), ANSWERS)
    until(lambda: [row for event in seen.of(events.Trades) for row in event.data["args"]])
    [trade] = [row for event in seen.of(events.Trades) for row in event.data["args"]]
    assert (trade["order_ref"], trade["size"], trade["conid"]) == ("streamed", 10.0, str(AAPL))
    until(lambda: any(row.get("status") == "Filled" for event in seen.of(events.Orders) for row in event.data["args"]))


def test_quotes_that_change_are_told(stream: IbkrWsClient, simulator: Running, seen: Seen) -> None:
    stream.subscribe(MarketDataSubscription(conid=str(AAPL), fields=FIELDS)).wait(PATIENCE_S)
    simulator.advance("close")
    until(lambda: any(event.data.get("last_price") == "75.39" for event in seen.of(events.MarketData)))


def test_client_and_server_hear_each_other(stream: IbkrWsClient) -> None:
    answer = stream.tic()
    assert answer["alive"] is True
    # The client holds what it is told against its own clock, and gives a connection up that seems old.
    assert abs(time.time() * 1000 - answer["lastAccessed"]) < 10_000


def test_lost_session_is_told_and_the_next_one_too(
    stream: IbkrWsClient, client: IbkrClient, simulator: Running
) -> None:
    simulator.post("/sim/account", {"do": "compete"})
    until(lambda: not stream.is_authenticated())
    client.initialize_brokerage_session()
    until(stream.is_authenticated)
    assert stream.wait_all([stream.subscribe(PnlSubscription())], timeout_each=PATIENCE_S) == []


def test_connection_that_is_made_anew_subscribes_again(stream: IbkrWsClient, seen: Seen) -> None:
    stream.subscribe(PnlSubscription()).wait(PATIENCE_S)
    before = len(seen.of(events.Pnl))
    stream.reset_websocket_app()
    until(stream.is_authenticated)
    until(lambda: len(seen.of(events.Pnl)) > before)
