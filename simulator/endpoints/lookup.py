"""Looking contracts up: by symbol, by name, by conid."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from simulator import instants
from simulator.broker import Broker
from simulator.market.contracts import Contract
from simulator.market.listings import FOREIGN_LISTINGS
from simulator.messages import Request, Response, bad_request, json_response, parse_query
from simulator.router import Needs, Route

VALID_EXCHANGES = (
    "SMART,AMEX,NYSE,CBOE,PHLX,ISE,CHX,ARCA,NASDAQ,DRCTEDGE,BEX,BATS,EDGEA,BYX,IEX,EDGX,FOXRIVER,PEARL,NYSENAT,LTSE,MEMX,"
    "IBEOS,OVERNIGHT,PSX"
)
ALL_EXCHANGES = (
    "AMEX,NYSE,CBOE,PHLX,CHX,ARCA,ISLAND,ISE,IDEAL,NASDAQQ,NASDAQ,DRCTEDGE,BEX,BATS,NITEECN,EDGEA,CSFBALGO,PSX,BYX,ITG,PDQ,"
    "IBKRATS,IEX,EDGX,PEARL,NYSENAT,LTSE,MEMX,IBEOS,OVERNIGHT"
)
OPTION_EXCHANGES = (
    "SMART;AMEX;BATS;BOX;CBOE;CBOE2;EDGX;EMERALD;GEMINI;IBUSOPT;ISE;MEMX;MERCURY;MIAX;NASDAQBX;NASDAQOM;PEARL;PHLX;PSE"
)
_DISPLAY_RULE = {"magnification": 0, "displayRuleStep": [{"decimalDigits": 2, "lowerEdge": 0.0, "wholeDigits": 4}]}
INCREMENT_RULES = [{"lowerEdge": 0.0, "increment": 0.0001}, {"lowerEdge": 1.0, "increment": 0.01}]


def by_conid(broker: Broker, text: object) -> Contract | None:
    """Return the contract of a conid in any form, None where there is none."""
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
    listed = [{"conid": contract.conid, "exchange": contract.exchange, "isUS": True}]
    foreign = FOREIGN_LISTINGS.get(contract.symbol, ())
    listed += [{"conid": conid, "exchange": exchange, "isUS": False} for conid, exchange in foreign]
    return [{"name": contract.name, "chineseName": None, "assetClass": "STK", "contracts": listed}]


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
    found = [contract for text in texts if (contract := by_conid(broker, text)) is not None]
    return json_response({"secdef": [secdef_row(contract) for contract in found]})


def secdef_by_post(broker: Broker, request: Request) -> Response:
    """POST /trsrv/secdef: the older form, with the conids as a list in JSON or as fields of a form."""
    conids = request.json_object().get("conids")
    if isinstance(conids, list):
        return secdef(broker, replace(request, query={"conids": ",".join(str(conid) for conid in conids)}))
    return secdef(broker, replace(request, query=parse_query(request.body.decode("latin-1"))))


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
    sections = _sections(instants.new_york_day(broker.now_us))
    return json_response([_search_row(contract, sections) for contract in matches])


def _sections(today: date) -> list[dict[str, str]]:
    """Return what the real one lists under a US stock: itself, its options' months, spreads. Only it itself trades."""
    months = [date(today.year + (today.month + n - 1) // 12, (today.month + n - 1) % 12 + 1, 1) for n in range(12)]
    names = ";".join(month.strftime("%b%y").upper() for month in months)
    options = {"secType": "OPT", "months": names, "exchange": OPTION_EXCHANGES}
    return [{"secType": "STK"}, options, {"secType": "BAG"}]


def _search_row(contract: Contract, sections: list[dict[str, str]]) -> dict[str, object]:
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
        "sections": sections,
    }


def secdef_info(broker: Broker, request: Request) -> Response:
    """GET /iserver/secdef/info: a list of contracts; derivatives are not simulated."""
    contract = by_conid(broker, request.query.get("conid"))
    kind = request.query.get("secType") or request.query.get("sectype") or "STK"
    if contract is None or kind.upper() != "STK":
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


def no_bonds(_broker: Broker, _request: Request) -> Response:
    """GET /iserver/secdef/bond-filters: what an issuer without bonds gets."""
    return json_response({"bondFilters": []})


ROUTES = (
    Route("GET", "/trsrv/stocks", stocks),
    Route("GET", "/trsrv/futures", no_futures),
    Route("GET", "/trsrv/secdef", secdef),
    Route("POST", "/trsrv/secdef", secdef_by_post),
    Route("GET", "/trsrv/all-conids", all_conids),
    Route("GET", "/iserver/secdef/search", search, Needs.BROKERAGE),
    Route("POST", "/iserver/secdef/search", search, Needs.BROKERAGE),
    Route("GET", "/iserver/secdef/info", secdef_info, Needs.BROKERAGE),
    Route("GET", "/iserver/secdef/strikes", strikes, Needs.BROKERAGE),
    Route("GET", "/iserver/secdef/bond-filters", no_bonds, Needs.BROKERAGE),
)
