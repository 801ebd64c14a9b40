"""A client that nobody here wrote, through its public calls as its documentation shows them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from ibind import IbkrClient, OrderRequest, QuestionType

from tests.scenarios.simulator.process import ACCOUNT, Running, running

AAPL = 265598
ANSWERS = dict.fromkeys(QuestionType, True)


@pytest.fixture
def simulator(tmp_path: Path) -> Iterator[Running]:
    with running(tmp_path, "--cash", "100000") as started:
        yield started


@pytest.fixture
def client(simulator: Running) -> Iterator[IbkrClient]:
    made = IbkrClient(
        account_id=ACCOUNT,
        url=f"{simulator.url}/v1/api/",
        cacert=str(simulator.certificate),
        use_session=True,
        auto_register_shutdown=False,
    )
    made.receive_brokerage_accounts()
    yield made
    made.close()


def order(side: str, kind: str, quantity: float, **fields: object) -> OrderRequest:
    return OrderRequest(AAPL, side, quantity, kind, ACCOUNT, **fields)


def test_session_calls(client: IbkrClient) -> None:
    assert client.check_health()
    assert client.authentication_status().data["authenticated"] is True
    assert client.tickle().data["iserver"]["authStatus"]["connected"] is True
    assert client.initialize_brokerage_session(compete=True).data["authenticated"] is True


def test_contracts_by_symbol(client: IbkrClient) -> None:
    assert client.stock_conid_by_symbol(["AAPL", "MSFT"]).data == {"AAPL": AAPL, "MSFT": 272093}
    assert client.contract_information_by_conid(str(AAPL)).data["symbol"] == "AAPL"
    assert client.search_contract_by_symbol("AAPL").data[0]["conid"] == str(AAPL)
    assert client.info_and_rules_by_conid(str(AAPL), True).data["rules"]["increment"] == 0.01


def test_quotes_and_history_in_parallel(client: IbkrClient, simulator: Running) -> None:
    simulator.broker.advance("close")
    client.live_marketdata_snapshot(conids=str(AAPL), fields=["31", "84"])
    [row] = client.live_marketdata_snapshot(conids=str(AAPL), fields=["31", "7295"]).data
    assert (row["31"], row["7295"]) == ("75.39", "74.77")
    symbols = ["AAPL", "MSFT", "IBM", "KO", "GE", "XOM"]
    histories = client.marketdata_history_by_symbols(symbols, period="1w", bar="1d")
    assert set(histories) == set(symbols)
    assert all(len(bars) >= 5 for bars in histories.values())


def test_order_with_questions_fills_and_becomes_a_position(client: IbkrClient, simulator: Running) -> None:
    placed = client.place_order(order("BUY", "MKT", 10, coid="first", tif="DAY"), ANSWERS).data
    assert placed["local_order_id"] == "first"
    assert client.order_status(placed["order_id"]).data["order_status"] == "Filled"
    client.trades()
    [trade] = client.trades().data
    assert (trade["order_ref"], trade["side"], trade["size"]) == ("first", "B", 10.0)
    assert client.positions2().data[0]["position"] == 10.0
    assert client.positions().data[0]["conid"] == AAPL
    assert client.get_ledger().data["BASE"]["stockmarketvalue"] > 700
    assert simulator.get("/sim/clock")["events"] == 2


def test_modification_and_cancel(client: IbkrClient, simulator: Running) -> None:
    simulator.broker.advance("close")
    placed = client.place_order(order("BUY", "LMT", 10, price=74.0, tif="GTC", coid="second"), ANSWERS).data
    client.modify_order(placed["order_id"], order("BUY", "LMT", 5, price=73.5, tif="GTC", coid="second"), ANSWERS)
    client.live_orders()
    [row] = client.live_orders().data["orders"]
    assert (row["price"], row["totalSize"], row["order_ref"]) == ("73.50", 5.0, "second")
    assert client.cancel_order(placed["order_id"]).data["msg"] == "Request was submitted"
    assert [row["status"] for row in client.live_orders().data["orders"]] == ["Cancelled"]


def test_bracket(client: IbkrClient, simulator: Running) -> None:
    simulator.broker.advance("close")
    parent = order("BUY", "LMT", 10, price=75.0, tif="DAY", coid="third")
    stop = order("SELL", "STP", 10, price=70.0, tif="GTC", parent_id="third")
    target = order("SELL", "LMT", 10, price=76.0, tif="GTC", parent_id="third")
    rows = client.place_order([parent, stop, target], ANSWERS).data
    assert len(rows) == 3
    client.live_orders()
    listed = client.live_orders().data["orders"]
    assert {row.get("parentId") for row in listed} == {None, int(rows[0]["order_id"])}


def test_summary_performance_and_scanner(client: IbkrClient, simulator: Running) -> None:
    simulator.broker.advance("next_close")
    assert client.portfolio_accounts().data[0]["accountId"] == ACCOUNT
    assert client.portfolio_summary().data["netliquidation"]["amount"] == 100_000.0
    assert client.account_performance([ACCOUNT], "7D").data["nav"]["data"][0]["navs"][-1] == 100_000.0
    client.account_profit_and_loss()
    assert f"{ACCOUNT}.Core" in client.account_profit_and_loss().data["upnl"]
    found = client.market_scanner("STK", "TOP_PERC_GAIN", "STK.US.MAJOR", [{"code": "priceAbove", "value": 5}])
    assert len(found.data["contracts"]) == 50
