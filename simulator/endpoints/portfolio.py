"""The portfolio calls, which need no brokerage session: accounts, summary, ledger, positions in several shapes."""

from __future__ import annotations

from simulator import instants
from simulator.broker import Broker
from simulator.endpoints.lookup import secdef_row
from simulator.endpoints.warming import is_first_read
from simulator.exchange.account import Position
from simulator.messages import Request, Response, json_response
from simulator.router import Route
from simulator.views.valuation import Valuation

PAGE_SIZE = 100
OPENED_BEFORE_US = 365 * instants.DAY
UNAUTHORIZED = Response(401)
"""what an account that isn't ours gets: an empty body"""


def account_row(broker: Broker) -> dict[str, object]:
    """Return the account as /portfolio/accounts lists it; `accountStatus` is when it was opened."""
    account = broker.config.account_id
    opened = broker.market.days[0].open_us - OPENED_BEFORE_US
    return {
        "id": account,
        "PrepaidCrypto-Z": False,
        "PrepaidCrypto-P": False,
        "brokerageAccess": True,
        "accountId": account,
        "accountVan": account,
        "accountTitle": "",
        "displayName": account,
        "accountAlias": None,
        "accountStatus": instants.millis(opened),
        "currency": "USD",
        "type": "DEMO" if account.startswith("DU") else "INDIVIDUAL",
        "tradingType": "STKNOPT",
        "businessType": "INDEPENDENT",
        "category": "",
        "ibEntity": "IBLLC-US",
        "faclient": False,
        "clearingStatus": "O",
        "covestor": False,
        "noClientTrading": False,
        "trackVirtualFXPortfolio": False,
        "acctCustType": "INDIVIDUAL",
        "parent": {"mmc": [], "accountId": "", "isMParent": False, "isMChild": False, "isMultiplex": False},
        "desc": account,
    }


def _known(broker: Broker, request: Request) -> bool:
    return request.argument("account") == broker.config.account_id


def accounts(broker: Broker, _request: Request) -> Response:
    """GET /portfolio/accounts and /portfolio/subaccounts."""
    return json_response([account_row(broker)])


def meta(broker: Broker, request: Request) -> Response:
    """GET /portfolio/{account}/meta."""
    return json_response(account_row(broker)) if _known(broker, request) else UNAUTHORIZED


def summary(broker: Broker, request: Request) -> Response:
    """GET /portfolio/{account}/summary: lower-case keys, each an object of amount, currency and value."""
    return json_response(summary_rows(broker)) if _known(broker, request) else UNAUTHORIZED


def summary_rows(broker: Broker) -> dict[str, dict[str, object]]:
    """Return the account's summary, a row for each key."""
    value = Valuation.of(broker)
    stamp = instants.millis(broker.now_us)
    texts = {
        "accountcode": broker.config.account_id,
        "accountready": "true",
        "accounttype": "INDIVIDUAL",
        "tradingtype-s": "STKNOPT",
    }
    amounts = {
        "accruedcash": 0.0,
        "availablefunds": value.available,
        "billable": 0.0,
        "buyingpower": value.buying_power,
        "cushion": round(value.excess / value.equity, 6) if value.equity else 0.0,
        "equitywithloanvalue": value.equity,
        "excessliquidity": value.excess,
        "fullavailablefunds": value.available,
        "fullexcessliquidity": value.excess,
        "fullinitmarginreq": value.initial_margin,
        "fullmaintmarginreq": value.maintenance_margin,
        "grosspositionvalue": value.gross,
        "initmarginreq": value.initial_margin,
        "lookaheadavailablefunds": value.available,
        "lookaheadexcessliquidity": value.excess,
        "maintmarginreq": value.maintenance_margin,
        "netliquidation": value.equity,
        "previousdayequitywithloanvalue": value.equity_before,
        "regtequity": value.equity,
        "regtmargin": value.initial_margin,
        "sma": value.available,
        "totalcashvalue": value.cash,
        "totaldebitcardpendingcharges": 0.0,
    }
    split = (
        "accruedcash",
        "availablefunds",
        "equitywithloanvalue",
        "grosspositionvalue",
        "netliquidation",
        "totalcashvalue",
    )
    rows = {name: _amount(amount, stamp) for name, amount in amounts.items()}
    rows |= {f"{name}-s": rows[name] for name in split}
    rows |= {f"{name}-c": _amount(0.0, stamp) for name in split}
    rows |= {name: _text(text, stamp) for name, text in texts.items()}
    return rows


def _amount(amount: float, stamp: int) -> dict[str, object]:
    return {"amount": amount, "currency": "USD", "isNull": False, "timestamp": stamp, "value": None, "severity": 0}


def _text(text: str, stamp: int) -> dict[str, object]:
    return {"amount": 0.0, "currency": None, "isNull": False, "timestamp": stamp, "value": text, "severity": 0}


def ledger(broker: Broker, request: Request) -> Response:
    """GET /portfolio/{account}/ledger: a row for each currency and one for BASE."""
    if not _known(broker, request):
        return UNAUTHORIZED
    return json_response({"USD": ledger_row(broker, "USD"), "BASE": ledger_row(broker, "BASE")})


def ledger_row(broker: Broker, currency: str) -> dict[str, object]:
    """Return the ledger's row of one currency; timestamps here are in seconds."""
    value = Valuation.of(broker)
    return {
        "commoditymarketvalue": 0.0,
        "futuremarketvalue": 0.0,
        "settledcash": value.settled,
        "exchangerate": 1,
        "sessionid": 1,
        "cashbalance": value.cash,
        "corporatebondsmarketvalue": 0.0,
        "warrantsmarketvalue": 0.0,
        "netliquidationvalue": value.equity,
        "interest": 0.0,
        "unrealizedpnl": value.unrealized,
        "stockmarketvalue": value.stock,
        "moneyfunds": 0.0,
        "currency": currency,
        "realizedpnl": value.realized,
        "funds": 0.0,
        "acctcode": broker.config.account_id,
        "issueroptionsmarketvalue": 0.0,
        "key": "LedgerList",
        "timestamp": broker.now_us // instants.SECOND,
        "severity": 0,
        "stockoptionmarketvalue": 0.0,
        "futuresonlypnl": 0.0,
        "tbondsmarketvalue": 0.0,
        "futureoptionmarketvalue": 0.0,
        "cashbalancefxsegment": 0.0,
        "secondkey": currency,
        "tbillsmarketvalue": 0.0,
        "endofbundle": 1,
        "dividends": 0.0,
        "cryptocurrencyvalue": 0.0,
    }


def _held(broker: Broker) -> list[Position]:
    held = [position for position in broker.account.positions.values() if position.quantity]
    return sorted(held, key=lambda position: position.symbol)


def position_row(broker: Broker, position: Position, *, sparse: bool) -> dict[str, object]:
    """Return a position; the first read of a session is sparse: fewer keys, and `strike` a number instead of a text."""
    price = broker.exchange.price_of(position.column)
    value = round(price * position.quantity, 2)
    row: dict[str, object] = {
        "acctId": broker.config.account_id,
        "conid": position.conid,
        "contractDesc": position.symbol,
        "position": float(position.quantity),
        "mktPrice": round(price, 8),
        "mktValue": value,
        "currency": "USD",
        "avgCost": round(position.average_cost, 8),
        "avgPrice": round(position.average_cost, 8),
        "realizedPnl": round(_realized(broker, position), 2),
        "unrealizedPnl": round(price * position.quantity - position.cost, 2),
        "exchs": None,
        "expiry": None,
        "putOrCall": None,
        "multiplier": None if sparse else 0.0,
        "strike": 0.0 if sparse else "0",
        "exerciseStyle": None,
        "conExchMap": [],
        "assetClass": "STK",
        "undConid": 0,
        "model": "",
    }
    if sparse:
        return row
    details = secdef_row(broker.contracts.by_conid[position.conid])
    row |= {name: value for name, value in details.items() if name not in row}
    row |= {
        "baseMktValue": value,
        "baseMktPrice": round(price, 8),
        "baseAvgCost": round(position.average_cost, 8),
        "baseAvgPrice": round(position.average_cost, 8),
        "baseRealizedPnl": row["realizedPnl"],
        "baseUnrealizedPnl": row["unrealizedPnl"],
    }
    return row


def _realized(broker: Broker, position: Position) -> float:
    return position.realized if position.realized_day == broker.market.day_at(broker.now_us) else 0.0


def positions(broker: Broker, request: Request) -> Response:
    """GET /portfolio/{account}/positions/{page}: 100 a page; a page past the end is an empty list."""
    if not _known(broker, request):
        return UNAUTHORIZED
    page = request.parameters.get("page", "0")
    first = PAGE_SIZE * int(page) if page.isdigit() else 0
    sparse = is_first_read(broker, "positions")
    rows = _held(broker)[first : first + PAGE_SIZE]
    return json_response([position_row(broker, position, sparse=sparse) for position in rows])


def _of_conid(broker: Broker, request: Request) -> list[dict[str, object]]:
    conid = request.argument("conid")
    position = broker.account.positions.get(int(conid)) if conid.isdigit() else None
    sparse = is_first_read(broker, f"position/{conid}")
    return [position_row(broker, position, sparse=sparse)] if position and position.quantity else []


def position(broker: Broker, request: Request) -> Response:
    """GET /portfolio/{account}/position/{conid}: one row or none."""
    return json_response(_of_conid(broker, request)) if _known(broker, request) else UNAUTHORIZED


def position_by_account(broker: Broker, request: Request) -> Response:
    """GET /portfolio/positions/{conid}: rows by account."""
    rows = _of_conid(broker, request)
    return json_response({broker.config.account_id: rows} if rows else {})


def invalidate(broker: Broker, request: Request) -> Response:
    """POST /portfolio/{account}/positions/invalidate."""
    return json_response({"message": "success"}) if _known(broker, request) else UNAUTHORIZED


def positions2(broker: Broker, request: Request) -> Response:
    """GET /portfolio2/{account}/positions: no pages, other names, conid a text."""
    if not _known(broker, request):
        return UNAUTHORIZED
    return json_response([_row2(broker, position) for position in _held(broker)])


def _row2(broker: Broker, position: Position) -> dict[str, object]:
    price = broker.exchange.price_of(position.column)
    contract = broker.contracts.by_conid[position.conid]
    return {
        "position": float(position.quantity),
        "conid": str(position.conid),
        "avgCost": position.average_cost,
        "avgPrice": position.average_cost,
        "currency": "USD",
        "description": position.symbol,
        "isLastToLoq": False,
        "marketPrice": price,
        "marketValue": price * position.quantity,
        "realizedPnl": _realized(broker, position),
        "secType": "STK",
        "timestamp": broker.now_us // instants.SECOND,
        "unrealizedPnl": price * position.quantity - position.cost,
        "assetClass": "STK",
        "sector": contract.sector,
        "group": contract.group,
        "model": "",
    }


def combos(broker: Broker, request: Request) -> Response:
    """GET /portfolio/{account}/combo/positions: stocks are no combos."""
    return json_response([]) if _known(broker, request) else UNAUTHORIZED


def allocation_of(broker: Broker) -> dict[str, object]:
    """Return market value by asset class, sector and group."""
    sides: dict[str, dict[str, dict[str, float]]] = {
        name: {"long": {}, "short": {}} for name in ("assetClass", "sector", "group")
    }
    for position in _held(broker):
        value = round(broker.exchange.price_of(position.column) * position.quantity, 2)
        contract = broker.contracts.by_conid[position.conid]
        side = "long" if value >= 0 else "short"
        for name, key in (("assetClass", "STK"), ("sector", contract.sector), ("group", contract.group)):
            bucket = sides[name][side]
            bucket[key or "Others"] = round(bucket.get(key or "Others", 0.0) + value, 2)
    cash = broker.account.cash
    sides["assetClass"]["long" if cash >= 0 else "short"]["CASH"] = cash
    return dict(sides)


def allocation(broker: Broker, request: Request) -> Response:
    """GET /portfolio/{account}/allocation."""
    return json_response(allocation_of(broker)) if _known(broker, request) else UNAUTHORIZED


def allocation_of_accounts(broker: Broker, request: Request) -> Response:
    """POST /portfolio/allocation: the same for a list of accounts."""
    asked = request.json_object().get("acctIds")
    if asked != [broker.config.account_id]:
        return UNAUTHORIZED
    return json_response(allocation_of(broker))


ROUTES = (
    Route("GET", "/portfolio/accounts", accounts),
    Route("GET", "/portfolio/subaccounts", accounts),
    Route("GET", "/portfolio/subaccounts2", accounts),
    Route("POST", "/portfolio/allocation", allocation_of_accounts),
    Route("GET", "/portfolio/{account}/meta", meta),
    Route("GET", "/portfolio/{account}/summary", summary),
    Route("GET", "/portfolio/{account}/ledger", ledger),
    Route("GET", "/portfolio/{account}/allocation", allocation),
    Route("GET", "/portfolio/positions/{conid}", position_by_account),
    Route("GET", "/portfolio/{account}/positions", positions),
    Route("GET", "/portfolio/{account}/positions/{page}", positions),
    Route("GET", "/portfolio/{account}/position/{conid}", position),
    Route("POST", "/portfolio/{account}/positions/invalidate", invalidate),
    Route("GET", "/portfolio/{account}/combo/positions", combos),
    Route("GET", "/portfolio2/{account}/positions", positions2),
)
