"""A contract's details: description, order rules, algorithms, trading hours."""

from __future__ import annotations

from simulator import instants
from simulator.broker import Broker
from simulator.endpoints.algorithms import ORDER_TYPES as ALGORITHM_ORDER_TYPES
from simulator.endpoints.lookup import INCREMENT_RULES, VALID_EXCHANGES, by_conid
from simulator.market.contracts import Contract
from simulator.messages import Request, Response, bad_request, json_response
from simulator.router import Needs, Route
from trading.market import fills

_ORDER_TYPES = ["limit", "market", "stop", "stop_limit"]
SCHEDULE_DAYS_AFTER = 10
_WEEKEND = (1, 2)


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
        "has_related_contracts": contract.kind == "COMMON",
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
        "eventCrossThreshold": None,
        "ecCloseAsBuyOpposite": None,
        "orderTypes": _ORDER_TYPES,
        "ibAlgoTypes": ALGORITHM_ORDER_TYPES,
        "fraqTypes": [],
        "forceOrderPreview": False,
        "cqtTypes": [],
        "orderDefaults": {"LMT": {"LP": f"{shown or 0.0:.2f}"}},
        "orderTypesOutside": ["limit", "stop_limit"],
        "defaultSize": 100,
        "cashSize": 0.0,
        "sizeIncrement": 100,
        "tifTypes": ["IOC/MARKET,LIMIT,a", "GTC/o,a", "OPG/LIMIT,MARKET,a", "DAY/o,a"],
        "tifDefaults": {"TIF": "DAY", "SIZE": "100.00", "PMALGO": True, "DEFAULT_ACCT": broker.config.account_id},
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
    contract = by_conid(broker, request.argument("conid"))
    return json_response(_info(contract)) if contract else bad_request("invalid conid")


def info_and_rules(broker: Broker, request: Request) -> Response:
    """GET /iserver/contract/{conid}/info-and-rules."""
    contract = by_conid(broker, request.argument("conid"))
    if contract is None:
        return bad_request("invalid conid")
    return json_response({**_info(contract), "rules": _rules(broker, contract)})


def rules(broker: Broker, request: Request) -> Response:
    """POST /iserver/contract/rules."""
    contract = by_conid(broker, request.json_object().get("conid"))
    return json_response(_rules(broker, contract)) if contract else bad_request("invalid conid")


def trading_schedule(broker: Broker, request: Request) -> Response:
    """GET /contract/trading-schedule?conid=...: hours by date, in epoch seconds."""
    if by_conid(broker, request.query.get("conid")) is None:
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
    whole_day = {"openingTime": "0400", "closingTime": "2000", "prop": "LIQUID", "cancelDayOrders": "Y"}
    hours = [] if closed else [whole_day]
    return {"clearingCycleEndTime": "0000", "tradingScheduleDate": day, "sessions": sessions, "tradingtimes": hours}


ROUTES = (
    Route("GET", "/trsrv/secdef/schedule", schedule),
    Route("GET", "/iserver/contract/{conid}/info", info, Needs.BROKERAGE),
    Route("GET", "/iserver/contract/{conid}/info-and-rules", info_and_rules, Needs.BROKERAGE),
    Route("POST", "/iserver/contract/rules", rules, Needs.BROKERAGE),
    Route("GET", "/contract/trading-schedule", trading_schedule),
)
