from __future__ import annotations

import pytest

from trading.model.difference import Remedy, Resolution, resolution_of


@pytest.mark.parametrize(
    "resolution",
    [
        Resolution(Remedy.CLAIM, "TS-ygyg-0007-6irupb-S", 1234567),
        Resolution(Remedy.ABSENT, "TS-ygyg-0007-6irupb"),
        Resolution(Remedy.ACCEPT_SHARES, "BRK.B"),
    ],
)
def test_decision_comes_back_from_its_text(resolution: Resolution) -> None:
    assert resolution_of(resolution.text) == resolution


@pytest.mark.parametrize(
    "text",
    [
        "",
        "claim",
        "claim TS-1",
        "claim TS-1=",
        "claim TS-1=x",
        "claim TS-1=-5",
        "absent TS-1=5",
        "sell AAPL",
        "absent a b",
    ],
)
def test_text_that_makes_no_sense_decides_nothing(text: str) -> None:
    assert resolution_of(text) is None
