"""The portfolio calls, which need no brokerage session: accounts, summary, ledger, positions in several shapes."""

from __future__ import annotations

from collections.abc import Mapping
from operator import itemgetter

from simulator import instants
from simulator.broker import Broker
from simulator.endpoints.lookup import secdef_row
from simulator.endpoints.warming import is_first_read
from simulator.exchange.account import Position
from simulator.messages import Request, Response, json_response
from simulator.router import Route
from simulator.views.statement import ledger_rows, summary_rows, trading_type

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
        "currency": broker.behaviour.base_currency,
        "type": "DEMO" if account.startswith("DU") else "INDIVIDUAL",
        "tradingType": trading_type(broker),
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


def ledger(broker: Broker, request: Request) -> Response:
    """GET /portfolio/{account}/ledger: a row for each currency and one for BASE."""
    if not _known(broker, request):
        return UNAUTHORIZED
    return json_response(ledger_rows(broker))


def _held(broker: Broker) -> list[Position]:
    held = [position for position in broker.account.positions.values() if position.quantity]
    return sorted(held, key=lambda position: position.symbol)


def _sorted(rows: list[dict[str, object]], query: Mapping[str, str]) -> list[dict[str, object]]:
    """Return the rows by the column `sort`, downwards with `direction=d`; as they are where no row has the column."""
    column = query.get("sort", "")
    values = [row.get(column) for row in rows]
    if all(isinstance(value, (int, float)) for value in values) or all(isinstance(value, str) for value in values):
        downwards = query.get("direction", "a").lower().startswith("d")
        return sorted(rows, key=itemgetter(column), reverse=downwards) if rows else rows
    return rows


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
    """GET /portfolio/{account}/positions/{page}: 100 a page; a page past the end is an empty list.

    With waitForSecDef=false a row may stay sparse; no model portfolios are simulated.
    """
    if not _known(broker, request):
        return UNAUTHORIZED
    page = request.parameters.get("page", "0")
    first = PAGE_SIZE * int(page) if page.isdigit() else 0
    sparse = is_first_read(broker, "positions") or request.query.get("waitForSecDef", "").lower() == "false"
    if request.query.get("model"):
        return json_response([])
    rows = [position_row(broker, position, sparse=sparse) for position in _held(broker)]
    return json_response(_sorted(rows, request.query)[first : first + PAGE_SIZE])


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
    if request.query.get("model"):
        return json_response([])
    return json_response(_sorted([_row2(broker, position) for position in _held(broker)], request.query))


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
    """POST /portfolio/allocation: the same for a list of accounts; a published client asks by GET, with a query."""
    asked = request.json_object().get("acctIds") or request.query.get("acctIds", "").split(",")
    if asked != [broker.config.account_id]:
        return UNAUTHORIZED
    return json_response(allocation_of(broker))


ROUTES = (
    Route("GET", "/portfolio/accounts", accounts),
    Route("GET", "/portfolio/subaccounts", accounts),
    Route("GET", "/portfolio/subaccounts2", accounts),
    Route("POST", "/portfolio/allocation", allocation_of_accounts),
    Route("GET", "/portfolio/allocation", allocation_of_accounts),
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
