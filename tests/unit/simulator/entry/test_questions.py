from __future__ import annotations

import msgspec
import pytest

from simulator.config import Behaviour, Questions
from tests.unit.simulator.support import ACCOUNT, Client, Json, Row, start

FLAT: Row = (100.0, 100.0, 100.0, 100.0, 1_000_000.0)
DEFAULT = Behaviour()


def asked(client: Client, kind: str, quantity: int = 10, **fields: object) -> Json:
    return client.order(client.conid("ABC"), "BUY", kind, quantity, **fields)


@pytest.mark.parametrize(
    ("order", "ids"),
    [
        ({"kind": "LMT", "price": 97.0}, None),
        ({"kind": "LMT", "price": 96.9}, ["o163"]),
        ({"kind": "MKT"}, ["o10151"]),
        ({"kind": "STP", "price": 103.0}, ["o10152"]),
        ({"kind": "LMT", "price": 99.0, "quantity": 501}, ["o383"]),
        ({"kind": "STOP_LIMIT", "price": 110.0, "auxPrice": 103.0, "quantity": 501}, ["o163", "o10152", "o383"]),
    ],
)
def test_default_questions(order: dict[str, Json], ids: list[str] | None) -> None:
    [row] = asked(start({"ABC": [FLAT]}, behaviour=DEFAULT), **order)
    assert row.get("messageIds") == ids


@pytest.mark.parametrize(
    ("legs", "stop", "ids"),
    [("all", 96.9, ["o163"]), ("children", 96.9, None), ("all", 97.1, None)],
)
def test_stop_order_raises_the_question_of_the_percentage_where_the_broker_looks_at_it(
    legs: Json, stop: float, ids: list[str] | None
) -> None:
    questions = Questions(stop_order=False, percent_of_stops=True, percent_legs=legs)
    client = start({"ABC": [FLAT]}, behaviour=Behaviour(questions=questions))
    [row] = client.order(client.conid("ABC"), "SELL", "STP", 10, price=stop)
    assert row.get("messageIds") == ids


def test_bracket_raises_one_question_with_each_message_once() -> None:
    client = start({"ABC": [FLAT]}, behaviour=DEFAULT)
    base = {"conid": client.conid("ABC"), "quantity": 10}
    [question] = client.orders(
        {**base, "side": "BUY", "orderType": "LMT", "price": 99.0, "tif": "DAY", "cOID": "a"},
        {**base, "side": "SELL", "orderType": "STP", "price": 90.0, "tif": "GTC", "parentId": "a"},
        {**base, "side": "SELL", "orderType": "LMT", "price": 104.0, "tif": "GTC", "parentId": "a"},
    )
    assert question["messageIds"] == ["o10152", "o163"]
    assert all("Are you sure you want to submit this order?" in text for text in question["message"])


def test_questions_one_after_another() -> None:
    behaviour = msgspec.structs.replace(DEFAULT, questions=Questions(merged=False))
    client = start({"ABC": [FLAT]}, behaviour=behaviour)
    [first] = asked(client, "MKT", 501)
    [second] = client.post(f"/iserver/reply/{first['id']}", {"confirmed": True})
    [accepted] = client.post(f"/iserver/reply/{second['id']}", {"confirmed": True})
    assert (first["messageIds"], second["messageIds"]) == (["o10151"], ["o383"])
    assert "order_id" in accepted


def test_suppressed_question_is_not_asked_until_it_is_reset() -> None:
    client = start({"ABC": [FLAT]}, behaviour=DEFAULT)
    client.post("/iserver/questions/suppress", {"messageIds": ["o10151"]})
    assert "order_id" in asked(client, "MKT")[0]
    client.post("/iserver/questions/suppress/reset")
    assert "id" in asked(client, "MKT")[0]


def test_value_and_missing_data_can_be_asked_about() -> None:
    questions = Questions(without_market_data=True, value_limit=500.0)
    client = start({"ABC": [FLAT]}, behaviour=msgspec.structs.replace(DEFAULT, questions=questions))
    [row] = client.post(
        f"/iserver/account/{ACCOUNT}/orders",
        {
            "orders": [
                {
                    "conid": client.conid("ABC"),
                    "side": "BUY",
                    "orderType": "LMT",
                    "price": 100,
                    "quantity": 6,
                    "tif": "DAY",
                }
            ]
        },
    )
    assert row["messageIds"] == ["o354", "o451"]
