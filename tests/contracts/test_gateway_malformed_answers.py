"""Whatever the gateway answers, a read gives values or a `GatewayError`, and a write an outcome; nothing else."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from datetime import date

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.unit.trading.gateway.scripted import ACCOUNT, ACCOUNTS, PORTFOLIO_ACCOUNTS, Desk, raw
from trading.errors import GatewayError
from trading.model.contract import Contract, PriceIncrement
from trading.model.order import OrderTicket, OrderType, Side, Tif
from trading.model.outcome import Acknowledged, NothingSent
from trading.model.request import SubmitOrders

CONTRACT = Contract(265598, "AAPL", "SMART", "USD", (PriceIncrement(0.0, 0.01),))
TICKET = OrderTicket(265598, Side.BUY, OrderType.LIMIT, Tif.DAY, 5, limit_price=185.5, coid="ab-1")
STATUS = {"authenticated": True, "established": True, "competing": False, "connected": True, "message": ""}
ORDER = {
    "acct": ACCOUNT, "account": ACCOUNT, "conid": 265598, "orderId": 17, "ticker": "AAPL", "remainingQuantity": 5.0,
    "filledQuantity": 0.0, "totalSize": 5.0, "status": "Submitted", "origOrderType": "LIMIT", "price": "185.50",
    "timeInForce": "CLOSE", "side": "BUY", "order_ref": "ab-1",
}  # fmt: skip
STATUS_ROW = {
    "order_id": 17, "conid": 265598, "symbol": "AAPL", "side": "B", "size": "5.0", "total_size": "5.0",
    "cum_fill": "0.0", "account": ACCOUNT, "order_type": "LIMIT", "limit_price": "185.50",
    "order_status": "Submitted", "tif": "GTC",
}  # fmt: skip
TRADE = {
    "execution_id": "0000e0d5.01", "symbol": "AAPL", "side": "B", "trade_time_r": 1702317649000, "size": 5.0,
    "price": "192.26", "order_ref": "ab-1", "commission": "1.01", "account": ACCOUNT, "conid": 265598, "order_id": 17,
}  # fmt: skip
POSITION = {"position": 44.0, "conid": "756733", "avgPrice": 652.4, "description": "SPY", "marketPrice": 655.8}
FIGURE = {"amount": 100.0, "currency": "USD", "isNull": False}
BAR = {"o": 10.0, "h": 11.0, "l": 9.0, "c": 10.5, "v": 7.0, "t": 1702305000000}
QUOTE = {"conid": 265598, "31": "C187.20", "84": "187.1", "86": "187.3", "6509": "RpB", "7741": "186", "_updated": 5}
STOCK = {"AAPL": [{"assetClass": "STK", "contracts": [{"conid": 265598, "exchange": "NASDAQ", "isUS": True}]}]}
TWO = {"IBM": [{"assetClass": "STK", "contracts": [{"conid": conid, "isUS": True} for conid in (265598, 5)]}]}
DEFINITION = {"conid": 265598, "currency": "USD", "assetClass": "STK", "ticker": "IBM", "listingExchange": "NYSE"}
RULES = {"symbol": "AAPL", "con_id": 265598, "instrument_type": "STK", "currency": "USD", "company_name": "APPLE INC",
         "rules": {"incrementRules": [{"lowerEdge": 0.0, "increment": 0.01}]}}  # fmt: skip

# What is asked, the call whose answer is spoilt, and a good answer to it.
READS: dict[str, tuple[Callable[[Desk], object], str, object]] = {
    "tickle": (lambda desk: desk.session.keep_alive(), "POST /tickle",
               {"session": "a", "iserver": {"authStatus": STATUS}}),
    "initialise": (lambda desk: desk.session.initialise(), "POST /iserver/auth/ssodh/init", STATUS),
    "accounts": (lambda desk: desk.session.accounts(), "GET /iserver/accounts", ACCOUNTS),
    "portfolio accounts": (lambda desk: desk.broker.positions(), "GET /portfolio/accounts", PORTFOLIO_ACCOUNTS),
    "positions": (lambda desk: desk.broker.positions(), f"GET /portfolio2/{ACCOUNT}/positions", [POSITION]),
    "summary": (lambda desk: desk.broker.account(), f"GET /portfolio/{ACCOUNT}/summary",
                {"netliquidation": FIGURE, "availablefunds": FIGURE}),
    "ledger": (lambda desk: desk.broker.account(), f"GET /portfolio/{ACCOUNT}/ledger",
               {"USD": {"cashbalance": 5.0, "settledcash": 4.0, "acctcode": ACCOUNT}}),
    "orders": (lambda desk: desk.broker.orders(), "GET /iserver/account/orders", {"orders": [ORDER], "snapshot": True}),
    "trades": (lambda desk: desk.broker.executions(1), "GET /iserver/account/trades", [TRADE]),
    "order status": (lambda desk: desk.broker.order_status(17), "GET /iserver/account/order/status/17", STATUS_ROW),
    "history": (lambda desk: desk.market_data.daily_bars([CONTRACT], date(2026, 1, 1), 9),
                "GET /iserver/marketdata/history", {"data": [BAR], "volumeFactor": 100}),
    "snapshot": (lambda desk: desk.market_data.quotes([265598]), "GET /iserver/marketdata/snapshot", [QUOTE]),
    "stocks": (lambda desk: desk.market_data.contracts(["AAPL"]), "GET /trsrv/stocks", STOCK | TWO),
    "definitions": (lambda desk: desk.market_data.contracts(["IBM"]), "GET /trsrv/secdef", {"secdef": [DEFINITION]}),
    "rules": (lambda desk: desk.market_data.contracts(["AAPL"]), "GET /iserver/contract/265598/info-and-rules", RULES),
}  # fmt: skip
SUBMIT = f"POST /iserver/account/{ACCOUNT}/orders"
ACK = [{"order_id": "17", "order_status": "Submitted", "local_order_id": "ab-1"}]

ODD = (
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=12)
    | st.sampled_from(["", "-1", "C187.2", "H12", "1,300", "1.2M", "NaN", "1e400", 10**400, -0.0, [], {}, [[]],
                       "\ud800", "a\r\nb", "\x1b[2J", "\u202e", "<script>", "DU7654321", "9" * 400])
)  # fmt: skip


@st.composite
def spoilt(draw: st.DrawFn, good: object) -> bytes:
    """Return a good answer with some of its values replaced, members dropped, or its bytes cut."""
    value = copy.deepcopy(good)
    for _ in range(draw(st.integers(0, 3))):
        value = _spoil(draw, value)
    body = json.dumps(value).encode()
    kind = draw(st.sampled_from(["whole", "whole", "whole", "whole", "cut", "bytes"]))
    if kind == "cut":
        return body[: draw(st.integers(0, len(body)))]
    return draw(st.binary(max_size=40)) if kind == "bytes" else body


def _spoil(draw: st.DrawFn, value: object) -> object:
    if isinstance(value, dict) and value and draw(st.integers(0, 5)):
        key = draw(st.sampled_from(sorted(value)))
        if draw(st.integers(0, 9)) == 0:
            return {name: inner for name, inner in value.items() if name != key}
        return value | {key: _spoil(draw, value[key])}
    if isinstance(value, list) and value and draw(st.integers(0, 5)):
        at = draw(st.integers(0, len(value) - 1))
        return [*value[:at], _spoil(draw, value[at]), *value[at + 1 :]]
    return draw(ODD)


def set_up() -> Desk:
    desk = Desk()
    for _, call, good in READS.values():
        desk.script(call, raw(json.dumps(good).encode()))
    return desk


@pytest.mark.parametrize("name", READS)
def test_a_good_answer_is_read(name: str) -> None:
    ask, call, _ = READS[name]
    desk = set_up()
    assert ask(desk) is not None
    assert desk.count(call) >= 1


@pytest.mark.parametrize("name", READS)
@settings(max_examples=100)
@given(data=st.data())
def test_a_spoilt_answer_is_read_or_refused(name: str, data: st.DataObject) -> None:
    ask, call, good = READS[name]
    desk = set_up()
    status = data.draw(st.sampled_from([200, 200, 200, 200, 400, 401, 404, 429, 500, 503]))
    desk.script(call, raw(data.draw(spoilt(good)), status))
    try:
        ask(desk)
    except GatewayError as error:
        shown = str(error)
        assert ACCOUNT not in shown
        assert shown.isprintable()


@settings(max_examples=300)
@given(body=spoilt(ACK), status=st.sampled_from([200, 200, 200, 400, 401, 429, 500]))
@example(body=json.dumps(ACK).encode(), status=200)
def test_a_spoilt_answer_to_an_order_is_an_outcome(body: bytes, status: int) -> None:
    desk = set_up()
    desk.script(SUBMIT, raw(body, status))
    outcome = desk.broker.send(desk.broker.prepare(SubmitOrders((TICKET,))))
    assert not isinstance(outcome, NothingSent)
    assert desk.count(SUBMIT) == 1
    if isinstance(outcome, Acknowledged):
        (ack,) = outcome.orders
        assert status == 200
        assert ack.order_id is not None
        assert ack.order_id > 0
        assert ack.local_order_id in (None, "ab-1") or ack.parent_order_id is not None
