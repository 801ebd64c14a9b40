"""What people decide about differences, which waits for a reading of the broker."""

from __future__ import annotations

import pytest

from tests.fakes.request_house import BUSY, DAMAGED, NOW, House
from trading.cycle.operator_requests import EXPIRES_AFTER_S
from trading.errors import InvariantBroken
from trading.model.mode import Mode
from trading.model.operator_request import OperatorVerb


class Hands:
    """Carries out decisions: remembers what it was asked, and fails where it is told to."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str]] = []
        self.failure: InvariantBroken | None = None

    def __call__(self, argument: str, actor: str) -> str:
        self.asked.append((argument, actor))
        if self.failure is not None:
            raise self.failure
        return "done"


def test_decision_about_a_difference_waits_for_a_reading_and_is_carried_out_once(house: House) -> None:
    hands = Hands()
    assert not house.taker.reconcile(hands, NOW)
    house.requests.ask(OperatorVerb.RECONCILE, "absent TS-1")
    house.take_up()
    house.take_up()
    assert house.answers() == []
    assert house.taker.reconcile(hands, NOW)
    assert not house.taker.reconcile(hands, NOW)
    assert hands.asked == [("absent TS-1", "mary")]
    assert house.answers() == ["done"]
    assert house.mode() is Mode.ACTIVE


def test_decision_that_waits_for_a_reading_wakes_nobody(house: House) -> None:
    house.requests.ask(OperatorVerb.RECONCILE, "absent TS-1")
    assert house.taker.take_up_urgent(NOW)
    house.take_up()
    assert not house.taker.take_up_urgent(NOW)


@pytest.mark.parametrize("age_s", [None, EXPIRES_AFTER_S + 1])
def test_old_decision_is_void(house: House, age_s: float | None) -> None:
    house.requests.ask(OperatorVerb.RECONCILE, "absent TS-1", age_s=age_s)
    house.take_up()
    assert house.answers()[0].startswith("refused: asked for more than 60 s ago")


def test_decision_that_gets_old_while_no_reading_comes_is_void(house: House) -> None:
    hands = Hands()
    for look in (house.take_up, lambda: house.taker.reconcile(hands, NOW)):
        request = house.requests.ask(OperatorVerb.RECONCILE, "absent TS-1")
        house.take_up()
        house.requests.grow_old(request, EXPIRES_AFTER_S + 1)
        look()
        assert house.answers()[-1].startswith("refused: asked for more than 60 s ago")
    assert hands.asked == []


def test_decision_that_an_earlier_process_began_with_is_not_carried_out_again(house: House) -> None:
    house.requests.ask(OperatorVerb.RECONCILE, "absent TS-1")
    house.take_up()
    house.taker = house.boot()
    house.take_up()
    assert house.answers()[0].startswith("refused: interrupted half-way")
    assert not house.taker.reconcile(Hands(), NOW)


def test_decision_that_breaks_an_invariant_is_refused(house: House) -> None:
    hands = Hands()
    hands.failure = InvariantBroken("I2", "order 7 is bound already")
    house.requests.ask(OperatorVerb.RECONCILE, "claim TS-1=7")
    house.take_up()
    house.taker.reconcile(hands, NOW)
    assert house.answers()[0].startswith("refused: ")
    assert "order 7 is bound already" in house.answers()[0]


def test_decision_whose_answer_can_not_be_stored_is_not_carried_out_again(house: House) -> None:
    hands = Hands()
    house.requests.ask(OperatorVerb.RECONCILE, "absent TS-1")
    house.take_up()
    house.requests.failures["answer"] = [DAMAGED]
    house.taker.reconcile(hands, NOW)
    house.take_up()
    house.taker.reconcile(hands, NOW)
    assert len(hands.asked) == 1
    assert house.answers()[0].startswith("refused: interrupted half-way")


def test_decision_stays_accepted_while_requests_can_not_be_read(house: House) -> None:
    hands = Hands()
    house.requests.ask(OperatorVerb.RECONCILE, "absent TS-1")
    house.take_up()
    house.requests.failures["pending"] = [BUSY]
    assert not house.taker.reconcile(hands, NOW)
    assert house.taker.reconcile(hands, NOW)
    assert house.answers() == ["done"]
