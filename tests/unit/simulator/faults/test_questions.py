from __future__ import annotations

import pytest

from tests.unit.simulator.faults.support import Case, buy, check, client, plan
from tests.unit.simulator.support import Client, Json


def confirmed(on: Client) -> Json:
    """Send an order and confirm up to five questions; return their ids, the last answer's kind, how many orders."""
    answer, found = buy(on), list[Json]()
    while isinstance(answer, list) and "messageIds" in answer[0] and len(found) < 5:
        found.append(answer[0]["messageIds"])
        answer = on.post(f"/iserver/reply/{answer[0]['id']}", {"confirmed": True})
    end = answer["error"][:18] if isinstance(answer, dict) else sorted(answer[0])[0]
    return (found, end, len(on.broker.exchange.book.orders))


def asked(on: Client) -> None:
    """Every order raises a question."""
    plan(on, "O03")


LOST = "reply id not found"
CASES = [
    Case("O01", confirmed, ([["o10331", "o10332"]], "encrypt_message", 1)),
    Case("O01", confirmed, ([["o1"]], "encrypt_message", 1), {"ids": ["o1"]}),
    Case("O02", confirmed, ([["o10331"]] * 5, "id", 0)),
    Case("O03", confirmed, ([["o451", "p12"]], "encrypt_message", 1), {"ids": ["o451", "p12"]}),
    Case("O04", confirmed, ([["o451"]], LOST, 0), scene=asked),
    Case("O04", confirmed, ([["o451"]], LOST, 1), {"applied": True}, scene=asked),
    Case("O05", confirmed, ([["o451"]], LOST, 0), scene=asked),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_order_is_asked_about(case: Case) -> None:
    check(case)


def test_text_of_a_question_is_the_one_that_is_asked_for() -> None:
    on = client()
    plan(on, "O01", text="Really?")
    assert buy(on)[0]["message"] == ["Really?", "Really?"]
