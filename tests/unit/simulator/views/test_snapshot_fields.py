from __future__ import annotations

import pytest

from simulator.views.snapshot_fields import POSITION_FIELDS, STUDY_FIELDS, fields_of
from tests.unit.simulator.support import Client, Row, start

UP: Row = (100.0, 110.0, 90.0, 105.0, 1_000_000.0)
DOWN: Row = (105.0, 106.0, 94.0, 95.0, 3_000_000.0)


def asked(client: Client, *fields: str) -> dict[str, object]:
    contract = client.broker.contracts.by_symbol["ABC"]
    return fields_of(client.broker, contract, fields)


def test_only_what_is_asked_for_is_given_in_the_order_of_the_call() -> None:
    client = start({"ABC": [UP, DOWN]})
    assert list(asked(client, "55", "31", "nothing")) == ["55", "31", "6509"]


def test_volume_of_the_day_comes_as_a_number_too() -> None:
    client = start({"ABC": [UP]})
    client.advance("close")
    assert asked(client, "87") == {"87": "1.0M", "6509": "RpB", "87_raw": 1_000_000.0}


def test_studies_are_of_the_sessions_before_with_today_put_in() -> None:
    client = start({"ABC": [UP, DOWN, UP]})
    client.advance("2014-03-05T16:40:00Z")
    row = asked(client, *STUDY_FIELDS)
    assert (row["7282"], row["7293"], row["7294"]) == ("2.0M", "110.00", "90.00")
    assert not {"7087", "7674", "7678"} & row.keys()


def test_a_long_series_has_volatility_and_averages() -> None:
    client = start({"ABC": [UP, DOWN] * 130}, start="2015-02-02")
    row = asked(client, *STUDY_FIELDS)
    assert set(STUDY_FIELDS) <= row.keys()
    assert float(str(row["7087"]).rstrip("%")) > 100.0
    assert float(str(row["7674"])) == pytest.approx(100.0, abs=2.0)


def test_position_says_what_it_made_in_all_and_today() -> None:
    client = start({"ABC": [UP, DOWN]}, cash=10_000.0)
    client.order(client.conid("ABC"), "BUY", "LMT", 20, price=100.0)
    client.advance("2014-03-04T22:00:00Z")
    row = asked(client, *POSITION_FIELDS)
    assert (row["73"], row["74"], row["7292"]) == ("1,900.00", "100.05", "2,001.00")
    assert (row["75"], row["78"], row["7920"], row["79"]) == ("-101.00", "-200.00", "-200.00", "0.00")
    assert (row["76"], row["77"], row["80"], row["7639"]) == ("20", "-101", "-5.05%", "19.19%")


def test_what_was_bought_today_counts_from_its_own_price() -> None:
    client = start({"ABC": [UP, DOWN]}, cash=10_000.0)
    client.order(client.conid("ABC"), "BUY", "LMT", 20, price=100.0)
    client.advance("2014-03-03T22:00:00Z")
    assert asked(client, "78")["78"] == "100.00"


def test_without_a_position_there_is_nothing_of_it() -> None:
    assert not POSITION_FIELDS & asked(start({"ABC": [UP]}), *POSITION_FIELDS).keys()
