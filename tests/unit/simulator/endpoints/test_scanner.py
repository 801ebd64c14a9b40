from __future__ import annotations

from tests.unit.simulator.support import Client, Row, start

FIRST: Row = (100.0, 100.0, 100.0, 100.0, 1000.0)


def client() -> Client:
    ups: dict[str, list[Row]] = {
        f"S{number}": [FIRST, (100.0, 130.0, 80.0, 90.0 + number, 1000.0 * number)] for number in range(1, 21)
    }
    made = start(ups)
    made.advance("next_close")
    return made


def test_winners_come_first_with_the_column_named_once() -> None:
    answer = client().post("/iserver/scanner/run", {"type": "TOP_PERC_GAIN"})
    assert [row["symbol"] for row in answer["contracts"][:2]] == ["S20", "S19"]
    assert answer["contracts"][0]["scan_data"] == "+10.00%"
    assert ["column_name" in row for row in answer["contracts"][:2]] == [True, False]


def test_losers_and_activity_and_filters() -> None:
    made = client()
    assert made.post("/iserver/scanner/run", {"type": "TOP_PERC_LOSE"})["contracts"][0]["symbol"] == "S1"
    assert made.post("/iserver/scanner/run", {"type": "MOST_ACTIVE"})["contracts"][0]["symbol"] == "S20"
    only = {"type": "TOP_PERC_GAIN", "filter": [{"code": "priceAbove", "value": 108.5}]}
    assert len(made.post("/iserver/scanner/run", only)["contracts"]) == 2


def test_gap_and_change_since_the_open() -> None:
    gap: list[Row] = [FIRST, (110.0, 130.0, 80.0, 99.0, 1000.0)]
    made = start({"GAP": gap, "FLAT": [FIRST, FIRST]})
    made.advance("next_close")
    for kind, symbol, shown in (("HIGH_OPEN_GAP", "GAP", "+10.00%"), ("TOP_OPEN_PERC_LOSE", "GAP", "-10.00%")):
        first = made.post("/iserver/scanner/run", {"type": kind})["contracts"][0]
        assert (first["symbol"], first["scan_data"]) == (symbol, shown)


def test_unknown_type_is_an_error_and_the_parameters_name_the_known() -> None:
    made = client()
    assert made.call("POST", "/v1/api/iserver/scanner/run", {"type": "X"}).status == 500
    codes = {row["code"] for row in made.get("/iserver/scanner/params")["scan_type_list"]}
    assert "TOP_PERC_GAIN" in codes
