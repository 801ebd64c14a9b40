"""A tour of the API: each call once, in an order in which it answers fully; answers by the recordings' names."""

from __future__ import annotations

import json
from pathlib import Path

import msgspec

from simulator.config import Behaviour, Questions, SimulatorConfig
from simulator.core import Simulator
from simulator.market.replayed import ReplayedMarket
from simulator.messages import Response
from simulator.stream import Stream
from tests.unit.simulator.support import ACCOUNT, QUIET, Client
from trading.market.bar_files import load_bars

AAPL, KO = 265598, 8894
SYMBOLS = ("AAPL", "KO", "MSFT", "IBM")
_ORDERS, _MODIFIED = "post_iserver-account-accountid-orders", "post_iserver-account-accountid-order-orderid"
_REPLY, _PNL = "post_iserver-reply-replyid", "get_iserver-account-pnl-partitioned"
# Recordings of a call of which another answer is the one to compare with.
SAME_CALLS = {
    f"{_ORDERS}__oas2": f"{_ORDERS}__1",
    f"{_ORDERS}__oas3": f"{_ORDERS}__11",
    f"{_MODIFIED}__oas2": f"{_MODIFIED}__3",
    f"{_MODIFIED}__oas3": f"{_MODIFIED}__5",
    f"{_REPLY}__oas1": f"{_REPLY}__1",
    f"{_REPLY}__oas2": f"{_REPLY}__3",
    f"{_REPLY}__oas3": f"{_ORDERS}__11",
    f"{_PNL}__oas1": f"{_PNL}__3",
    f"{_PNL}__oas2": f"{_PNL}__1",
    "post_iserver-account__oas1": "post_iserver-account__1",
    "get_iserver-account-order-status-orderid__oas1": "order_status_filled",
    "get_portfolio-accountid-position-conid__oas2": "get_portfolio-accountid-position-conid__3",
    "get_iserver-account-search-pattern__oas2": "account_search_without_match",
}


class Tour:
    """Walks through the API and keeps the answers."""

    def __init__(self, bars: Path) -> None:
        self._market = ReplayedMarket(load_bars(bars).select(SYMBOLS))
        self.answers: dict[str, Response] = {}
        client = self._client(QUIET)
        self._before_login()
        self._session(client)
        self._contracts(client)
        self._orders(client)
        self._account(client)
        self._streams(client)
        self._desk(client)
        self._refusals(client)
        self._questions()
        self._prompts()
        self._faults()
        self.answers |= {name: self.answers[same] for name, same in SAME_CALLS.items()}

    def _client(self, behaviour: Behaviour, *, login: bool = True) -> Client:
        config = SimulatorConfig(
            cash=100_000.0, start="2014-03-03", behaviour=behaviour, auto_login=login, pacing=False
        )
        return Client(Simulator(config, self._market))

    def _keep(self, name: str, response: Response) -> None:
        self.answers[name] = response

    def _get(self, client: Client, name: str, path: str, query: str = "") -> None:
        self._keep(name, client.call("GET", f"/v1/api{path}", query=query))

    def _post(self, client: Client, name: str, path: str, body: object) -> None:
        self._keep(name, client.call("POST", f"/v1/api{path}", body))

    def _before_login(self) -> None:
        client = self._client(QUIET, login=False)
        self._get(client, "error_401__1", "/iserver/accounts")
        self._get(client, "unknown_before_login", "/nothing")
        no_session = msgspec.structs.replace(QUIET, tickle_without_login="no_session")
        self._post(self._client(no_session, login=False), "error_no_session__1", "/tickle", {})
        [waiting] = Stream(client.broker, 0.0).greet()
        self._keep("ws_misc__1", Response(200, json.dumps(waiting).encode()))

    def _session(self, client: Client) -> None:
        self._get(client, "error_please_query_accounts__1", "/iserver/account/orders")
        self._get(client, "get_iserver-account-pnl-partitioned__1", "/iserver/account/pnl/partitioned")
        for name, path in (
            ("get_iserver-accounts", "/iserver/accounts"),
            ("get_iserver-auth-status", "/iserver/auth/status"),
            ("get_sso-validate", "/sso/validate"),
            ("get_iserver-account-orders__1", "/iserver/account/orders"),
            ("get_iserver-account-orders__8", "/iserver/account/orders"),
            ("get_iserver-account-trades__1", "/iserver/account/trades"),
        ):
            self._get(client, name, path)
        for name, path, body in (
            ("post_tickle", "/tickle", {}),
            ("post_iserver-auth-status", "/iserver/auth/status", {}),
            ("post_iserver-auth-ssodh-init", "/iserver/auth/ssodh/init", {"publish": True, "compete": True}),
            ("post_iserver-reauthenticate", "/iserver/reauthenticate", {}),
            ("post_iserver-account__1", "/iserver/account", {"acctId": ACCOUNT}),
            ("post_iserver-questions-suppress", "/iserver/questions/suppress", {"messageIds": ["o163"]}),
            ("post_iserver-questions-suppress-reset", "/iserver/questions/suppress/reset", {}),
        ):
            self._post(client, name, path, body)

    def _contracts(self, client: Client) -> None:
        for name, path, query in (
            ("get_trsrv-stocks", "/trsrv/stocks", "symbols=AAPL,IBM"),
            ("get_trsrv-futures", "/trsrv/futures", "symbols=ES"),
            ("get_trsrv-secdef", "/trsrv/secdef", f"conids={AAPL}"),
            ("get_trsrv-all-conids", "/trsrv/all-conids", "exchange=NASDAQ"),
            ("get_trsrv-secdef-schedule", "/trsrv/secdef/schedule", "assetClass=STK&symbol=KO&exchange=NYSE"),
            ("get_contract-trading-schedule", "/contract/trading-schedule", f"conid={AAPL}"),
            ("get_iserver-secdef-search", "/iserver/secdef/search", "symbol=AAPL"),
            ("get_iserver-secdef-info", "/iserver/secdef/info", f"conid={AAPL}&secType=STK"),
            ("get_iserver-secdef-strikes", "/iserver/secdef/strikes", f"conid={AAPL}"),
            ("get_iserver-contract-conid-info", f"/iserver/contract/{AAPL}/info", ""),
            ("get_iserver-contract-conid-info-and-rules", f"/iserver/contract/{AAPL}/info-and-rules", ""),
            ("get_iserver-contract-id-algos", f"/iserver/contract/{AAPL}/algos", "addParams=1"),
            ("get_iserver-currency-pairs", "/iserver/currency/pairs", "currency=USD"),
            ("get_iserver-exchangerate", "/iserver/exchangerate", "source=USD&target=USD"),
            ("get_iserver-scanner-params", "/iserver/scanner/params", ""),
        ):
            self._get(client, name, path, query)
        self._post(client, "post_iserver-secdef-search", "/iserver/secdef/search", {"symbol": "AAPL"})
        self._post(client, "post_iserver-contract-rules", "/iserver/contract/rules", {"conid": AAPL, "isBuy": True})
        scan = {"instrument": "STK", "type": "TOP_PERC_GAIN", "location": "STK.US.MAJOR"}
        self._post(client, "post_iserver-scanner-run", "/iserver/scanner/run", scan)

    def _orders(self, client: Client) -> None:
        base: dict[str, object] = {"conid": AAPL, "tif": "DAY", "side": "BUY", "orderType": "LMT", "quantity": 10}
        orders = f"/iserver/account/{ACCOUNT}/orders"
        self._post(client, "post_iserver-account-accountid-orders", orders, {"orders": [{**base, "price": 80.0}]})
        self._get(client, "get_iserver-marketdata-snapshot", "/iserver/marketdata/snapshot", f"conids={AAPL}")
        client.advance("2014-03-03T17:00:00Z")
        fields = "fields=31,84,86,85,88,87,70,71,82,83"
        self._get(client, "get_iserver-marketdata-snapshot", "/iserver/marketdata/snapshot", f"conids={AAPL}&{fields}")
        whatif = {"orders": [{**base, "price": 75.0}]}
        self._post(client, "post_iserver-account-accountid-orders-whatif", f"{orders}/whatif", whatif)
        client.orders({**base, "conid": KO, "price": 80.0})
        client.orders({**base, "price": 10.0, "cOID": "low"})
        client.orders({**base, "side": "SELL", "orderType": "MKT", "quantity": 3, "cOID": "out"})
        client.orders({**base, "side": "SELL", "orderType": "STP", "quantity": 1, "price": 20.0, "cOID": "stop"})
        self._get(client, "get_iserver-account-orders", "/iserver/account/orders")
        self._get(client, "get_iserver-account-trades", "/iserver/account/trades")
        rows = json.loads(self.answers["get_iserver-account-orders"].body)["orders"]
        working, filled = (
            next(row["orderId"] for row in rows if row["status"] == status) for status in ("Submitted", "Filled")
        )
        self._get(client, "order_status_filled", f"/iserver/account/order/status/{filled}")
        self._get(client, "get_iserver-account-order-status-orderid", f"/iserver/account/order/status/{working}")
        path = f"/iserver/account/{ACCOUNT}/order/{working}"
        self._post(client, "post_iserver-account-accountid-order-orderid", path, {**base, "price": 11.0, "cOID": "low"})
        stream = Stream(client.broker, 0.0)
        stream.greet()
        stream.receive("sor+{}", 0.0)
        client.orders({**base, "side": "SELL", "orderType": "MKT", "quantity": 1})
        self._keep("delete_iserver-account-accountid-order-orderid__1", client.call("DELETE", f"/v1/api{path}"))
        self._keep("ws_sor__3", Response(200, json.dumps(stream.poll(1.0)[0]).encode()))
        self._keep("error_cancel_inactive__1", client.call("DELETE", f"/v1/api{path}"))
        client.orders({**base, "price": 12.0})
        client.advance("close")
        self._get(client, "get_iserver-account-orders__6", "/iserver/account/orders", "filters=cancelled")
        bars = f"conid={AAPL}&period=1w&bar=1d"
        self._get(client, "get_iserver-marketdata-history", "/iserver/marketdata/history", bars)

    def _account(self, client: Client) -> None:
        summary = f"/iserver/account/{ACCOUNT}/summary"
        page, one = "get_portfolio-accountid-positions-pageid", "get_portfolio-accountid-position-conid"
        for name, path in (
            ("get_iserver-account-accountid-summary", summary),
            ("get_iserver-account-accountid-summary-available_funds", f"{summary}/available_funds"),
            ("get_iserver-account-accountid-summary-balances", f"{summary}/balances"),
            ("get_iserver-account-accountid-summary-margins", f"{summary}/margins"),
            ("get_iserver-account-accountid-summary-market_value", f"{summary}/market_value"),
            ("get_iserver-account-pnl-partitioned__3", "/iserver/account/pnl/partitioned"),
            ("get_portfolio-accounts", "/portfolio/accounts"),
            ("get_portfolio-subaccounts", "/portfolio/subaccounts"),
            ("get_portfolio-subaccounts2", "/portfolio/subaccounts2"),
            ("get_portfolio-accountid-meta", f"/portfolio/{ACCOUNT}/meta"),
            ("get_portfolio-accountid-summary", f"/portfolio/{ACCOUNT}/summary"),
            ("get_portfolio-accountid-ledger", f"/portfolio/{ACCOUNT}/ledger"),
            ("get_portfolio-accountid-allocation", f"/portfolio/{ACCOUNT}/allocation"),
            ("get_portfolio-accountid-combo-positions", f"/portfolio/{ACCOUNT}/combo/positions"),
            (f"{page}__1", f"/portfolio/{ACCOUNT}/positions/0"),
            (page, f"/portfolio/{ACCOUNT}/positions/0"),
            (f"{one}__3", f"/portfolio/{ACCOUNT}/position/{AAPL}"),
            (one, f"/portfolio/{ACCOUNT}/position/{AAPL}"),
            ("get_portfolio-positions-conid__1", f"/portfolio/positions/{KO}"),
            ("get_portfolio-positions-conid", f"/portfolio/positions/{KO}"),
            ("get_portfolio2-accountid-positions", f"/portfolio2/{ACCOUNT}/positions"),
        ):
            self._get(client, name, path)
        self.answers[f"{page}__5"] = self.answers[f"{page}__1"]
        self.answers[f"{one}__5"] = self.answers[f"{one}__3"]
        ours = {"acctIds": [ACCOUNT]}
        for name, path, body in (
            ("post_pa-performance", "/pa/performance", {**ours, "period": "1M"}),
            ("post_pa-allperiods", "/pa/allperiods", ours),
            ("post_pa-transactions", "/pa/transactions", {**ours, "conids": [AAPL], "currency": "USD", "days": 90}),
            ("post_portfolio-allocation", "/portfolio/allocation", ours),
            ("post_portfolio-accountid-positions-invalidate", f"/portfolio/{ACCOUNT}/positions/invalidate", {}),
            ("post_iserver-marketdata-unsubscribe", "/iserver/marketdata/unsubscribe", {"conid": AAPL}),
        ):
            self._post(client, name, path, body)
        self._get(client, "get_iserver-marketdata-unsubscribeall", "/iserver/marketdata/unsubscribeall")

    def _desk(self, client: Client) -> None:
        alert = f"/iserver/account/{ACCOUNT}/alert"
        device = {"deviceName": "phone", "deviceId": "1", "uiName": "Phone"}
        rows = [{"conidex": f"{AAPL}@SMART", "logicBind": "n", "operator": ">=", "type": 1, "value": "1.00"}]
        for name, path, body in (
            ("post_fyi-settings-typecode", "/fyi/settings/BA", {"enabled": True}),
            ("post_fyi-deliveryoptions-device", "/fyi/deliveryoptions/device", device),
            ("post_iserver-watchlist", "/iserver/watchlist", {"id": "1", "name": "mine", "rows": [{"C": AAPL}]}),
            ("post_iserver-account-accountid-alert", alert, {"alertName": "mine", "conditions": rows}),
            ("error_scanner_hmds__1", "/hmds/scanner", {}),
        ):
            self._post(client, name, path, body)
        number = json.loads(self.answers["post_iserver-account-accountid-alert"].body)["order_id"]
        self._get(client, "get_fyi-notifications", "/fyi/notifications")
        newest, *_ = json.loads(self.answers["get_fyi-notifications"].body)
        self._get(client, "error_hmds_not_open__1", "/hmds/history", f"conid={AAPL}")
        client.post("/hmds/auth/init")
        self._read_desk(client, number)
        self._change_desk(client, number, newest["ID"])

    def _read_desk(self, client: Client, number: int) -> None:
        client.get("/iserver/watchlist", "id=1")
        for name, path, query in (
            ("get_fyi-unreadnumber", "/fyi/unreadnumber", ""),
            ("get_fyi-settings", "/fyi/settings", ""),
            ("get_fyi-disclaimer-typecode", "/fyi/disclaimer/BA", ""),
            ("get_fyi-notifications-more", "/fyi/notifications/more", "id=0"),
            ("get_fyi-deliveryoptions", "/fyi/deliveryoptions", ""),
            ("get_iserver-watchlists", "/iserver/watchlists", ""),
            ("get_iserver-watchlist", "/iserver/watchlist", "id=1"),
            ("error_watchlist_unknown__1", "/iserver/watchlist", "id=2"),
            ("get_iserver-account-accountid-alerts", f"/iserver/account/{ACCOUNT}/alerts", ""),
            ("get_iserver-account-alert-alertid", f"/iserver/account/alert/{number}", ""),
            ("error_alert_detail_unknown__1", "/iserver/account/alert/0", ""),
            ("get_iserver-account-mta", "/iserver/account/mta", ""),
            ("error_no_dynamic_accounts__1", "/iserver/account/search/U", ""),
            ("get_acesws-accountid-signatures-and-owners", f"/acesws/{ACCOUNT}/signatures-and-owners", ""),
            ("get_hmds-history", "/hmds/history", f"conid={AAPL}&period=1w&bar=1d"),
            ("get_iserver-secdef-bond-filters", "/iserver/secdef/bond-filters", "symbol=BOND&issuerId=e1"),
        ):
            self._get(client, name, path, query)
        many = self._client(msgspec.structs.replace(QUIET, dynamic_accounts=True))
        self._get(many, "get_iserver-account-search-pattern", "/iserver/account/search/DU")
        self._get(many, "account_search_without_match", "/iserver/account/search/X")
        self._post(many, "post_iserver-dynaccount", "/iserver/dynaccount", {"acctId": ACCOUNT})

    def _change_desk(self, client: Client, number: int, notice: str) -> None:
        alert, deliveries = f"/iserver/account/{ACCOUNT}/alert", "/fyi/deliveryoptions"
        self._post(client, "post_iserver-account-accountid-alert-activate", f"{alert}/activate", {"alertId": number})
        for name, method, path, query in (
            ("put_fyi-disclaimer-typecode", "PUT", "/fyi/disclaimer/BA", ""),
            ("put_fyi-deliveryoptions-email", "PUT", f"{deliveries}/email", "enabled=true"),
            ("put_fyi-notifications-id", "PUT", f"/fyi/notifications/{notice}", ""),
            ("delete_fyi-deliveryoptions-deviceid", "DELETE", f"{deliveries}/1", ""),
            ("delete_iserver-watchlist", "DELETE", "/iserver/watchlist", "id=1"),
            ("delete_iserver-account-accountid-alert-alertid", "DELETE", f"{alert}/{number}", ""),
            ("error_alert_unknown__1", "DELETE", f"{alert}/0", ""),
        ):
            self._keep(name, client.call(method, f"/v1/api{path}", query=query))

    def _streams(self, client: Client) -> None:
        stream = Stream(client.broker, 0.0)
        system, _act, status = stream.greet()
        messages = {"ws_system__1": system, "ws_sts__1": status}
        asked = {
            "ws_sor__1": "sor+{}",
            "ws_str__1": 'str+{"days":1}',
            "ws_spl__1": "spl+{}",
            "ws_sld__1": f"sld+{ACCOUNT}+{{}}",
            "ws_smd__1": f'smd+{AAPL}+{{"fields":["31","84","86","83"]}}',
        }
        for name, text in asked.items():
            [answer] = stream.receive(text, 0.0)
            assert isinstance(answer, dict)
            messages[name] = answer
        for name, message in messages.items():
            self._keep(name, Response(200, json.dumps(message).encode()))

    def _refusals(self, client: Client) -> None:
        good: dict[str, object] = {
            "conid": AAPL,
            "side": "BUY",
            "orderType": "LMT",
            "price": 70.0,
            "quantity": 1,
            "tif": "DAY",
        }
        for name, change in (
            ("error_order_bad_conid__1", {"conid": 13297}),
            ("error_order_bad_side__1", {"side": "HOLD"}),
            ("error_order_bad_type__1", {"price": [1]}),
            ("error_order_no_conid__1", {"conid": None}),
            ("error_order_null_tif__1", {"tif": None}),
            ("error_order_outside_rth__1", {"orderType": "STP", "outsideRTH": True}),
            ("error_order_price_fields__1", {"price": None}),
            ("error_order_unknown_type__1", {"orderType": "SNAP"}),
            ("error_order_duplicate_coid__1", {"cOID": "low"}),
        ):
            body = {"orders": [{**good, **change}]}
            self._post(client, name, f"/iserver/account/{ACCOUNT}/orders", body)
        simulator = client.simulator
        broken = simulator.handle("POST", f"/v1/api/iserver/account/{ACCOUNT}/orders", body=b"{")
        self._keep("error_order_bad_json__1", broken)
        self._get(client, "error_404_unknown_path__1", "/iserver/marketdata/265598/unsubscribe")
        self._get(client, "error_conids_missing__1", "/iserver/marketdata/snapshot")
        self._get(client, "error_history_chart_unavailable__1", "/iserver/marketdata/history", "conid=1")
        self._get(client, "error_portfolio_unknown_account__1", "/portfolio/U7654321/summary")
        self._post(client, "post_iserver-account__3", "/iserver/account", {"acctId": "U7654321"})
        self.answers["error_invalid_account__1"] = self.answers["post_iserver-account__3"]
        unknown = client.call("DELETE", f"/v1/api/iserver/account/{ACCOUNT}/order/123456")
        for name in ("error_cancel_unknown__1", "delete_iserver-account-accountid-order-orderid"):
            self._keep(name, unknown)
        self._post(client, "error_reply_not_found__1", "/iserver/reply/nothing", {"confirmed": True})
        client.call("POST", "/sim/account", {"do": "compete"})
        self._get(client, "error_no_bridge__1", "/iserver/accounts")
        self._post(client, "post_iserver-auth-status__5", "/iserver/auth/status", {})
        self._post(client, "post_logout", "/logout", {})

    def _questions(self) -> None:
        client = self._client(Behaviour())
        client.get("/iserver/accounts")
        order: dict[str, object] = {"conid": KO, "side": "BUY", "orderType": "LMT", "price": 20.0, "tif": "DAY"}
        body = {"orders": [{**order, "quantity": 600}]}
        path = f"/iserver/account/{ACCOUNT}/orders"
        orders = "post_iserver-account-accountid-orders"
        asked = []
        for name in (f"{orders}__1", f"{orders}__13"):
            self._post(client, name, path, body)
            asked.append(json.loads(self.answers[name].body)[0]["id"])
        self._post(client, "error_reply_invalidated__1", f"/iserver/reply/{asked[0]}", {"confirmed": True})
        self._post(client, "post_iserver-reply-replyid__1", f"/iserver/reply/{asked[1]}", {"confirmed": True})
        self._post(client, "post_iserver-reply-replyid__5", f"/iserver/reply/{asked[1]}", {"confirmed": True})
        number = json.loads(self.answers["post_iserver-reply-replyid__1"].body)[0]["order_id"]
        for name in ("__3", "__7"):
            modified = f"post_iserver-account-accountid-order-orderid{name}"
            self._post(client, modified, f"/iserver/account/{ACCOUNT}/order/{number}", body["orders"][0])
        self._chain(path, body)

    def _prompts(self) -> None:
        questions = Questions(percent_from_market=0.0, price_management_percent=5.0)
        client = self._client(msgspec.structs.replace(QUIET, questions=questions))
        client.get("/iserver/accounts")
        order: dict[str, object] = {"conid": KO, "side": "BUY", "orderType": "LMT", "tif": "DAY", "quantity": 1}
        [row] = client.orders({**order, "price": 36.0})
        path = f"/iserver/account/{ACCOUNT}/order"
        far = {**order, "price": 20.0}
        modified = "post_iserver-account-accountid-order-orderid__5"
        self._post(client, modified, f"{path}/{row['order_id']}", far)
        self._post(client, "post_iserver-account-accountid-orders__11", f"{path}s", {"orders": [far]})

    def _chain(self, path: str, body: object) -> None:
        client = self._client(Behaviour(questions=Questions(merged=False)))
        client.get("/iserver/accounts")
        first = client.post(path, body)[0]["id"]
        self._post(client, "post_iserver-reply-replyid__3", f"/iserver/reply/{first}", {"confirmed": True})

    def _faults(self) -> None:
        for fault, method, path, name in (
            ({"id": "G05"}, "GET", "/iserver/secdef/search", "error_gateway_maintenance__1"),
            ({"id": "G10"}, "POST", f"/iserver/account/{ACCOUNT}/orders", "error_order_no_permission__1"),
            (
                {"id": "M12", "parameters": {"status": 429}},
                "GET",
                "/iserver/marketdata/history",
                "error_history_429__1",
            ),
        ):
            client = self._client(QUIET)
            client.get("/iserver/accounts")
            client.call("POST", "/sim/faults", {"faults": [fault]})
            self._keep(name, client.call(method, f"/v1/api{path}", {}))
        slow = msgspec.structs.replace(QUIET, reauthentication_s=10.0, session_clock="simulated")
        waiting = self._client(slow)
        waiting.call("POST", "/sim/account", {"do": "lose_session"})
        waiting.post("/iserver/auth/ssodh/init", {"publish": True, "compete": True})
        self._get(waiting, "error_init_session_first__1", "/iserver/accounts")
