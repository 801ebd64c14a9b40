"""What other published clients of the API do, in their order and with their odd habits, and what each needs to read.

Each test is named after a client and tells its habits in our own words; none of its code is here.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.scenarios.simulator.process import ACCOUNT, Json, Running, running

AAPL = 265598
API, PORTAL = "/v1/api", "/v1/portal"
ORDERS = f"{API}/iserver/account/{ACCOUNT}/orders"
LIST = f"{API}/iserver/account/orders"
JSON_HEADERS = {"Content-Type": "application/json"}
SURE = "Are you sure you want to submit this order?"


@pytest.fixture
def gateway(tmp_path: Path) -> Iterator[Running]:
    with running(tmp_path, "--cash", "100000") as started:
        yield started


@pytest.fixture(scope="module")
def calm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A gateway for tests that only read, at the close of a day with four years of bars behind it."""
    with running(tmp_path_factory.mktemp("state"), "--start", "2017-06-01") as started:
        started.get(f"{API}/iserver/accounts")
        started.advance("close")
        yield started


def text_of(gateway: Running, method: str, path: str, **more: Json) -> str:
    answer = gateway.session.request(method, gateway.url + path, timeout=10, **more)
    answer.raise_for_status()
    return answer.text


def status_of(gateway: Running, method: str, path: str, **more: Json) -> int:
    return gateway.session.request(method, gateway.url + path, timeout=10, **more).status_code


def confirmed(gateway: Running, rows: Json) -> Json:
    """Say yes to questions until there are none, as a client does that knows no texts."""
    while "order_id" not in rows[0]:
        rows = gateway.post(f"{API}/iserver/reply/{rows[0]['id']}", {"confirmed": True})
    return rows


class TestLumibot:
    """Asks for the accounts before every call, sends null fields, tells questions by one sentence."""

    def order(self, gateway: Running, kind: str, **fields: Json) -> Json:
        gateway.get(f"{API}/iserver/accounts")
        body = {
            "conid": AAPL,
            "quantity": 5,
            "orderType": kind,
            "side": "BUY",
            "tif": "DAY",
            "listingExchange": "SMART",
        }
        body |= {"price": None, "auxPrice": None, "cOID": None} | fields
        answer = text_of(gateway, "POST", ORDERS, json={"orders": [body]})
        if SURE in answer:
            question = re.search(r'"id":"([^"]+)"', answer)
            assert question is not None
            return gateway.post(f"{API}/iserver/reply/{question.group(1)}", {"confirmed": True})
        return json.loads(answer)

    def test_start(self, calm: Running) -> None:
        assert "error" not in calm.get(f"{API}/iserver/accounts")
        assert calm.get(f"{API}/portfolio/accounts")[0]["id"] == ACCOUNT
        wanted = {"messageIds": ["o451", "o383", "o354", "o163"]}
        assert calm.post(f"{API}/iserver/questions/suppress", wanted) == {"status": "submitted"}
        assert calm.get(f"{API}/portfolio/{ACCOUNT}/ledger")["BASE"]["cashbalance"] > 0
        assert calm.get(f"{API}/portfolio/{ACCOUNT}/positions") == []
        assert calm.get(f"{API}/iserver/contract/{AAPL}/info-and-rules")["rules"]["increment"] == 0.01

    def test_history_until_a_now_that_lies_years_after_the_replayed_day(self, calm: Running) -> None:
        now = datetime.now(UTC).strftime("%Y%m%d-%H:%M:%S")
        path = f"{API}/iserver/marketdata/history?conid={AAPL}&outsideRth=True&startTime={now}"
        days = calm.get(f"{path}&period=20d&bar=1d")["data"]
        assert len(days) == 20
        assert set(days[0]) >= {"t", "o", "h", "l", "c", "v"}
        assert len(calm.get(f"{path}&period=60min&bar=1min")["data"]) == 60

    def test_quote_is_asked_for_until_no_field_is_missing(self, gateway: Running) -> None:
        gateway.get(f"{API}/iserver/accounts")
        fields = ["84", "85", "86", "88", "31"]
        path = f"{API}/iserver/marketdata/snapshot?conids={AAPL}&fields={','.join(fields)}"
        rows = [gateway.get(path)[0] for _ in range(3)]
        assert set(rows[-1]) >= set(fields)
        # Prices are numbers as they stand; sizes may have thousands separators, which it leaves as a text.
        assert float(rows[-1]["84"]) < float(rows[-1]["86"])

    def test_orders_are_confirmed_by_the_sentence_and_found_by_its_own_filters(self, gateway: Running) -> None:
        assert self.order(gateway, "MKT")[0]["order_status"] == "Filled"
        assert self.order(gateway, "LMT", price=60.0)[0]["order_status"] == "Submitted"
        assert (
            self.order(gateway, "STP LMT", side="SELL", price=60.0, auxPrice=61.0)[0]["order_status"] == "PreSubmitted"
        )
        assert self.order(gateway, "STP", side="SELL", price=61.0)[0]["order_status"] == "PreSubmitted"
        assert gateway.get(f"{LIST}?force=true") == {"orders": [], "snapshot": False}
        rows = gateway.get(f"{LIST}?&accountId={ACCOUNT}&filters=Submitted,PreSubmitted")["orders"]
        assert {row["status"] for row in rows} == {"Submitted", "PreSubmitted"}
        # It takes `price` for a limit: with a limit and a stop a row is of no type that it knows.
        stop = next(row for row in rows if row["orderType"] == "Stop")
        assert (stop["price"], stop["stop_price"]) == ("", "61.00")
        needed = {"conid", "conidex", "secType", "totalSize", "ticker", "cashCcy", "timeInForce", "orderId", "side"}
        assert all(set(row) >= needed for row in rows)
        assert gateway.get(f"{API}/portfolio/{ACCOUNT}/positions")[0]["contractDesc"] == "AAPL"


class TestIbeam:
    """Keeps a gateway logged in: POST without a body, the old alias, exact texts."""

    def test_status_of_a_session(self, gateway: Running) -> None:
        tickle = gateway.session.post(f"{gateway.url}{API}/tickle", timeout=10).json()
        status = tickle["iserver"]["authStatus"]
        assert (status["authenticated"], status["competing"], status["connected"]) == (True, False, True)
        assert (tickle["collission"], int(tickle["ssoExpires"]) > 0, len(tickle["session"])) == (False, True, 32)
        assert status["serverInfo"]["serverName"]
        assert gateway.get(f"{PORTAL}/sso/validate")["RESULT"] is True

    def test_competing_session_is_logged_out_and_in_again(self, gateway: Running) -> None:
        gateway.post("/sim/account", {"do": "compete"})
        lost = gateway.post(f"{API}/tickle", None)["iserver"]["authStatus"]
        assert (lost["authenticated"], lost["competing"], lost["connected"]) == (False, True, True)
        assert text_of(gateway, "POST", f"{API}/logout") == '{"status":true}'
        assert status_of(gateway, "POST", f"{API}/tickle") == 401
        gateway.post("/sim/account", {"do": "login"})
        assert status_of(gateway, "POST", f"{PORTAL}/iserver/reauthenticate?force=true") == 200
        assert status_of(gateway, "POST", f"{API}/iserver/auth/ssodh/init") == 200
        assert gateway.post(f"{API}/tickle", None)["iserver"]["authStatus"]["authenticated"] is True


class TestEasyIb:
    """Answers any question with yes until an order id comes; a list is repeated fields, a modification a bare order."""

    def test_life_of_an_order(self, gateway: Running) -> None:
        assert gateway.get(f"{API}/portfolio/accounts")[0]["accountId"] == ACCOUNT
        stocks = gateway.get(f"{API}/trsrv/stocks?symbols=AAPL")["AAPL"]
        [conid] = [contract["conid"] for contract in stocks[0]["contracts"] if contract.get("isUS") is True]
        assert conid == AAPL
        gateway.get(f"{API}/iserver/accounts")
        order = {"conid": AAPL, "orderType": "LMT", "price": 60, "side": "BUY", "quantity": 7, "tif": "GTC"}
        [placed] = confirmed(gateway, gateway.post(ORDERS, {"orders": [order]}))
        one = f"{API}/iserver/account/{ACCOUNT}/order/{placed['order_id']}"
        confirmed(gateway, gateway.post(one, order | {"price": 59, "quantity": 5}))
        gateway.get(LIST)
        [row] = gateway.get(f"{LIST}?filters=submitted&filters=pre_submitted")["orders"]
        assert (row["price"], row["totalSize"]) == ("59.00", 5.0)
        assert gateway.session.delete(gateway.url + one, timeout=10).json()["msg"] == "Request was submitted"
        status = gateway.get(f"{API}/iserver/account/order/status/{placed['order_id']}")
        assert status["order_status"] == "Cancelled"

    def test_cash_and_holdings(self, gateway: Running) -> None:
        gateway.get(f"{API}/iserver/accounts")
        market = {"conid": AAPL, "orderType": "MKT", "side": "BUY", "quantity": 7, "tif": "GTC"}
        confirmed(gateway, gateway.post(ORDERS, {"orders": [market]}))
        held = {row["contractDesc"]: row["position"] for row in gateway.get(f"{API}/portfolio/{ACCOUNT}/positions/0")}
        assert held == {"AAPL": 7.0}
        assert gateway.get(f"{API}/portfolio/{ACCOUNT}/ledger")["USD"]["cashbalance"] < 100_000


class TestOlderPortalClient:
    """areed1192's: the alias /v1/portal throughout, paths with a doubled slash, JSON headers on GET."""

    @pytest.mark.parametrize(
        ("path", "key"),
        [
            ("/sso/validate", "RESULT"),
            ("/iserver/auth/status", "authenticated"),
            ("/iserver/accounts", "selectedAccount"),
            (f"//iserver/contract/{AAPL}/info", "con_id"),
            ("//trsrv/stocks?symbols=AAPL,MSFT", "AAPL"),
            ("//trsrv/futures?symbols=ES", "ES"),
            (f"/portfolio/{ACCOUNT}/summary", "netliquidation"),
            (f"/portfolio/{ACCOUNT}/ledger", "USD"),
            (f"/portfolio/{ACCOUNT}/allocation", "assetClass"),
            (f"/iserver/marketdata/history?conid={AAPL}&period=1d&bar=5min", "data"),
        ],
    )
    def test_reads(self, calm: Running, path: str, key: str) -> None:
        answer = calm.session.get(calm.url + PORTAL + path, headers=JSON_HEADERS, timeout=10)
        assert key in answer.json()

    def test_quotes_since_a_point_in_time(self, calm: Running) -> None:
        path = f"{PORTAL}/iserver/marketdata/snapshot?conids={AAPL}&since=0&fields=31,84,86"
        calm.get(path)
        assert calm.get(path)[0]["31"]


class TestInteractiveBrokersMcp:
    """Asks for the status by GET, sends a stop in auxPrice and the message ids with its yes."""

    def test_quote_with_many_fields(self, calm: Running) -> None:
        assert calm.get(f"{API}/iserver/auth/status")["authenticated"] is True
        found = calm.get(f"{API}/iserver/secdef/search?symbol=AAPL")[0]["conid"]
        assert found == str(AAPL)
        path = f"{API}/iserver/marketdata/snapshot?conids={found}&fields=31,84,86,87,88,85,70,71,72,73,74,75,76,77,78"
        calm.get(path)
        assert float(calm.get(path)[0]["31"]) > 0

    def test_stop_order(self, gateway: Running) -> None:
        gateway.get(f"{API}/iserver/accounts")
        stop = {"conid": AAPL, "orderType": "STP", "side": "SELL", "quantity": 1, "tif": "DAY", "auxPrice": 60}
        question = gateway.post(ORDERS, {"orders": [stop]})[0]
        yes = {"confirmed": True, "messageIds": question["messageIds"]}
        [placed] = gateway.post(f"{API}/iserver/reply/{question['id']}", yes)
        status = gateway.get(f"{API}/iserver/account/order/status/{placed['order_id']}")
        assert (status["order_type"], status["stop_price"]) == ("STOP", "60.00")


class TestWebApiDemo:
    """hackingthemarkets' pages: a search by name, definitions by a form, menus built from the scanner's parameters."""

    def test_contract_page(self, calm: Running) -> None:
        assert calm.get(f"{API}/iserver/secdef/search?symbol=apple&name=true")[0]["companyName"] == "APPLE INC"
        answer = text_of(calm, "POST", f"{API}/trsrv/secdef", data={"conids": [str(AAPL)]})
        assert '"ticker":"AAPL"' in answer
        assert calm.get(f"{API}/iserver/marketdata/history?conid={AAPL}&period=5d&bar=1d")["points"] == 4

    def test_every_menu_of_the_scanner_page_has_its_instrument(self, calm: Running) -> None:
        parameters = calm.get(f"{API}/iserver/scanner/params")
        instruments = {item["type"]: item["filters"] for item in parameters["instrument_list"]}
        sorts = {instrument for item in parameters["scan_type_list"] for instrument in item["instruments"]}
        assert sorts <= set(instruments)
        assert {item["type"] for item in parameters["location_tree"]} <= set(instruments)
        assert all(item["locations"] for item in parameters["location_tree"])
        assert all({"group", "display_name", "type", "code"} <= set(item) for item in parameters["filter_list"])

    def test_scan_with_a_filter_of_text_and_with_an_empty_one(self, calm: Running) -> None:
        scan = {"instrument": "STK", "location": "STK.US.MAJOR", "type": "TOP_PERC_GAIN"}
        for chosen in ({"code": "priceAbove", "value": "5"}, {"code": "", "value": ""}):
            rows = calm.post(f"{API}/iserver/scanner/run", scan | {"filter": [chosen]})["contracts"]
            assert rows[0]["symbol"]


class TestHistoryDownloader:
    """ibkrautowebdl: pages back through time by ending each request at the second bar of the one before."""

    @pytest.mark.parametrize(("bar", "period"), [("1d", "44m"), ("1h", "880h"), ("1min", "16h")])
    def test_pages_go_back_without_a_gap(self, calm: Running, bar: str, period: str) -> None:
        path = f"{API}/iserver/marketdata/history?conid={AAPL}&bar={bar}&period={period}&outsideRth=False"
        newest = calm.get(path)
        assert newest["volumeFactor"] >= 1
        second = newest["data"][1]["t"]
        end = datetime.fromtimestamp(second / 1000, UTC).strftime("%Y%m%d-%H:%M:%S")
        before = calm.get(f"{path}&startTime={end}")["data"]
        assert len(before) >= 3
        assert before[-1]["t"] == newest["data"][0]["t"]


class TestIbkrCoreMcp:
    """Sends an empty object with every POST, checks positions page by page, previews before it orders."""

    def test_reads_before_an_order(self, gateway: Running) -> None:
        gateway.post(f"{API}/tickle", {})
        gateway.get(f"{API}/iserver/accounts")
        gateway.get(f"{API}/iserver/marketdata/snapshot?conids={AAPL}&fields=31,55,70,71,82,83,84,86,87,6509")
        draft = {"conid": AAPL, "orderType": "LMT", "price": 70, "side": "BUY", "quantity": 1, "tif": "DAY"}
        preview = gateway.post(f"{ORDERS}/whatif", {"orders": [draft]})
        assert {"amount", "equity", "initial", "maintenance", "position", "warn", "error"} <= set(preview)
        assert gateway.get(f"{API}/portfolio/{ACCOUNT}/positions/1") == []
        assert gateway.get(f"{API}/portfolio/{ACCOUNT}/position/{AAPL}") == []
        assert gateway.get(f"{API}/iserver/account/trades?days=7") == []
        assert "1M" in gateway.post(f"{API}/pa/allperiods", {"acctIds": [ACCOUNT]})[ACCOUNT]

    def test_bracket_row_by_row(self, gateway: Running) -> None:
        gateway.get(f"{API}/iserver/accounts")
        parent = {
            "conid": AAPL,
            "orderType": "LMT",
            "price": 70,
            "side": "BUY",
            "quantity": 1,
            "tif": "GTC",
            "cOID": "p",
        }
        child = {"conid": AAPL, "side": "SELL", "quantity": 1, "tif": "GTC", "parentId": "p"}
        legs = [child | {"orderType": "STP", "price": 60}, child | {"orderType": "LMT", "price": 90}]
        rows = confirmed(gateway, gateway.post(ORDERS, {"orders": [parent, *legs]}))
        assert len({row["order_id"] for row in rows}) == 3
        gateway.get(LIST)
        listed = {str(row["orderId"]): row for row in gateway.get(LIST)["orders"]}
        assert [listed[row["order_id"]]["status"] for row in rows] == ["Submitted", "PreSubmitted", "PreSubmitted"]
