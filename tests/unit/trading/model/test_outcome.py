from __future__ import annotations

from dataclasses import fields
from typing import get_args

from trading.model.outcome import NothingSent, Outcome


def test_every_outcome_but_that_of_nothing_sent_keeps_the_answer_as_it_came() -> None:
    kinds = get_args(Outcome)
    assert [kind for kind in kinds if "answer" not in {field.name for field in fields(kind)}] == [NothingSent]
