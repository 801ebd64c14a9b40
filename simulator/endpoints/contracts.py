"""Contract calls: look-up by symbol, definitions, order rules, trading hours."""

from __future__ import annotations

from simulator import instants
from simulator.broker import Broker
from simulator.market.contracts import Contract
from simulator.messages import Request, Response, bad_request, json_response, unavailable
from simulator.router import Needs, Route
from trading.market import fills

VALID_EXCHANGES = (
    "SMART,AMEX,NYSE,CBOE,PHLX,ISE,CHX,ARCA,NASDAQ,DRCTEDGE,BEX,BATS,EDGEA,BYX,IEX,EDGX,FOXRIVER,PEARL,NYSENAT,LTSE,MEMX,"
    "IBEOS,OVERNIGHT,PSX"
)
ALL_EXCHANGES = (
    "AMEX,NYSE,CBOE,PHLX,CHX,ARCA,ISLAND,ISE,IDEAL,NASDAQQ,NASDAQ,DRCTEDGE,BEX,BATS,NITEECN,EDGEA,CSFBALGO,PSX,BYX,ITG,PDQ,"
    "IBKRATS,IEX,EDGX,PEARL,NYSENAT,LTSE,MEMX,IBEOS,OVERNIGHT"
)
_DISPLAY_RULE = {"magnification": 0, "displayRuleStep": [{"decimalDigits": 2, "lowerEdge": 0.0, "wholeDigits": 4}]}
INCREMENT_RULES = [{"lowerEdge": 0.0, "increment": 0.0001}, {"lowerEdge": 1.0, "increment": 0.01}]
_ORDER_TYPES = ["limit", "market", "stop", "stop_limit"]
SCHEDULE_DAYS_AFTER = 10
_WEEKEND = (1, 2)


def _by_conid(broker: Broker, text: object) -> Contract | None:
    try:
        return broker.contracts.by_conid.get(int(str(text)))
    except ValueError:
        return None


def stocks(broker: Broker, request: Request) -> Response:
    """GET /trsrv/stocks: an unknown symbol has an empty list."""
    symbols = [symbol for symbol in request.query.get("symbols", "").split(",") if symbol]
    return json_response({symbol: _stock(broker, symbol) for symbol in symbols})


def _stock(broker: Broker, symbol: str) -> list[dict[str, object]]:
    contract = broker.contracts.by_symbol.get(symbol) or broker.contracts.by_symbol.get(symbol.upper())
    if contract is None:
        return []
    listing = {"conid": contract.conid, "exchange": contract.exchange, "isUS": True}
    return [{"name": contract.name, "chineseName": None, "assetClass": "STK", "contracts": [listing]}]


def secdef_row(contract: Contract) -> dict[str, object]:
    """Return the security definition as /trsrv/secdef and enriched positions give it."""
    return {
        "conid": contract.conid,
        "currency": "USD",
        "time": 1,
        "chineseName": None,
        "allExchanges": ALL_EXCHANGES,
        "listingExchange": contract.exchange,
        "countryCode": "US",
        "name": contract.name,
        "assetClass": "STK",
        "expiry": None,
        "lastTradingDay": None,
        "group": contract.group,
        "putOrCall": None,
        "sector": contract.sector,
        "sectorGroup": contract.industry,
        "strike": "0",
        "ticker": contract.symbol,
        "undConid": 0,
        "multiplier": 0.0,
        "type": contract.kind,
        "hasOptions": True,
        "fullName": contract.symbol,
        "isUS": True,
        "incrementRules": INCREMENT_RULES,
        "displayRule": _DISPLAY_RULE,
        "isEventContract": False,
        "pageSize": 100,
    }


def secdef(broker: Broker, request: Request) -> Response:
    """GET /trsrv/secdef?conids=..."""
    texts = [text for text in request.query.get("conids", "").split(",") if text]
    if not texts:
        return bad_request("Conid(s) missing")
    found = [contract for text in texts if (contract := _by_conid(broker, text)) is not None]
    return json_response({"secdef": [secdef_row(contract) for contract in found]})


def all_conids(broker: Broker, request: Request) -> Response:
    """GET /trsrv/all-conids?exchange=..."""
    exchange = request.query.get("exchange", "").upper()
    rows = [
        {"ticker": contract.symbol, "conid": contract.conid, "exchange": contract.listing.rpartition(".")[2]}
        for contract in broker.contracts.all
        if contract.exchange == exchange
    ]
    return json_response(rows)


def no_futures(_broker: Broker, request: Request) -> Response:
    """GET /trsrv/futures: there are only stocks here."""
    return json_response({symbol: [] for symbol in request.query.get("symbols", "").split(",") if symbol})


def search(broker: Broker, request: Request) -> Response:
    """GET or POST /iserver/secdef/search: by symbol, or with `name` by part of the name; conid is a text here."""
    fields = request.json_object() if request.method == "POST" else dict(request.query)
    symbol = str(fields.get("symbol", "")).strip().upper()
    if not symbol:
        return bad_request("symbol is required")
    by_name = str(fields.get("name", "")).lower() == "true"
    kind = str(fields.get("secType", "STK") or "STK").upper()
    matches = [
        contract
        for contract in broker.contracts.all
        if kind == "STK" and (contract.symbol == symbol or (by_name and symbol in contract.name))
    ]
    return json_response([_search_row(contract) for contract in matches])


def _search_row(contract: Contract) -> dict[str, object]:
    return {
        "conid": str(contract.conid),
        "companyHeader": f"{contract.name} - {contract.exchange}",
        "companyName": contract.name,
        "symbol": contract.symbol,
        "description": contract.exchange,
        "restricted": None,
        "fop": None,
        "opt": None,
        "war": None,
        "sections": [{"secType": "STK"}],
    }


def secdef_info(broker: Broker, request: Request) -> Response:
    """GET /iserver/secdef/info: a list of contracts; derivatives are not simulated."""
    contract = _by_conid(broker, request.query.get("conid"))
    if contract is None or request.query.get("secType", "STK").upper() != "STK":
        return bad_request("no contracts retrieved")
    return json_response(
        [
            {
                "conid": contract.conid,
                "ticker": contract.symbol,
                "secType": "STK",
                "listingExchange": contract.exchange,
                "exchange": "SMART",
                "companyName": contract.name,
                "currency": "USD",
                "validExchanges": VALID_EXCHANGES,
                "priceRendering": None,
                "maturityDate": None,
                "right": "?",
                "strike": 0.0,
            }
        ]
    )


def strikes(_broker: Broker, _request: Request) -> Response:
    """GET /iserver/secdef/strikes: no options here, which the real one answers in the same way."""
    return json_response({"call": [], "put": []})


def _info(contract: Contract) -> dict[str, object]:
    return {
        "cfi_code": "",
        "symbol": contract.symbol,
        "cusip": None,
        "expiry_full": None,
        "con_id": contract.conid,
        "maturity_date": None,
        "industry": contract.group or contract.name,
        "instrument_type": "STK",
        "trading_class": contract.trading_class,
        "valid_exchanges": VALID_EXCHANGES,
        "allow_sell_long": False,
        "is_zero_commission_security": False,
        "local_symbol": contract.symbol,
        "contract_clarification_type": None,
        "classifier": None,
        "currency": "USD",
        "text": None,
        "underlying_con_id": 0,
        "r_t_h": True,
        "multiplier": None,
        "underlying_issuer": None,
        "contract_month": None,
        "company_name": contract.name,
        "smart_available": True,
        "exchange": "SMART",
        "category": contract.industry or contract.name,
    }


def _rules(broker: Broker, contract: Contract) -> dict[str, object]:
    price = broker.exchange.price_of(contract.column)
    shown = fills.round_down(price) if price > 0.0 else None
    increment = fills.tick_of(price) if price > 0.0 else 0.01
    return {
        "algoEligible": True,
        "allOrNoneEligible": True,
        "overnightEligible": True,
        "costReport": False,
        "canTradeAcctIds": [broker.config.account_id],
        "error": None,
        "orderTypes": _ORDER_TYPES,
        "ibAlgoTypes": [],
        "fraqTypes": [],
        "forceOrderPreview": False,
        "cqtTypes": [],
        "orderDefaults": {"LMT": {"LP": f"{shown or 0.0:.2f}"}},
        "orderTypesOutside": ["limit", "stop_limit"],
        "defaultSize": 100,
        "cashSize": 0.0,
        "sizeIncrement": 100,
        "tifTypes": ["IOC/MARKET,LIMIT,a", "GTC/o,a", "OPG/LIMIT,MARKET,a", "DAY/o,a"],
        "tifDefaults": {"TIF": "DAY", "SIZE": "100.00"},
        "limitPrice": shown,
        "stopprice": shown,
        "orderOrigination": None,
        "preview": True,
        "displaySize": None,
        "fraqInt": 0,
        "cashCcy": "USD",
        "cashQtyIncr": 500,
        "priceMagnifier": None,
        "negativeCapable": False,
        "incrementType": 1,
        "incrementRules": INCREMENT_RULES,
        "hasSecondary": True,
        "increment": increment,
        "incrementDigits": 2 if increment == fills.tick_of(1.0) else 4,
    }


def info(broker: Broker, request: Request) -> Response:
    """GET /iserver/contract/{conid}/info."""
    contract = _by_conid(broker, request.argument("conid"))
    return json_response(_info(contract)) if contract else bad_request("invalid conid")


def info_and_rules(broker: Broker, request: Request) -> Response:
    """GET /iserver/contract/{conid}/info-and-rules."""
    contract = _by_conid(broker, request.argument("conid"))
    if contract is None:
        return bad_request("invalid conid")
    return json_response({**_info(contract), "rules": _rules(broker, contract)})


def rules(broker: Broker, request: Request) -> Response:
    """POST /iserver/contract/rules."""
    contract = _by_conid(broker, request.json_object().get("conid"))
    return json_response(_rules(broker, contract)) if contract else bad_request("invalid conid")


def algos(broker: Broker, request: Request) -> Response:
    """GET /iserver/contract/{conid}/algos: none are simulated."""
    contract = _by_conid(broker, request.argument("conid"))
    return json_response({"algos": []}) if contract else unavailable()


def trading_schedule(broker: Broker, request: Request) -> Response:
    """GET /contract/trading-schedule?conid=...: hours by date, in epoch seconds."""
    if _by_conid(broker, request.query.get("conid")) is None:
        return bad_request("Conid(s) missing")
    market = broker.market
    first = max(market.calendar_day_at(broker.now_us), 0)
    schedules = {}
    for day in market.days[first : first + SCHEDULE_DAYS_AFTER]:
        extended = {
            "cancel_daily_orders": True,
            "opening": instants.new_york(day.day, 4) // instants.SECOND,
            "closing": instants.new_york(day.day, 20) // instants.SECOND,
        }
        liquid = {"opening": day.open_us // instants.SECOND, "closing": day.close_us // instants.SECOND}
        schedules[day.day.strftime("%Y%m%d")] = {"liquid_hours": [liquid], "extended_hours": [extended]}
    return json_response({"exchange_time_zone": "US/Eastern", "schedules": schedules})


def schedule(broker: Broker, request: Request) -> Response:
    """GET /trsrv/secdef/schedule: weekly defaults first (20000101 is a Saturday), then dates that differ from them."""
    if not request.query.get("exchange"):
        return bad_request("exchange is required")
    symbol = request.query.get("symbol", "").upper()
    contract = broker.contracts.by_symbol.get(symbol)
    if contract is None:
        return json_response([])
    weekdays = [_schedule_row(f"2000010{number}", closed=number in _WEEKEND) for number in range(1, 8)]
    special = [
        _schedule_row(day.day.strftime("%Y%m%d"), closing=_new_york_time(day.close_us))
        for day in broker.market.days[max(broker.market.calendar_day_at(broker.now_us), 0) :][:SCHEDULE_DAYS_AFTER]
        if _new_york_time(day.close_us) != "1600"
    ]
    venue = {
        "id": "p101781",
        "tradeVenueId": "v13038",
        "exchange": contract.exchange,
        "description": contract.exchange,
        "timezone": "America/New_York",
        "schedules": weekdays + special,
    }
    return json_response([venue])


def _new_york_time(instant: int) -> str:
    return instants.to_datetime(instant).astimezone(instants.NEW_YORK).strftime("%H%M")


def _schedule_row(day: str, *, closed: bool = False, closing: str = "1600") -> dict[str, object]:
    sessions = [] if closed else [{"openingTime": "0930", "closingTime": closing, "prop": "LIQUID"}]
    hours = [] if closed else [{"openingTime": "0400", "closingTime": "2000", "cancelDayOrders": "Y"}]
    return {"clearingCycleEndTime": "0000", "tradingScheduleDate": day, "sessions": sessions, "tradingtimes": hours}


def currency_pairs(_broker: Broker, request: Request) -> Response:
    """GET /iserver/currency/pairs: the account is in USD, and nothing else is simulated."""
    currency = request.query.get("currency", "")
    return json_response({currency: []}) if currency else bad_request("currency is required")


def exchange_rate(_broker: Broker, request: Request) -> Response:
    """GET /iserver/exchangerate: USD to USD only."""
    source, target = request.query.get("source", ""), request.query.get("target", "")
    if source == target == "USD":
        return json_response({"rate": 1.0})
    return bad_request("invalid currency pair")


ROUTES = (
    Route("GET", "/trsrv/stocks", stocks),
    Route("GET", "/trsrv/futures", no_futures),
    Route("GET", "/trsrv/secdef", secdef),
    Route("GET", "/trsrv/secdef/schedule", schedule),
    Route("GET", "/trsrv/all-conids", all_conids),
    Route("GET", "/iserver/secdef/search", search, Needs.BROKERAGE),
    Route("POST", "/iserver/secdef/search", search, Needs.BROKERAGE),
    Route("GET", "/iserver/secdef/info", secdef_info, Needs.BROKERAGE),
    Route("GET", "/iserver/secdef/strikes", strikes, Needs.BROKERAGE),
    Route("GET", "/iserver/contract/{conid}/info", info, Needs.BROKERAGE),
    Route("GET", "/iserver/contract/{conid}/info-and-rules", info_and_rules, Needs.BROKERAGE),
    Route("GET", "/iserver/contract/{conid}/algos", algos, Needs.BROKERAGE),
    Route("POST", "/iserver/contract/rules", rules, Needs.BROKERAGE),
    Route("GET", "/contract/trading-schedule", trading_schedule),
    Route("GET", "/iserver/currency/pairs", currency_pairs, Needs.BROKERAGE),
    Route("GET", "/iserver/exchangerate", exchange_rate, Needs.BROKERAGE),
)
