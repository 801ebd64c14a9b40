from __future__ import annotations

from dataclasses import fields
from typing import get_args

from trading.model.outcome import NothingSent, OrderAck, Outcome


def test_every_outcome_but_that_of_nothing_sent_keeps_the_answer_as_it_came() -> None:
    kinds = get_args(Outcome)
    assert [kind for kind in kinds if "answer" not in {field.name for field in fields(kind)}] == [NothingSent]


def test_leg_that_failed_has_its_text_and_no_order() -> None:
    failed = OrderAck(None, "", "TS-a", text="the price is out of bounds")
    assert (failed.order_id, failed.text, failed.parent_order_id) == (None, "the price is out of bounds", None)
