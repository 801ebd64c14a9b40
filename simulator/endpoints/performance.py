"""The portfolio analyst: performance by period, transactions of one contract."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from simulator import instants
from simulator.broker import Broker
from simulator.exchange.account import Execution
from simulator.exchange.orders import Side
from simulator.messages import Request, Response, bad_request, error, json_response
from simulator.router import Route

DEFAULT_DAYS = 90
_DAYS = {"1D": 1, "7D": 7, "1M": 30, "1Y": 365}
PERIODS = ("1D", "7D", "MTD", "1M", "YTD", "1Y")


def _begin(period: str, today: date) -> date:
    if period == "MTD":
        return today.replace(day=1)
    if period == "YTD":
        return today.replace(month=1, day=1)
    return today - timedelta(days=_DAYS[period])


class _Curve:
    """Net liquidation at each close from a day on, with the value before."""

    def __init__(self, broker: Broker, begin: date) -> None:
        """Take the closes from the account's books."""
        days = broker.market.days
        closes = [(days[index].day, equity) for index, equity in broker.account.closes]
        inside = [(day, equity) for day, equity in closes if day >= begin]
        before = [(day, equity) for day, equity in closes if day < begin]
        self.begin = begin
        self.start_day, self.start = before[-1] if before else (begin, broker.config.cash)
        self.dates = [day.strftime("%Y%m%d") for day, _ in inside]
        self.values = [equity for _, equity in inside]

    @property
    def returns(self) -> list[float]:
        """Return the cumulated return at each close."""
        return [round(value / self.start - 1.0, 8) if self.start else 0.0 for value in self.values]

    def months(self) -> tuple[list[str], list[float]]:
        """Return the months and the return of each."""
        last: dict[str, float] = {}
        for day, value in zip(self.dates, self.values, strict=True):
            last[day[:6]] = value
        names, returns, before = list(last), [], self.start
        for value in last.values():
            returns.append(round(value / before - 1.0, 8) if before else 0.0)
            before = value
        return names, returns

    def start_nav(self) -> dict[str, object]:
        """Return the value that the returns are of."""
        return {"date": self.start_day.strftime("%Y%m%d"), "val": self.start}


def _is_ours(broker: Broker, body: dict[str, Any]) -> bool:
    accounts = body.get("acctIds")
    return isinstance(accounts, list) and accounts == [broker.config.account_id]


def performance(broker: Broker, request: Request) -> Response:
    """POST /pa/performance: value and returns by day over a period."""
    body = request.json_object()
    period = str(body.get("period", ""))
    if period not in PERIODS or not _is_ours(broker, body):
        return bad_request("invalid period or accounts")
    today = instants.new_york_day(broker.now_us)
    curve = _Curve(broker, _begin(period, today))
    months, monthly = curve.months()
    account = broker.config.account_id
    head = {
        "id": account,
        "idType": "acctid",
        "start": curve.begin.strftime("%Y%m%d"),
        "end": today.strftime("%Y%m%d"),
        "baseCurrency": "USD",
    }
    return json_response(
        {
            "currencyType": "base",
            "pm": "TWR",
            "nd": (today - curve.begin).days + 1,
            "id": "getPerformanceData",
            "rc": 0,
            "included": [account],
            "cps": {"freq": "D", "dates": curve.dates, "data": [{**head, "returns": curve.returns}]},
            "tpps": {"freq": "M", "dates": months, "data": [{**head, "returns": monthly}]},
            "nav": {
                "freq": "D",
                "dates": curve.dates,
                "data": [{**head, "startNAV": curve.start_nav(), "navs": curve.values}],
            },
        }
    )


def all_periods(broker: Broker, request: Request) -> Response:
    """POST /pa/allperiods: the same for every period, by account."""
    if not _is_ours(broker, request.json_object()):
        return bad_request("invalid accounts")
    today = instants.new_york_day(broker.now_us)
    account = broker.config.account_id
    rows: dict[str, object] = {}
    for period in PERIODS:
        curve = _Curve(broker, _begin(period, today))
        rows[period] = {
            "freq": "D",
            "startNAV": curve.start_nav(),
            "dates": curve.dates,
            "nav": curve.values,
            "cps": curve.returns,
        }
    first = _Curve(broker, _begin("1Y", today))
    rows |= {
        "baseCurrency": "USD",
        "start": first.begin.strftime("%Y%m%d"),
        "end": today.strftime("%Y%m%d"),
        "periods": list(PERIODS),
        "lastSuccessfulUpdate": instants.to_datetime(broker.now_us).strftime("%Y-%m-%d %H:%M:%S"),
    }
    return json_response(
        {
            "pm": "TWR",
            "nd": len(first.dates),
            "id": "getPerformanceAllPeriods",
            "currencyType": "base",
            "rc": 0,
            "view": [account],
            "included": [account],
            account: rows,
        }
    )


def transactions(broker: Broker, request: Request) -> Response:
    """POST /pa/transactions: of exactly one contract."""
    body = request.json_object()
    conids = body.get("conids")
    if not isinstance(conids, list) or len(conids) != 1:
        return bad_request("conids is required")
    if not _is_ours(broker, body):
        return error(500, "unknown")
    days = body.get("days", DEFAULT_DAYS)
    since = broker.now_us - instants.DAY * (int(days) if isinstance(days, (int, float)) else DEFAULT_DAYS)
    found = [item for item in broker.account.executions if item.at_us >= since and str(item.conid) == str(conids[0])]
    return json_response(
        {
            "nd": int(days) if isinstance(days, (int, float)) else DEFAULT_DAYS,
            "rpnl": {"data": [], "amt": "0.0"},
            "currency": "USD",
            "from": instants.millis(since),
            "id": "getTransactions",
            "to": instants.millis(broker.now_us),
            "transactions": [_transaction(broker, item) for item in found],
        }
    )


def _transaction(broker: Broker, execution: Execution) -> dict[str, object]:
    day = instants.new_york_day(execution.at_us)
    buys = execution.side is Side.BUY
    local = instants.to_datetime(instants.new_york(day)).astimezone(instants.NEW_YORK)
    return {
        "cur": "USD",
        "date": local.strftime("%a %b %d %H:%M:%S %Z %Y"),
        "rawDate": day.strftime("%Y%m%d"),
        "fxRate": 1.0,
        "pr": execution.price,
        "qty": float(execution.quantity if buys else -execution.quantity),
        "acctid": broker.config.account_id,
        "amt": round((-1 if buys else 1) * execution.quantity * execution.price, 2),
        "conid": execution.conid,
        "type": "Buy" if buys else "Sell",
        "desc": broker.contracts.by_conid[execution.conid].name,
    }


ROUTES = (
    Route("POST", "/pa/performance", performance),
    Route("POST", "/pa/allperiods", all_periods),
    Route("POST", "/pa/transactions", transactions),
)
