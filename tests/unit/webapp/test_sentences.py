from __future__ import annotations

import pytest

from trading.model.decision import Denied, ExitReason, Reason
from trading.rules import CODES
from webapp.sentences import EXIT_REASONS, TITLES, sentence


@pytest.mark.parametrize(
    ("reason", "said"),
    [
        (Reason("warm_up", 250.0, 252.0, "channel_high"), "It has 250 bars of history; 252 are needed."),
        (
            Reason("trend", None, 60.0, "bars_since_breakout"),
            "It has not broken out above its channel lately.",
        ),
        (Reason("trend", 49.0, 51.5, "close"), "The close, 49.00, is not above the channel's middle, 51.50."),
        (
            Reason("pullback", 4.5, 4.0, "pullback"),
            "It is 4.50 ATR below its recent high, more than 4.00: a fall, not a pullback.",
        ),
        (
            Reason("volume", 3_200_000.0, 5_000_000.0, "dollar_volume"),
            "Only 3.2 million USD change hands a day; at least 5.0 million USD are asked.",
        ),
        (
            Reason("volume", 3.5, 3.0, "relative_volume"),
            "Volume was 3.50 times the usual, more than 3.00: something happened.",
        ),
        (Reason("volatility", 0.3, 0.5, "atr_pct"), "It moves 0.30 % a day, less than 0.50 %: too quiet."),
        (Reason("volatility", 7.0, 6.0, "atr_pct"), "It moves 7.00 % a day, more than 6.00 %: too wild."),
        (Denied("A", "max_positions", 11.0, 10.0), "All 10 slots are taken."),
        (
            Denied("A", "size_zero", 0.42, 1.0, "allocation"),
            "Less than one share fits: 0.42, held down by the amount per trade.",
        ),
        (Denied("A", "brand_new", 2.0, 1.0, "soon explained"), "Brand new: 2, limit 1. soon explained"),
        (Denied("A", "brand_new", None, None), "Brand new."),
    ],
)
def test_a_reason_is_a_sentence_with_its_numbers(reason: Reason | Denied, said: str) -> None:
    assert sentence(reason) == said


@pytest.mark.parametrize("code", [code for code in CODES if code != "accepted"])
@pytest.mark.parametrize(
    ("value", "limit"), [(1.0, 2.0), (2.0, 1.0), (2.0, 2.0), (None, 1.0), (1.0, None), (float("nan"), 1.0)]
)
def test_every_limit_has_a_title_and_a_sentence_whatever_its_numbers(
    code: str, value: float | None, limit: float | None
) -> None:
    said = sentence(Denied("A", code, value, limit))
    assert code in TITLES
    assert said.endswith(".")
    assert len(said) > 5
    assert "{" not in said
    assert "nan" not in said


def test_every_exit_reason_is_explained() -> None:
    assert set(EXIT_REASONS) == {reason.value for reason in ExitReason}
