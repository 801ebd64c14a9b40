from __future__ import annotations

import itertools

import msgspec
import pytest

from simulator import choices
from simulator.choices import Choice, Unknown, all_choices, behaviour_with
from simulator.config import Behaviour, SettingError, apply_settings
from tests.unit.simulator.support import start

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


def test_unknowns_are_settings_and_their_first_value_is_the_default() -> None:
    defaults = {choice.name: choice.default for choice in CHOICES}
    for unknown in choices.CHOICES:
        first = unknown.values[0]
        shown = f"{first:g}" if isinstance(first, float) else str(first)
        assert (shown.lower() if isinstance(first, bool) else shown) == defaults[unknown.name]
        assert len(set(unknown.values)) == len(unknown.values) > 1
    assert len({unknown.name for unknown in choices.CHOICES}) == len(choices.CHOICES)


@pytest.mark.parametrize("unknown", choices.CHOICES, ids=lambda unknown: unknown.name)
def test_every_value_of_an_unknown_makes_another_behaviour_and_is_in_the_truth_log(unknown: Unknown) -> None:
    behaviours = [behaviour_with({unknown.name: value}) for value in unknown.values]
    assert behaviours[0] == Behaviour()
    assert all(one != other for one, other in itertools.combinations(behaviours, 2))
    for behaviour in behaviours:
        first = start({"ABC": [(1.0, 1.0, 1.0, 1.0, 1.0)]}, behaviour=behaviour).truth()[0]
        assert msgspec.convert(first["behaviour"], Behaviour) == behaviour


def test_unknowns_are_chosen_together_on_top_of_a_behaviour() -> None:
    chosen = {unknown.name: unknown.values[-1] for unknown in choices.CHOICES}
    behaviour = behaviour_with(chosen, Behaviour(slippage_bps=40.0))
    assert (behaviour.slippage_bps, behaviour.visible_after_s) == (40.0, 60.0)
    assert (behaviour.questions.merged, behaviour.order_ref_in_orders) == (False, "sometimes")


def test_value_that_is_none_is_refused() -> None:
    with pytest.raises(SettingError, match="child_coid=eaten"):
        behaviour_with({"child_coid": "eaten"})
