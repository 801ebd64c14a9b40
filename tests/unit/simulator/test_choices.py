from __future__ import annotations

import msgspec
import pytest

from simulator.choices import Choice, all_choices
from simulator.config import Behaviour, apply_settings

CHOICES = all_choices()


def test_every_setting_is_listed_once_and_says_what_it_means() -> None:
    tree = msgspec.to_builtins(Behaviour())
    questions = tree.pop("questions")
    assert [choice.name for choice in CHOICES] == [*(f"questions.{name}" for name in questions), *tree]
    assert [choice.name for choice in CHOICES if not choice.meaning] == []


@pytest.mark.parametrize("choice", CHOICES, ids=lambda choice: choice.name)
def test_listed_default_is_the_real_one(choice: Choice) -> None:
    assert apply_settings(Behaviour(), (f"{choice.name}={choice.default}",)) == Behaviour()


def test_values_are_listed_where_they_are_few() -> None:
    [found] = [choice for choice in CHOICES if choice.name == "session_clock"]
    assert found == Choice("session_clock", "real", "real, simulated", found.meaning)
    assert {choice.values for choice in CHOICES if choice.name == "idle_timeout_s"} == {"a number, 0 or more"}
