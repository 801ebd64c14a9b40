from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import suppress
from datetime import date

import pytest

from tests.unit.trading.gateway.scripted import Answer, Call, Desk, failing, good, raw
from tests.unit.trading.gateway.test_history import answer, bar, days
from trading.errors import GatewayError, NotSent, OutcomeUnknown, OutOfTime, SessionLost
from trading.gateway.transport import HttpAnswer
from trading.model.account import Quote
from trading.model.contract import Contract, PriceIncrement

HISTORY = "GET /iserver/marketdata/history"
SNAPSHOT = "GET /iserver/marketdata/snapshot"
ALL = days(40)
FULL: dict[str, object] = {"conid": 1, "31": "187.20", "84": "187.10", "86": "187.30", "6509": "RpB", "7741": "186.00",
                           "_updated": 1702334859712}  # fmt: skip


def contract(conid: int, symbol: str) -> Contract:
    return Contract(conid, symbol, "SMART", "USD", (PriceIncrement(0.0, 0.01),))


AAPL, IBM = contract(1, "AAPL"), contract(2, "IBM")


class Market:
    """Serves bars of every contract up to its own day, as many as the period asks for."""

    def __init__(self) -> None:
        self.today = ALL[20]
        self.factor = 1.0
        self.replies: dict[str, Answer] = {}

    def __call__(self, call: Call) -> HttpAnswer:
        reply = self.replies.get(call.query["conid"])
        if isinstance(reply, GatewayError):
            raise reply
        if isinstance(reply, HttpAnswer):
            return reply
        period = call.query["period"]
        count = int(period[:-1]) * (1 if period.endswith("d") else 31)
        known = [day for day in ALL if day <= self.today][-count:]
        return good(answer([bar(day, (100.0 + ALL.index(day)) * self.factor) for day in known]))


def desk_with(market: Callable[[Call], HttpAnswer], *, paced: bool = False) -> Desk:
    desk = Desk(paced=paced)
    desk.script(HISTORY, market)
    return desk


def periods(desk: Desk) -> list[str]:
    return [call.query["period"] for call in desk.transport.calls if repr(call) == HISTORY]


def test_history_is_read_whole_once_and_afterwards_only_what_is_new() -> None:
    market = Market()
    desk = desk_with(market)
    for at in range(15, 21):
        market.today = ALL[at + 1]
        panel, reasons = desk.market_data.daily_bars([AAPL, IBM], ALL[at], 10)
        assert panel.symbols == ("AAPL", "IBM")
        assert panel.sessions.tolist() == ALL[at - 9 : at + 1], "the last bar is not complete"
        assert panel.close[-1].tolist() == [100.0 + at] * 2
        assert reasons == {}
    assert periods(desk) == ["2m"] * 2 + ["11d"] * 10


def test_what_is_known_already_is_not_asked_for_again() -> None:
    desk = desk_with(Market())
    for _ in range(3):
        desk.market_data.daily_bars([AAPL], ALL[15], 10)
    desk.market_data.daily_bars([AAPL], ALL[12], 10)
    assert periods(desk) == ["2m"]


def test_more_bars_than_were_read_are_read() -> None:
    desk = desk_with(Market())
    desk.market_data.daily_bars([AAPL], ALL[15], 10)
    desk.market_data.daily_bars([AAPL], ALL[15], 100)
    assert periods(desk) == ["2m", "6m"]


def test_a_split_makes_the_whole_history_be_read_again() -> None:
    market = Market()
    desk = desk_with(market)
    desk.market_data.daily_bars([AAPL], ALL[15], 10)
    market.factor = 0.5
    panel, _ = desk.market_data.daily_bars([AAPL], ALL[16], 10)
    assert panel.close[:, 0].tolist() == [(100.0 + at) / 2 for at in range(7, 17)]
    assert periods(desk) == ["2m", "11d", "2m"]


@pytest.mark.parametrize(
    ("reply", "reason"),
    [
        (good(answer([bar(ALL[1]), bar(ALL[0])])), "not in order"),
        (good(answer([bar(ALL[0], h=1.0)])), "outside low and high"),
        (good(answer([])), "no completed bar"),
        (good({"error": "x"}), "x"),
        (failing("Chart data unavailable", 500), "Chart data unavailable"),
        (failing("bad conid", 400), "bad conid"),
        (raw(b"<html>"), "HTML"),
    ],
)
def test_a_symbol_with_bad_data_is_left_out_with_its_reason(reply: HttpAnswer, reason: str) -> None:
    market = Market()
    market.replies["2"] = reply
    desk = desk_with(market)
    panel, reasons = desk.market_data.daily_bars([IBM, AAPL, contract(3, "KO")], ALL[15], 10)
    assert panel.symbols == ("AAPL", "KO")
    assert reason in reasons["IBM"]


def test_a_symbol_that_was_bad_once_can_be_good_again() -> None:
    market = Market()
    market.replies["2"] = good(answer([]))
    desk = desk_with(market)
    desk.market_data.daily_bars([AAPL, IBM], ALL[15], 10)
    del market.replies["2"]
    panel, reasons = desk.market_data.daily_bars([AAPL, IBM], ALL[15], 10)
    assert panel.symbols == ("AAPL", "IBM")
    assert reasons == {}


def test_a_gateway_that_answers_for_no_symbol_is_an_error_and_not_an_empty_market() -> None:
    desk = Desk()
    desk.script(HISTORY, failing("Service Unavailable", 503))
    with pytest.raises(OutcomeUnknown):
        desk.market_data.daily_bars([contract(at, f"S{at}") for at in range(1, 30)], ALL[15], 10)
    assert periods(desk) == ["2m"] * 9 + ["5d"], (
        "three symbols, three times each, and one more to see whose trouble it is"
    )


@pytest.mark.parametrize("error", [NotSent(HISTORY, "refused"), SessionLost(HISTORY, "not logged in")])
@pytest.mark.parametrize("paced", [True, False])
def test_a_gateway_that_cannot_be_asked_is_an_error(error: GatewayError, *, paced: bool) -> None:
    desk = Desk(paced=paced)
    desk.script(HISTORY, error)
    with pytest.raises(type(error)):
        desk.market_data.daily_bars([AAPL, IBM, contract(3, "KO")], ALL[15], 10)


@pytest.mark.parametrize("paced", [True, False])
@pytest.mark.parametrize("bad", [(1,), (1, 2, 3), (2, 5), (4, 5, 6, 7)])
@pytest.mark.parametrize("reply", [failing("x", 503), raw(b"<html>"), raw(b"")])
def test_symbols_without_a_usable_answer_are_left_out_and_the_others_are_read(
    reply: HttpAnswer, bad: tuple[int, ...], *, paced: bool
) -> None:
    contracts = [contract(at, f"S{at}") for at in range(1, 9)]
    market = Market()
    market.replies = {str(at): reply for at in bad}
    desk = desk_with(market, paced=paced)
    for at in (15, 16):
        market.today = ALL[at]
        panel, reasons = desk.market_data.daily_bars(contracts, ALL[at], 10)
        assert panel.symbols == tuple(f"S{at}" for at in range(1, 9) if at not in bad)
        assert set(reasons) == {f"S{at}" for at in bad}


def test_a_gateway_that_stops_answering_on_the_way_is_an_error_and_not_a_smaller_market() -> None:
    served: list[Call] = []
    market = Market()

    def twelve(call: Call) -> HttpAnswer:
        served.append(call)
        return market(call) if len(served) <= 12 else failing("unavailable", 500)

    desk = desk_with(twelve)
    with pytest.raises(OutcomeUnknown):
        desk.market_data.daily_bars([contract(at, f"S{at}") for at in range(1, 30)], ALL[15], 10)


def test_a_history_that_made_no_sense_once_is_asked_for_again() -> None:
    market = Market()
    desk = Desk()
    desk.script(HISTORY, good(answer([bar(ALL[0], h=1.0)])), market)
    panel, reasons = desk.market_data.daily_bars([AAPL], ALL[15], 10)
    assert (panel.symbols, reasons) == (("AAPL",), {})
    assert periods(desk) == ["2m", "2m"]


def test_new_bars_that_cannot_be_read_make_the_whole_history_be_read_again() -> None:
    market = Market()
    desk = desk_with(market)
    desk.market_data.daily_bars([AAPL], ALL[15], 10)

    def spoilt_once(call: Call) -> HttpAnswer:
        short = call.query["period"] == "11d"
        return good(answer([bar(ALL[15], 115.0, o=999.0)])) if short else market(call)

    desk.script(HISTORY, spoilt_once)
    panel, reasons = desk.market_data.daily_bars([AAPL], ALL[16], 10)
    assert reasons == {}
    assert panel.close[-1].tolist() == [116.0]
    assert periods(desk) == ["2m", "11d", "2m"]


def test_parallel_reading_gives_the_same_panel() -> None:
    contracts = [contract(at, f"S{at:02}") for at in range(1, 25)]
    panels = []
    for paced in (True, False):
        desk = desk_with(Market(), paced=paced)
        panel, reasons = desk.market_data.daily_bars(contracts, ALL[15], 10)
        assert reasons == {}
        panels.append(panel)
    assert panels[0].digest() == panels[1].digest()


def test_no_contracts_make_an_empty_panel() -> None:
    panel, reasons = Desk().market_data.daily_bars([], date(2026, 3, 2), 10)
    assert (panel.symbols, reasons) == ((), {})


def test_a_quote_is_polled_until_its_fields_are_there() -> None:
    desk = Desk()
    desk.script(SNAPSHOT, good([{"conid": 1, "conidEx": "1"}]), good([{"conid": 1, "31": "187.20"}]), good([FULL]))
    assert desk.market_data.quotes([1]) == {
        1: Quote(1, 187.2, 187.1, 187.3, 186.0, halted=False, last_is_prior_close=False, availability="RpB",
                 updated_ms=1702334859712)
    }  # fmt: skip
    assert desk.clock.waits == [0.5, 0.5]


def test_a_quote_without_bid_and_ask_is_whole_out_of_hours() -> None:
    desk = Desk()
    desk.script(SNAPSHOT, good([FULL | {"84": "", "86": None, "31": "C186.00"}]))
    quote = desk.market_data.quotes([1])[1]
    assert (quote.bid, quote.ask, quote.last, quote.last_is_prior_close) == (None, None, 186.0, True)
    assert desk.clock.waits == []


def test_a_contract_that_is_not_delivered_in_time_is_left_out() -> None:
    desk = Desk()
    desk.script(SNAPSHOT, good([FULL, {"conid": 2, "conidEx": "2"}]))
    assert set(desk.market_data.quotes([1, 2])) == {1}
    assert 10.0 <= desk.clock.elapsed <= 11.0


@pytest.mark.parametrize("field", ["31", "84", "86", "7741"])
@pytest.mark.parametrize("value", ["-1", "0", "", None])
def test_a_price_that_is_missing_is_none(field: str, value: object) -> None:
    desk = Desk()
    desk.script(SNAPSHOT, good([FULL | {field: value}]))
    quote = desk.market_data.quotes([1])[1]
    names = {"31": "last", "84": "bid", "86": "ask", "7741": "prior_close"}
    assert getattr(quote, names[field]) is None


def test_a_halted_contract_says_so() -> None:
    desk = Desk()
    desk.script(SNAPSHOT, good([FULL | {"31": "H187.20"}]))
    assert desk.market_data.quotes([1])[1].halted


def test_a_row_that_cannot_be_read_leaves_its_contract_out() -> None:
    desk = Desk()
    desk.script(SNAPSHOT, good([FULL, FULL | {"conid": 2, "31": "X1"}, {"conid": "?"}, FULL | {"conid": 99}]))
    assert set(desk.market_data.quotes([1, 2])) == {1}


def test_quotes_are_asked_for_at_most_a_hundred_at_a_time() -> None:
    def snapshot(call: Call) -> HttpAnswer:
        return good([FULL | {"conid": int(conid)} for conid in call.query["conids"].split(",")])

    desk = Desk()
    desk.script(SNAPSHOT, snapshot)
    assert len(desk.market_data.quotes(list(range(1, 251)))) == 250
    sizes = [len(call.query["conids"].split(",")) for call in desk.transport.calls if repr(call) == SNAPSHOT]
    assert sizes == [100, 100, 50]


def test_quotes_of_nothing_ask_nothing() -> None:
    desk = Desk()
    assert desk.market_data.quotes([]) == {}
    assert desk.transport.calls == []


@pytest.mark.parametrize("value", [None, {}, "x"])
def test_what_is_no_list_of_quotes_is_an_error(value: object) -> None:
    desk = Desk()
    desk.script(SNAPSHOT, raw(json.dumps(value).encode()))
    with pytest.raises(OutcomeUnknown):
        desk.market_data.quotes([1])


def test_a_stop_request_ends_the_polling() -> None:
    desk = Desk(impatient=True)
    desk.script(SNAPSHOT, good([{"conid": 1}]))
    assert desk.market_data.quotes([1]) == {}
    assert desk.count(SNAPSHOT) == 4


@pytest.mark.parametrize("bad", [{7}, {1, 2}, {1, 50, 100}])
def test_a_contract_that_spoils_the_snapshot_is_left_out_and_the_others_are_quoted(bad: set[int]) -> None:
    def snapshot(call: Call) -> HttpAnswer:
        conids = [int(conid) for conid in call.query["conids"].split(",")]
        return failing("x", 500) if bad & set(conids) else good([FULL | {"conid": conid} for conid in conids])

    desk = Desk()
    desk.script(SNAPSHOT, snapshot)
    assert set(desk.market_data.quotes(range(1, 101))) == set(range(1, 101)) - bad


def test_a_gateway_that_gives_no_quote_is_an_error() -> None:
    desk = Desk()
    desk.script(SNAPSHOT, failing("x", 500))
    with pytest.raises(OutcomeUnknown):
        desk.market_data.quotes(range(1, 101))


def test_a_row_that_is_none_leaves_the_others() -> None:
    desk = Desk()
    desk.script(SNAPSHOT, good([None, [], FULL]))
    assert set(desk.market_data.quotes([1])) == {1}


def test_a_contract_that_did_not_deliver_is_waited_for_once_in_a_session() -> None:
    desk = Desk()
    silent = {"conid": 2, "conidEx": "2"}
    desk.script(SNAPSHOT, good([FULL, silent]))
    desk.market_data.quotes([1, 2])
    waited = desk.clock.elapsed
    assert set(desk.market_data.quotes([1, 2])) == {1}
    assert desk.clock.elapsed == waited
    desk.script(SNAPSHOT, good([FULL, FULL | {"conid": 2}]), good([FULL, silent]))
    assert set(desk.market_data.quotes([1, 2])) == {1, 2}
    desk.market_data.quotes([1, 2])
    assert desk.clock.elapsed >= waited + 10.0, "it has delivered since, so that it is worth waiting for again"


def test_reading_that_ran_out_of_time_goes_on_where_it_ended() -> None:
    stocks = [contract(number, f"S{number}") for number in range(1, 13)]
    desk = Desk(answer_s=10.0)
    desk.script(HISTORY, Market())
    found: list[str] = []
    tries = 0
    while not found:
        tries += 1
        with suppress(OutOfTime), desk.market_data.within(30.0):
            found += desk.market_data.daily_bars(stocks, ALL[15], 10)[0].symbols
    assert (len(found), tries > 2) == (12, True)
    # What was read is not asked for again.
    assert len(periods(desk)) == 12


def test_history_that_hangs_is_told_as_that_within_the_time_that_it_may_take() -> None:
    desk = Desk(answer_s=15.0)
    desk.script(HISTORY, OutcomeUnknown(HISTORY, "no answer in time"))
    began = desk.clock.monotonic()
    with desk.market_data.within(30.0), pytest.raises(OutcomeUnknown, match="no answer in time"):
        desk.market_data.daily_bars([contract(number, f"S{number}") for number in range(1, 13)], ALL[15], 10)
    # Threads share the script's clock, so that each adds its own answer's time.
    assert desk.clock.monotonic() - began < 8 * 15.0
