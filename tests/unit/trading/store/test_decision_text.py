from __future__ import annotations

import math
from dataclasses import replace

import msgspec
import pytest

from tests.fakes.decisions import decision
from trading.errors import InvariantBroken
from trading.store.decision_text import decode_decision, encode_decision, encode_verdict


def test_decision_and_its_verdicts_come_back_as_they_were() -> None:
    kept = decision()
    assert decode_decision(encode_decision(kept), map(encode_verdict, kept.verdicts)) == kept


def test_measured_value_that_is_no_number_is_left_out() -> None:
    verdict = replace(decision().verdicts[0], values={"atr": 2.5, "volume": math.inf, "score": math.nan})
    assert msgspec.json.decode(encode_verdict(verdict))["values"] == {"atr": 2.5}


@pytest.mark.parametrize("body", ["", "{}", '{"session": "soon"}'])
def test_decision_that_can_not_be_read_halts(body: str) -> None:
    with pytest.raises(InvariantBroken):
        decode_decision(body, [])
