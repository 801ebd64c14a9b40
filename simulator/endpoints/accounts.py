"""The account below /iserver: list, switch, summaries, profit and loss of the day."""

from __future__ import annotations

from simulator.broker import Broker
from simulator.endpoints.session import SERVER, session_token
from simulator.messages import Request, Response, bad_request, error, json_response, unavailable
from simulator.router import Needs, Route
from simulator.views.statement import balances_table, funds_table, margins_table, market_value_table
from simulator.views.valuation import Valuation

ASSET_TYPES = "STK,CFD,OPT,FOP,WAR,FUT,BAG,PDC,CASH,IND,BOND,BILL,FUND,SLB,News,CMDTY,IOPT,ICU,ICS,PHYSS,CRYPTO"
_FEATURES = {
    "showGFIS": True,
    "showEUCostReport": False,
    "allowEventContract": True,
    "allowFXConv": True,
    "allowFinancialLens": False,
    "allowMTA": True,
    "allowTypeAhead": True,
    "allowEventTrading": True,
    "snapshotRefreshTimeout": 30,
    "liteUser": False,
    "showWebNews": True,
    "research": True,
    "debugPnl": True,
    "showTaxOpt": True,
    "showImpactDashboard": True,
    "allowDynAccount": False,
    "allowCrypto": False,
    "allowFA": False,
    "allowLiteUnderPro": False,
    "allowedAssetTypes": ASSET_TYPES,
    "restrictTradeSubscription": False,
    "showUkUserLabels": False,
    "sideBySide": True,
}
_OPTION_PERIODS = ["2h", "1d", "2d", "1w", "1m"]
_ALL_PERIODS = ("STK", "CFD", "WAR", "IOPT", "FUT", "CASH", "IND", "BOND", "FUND", "CMDTY", "PHYSS", "CRYPTO")


def account_list(broker: Broker) -> dict[str, object]:
    """Return what /iserver/accounts and the websocket's `act` both say."""
    account = broker.config.account_id
    return {
        "accounts": [account],
        "acctProps": {
            account: {
                "hasChildAccounts": False,
                # Permissions that this account hasn't got: orders are in whole shares.
                "supportsCashQty": False,
                "liteUnderPro": False,
                "noFXConv": False,
                "isProp": False,
                "supportsFractions": False,
                "allowCustomerTime": False,
                "autoFx": False,
            }
        },
        "aliases": {account: account},
        "allowFeatures": {**_FEATURES, "allowDynAccount": broker.behaviour.dynamic_accounts},
        "chartPeriods": {**{kind: ["*"] for kind in _ALL_PERIODS}, "OPT": _OPTION_PERIODS, "FOP": _OPTION_PERIODS},
        "groups": [],
        "profiles": [],
        "selectedAccount": account,
        "serverInfo": SERVER,
        "sessionId": f"{session_token(broker)[:8]}.{broker.session.epoch:08x}",
        "isFT": False,
        "isPaper": account.startswith("DU"),
    }


def accounts(broker: Broker, _request: Request) -> Response:
    """GET /iserver/accounts: has to be asked once a session before orders, trades and snapshots."""
    broker.session.caches.accounts_called = True
    return json_response(account_list(broker))


def switch(broker: Broker, request: Request) -> Response:
    """POST /iserver/account."""
    wanted = request.json_object().get("acctId")
    if not isinstance(wanted, str) or not wanted:
        return bad_request("acctId is required")
    if wanted != broker.config.account_id:
        return error(500, "Invalid account ID", code=True)
    return json_response({"success": "Account already set"})


def dynamic_account(broker: Broker, request: Request) -> Response:
    """POST /iserver/dynaccount: only for users whose accounts are looked up."""
    if not broker.behaviour.dynamic_accounts:
        return Response(401)
    wanted = request.json_object().get("acctId")
    if wanted != broker.config.account_id:
        return error(500, "Invalid account ID", code=True)
    return json_response({"set": True, "acctId": wanted})


def search(broker: Broker, request: Request) -> Response:
    """GET /iserver/account/search/{pattern}: accounts whose id has the pattern in it, with the same restriction."""
    if not broker.behaviour.dynamic_accounts:
        return unavailable()
    pattern, account = request.argument("pattern"), broker.config.account_id
    matched = [{"accountId": account, "alias": account, "allocationId": account}] if pattern in account else []
    return json_response({"matchedAccounts": matched, "pattern": pattern})


def owners(broker: Broker, request: Request) -> Response:
    """GET /acesws/{account}/signatures-and-owners."""
    account, user = request.argument("account"), broker.session.username
    if account != broker.config.account_id:
        return Response(401)
    entity = {
        "firstName": "Sim",
        "lastName": "Ulated",
        "entityType": "INDIVIDUAL",
        "entityName": "Sim Ulated",
        "dateOfBirth": "1970-01-01",
    }
    row = {"roleId": "OWNER", "hasRightCodeInd": True, "userName": user, "entity": entity}
    signed = {"signatures": [entity["entityName"]]}
    return json_response({"accountId": account, "users": [row], "applicant": signed})


def _summary_of(broker: Broker, request: Request) -> Valuation | Response:
    account = request.argument("account")
    if account != broker.config.account_id:
        return bad_request(f"accountId is not valid: {account}")
    return Valuation.of(broker)


def summary(broker: Broker, request: Request) -> Response:
    """GET /iserver/account/{account}/summary: plain numbers."""
    value = _summary_of(broker, request)
    if isinstance(value, Response):
        return value
    return json_response(
        {
            "accountType": "",
            "status": "",
            "balance": value.available,
            "SMA": value.available,
            "buyingPower": value.buying_power,
            "availableFunds": value.available,
            "excessLiquidity": value.excess,
            "netLiquidationValue": value.equity,
            "equityWithLoanValue": value.equity,
            "regTLoan": 0.0,
            "securitiesGVP": value.gross,
            "totalCashValue": value.cash,
            "accruedInterest": 0.0,
            "regTMargin": 0.0,
            "initialMargin": value.initial_margin,
            "maintenanceMargin": value.maintenance_margin,
            "cashBalances": [{"currency": "USD", "balance": value.cash, "settledCash": value.settled}],
        }
    )


def available_funds(broker: Broker, request: Request) -> Response:
    """GET /iserver/account/{account}/summary/available_funds: texts with their currency."""
    value = _summary_of(broker, request)
    return value if isinstance(value, Response) else json_response(funds_table(broker, value))


def balances(broker: Broker, request: Request) -> Response:
    """GET /iserver/account/{account}/summary/balances."""
    value = _summary_of(broker, request)
    return value if isinstance(value, Response) else json_response(balances_table(value))


def margins(broker: Broker, request: Request) -> Response:
    """GET /iserver/account/{account}/summary/margins."""
    value = _summary_of(broker, request)
    return value if isinstance(value, Response) else json_response(margins_table(value))


def market_value(broker: Broker, request: Request) -> Response:
    """GET /iserver/account/{account}/summary/market_value."""
    value = _summary_of(broker, request)
    return value if isinstance(value, Response) else json_response(market_value_table(value))


def profit_and_loss(broker: Broker, _request: Request) -> Response:
    """GET /iserver/account/pnl/partitioned: the first call of a session is empty."""
    caches = broker.session.caches
    caches.pnl_calls += 1
    if caches.pnl_calls <= broker.behaviour.cold_pnl_calls:
        return json_response({"upnl": {}})
    return json_response({"upnl": {f"{broker.config.account_id}.Core": Valuation.of(broker).daily_row()}})


ROUTES = (
    Route("GET", "/iserver/accounts", accounts, Needs.BROKERAGE),
    Route("POST", "/iserver/account", switch, Needs.BROKERAGE),
    Route("POST", "/iserver/dynaccount", dynamic_account, Needs.BROKERAGE),
    Route("GET", "/iserver/account/search/{pattern}", search, Needs.BROKERAGE),
    Route("GET", "/acesws/{account}/signatures-and-owners", owners),
    Route("GET", "/iserver/account/{account}/summary", summary, Needs.BROKERAGE),
    Route("GET", "/iserver/account/{account}/summary/available_funds", available_funds, Needs.BROKERAGE),
    Route("GET", "/iserver/account/{account}/summary/balances", balances, Needs.BROKERAGE),
    Route("GET", "/iserver/account/{account}/summary/margins", margins, Needs.BROKERAGE),
    Route("GET", "/iserver/account/{account}/summary/market_value", market_value, Needs.BROKERAGE),
    Route("GET", "/iserver/account/pnl/partitioned", profit_and_loss, Needs.BROKERAGE),
)
