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
# Days back to the first of a period.
_DAYS = {"1D": 0, "7D": 6, "1M": 30, "1Y": 365}
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


def _refused(broker: Broker, body: dict[str, Any]) -> Response | None:
    """Return the error of a call without accounts, or about one that isn't ours; None where there is none."""
    accounts = body.get("acctIds")
    if not isinstance(accounts, list) or not accounts:
        return bad_request("acctIds is required")
    return None if accounts == [broker.config.account_id] else error(500, "unknown")


def performance(broker: Broker, request: Request) -> Response:
    """POST /pa/performance: value and returns by day over a period."""
    body = request.json_object()
    period = str(body.get("period", ""))
    refused = _refused(broker, body) if period in PERIODS else bad_request("invalid period")
    if refused is not None:
        return refused
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
    refused = _refused(broker, request.json_object())
    if refused is not None:
        return refused
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
    """POST /pa/transactions: of exactly one contract, and what its sales realized."""
    body = request.json_object()
    conids = body.get("conids")
    if not isinstance(conids, list) or len(conids) != 1:
        return bad_request("conids is required")
    refused = _refused(broker, body)
    if refused is not None:
        return refused
    asked = body.get("days", DEFAULT_DAYS)
    days = int(asked) if isinstance(asked, (int, float)) else DEFAULT_DAYS
    since = broker.now_us - instants.DAY * days
    executions = [item for item in broker.account.executions if str(item.conid) == str(conids[0])]
    found = [item for item in executions if item.at_us >= since]
    gains = [(item, gain) for item, gain in _realized(executions) if item.at_us >= since]
    return json_response(
        {
            "rc": 0,
            "nd": days,
            "rpnl": {
                "data": [_gain(broker, item, gain) for item, gain in gains],
                "amt": _plain(sum(gain for _, gain in gains)),
            },
            "currency": "USD",
            "from": instants.millis(since),
            "id": "getTransactions",
            "to": instants.millis(broker.now_us),
            "includesRealTime": True,
            "transactions": [_transaction(broker, item) for item in found],
        }
    )


def _realized(executions: list[Execution]) -> list[tuple[Execution, float]]:
    """Return what each execution that reduced a position realized against its average cost, commissions included.

    Shares that changed in between without an execution, in a split, keep their cost.
    """
    cost, gains = 0.0, []
    for item in executions:
        sign = 1 if item.side is Side.BUY else -1
        held = item.position - sign * item.quantity
        paid = sign * item.quantity * item.price + item.commission
        closing = min(abs(held), item.quantity) if held * sign < 0 else 0
        if not closing:
            cost += paid
            continue
        part, released = closing / item.quantity, cost * closing / abs(held)
        gains.append((item, -paid * part - released))
        cost = cost - released + paid * (1.0 - part) if item.position else 0.0
    return gains


def _gain(broker: Broker, execution: Execution, gain: float) -> dict[str, object]:
    return {
        "date": instants.new_york_day(execution.at_us).strftime("%Y%m%d"),
        "cur": "USD",
        "fxRate": 1.0,
        "side": "L" if execution.side is Side.SELL else "S",
        "acctid": broker.config.account_id,
        "amt": _plain(gain),
        "conid": str(execution.conid),
    }


def _plain(amount: float) -> str:
    return f"{amount:.4f}"


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
