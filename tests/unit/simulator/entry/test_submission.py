"""What becomes of orders once a call has put them into words."""

from __future__ import annotations

import msgspec
import pytest

from simulator.config import Behaviour
from simulator.entry.submission import BY_THE_EXCHANGE, NO_CHILD
from simulator.entry.tickets import NO_PRICE, OFF_TICK
from tests.unit.simulator.support import NO_QUESTIONS, QUIET, Client, Json, Row, start

FLAT: Row = (100.0, 100.0, 100.0, 100.0, 1000.0)
LOW: Row = (0.5, 0.5, 0.5, 0.5, 1000.0)


def bracket(client: Client, **child: Json) -> Json:
    base = {"conid": client.conid("ABC"), "tif": "DAY", "quantity": 10}
    return client.orders(
        {**base, "side": "BUY", "orderType": "LMT", "price": 95.0, "cOID": "entry"},
        {**base, "side": "SELL", "orderType": "LMT", "price": 105.0, "parentId": "entry"},
        {**base, "side": "SELL", "orderType": "STP", "price": 90.0, "parentId": "entry", **child},
    )


@pytest.mark.parametrize(("price", "text"), [(-90.0, NO_PRICE), (90.005, OFF_TICK)])
def test_bracket_with_a_refused_child_is_inactive_as_a_whole(price: float, text: str) -> None:
    client = start({"ABC": [FLAT]})
    failed, entry, target = bracket(client, price=price)
    assert failed == {
        "order_id": "-1",
        "order_status": "Failed",
        "text": text,
        "warning_message": BY_THE_EXCHANGE,
    }
    assert [row["order_status"] for row in (entry, target)] == ["Inactive", "Inactive"]
    rows = client.order_rows()
    assert [(row["orderId"], row["status"]) for row in reversed(rows)] == [
        (int(entry["order_id"]), "Inactive"),
        (int(target["order_id"]), "Inactive"),
    ]
    assert client.broker.exchange.book.orders[int(entry["order_id"])].reason == NO_CHILD


def test_bracket_can_live_without_the_child_that_is_refused(tmp_path: Json) -> None:
    behaviour = msgspec.structs.replace(QUIET, child_refusal_refuses_parent=False)
    client = start({"ABC": [FLAT]}, behaviour=behaviour, state_dir=tmp_path)
    rows = bracket(client, price=-1)
    assert [row["order_status"] for row in rows] == ["Failed", "Submitted", "PreSubmitted"]
    assert len(client.order_rows()) == 2


def test_refused_bracket_is_there_after_a_restart_and_its_ids_are_spent(tmp_path: Json) -> None:
    first = start({"ABC": [FLAT]}, state_dir=tmp_path)
    ids = [int(row["order_id"]) for row in bracket(first, price=-1)[1:]]
    first.simulator.close()
    second = start({"ABC": [FLAT]}, state_dir=tmp_path)
    assert sorted(row["orderId"] for row in second.order_rows()) == sorted(ids)
    [row] = second.order(second.conid("ABC"), "BUY", "LMT", 1, price=90.0)
    assert int(row["order_id"]) > max(ids)


def test_refused_child_is_told_after_the_question_where_the_others_live() -> None:
    questions = msgspec.structs.replace(NO_QUESTIONS, market_order=False, stop_order=True, percent_from_market=3.0)
    behaviour = msgspec.structs.replace(QUIET, child_refusal_refuses_parent=False, questions=questions)
    client = start({"ABC": [FLAT]}, behaviour=behaviour)
    [question] = bracket(client, price=-1)
    rows = client.post(f"/iserver/reply/{question['id']}", {"confirmed": True})
    assert [row["order_status"] for row in rows] == ["Failed", "Submitted", "PreSubmitted"]


@pytest.mark.parametrize(
    ("child", "answer"),
    [
        ({"conid": 13297}, {"error": "no sec defs returned forSecDef reqId=resolve ecReqByConid13297"}),
        ({"price": None}, {"error": NO_PRICE}),
    ],
)
def test_child_that_makes_no_sense_refuses_the_call(child: dict[str, object], answer: Json) -> None:
    client = start({"ABC": [FLAT]})
    assert bracket(client, **child) == answer
    assert client.order_rows() == []


def test_child_on_the_side_of_its_parent_is_accepted() -> None:
    client = start({"ABC": [FLAT]})
    assert len(bracket(client, side="BUY", price=110.0)) == 3


def test_child_can_follow_with_the_id_of_its_parent() -> None:
    client = start({"ABC": [FLAT]})
    [entry] = client.order(client.conid("ABC"), "BUY", "LMT", 10, price=95.0)
    [child] = client.order(client.conid("ABC"), "SELL", "LMT", 10, price=105.0, tif="GTC", parentId=entry["order_id"])
    row = client.order_rows()[0]
    assert (row["orderId"], row["parentId"]) == (int(child["order_id"]), int(entry["order_id"]))
    assert (row["ocaGroupId"], row["status"]) == (entry["order_id"], "PreSubmitted")
    assert child["parent_order_id"] == entry["order_id"]


def test_group_is_named_after_its_first_order() -> None:
    client = start({"ABC": [FLAT]})
    base = {"conid": client.conid("ABC"), "quantity": 1, "side": "SELL", "tif": "GTC", "isSingleGroup": True}
    rows = client.orders({**base, "orderType": "LMT", "price": 110}, {**base, "orderType": "STP", "price": 90})
    assert {row["ocaGroupId"] for row in client.order_rows()} == {f"oco-{rows[0]['order_id']}"}


@pytest.mark.parametrize(("price", "good"), [(99.99, True), (99.995, False), (0.4567, True), (0.45675, False)])
def test_price_has_to_be_on_a_tick(price: float, good: bool) -> None:  # noqa: FBT001
    client = start({"ABC": [LOW if price < 1 else FLAT]})
    answer = client.order(client.conid("ABC"), "BUY", "LMT", 10, price=price)
    assert isinstance(answer, list) is good
    assert good or answer == {"error": OFF_TICK}


def test_modification_off_a_tick_is_refused() -> None:
    client = start({"ABC": [FLAT]})
    [row] = client.order(client.conid("ABC"), "BUY", "LMT", 10, price=95.0)
    body = {"conid": client.conid("ABC"), "side": "BUY", "orderType": "LMT", "price": 95.001, "quantity": 1}
    path = f"/iserver/account/DU1234567/order/{row['order_id']}"
    assert client.post(path, {**body, "tif": "DAY"}) == {"error": OFF_TICK}


def asking(**questions: Json) -> Behaviour:
    return msgspec.structs.replace(QUIET, questions=msgspec.structs.replace(NO_QUESTIONS, **questions))


@pytest.mark.parametrize(("legs", "texts"), [("all", 1), ("parent", 1), ("children", 0)])
def test_legs_that_are_asked_about_their_price(legs: str, texts: int) -> None:
    client = start({"ABC": [FLAT]}, behaviour=asking(percent_from_market=3.0, percent_legs=legs))
    base = {"conid": client.conid("ABC"), "tif": "DAY", "quantity": 10}
    rows = client.orders(
        {**base, "side": "BUY", "orderType": "LMT", "price": 95.0, "cOID": "entry"},
        {**base, "side": "SELL", "orderType": "LMT", "price": 101.0, "parentId": "entry"},
    )
    assert sum("o163" in row.get("messageIds", []) for row in rows) == texts


def test_limit_many_ticks_away_is_asked_about() -> None:
    client = start({"ABC": [FLAT]}, behaviour=asking(ticks_from_market=100))
    assert isinstance(client.order(client.conid("ABC"), "BUY", "LMT", 1, price=99.0)[0].get("order_id"), str)
    assert client.order(client.conid("ABC"), "BUY", "LMT", 1, price=98.99)[0]["messageIds"] == ["o382"]


@pytest.mark.parametrize("way", ["no", "question", "text"])
def test_notice_that_an_order_waits_for_the_open(way: str) -> None:
    client = start({"ABC": [FLAT, FLAT]}, behaviour=asking(until_open=way))
    assert "order_id" in client.order(client.conid("ABC"), "BUY", "LMT", 1, price=99.0)[0]
    client.advance("close")
    [row] = client.order(client.conid("ABC"), "BUY", "LMT", 1, price=99.0)
    assert row.get("messageIds") == (["o399"] if way == "question" else None)
    assert ("will not be placed" in row.get("warning_message", "")) is (way == "text")


def test_order_of_an_expired_question_is_no_longer_listed() -> None:
    behaviour = msgspec.structs.replace(asking(size_limit=5), unanswered_question_expires_s=60.0)
    client = start({"ABC": [FLAT]}, behaviour=behaviour)
    client.order(client.conid("ABC"), "BUY", "LMT", 10, price=99.0)
    assert [row["status"] for row in client.order_rows()] == ["Inactive"]
    client.advance("2014-03-03T14:31:00Z")
    assert client.order_rows() == []
