from __future__ import annotations

from simulator.views.quotes import price_text, volume_text
from tests.unit.simulator.support import Client, Json, Row, start

FIRST: Row = (100.0, 110.0, 90.0, 105.0, 1000.0)
SECOND: Row = (106.0, 120.0, 101.0, 118.0, 2_500_000.0)
FIELDS = "31,70,71,82,83,84,85,86,87,88,6509,7295,7296,7741,7762"


def quote(client: Client, symbol: str = "ABC") -> dict[str, Json]:
    query = f"conids={client.conid(symbol)}&fields={FIELDS}"
    client.get("/iserver/marketdata/snapshot", query)
    [row] = client.get("/iserver/marketdata/snapshot", query)
    return dict(row)


def test_before_the_first_trade_of_a_day_the_price_is_marked_as_yesterdays_close() -> None:
    client = start({"ABC": [FIRST, SECOND]})
    client.advance("2014-03-04T13:30:00Z")
    row = quote(client)
    assert (row["31"], row["7741"]) == ("C105.00", "105.00")
    assert not {"84", "86", "70", "7295", "7762"} & row.keys()


def test_inside_the_session_the_quote_follows_the_path() -> None:
    client = start({"ABC": [FIRST, SECOND]})
    client.advance("2014-03-04T16:40:00Z")
    row = quote(client)
    assert (row["31"], row["84"], row["86"]) == ("101.00", "101.00", "101.01")
    assert (row["7295"], row["70"], row["71"], row["7741"]) == ("106.00", "106.00", "101.00", "105.00")
    assert (row["82"], row["83"], row["87"], row["7762"]) == ("-4.00", "-3.81%", "833.3K", "833333")


def test_in_the_evening_the_day_is_still_todays() -> None:
    client = start({"ABC": [FIRST, SECOND]})
    client.advance("2014-03-04T22:00:00Z")
    row = quote(client)
    assert (row["31"], row["7296"], row["7741"], row["7762"]) == ("118.00", "118.00", "105.00", "2500000")


def test_after_midnight_and_over_the_weekend_it_is_yesterdays() -> None:
    client = start({"ABC": [FIRST, SECOND]})
    for time in ("2014-03-05T06:00:00Z", "2014-03-08T15:00:00Z"):
        client.advance(time)
        assert quote(client)["31"] == "C118.00"


def test_symbol_without_a_bar_that_day_stays_at_its_last_close() -> None:
    client = start({"ABC": [FIRST, SECOND], "XYZ": [FIRST]})
    client.advance("2014-03-04T16:40:00Z")
    assert quote(client, "XYZ")["31"] == "C105.00"


def test_texts() -> None:
    assert (price_text(1234.5), price_text(0.1234)) == ("1,234.50", "0.1234")
    assert (volume_text(999.0), volume_text(12_345.0), volume_text(1_200_000.0)) == ("999", "12.3K", "1.2M")


def test_sizes_change_with_instant_and_symbol_and_repeat_in_another_run() -> None:
    def sizes(symbol: str, time: str) -> tuple[Json, Json]:
        client = start({"ABC": [FIRST, SECOND], "XYZ": [FIRST, SECOND]})
        client.advance(time)
        row = quote(client, symbol)
        return row["85"], row["88"]

    times = [f"2014-03-04T16:{minute}:00Z" for minute in range(30, 42)]
    seen = [sizes("ABC", time) for time in times]
    assert len(set(seen)) > len(times) // 2
    assert seen == [sizes("ABC", time) for time in times]
    assert seen != [sizes("XYZ", time) for time in times]
    assert all(int(size.replace(",", "")) % 100 == 0 for pair in seen for size in pair)


def test_halted_stock_keeps_its_marked_price_and_has_no_bid() -> None:
    client = start({"ABC": [FIRST, SECOND]})
    client.advance("2014-03-04T16:40:00Z")
    client.call("POST", "/sim/account", {"do": "halt", "symbol": "ABC"})
    client.advance("2014-03-04T18:50:00Z")
    row = quote(client)
    assert (row["31"], row["71"], "84" in row) == ("H101.00", "101.00", False)
