from __future__ import annotations

import pytest

from tests.unit.trading.gateway.scripted import Desk, failing, good
from trading.errors import OutcomeUnknown, SessionLost
from trading.model.contract import PriceIncrement

STOCKS = "GET /trsrv/stocks"
SECDEF = "GET /trsrv/secdef"


def rules(conid: int = 265598) -> str:
    return f"GET /iserver/contract/{conid}/info-and-rules"


def stock(*contracts: tuple[int, str, bool], kind: str = "STK") -> dict[str, object]:
    return {
        "name": "APPLE INC",
        "assetClass": kind,
        "contracts": [{"conid": conid, "exchange": exchange, "isUS": us} for conid, exchange, us in contracts],
    }


APPLE = stock((265598, "NASDAQ", True), (38708077, "MEXI", False))
INFO: dict[str, object] = {
    "symbol": "AAPL", "con_id": 265598, "instrument_type": "STK", "currency": "USD", "company_name": "APPLE INC",
    "exchange": "SMART", "rules": {"incrementRules": [{"lowerEdge": 1.0, "increment": 0.01},
                                                      {"lowerEdge": 0.0, "increment": 0.0001}], "error": None},
}  # fmt: skip


def definition(conid: int, exchange: str = "NASDAQ", **changes: object) -> dict[str, object]:
    return {
        "conid": conid,
        "currency": "USD",
        "assetClass": "STK",
        "ticker": "AAPL",
        "listingExchange": exchange,
    } | changes


def desk_with(stocks: object, info: object = INFO) -> Desk:
    desk = Desk()
    desk.script(STOCKS, good(stocks))
    desk.script(rules(), good(info))
    return desk


def test_a_symbol_becomes_its_us_stock_with_the_steps_of_its_price() -> None:
    found, reasons = desk_with({"AAPL": [APPLE, stock((532640894, "TSE", False))]}).market_data.contracts(["AAPL"])
    contract = found["AAPL"]
    assert (contract.conid, contract.symbol, contract.currency) == (265598, "AAPL", "USD")
    assert contract.increments == (PriceIncrement(0.0, 0.0001), PriceIncrement(1.0, 0.01))
    assert reasons == {}


def test_a_contract_is_looked_up_once() -> None:
    desk = desk_with({"AAPL": [APPLE]})
    for _ in range(3):
        desk.market_data.contracts(["AAPL"])
    assert desk.count(STOCKS) == desk.count(rules()) == 1


@pytest.mark.parametrize(
    "entries",
    [
        [],
        None,
        {},
        [stock((1, "MEXI", False))],
        [stock((1, "NASDAQ", True), kind="WAR")],
        [None],
        [{"assetClass": "STK"}],
    ],
)
def test_a_symbol_without_a_us_stock_has_a_reason(entries: object) -> None:
    found, reasons = desk_with({"AAPL": entries}).market_data.contracts(["AAPL"])
    assert found == {}
    assert "no US stock" in reasons["AAPL"]


def test_several_candidates_are_settled_by_where_they_are_listed() -> None:
    desk = desk_with({"AAPL": [stock((265598, "NASDAQ", True), (5, "PINK", True))]})
    desk.script(SECDEF, good({"secdef": []}), good({"secdef": [definition(5, "PINK"), definition(265598)]}))
    found, _ = desk.market_data.contracts(["AAPL"])
    assert found["AAPL"].conid == 265598


@pytest.mark.parametrize(
    "rows",
    [
        [],
        [definition(265598), definition(5)],
        [definition(265598, currency="EUR"), definition(5, "PINK")],
        [definition(265598, ticker="APPL"), definition(5, "PINK")],
        [definition(265598, assetClass="OPT"), definition(5, "PINK")],
        [definition(77)],
    ],
)
def test_candidates_that_cannot_be_told_apart_have_a_reason(rows: list[object]) -> None:
    desk = desk_with({"AAPL": [stock((265598, "NASDAQ", True), (5, "PINK", True))]})
    desk.script(SECDEF, good({"secdef": rows}))
    found, reasons = desk.market_data.contracts(["AAPL"])
    assert found == {}
    assert "several contracts" in reasons["AAPL"]


@pytest.mark.parametrize(
    "changes",
    [
        {"currency": "MXN"},
        {"symbol": "APPL"},
        {"instrument_type": "OPT"},
        {"con_id": 5},
        {"rules": None},
        {"rules": {}},
        {"rules": {"incrementRules": [{"lowerEdge": 0.0, "increment": 0.0}]}},
        {"rules": {"incrementRules": [5]}},
        {"rules": {"incrementRules": [{"lowerEdge": -1.0, "increment": 0.01}]}},
    ],
)
def test_a_contract_that_is_not_what_was_asked_for_has_a_reason(changes: dict[str, object]) -> None:
    found, reasons = desk_with({"AAPL": [APPLE]}, INFO | changes).market_data.contracts(["AAPL"])
    assert found == {}
    assert set(reasons) == {"AAPL"}


def test_rules_without_a_list_give_their_one_step() -> None:
    found, _ = desk_with({"AAPL": [APPLE]}, INFO | {"rules": {"increment": 0.05}}).market_data.contracts(["AAPL"])
    assert found["AAPL"].increments == (PriceIncrement(0.0, 0.05),)


def test_a_share_class_is_spelled_with_a_blank() -> None:
    desk = Desk()
    desk.script(STOCKS, good({"BRK B": [stock((72063691, "NYSE", True))]}))
    desk.script(rules(72063691), good(INFO | {"symbol": "BRK B", "con_id": 72063691}))
    found, _ = desk.market_data.contracts(["BRK.B"])
    assert found["BRK.B"].symbol == "BRK.B"
    assert desk.transport.calls[0].query == {"symbols": "BRK B"}


def test_many_symbols_are_asked_for_fifty_at_a_time() -> None:
    desk = Desk()
    desk.script(STOCKS, good({}))
    symbols = [f"S{at:03}" for at in range(120)]
    found, reasons = desk.market_data.contracts(symbols)
    assert found == {}
    assert sorted(reasons) == symbols
    assert desk.count(STOCKS) == 3


def test_hostile_names_are_shown_flat() -> None:
    found, _ = desk_with({"AAPL": [APPLE]}, INFO | {"company_name": "A\r\nB\x1b[2J"}).market_data.contracts(["AAPL"])
    assert found["AAPL"].company_name == "A B [2J"


def test_a_contract_that_the_broker_refuses_has_its_reason() -> None:
    desk = desk_with({"AAPL": [APPLE]})
    desk.script(rules(), failing("Bad Request: no such contract"))
    assert desk.market_data.contracts(["AAPL"])[1] == {"AAPL": "Bad Request: no such contract"}


def test_a_gateway_that_cannot_be_asked_is_an_error() -> None:
    desk = desk_with({"AAPL": [APPLE]})
    desk.script(rules(), failing("no bridge"))
    with pytest.raises(SessionLost):
        desk.market_data.contracts(["AAPL"])
    desk.script(STOCKS, good([]))
    with pytest.raises(OutcomeUnknown):
        desk.market_data.contracts(["AAPL"])
