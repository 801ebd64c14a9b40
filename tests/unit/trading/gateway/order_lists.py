"""Rows of the lists of orders and trades, as the gateway writes them."""

from __future__ import annotations

from tests.unit.trading.gateway.scripted import ACCOUNT

LIST = "GET /iserver/account/orders"
TRADES = "GET /iserver/account/trades"
ROW: dict[str, object] = {
    "account": ACCOUNT,
    "conid": 265598,
    "orderId": 17,
    "ticker": "AAPL",
    "remainingQuantity": 5.0,
    "filledQuantity": 0.0,
    "totalSize": 5.0,
    "status": "Submitted",
    "orderType": "Limit",
    "price": "185.50",
    "timeInForce": "GTC",
    "side": "BUY",
}
TRADE: dict[str, object] = {
    "execution_id": "0000e0d5.6576fd38.01.01",
    "symbol": "AAPL",
    "side": "S",
    "trade_time": "20231211-18:00:49",
    "trade_time_r": 1702317649000,
    "size": 5.0,
    "price": "192.26",
    "order_ref": "ab-1",
    "commission": "1.01",
    "account": ACCOUNT,
    "conid": 265598,
    "order_id": 17437897932,
}


def listed(*rows: dict[str, object], snapshot: object = True) -> object:
    return {"orders": list(rows), "snapshot": snapshot}
