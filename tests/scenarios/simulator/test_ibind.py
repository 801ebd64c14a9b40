"""A client that nobody here wrote, through its public calls as its documentation shows them: what it reads."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest
from ibind import IbkrClient, StockQuery
from ibind.support.errors import ExternalBrokerError

from tests.scenarios.simulator.ibind_client import AAPL, MSFT, connected
from tests.scenarios.simulator.process import ACCOUNT, Running, running


@pytest.fixture(scope="module")
def simulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with running(tmp_path_factory.mktemp("state"), "--cash", "100000") as started:
        started.advance("close")
        yield started


@pytest.fixture(scope="module")
def client(simulator: Running) -> Iterator[IbkrClient]:
    with connected(simulator) as made:
        yield made


def test_session_calls(client: IbkrClient) -> None:
    assert client.check_health()
    assert client.check_auth_status()
    assert client.handle_auth_status()
    assert client.authentication_status().data["authenticated"] is True
    assert client.tickle().data["iserver"]["authStatus"]["connected"] is True
    assert client.validate().data["RESULT"] is True
    assert client.reauthenticate().data["message"] == "triggered"
    assert client.initialize_brokerage_session(compete=True).data["authenticated"] is True
    assert client.receive_brokerage_accounts().data["selectedAccount"] == ACCOUNT


def test_tickler_keeps_the_session_alive_in_its_thread(client: IbkrClient) -> None:
    client.start_tickler(interval=0.05)
    client.stop_tickler(timeout=5.0)
    assert client.check_auth_status()


def test_session_that_is_over_and_begins_anew(tmp_path: Path) -> None:
    with running(tmp_path) as simulator, connected(simulator) as client:
        assert client.logout().data == {"status": True}
        assert not client.check_health()
        assert not client.check_auth_status()
        with pytest.raises(ExternalBrokerError) as refused:
            client.receive_brokerage_accounts()
        assert refused.value.status_code == 401
        simulator.post("/sim/account", {"do": "login"})
        assert client.check_health()
        assert client.receive_brokerage_accounts().data["accounts"] == [ACCOUNT]


def test_session_that_a_competitor_took_is_taken_back(tmp_path: Path) -> None:
    with running(tmp_path) as simulator, connected(simulator) as client:
        simulator.post("/sim/account", {"do": "compete"})
        assert not client.check_auth_status()
        with pytest.raises(ExternalBrokerError, match="no bridge"):
            client.receive_brokerage_accounts()
        assert client.initialize_brokerage_session(compete=True).data["competing"] is False
        assert client.check_auth_status()


def test_contracts_by_symbol(client: IbkrClient) -> None:
    assert client.stock_conid_by_symbol(["AAPL", "MSFT"]).data == {"AAPL": AAPL, "MSFT": MSFT}
    assert client.stock_conid_by_symbol(["AAPL", "IBM"], return_type="list").data == [AAPL, 8314]
    assert client.stock_conid_by_symbol(StockQuery("AAPL", name_match="APPLE")).data == {"AAPL": AAPL}
    abroad = StockQuery("AAPL", contract_conditions={"exchange": "MEXI"})
    assert client.stock_conid_by_symbol(abroad, default_filtering=False).data == {"AAPL": 38708077}
    with pytest.raises(RuntimeError, match="3 contracts"):
        client.stock_conid_by_symbol("AAPL", default_filtering=False)
    assert set(client.security_stocks_by_symbol(["AAPL", "NOPE"]).data) == {"AAPL"}
    assert client.search_contract_by_symbol("AAPL").data[0]["conid"] == str(AAPL)
    assert client.search_contract_by_symbol("APPLE", name=True, sec_type="STK").data[0]["symbol"] == "AAPL"


def test_contracts_by_conid(client: IbkrClient) -> None:
    assert client.contract_information_by_conid(str(AAPL)).data["symbol"] == "AAPL"
    assert client.info_and_rules_by_conid(str(AAPL), True).data["rules"]["increment"] == 0.01
    assert "limit" in client.search_contract_rules(str(AAPL), exchange="SMART", is_buy=True).data["orderTypes"]
    definitions = client.security_definition_by_conid([str(AAPL), str(MSFT)]).data["secdef"]
    assert [row["ticker"] for row in definitions] == ["AAPL", "MSFT"]
    assert {"ticker": "AAPL", "conid": AAPL, "exchange": "NMS"} in client.all_conids_by_exchange("NASDAQ").data
    assert client.search_secdef_info_by_conid(str(AAPL), "STK", "").data[0]["conid"] == AAPL
    assert client.algo_params_by_conid(str(AAPL), algos=["Adaptive"]).data["algos"] is not None


def test_trading_hours_of_a_symbol(client: IbkrClient) -> None:
    venue = client.trading_schedule_by_symbol("STK", "AAPL", exchange="NASDAQ").data[0]
    monday = next(row for row in venue["schedules"] if row["tradingScheduleDate"] == "20000103")
    assert (monday["sessions"][0]["openingTime"], monday["sessions"][0]["closingTime"]) == ("0930", "1600")


def test_quotes_after_the_first_request(client: IbkrClient) -> None:
    client.live_marketdata_snapshot(conids=str(AAPL), fields=["31", "84"])
    [row] = client.live_marketdata_snapshot(conids=str(AAPL), fields=["31", "7295"]).data
    assert (row["31"], row["7295"]) == ("75.39", "74.77")
    by_symbol = client.live_marketdata_snapshot_by_symbol(["AAPL", "MSFT"], ["31", "55"])
    assert (by_symbol["AAPL"]["last_price"], by_symbol["MSFT"]["symbol"]) == ("75.39", "MSFT")
    stopped = client.marketdata_unsubscribe([str(AAPL), str(MSFT)])
    assert {result.data["success"] for result in stopped.values()} == {True}
    assert client.marketdata_unsubscribe_all().data == {"unsubscribed": True}


def test_history_of_one_and_of_many(client: IbkrClient) -> None:
    day = client.marketdata_history_by_conid(str(AAPL), bar="1d", period="1w").data
    assert (day["mdAvailability"], day["barLength"], len(day["data"])) == ("S", 86_400, 6)
    assert len(client.marketdata_history_by_symbol("AAPL", bar="5min", period="1d").data["data"]) == 78
    before = datetime(2014, 2, 28, 21, 0)  # noqa: DTZ001  (ibind writes what it is given; it is UTC)
    [last] = client.marketdata_history_by_conid(str(AAPL), bar="1d", period="1d", start_time=before).data["data"]
    assert last["t"] == 1393597800000
    symbols = ["AAPL", "MSFT", "IBM", "KO", "GE", "XOM"]
    for in_parallel in (True, False):
        found = client.marketdata_history_by_symbols(symbols, period="1w", bar="1d", run_in_parallel=in_parallel)
        assert {symbol: len(bars) for symbol, bars in found.items()} == dict.fromkeys(symbols, 6)
    assert set(client.marketdata_history_by_conids({"one": str(AAPL)}, period="1d", bar="1h")) == {"one"}


def test_account_and_portfolio(client: IbkrClient) -> None:
    assert client.portfolio_accounts().data[0]["accountId"] == ACCOUNT
    assert client.portfolio_subaccounts().data[0]["accountId"] == ACCOUNT
    assert client.portfolio_account_information().data["currency"] == "USD"
    assert client.portfolio_account_allocation().data["assetClass"]["long"]["CASH"] == 100_000.0
    assert client.portfolio_summary().data["netliquidation"]["amount"] == 100_000.0
    assert client.account_summary().data["netLiquidationValue"] == 100_000.0
    assert client.get_ledger().data["USD"]["cashbalance"] == 100_000.0
    assert client.switch_account(ACCOUNT).data["success"] == "Account already set"
    for empty in (client.positions(), client.positions2(), client.combination_positions()):
        assert empty.data == []
    assert client.positions_by_conid(ACCOUNT, str(AAPL)).data == []
    assert client.invalidate_backend_portfolio_cache().data["message"] == "success"


def test_performance_and_profit(client: IbkrClient) -> None:
    assert client.account_performance([ACCOUNT], "7D").data["nav"]["data"][0]["navs"][-1] == 100_000.0
    assert "1M" in client.all_periods(ACCOUNT).data[ACCOUNT]
    assert client.transaction_history(ACCOUNT, str(AAPL), "USD", days=30).data["transactions"] == []
    client.account_profit_and_loss()
    assert client.account_profit_and_loss().data["upnl"][f"{ACCOUNT}.Core"]["nl"] == 100_000.0


def test_scanner(client: IbkrClient) -> None:
    codes = {kind["code"] for kind in client.scanner_parameters().data["scan_type_list"]}
    assert "TOP_PERC_GAIN" in codes
    found = client.market_scanner("STK", "TOP_PERC_GAIN", "STK.US.MAJOR", [{"code": "priceAbove", "value": 5}])
    assert len(found.data["contracts"]) == 50


def test_watchlists(client: IbkrClient) -> None:
    client.create_watchlist("1234", "mine", [{"C": AAPL}, {"H": ""}])
    client.get_all_watchlists()
    lists = client.get_all_watchlists().data["data"]["user_lists"]
    assert [(row["id"], row["name"]) for row in lists] == [("1234", "mine")]
    client.get_watchlist_information("1234")
    assert client.get_watchlist_information("1234").data["instruments"][0]["conid"] == AAPL
