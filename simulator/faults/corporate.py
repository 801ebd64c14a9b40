"""Corporate actions: splits, another symbol or conid, delisting, dividends, money of other kinds."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

from simulator.broker import Broker
from simulator.faults.context import Firing
from simulator.faults.declaration import MONEY, FaultKind, Values, choice, flag, number, text
from simulator.faults.manual_actions import any_symbol, held_symbol, is_traded
from simulator.faults.rewriting import rewritten, whole_list
from simulator.messages import Request, Response, error

RATIOS = {"2:1": 2.0, "3:2": 1.5, "1:10": 0.1}
NEXT_CONID = 1_000_000
DELISTED = "The contract is no longer available for trading."


def _splits_now(broker: Broker, _request: Request, values: Values) -> bool:
    symbol = held_symbol(broker, values("symbol"))
    if symbol is None:
        return False
    return not (values("overnight") and (broker.exchange.is_open or _is_filling(broker, symbol)))


def _is_filling(broker: Broker, symbol: str) -> bool:
    return any(order.symbol == symbol and order.filled for order in broker.exchange.book.live.values())


def split(firing: Firing) -> Response:
    """A stock that is held splits; its orders go as the broker's behaviour has it, by default they are cancelled."""
    symbol = held_symbol(firing.broker, firing.text("symbol"))
    firing.external_event(do="split", symbol=symbol, ratio=RATIOS[firing.text("ratio")])
    return firing.proceed()


def renamed(firing: Firing) -> Response:
    """A stock has another symbol or conid in all answers, and is known under it; or it is traded no longer."""
    broker = firing.broker
    symbol = any_symbol(broker, firing.text("symbol")) or ""
    contract = broker.contracts.by_symbol[symbol]
    match firing.text("what"):
        case "conid":
            return _translated(firing, str(contract.conid), str(contract.conid + NEXT_CONID), r"(?<!\d){}(?!\d)")
        case "symbol":
            return _translated(firing, symbol, firing.text("new"), r"(?<![A-Za-z0-9.]){}(?![A-Za-z0-9.])")
        case _:
            return _delisted(firing, symbol, contract.conid)


def _translated(firing: Firing, old: str, new: str, pattern: str) -> Response:
    back = re.compile(pattern.format(re.escape(new)))
    request = firing.request
    inward = replace(
        request,
        path=back.sub(old, request.path),
        query={name: back.sub(old, value) for name, value in request.query.items()},
        body=back.sub(old, request.body.decode("utf-8", "surrogateescape")).encode("utf-8", "surrogateescape"),
    )
    response = firing.proceed() if inward == request else firing.apply(inward)
    body = re.sub(pattern.format(re.escape(old)).encode(), new.encode(), response.body)
    return replace(response, body=body)


def _delisted(firing: Firing, symbol: str, conid: int) -> Response:
    broker, request = firing.broker, firing.request
    if broker.contracts.by_symbol[symbol].column not in broker.exchange.halted:
        firing.external_event(do="halt", symbol=symbol)
    if request.path == "/iserver/marketdata/history" and request.query.get("conid") == str(conid):
        return error(500, "Chart data unavailable")
    if request.method == "POST" and request.path.endswith("/orders") and str(conid).encode() in request.body:
        return error(200, DELISTED)
    if not request.path.startswith(("/trsrv/", "/iserver/secdef/", "/iserver/marketdata/snapshot")):
        return firing.proceed()

    def changed(value: Any) -> Any:  # noqa: ANN401  (JSON)
        if isinstance(value, dict) and symbol in value:
            return {**value, symbol: []}
        return value

    without = whole_list(lambda _firing, rows: [row for row in rows if str(row.get("conid")) != str(conid)])
    return rewritten(replace(firing, proceed=lambda: without(firing)), changed)


def money(firing: Firing) -> Response:
    """A dividend, cash that comes or goes, a negative balance, a balance of another currency."""
    broker, amount = firing.broker, firing.number("amount")
    match firing.text("what"):
        case "dividend":
            symbol = held_symbol(broker)
            held = broker.account.held(broker.contracts.by_symbol[symbol].conid) if symbol else 0
            firing.external_event(do="cash", amount=round(amount * held, 2))
        case "cash":
            firing.external_event(do="cash", amount=amount)
        case _:
            firing.external_event(do="cash", amount=-broker.account.cash - abs(amount))
    return firing.proceed()


def other_currency(firing: Firing) -> Response:
    """A currency that isn't ours has a balance, in the ledger."""
    currency, amount = firing.text("currency"), firing.number("amount")

    def changed(value: Any) -> Any:  # noqa: ANN401  (JSON)
        if not isinstance(value, dict) or not isinstance(value.get("USD"), dict):
            return value
        other = {"currency": currency, "secondkey": currency, "cashbalance": amount, "settledcash": amount}
        row = {**value["USD"], **other, "netliquidationvalue": amount, "stockmarketvalue": 0.0}
        return {**value, currency: row}

    return rewritten(firing, changed)


def cash_changed(firing: Firing) -> Response:
    """Money is another than our trades make it, once; a balance of another currency stays."""
    return other_currency(firing) if firing.text("what") == "currency" else money(firing)


def _pays(broker: Broker, _request: Request, values: Values) -> bool:
    return values("what") != "dividend" or held_symbol(broker) is not None


KINDS = (
    FaultKind(
        "C06",
        "Split of a stock that is held",
        split,
        (
            choice("ratio", "2:1", tuple(RATIOS), "new shares for old ones"),
            text("symbol", "", "which; empty: the first that is held"),
            flag(
                "overnight",
                "only while the market is closed, and no order of the stock is filled in part",
                default=True,
            ),
        ),
        once=True,
        ready=_splits_now,
    ),
    FaultKind(
        "C07",
        "Other symbol, other conid, delisting",
        renamed,
        (
            choice("what", "symbol", ("symbol", "conid", "delisted"), "what is other; a conid is higher by a million"),
            text("symbol", "", "which; empty: one that is held, or else the first"),
            text("new", "NEWCO", "the new symbol, with what=symbol"),
        ),
        ready=is_traded,
    ),
    FaultKind(
        "C08",
        "Dividend, cash change, negative cash, other currency",
        cash_changed,
        (
            choice("what", "dividend", ("dividend", "cash", "negative", "currency"), "what comes or goes"),
            number("amount", 1.0, "of each share held, or in all; with what=negative how far below 0", least=-1e9),
            text("currency", "EUR", "which, with what=currency"),
        ),
        calls=MONEY,
        once=lambda values: bool(values("what") != "currency"),
        ready=_pays,
    ),
)
