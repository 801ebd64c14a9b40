from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from tests.unit.trading.gateway.scripted import START, Call, Desk, failing, good, raw
from trading.errors import DataError, OutcomeUnknown, SessionLost
from trading.gateway.memory import ProcessMemory
from trading.gateway.transport import HttpAnswer
from trading.model.contract import ContractPin, PriceIncrement
from trading.model.exchange_time import EXCHANGE_ZONE

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


def desk_with(stocks: object, info: object = INFO, memory: ProcessMemory | None = None) -> Desk:
    desk = Desk(memory=memory)
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


def test_a_settled_symbol_is_not_looked_up_again_in_the_next_process() -> None:
    memory = ProcessMemory()
    desk_with({"AAPL": [APPLE]}, memory=memory).market_data.contracts(["AAPL"])
    assert memory.pin("AAPL") == ContractPin("AAPL", 265598, "NASDAQ", "USD")
    desk = desk_with({"AAPL": [stock((5, "NYSE", True))]}, memory=memory)
    found, _ = desk.market_data.contracts(["AAPL"])
    assert found["AAPL"].conid == 265598
    assert desk.count(STOCKS) == 0
    assert desk.count(rules()) == 1


def test_what_was_settled_before_the_session_went_is_pinned_all_the_same() -> None:
    memory = ProcessMemory()
    desk = desk_with({"AAPL": [APPLE], "MSFT": [stock((272093, "NASDAQ", True))]}, memory=memory)
    desk.script(rules(272093), raw(b"", 401))
    with pytest.raises(SessionLost):
        desk.market_data.contracts(["AAPL", "MSFT"])
    assert memory.pin("AAPL") == ContractPin("AAPL", 265598, "NASDAQ", "USD")
    assert memory.pin("MSFT") is None


def test_a_symbol_that_could_not_be_settled_is_not_pinned() -> None:
    memory = ProcessMemory()
    desk_with({"AAPL": [APPLE]}, INFO | {"currency": "EUR"}, memory).market_data.contracts(["AAPL"])
    assert memory.pin("AAPL") is None


def test_a_settled_contract_that_goes_by_another_symbol_is_told_and_not_traded() -> None:
    memory = ProcessMemory()
    desk_with({"AAPL": [APPLE]}, memory=memory).market_data.contracts(["AAPL"])
    desk = desk_with({"AAPL": [stock((5, "NYSE", True))]}, INFO | {"symbol": "PEAR"}, memory)
    found, reasons = desk.market_data.contracts(["AAPL"])
    assert found == {}
    assert "265598" in reasons["AAPL"]
    assert "PEAR" in reasons["AAPL"]


def test_known_contracts_are_looked_at_again_each_day() -> None:
    desk = desk_with({"AAPL": [APPLE]})
    desk.script(SECDEF, good({"secdef": [definition(265598)]}), good({"secdef": [definition(265598, ticker="PEAR")]}))
    for _ in range(2):
        for _ in range(3):
            assert set(desk.market_data.contracts(["AAPL"])[0]) == {"AAPL"}
        desk.clock.elapsed += 86_400.0
    desk.script(rules(), good(INFO | {"symbol": "PEAR"}))
    found, reasons = desk.market_data.contracts(["AAPL"])
    assert found == {}
    assert "PEAR" in reasons["AAPL"]
    assert desk.count(SECDEF) == 2


@pytest.mark.parametrize(
    ("later", "looks"),
    [
        (timedelta(hours=8, minutes=59, seconds=59), 0),
        (timedelta(hours=9), 0),
        (timedelta(hours=13, minutes=59, seconds=59), 0),
        (timedelta(hours=14), 1),
    ],
    ids=["before midnight in UTC", "at midnight in UTC", "before midnight in New York", "at midnight in New York"],
)
def test_day_of_the_contracts_is_new_yorks(later: timedelta, looks: int) -> None:
    desk = desk_with({"AAPL": [APPLE]})
    desk.script(SECDEF, good({"secdef": [definition(265598)]}))
    desk.clock.elapsed = (datetime(2026, 11, 24, 10, 0, tzinfo=EXCHANGE_ZONE) - START).total_seconds()
    desk.market_data.contracts(["AAPL"])
    desk.clock.elapsed += later.total_seconds()
    desk.market_data.contracts(["AAPL"])
    assert desk.count(SECDEF) == looks


@pytest.mark.parametrize(
    "answer",
    [
        failing("x", 500),
        good({"secdef": []}),
        good({"secdef": [None, {}, {"conid": None}, definition(265598, ticker=None), definition(7, ticker="PEAR")]}),
        good({"secdef": None}),
        good([]),
        raw(b"<html>"),
    ],
)
def test_contracts_that_cannot_be_looked_at_again_stay_known(answer: HttpAnswer) -> None:
    desk = desk_with({"AAPL": [APPLE]})
    desk.script(SECDEF, answer)
    desk.market_data.contracts(["AAPL"])
    desk.clock.elapsed += 86_400.0
    assert set(desk.market_data.contracts(["AAPL"])[0]) == {"AAPL"}


def test_a_pin_that_cannot_be_read_is_its_symbol_s_trouble() -> None:
    class Spoilt(ProcessMemory):
        def pin(self, symbol: str) -> ContractPin | None:
            if symbol == "IBM":
                raise DataError(symbol, "unreadable")
            return super().pin(symbol)

    found, reasons = desk_with({"AAPL": [APPLE]}, memory=Spoilt()).market_data.contracts(["AAPL", "IBM"])
    assert set(found) == {"AAPL"}
    assert reasons == {"IBM": "unreadable"}


def test_a_stock_without_a_contract_id_is_its_symbol_s_trouble() -> None:
    nameless = {"assetClass": "STK", "contracts": [{"conid": None, "exchange": "VALUE", "isUS": True}]}
    found, reasons = desk_with({"AAPL": [APPLE], "DIS": [nameless]}).market_data.contracts(["AAPL", "DIS"])
    assert set(found) == {"AAPL"}
    assert "without a contract id" in reasons["DIS"]


@pytest.mark.parametrize(("listed", "known"), [("NYSE", True), ("PINK", False)])
def test_an_unknown_exchange_in_the_look_up_is_settled_by_where_the_stock_is_listed(
    listed: str, *, known: bool
) -> None:
    desk = desk_with({"AAPL": [stock((265598, "VALUE", True))]})
    desk.script(SECDEF, good({"secdef": [None, definition(265598, listed)]}))
    found, reasons = desk.market_data.contracts(["AAPL"])
    assert (set(found) == {"AAPL"}) is known
    assert ("not listed" in reasons.get("AAPL", "")) is not known


SIX = {f"S{at}": at for at in range(1, 7)}


def market_of(desk: Desk, *, bad: set[str], answer: HttpAnswer) -> None:
    """Serve six stocks, of which some get `answer` instead of their rules."""
    desk.script(STOCKS, good({symbol: [stock((conid, "NYSE", True))] for symbol, conid in SIX.items()}))
    for symbol, conid in SIX.items():
        described = good(INFO | {"symbol": symbol, "con_id": conid})
        desk.script(rules(conid), answer if symbol in bad else described)


@pytest.mark.parametrize(
    "answer", [failing("x", 500), raw(b"<html>"), raw(b""), good(None), good([]), good(INFO), failing("no", 400)]
)
@pytest.mark.parametrize("bad", [{"S2"}, {"S1", "S2", "S3"}, {"S4", "S5"}])
def test_a_symbol_without_a_usable_description_is_left_out_and_the_others_are_found(
    bad: set[str], answer: HttpAnswer
) -> None:
    desk = Desk()
    market_of(desk, bad=bad, answer=answer)
    for _ in range(2):
        found, reasons = desk.market_data.contracts(sorted(SIX))
        assert set(found) == set(SIX) - bad
        assert set(reasons) == bad


def test_reading_several_at_a_time_finds_the_same() -> None:
    found = []
    for paced in (True, False):
        desk = Desk(paced=paced)
        market_of(desk, bad={"S2"}, answer=failing("x", 500))
        found.append(desk.market_data.contracts(sorted(SIX)))
        assert desk.count("GET /iserver/accounts") == 1
    assert found[0] == found[1]


def test_a_gateway_that_describes_no_contract_is_an_error() -> None:
    desk = Desk()
    market_of(desk, bad=set(SIX), answer=failing("x", 500))
    with pytest.raises(OutcomeUnknown):
        desk.market_data.contracts(sorted(SIX))


def test_a_symbol_that_spoils_the_look_up_is_left_out_and_the_others_are_found() -> None:
    desk = Desk()
    market_of(desk, bad=set(), answer=raw(b""))

    def listing(call: Call) -> HttpAnswer:
        symbols = call.query["symbols"].split(",")
        if "S4" in symbols:
            return failing("x", 500)
        return good({symbol: [stock((SIX[symbol], "NYSE", True))] for symbol in symbols})

    desk.script(STOCKS, listing)
    for _ in range(2):
        found, reasons = desk.market_data.contracts(sorted(SIX))
        assert set(found) == set(SIX) - {"S4"}
        assert set(reasons) == {"S4"}


def test_what_symbols_mean_can_be_asked_without_their_rules() -> None:
    desk = desk_with({"AAPL": [APPLE]})
    pins, reasons = desk.market_data.pins(["AAPL", "NOPE"])
    assert pins == {"AAPL": ContractPin("AAPL", 265598, "NASDAQ", "USD")}
    assert list(reasons) == ["NOPE"]
    assert [repr(call) for call in desk.transport.calls] == [STOCKS]
