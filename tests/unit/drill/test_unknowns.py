"""Unknown broker behaviour."""

from __future__ import annotations

from collections import Counter

from drill.unknowns import UNKNOWNS, combinations, draw_behaviour
from simulator.choices import all_choices
from simulator.config import Behaviour, apply_settings
from tests.fakes.chance import seeded


def test_first_value_of_each_is_the_simulators_default_and_the_others_are_taken() -> None:
    defaults = {choice.name: choice.default for choice in all_choices()}
    for name, values in UNKNOWNS.items():
        assert defaults[name] == values[0]
        for value in values:
            apply_settings(Behaviour(), (f"{name}={value}",))


def test_drawn_behaviour_is_never_the_default_and_each_is_drawn() -> None:
    drawn = Counter(setting for seed in range(300) for setting in draw_behaviour(seeded(seed)))
    assert set(drawn) == {f"{name}={value}" for name, values in UNKNOWNS.items() for value in values[1:]}


def test_combinations_are_all_of_them() -> None:
    found = combinations(["child_activation", "split_keeps_orders"])
    assert len(found) == len({tuple(each) for each in found}) == 6
