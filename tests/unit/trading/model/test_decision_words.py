from __future__ import annotations

import pytest

from trading.cli.output import decimal
from trading.model.decision import Denied, ExitReason, Reason
from trading.model.decision_words import EXIT_REASONS, TITLES, exit_sentence, sentence
from trading.model.strategy_words import StrategyWords
from trading.rules import CODES


@pytest.mark.parametrize(
    ("reason", "said"),
    [
        (Reason("warm_up", 250.0, 252.0, "channel_high"), "It has 250 bars of history; 252 are needed."),
        (Reason("no_bar", None, None), "It has no bar in this session."),
        (Reason("skipped", None, None), "Its data can't be used now."),
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
    assert sentence(reason, decimal) == said


@pytest.mark.parametrize("code", [code for code in CODES if code != "accepted"])
@pytest.mark.parametrize(
    ("value", "limit"), [(1.0, 2.0), (2.0, 1.0), (2.0, 2.0), (None, 1.0), (1.0, None), (float("nan"), 1.0)]
)
def test_every_limit_has_a_title_and_a_sentence_whatever_its_numbers(
    code: str, value: float | None, limit: float | None
) -> None:
    said = sentence(Denied("A", code, value, limit), decimal)
    assert code in TITLES
    assert said.endswith(".")
    assert len(said) > 5
    assert "{" not in said
    assert "nan" not in said


def test_every_exit_reason_is_explained() -> None:
    assert set(EXIT_REASONS) == {reason.value for reason in ExitReason}


def test_a_broken_trend_is_said_with_the_level_of_its_strategy() -> None:
    assert exit_sentence("trend_broken", StrategyWords(exit_level="its mean")) == "Trend broken: closed below its mean."
    assert exit_sentence("time_stop", StrategyWords(exit_level="its mean")) == "Held long enough."
