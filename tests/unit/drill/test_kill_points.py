"""The table of kill points."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from drill.kill_points import POINTS, RANDOM, Situation, chosen
from drill.schedule import ScheduleError
from tests.fakes.chance import seeded


def test_every_number_has_its_point() -> None:
    assert list(POINTS) == [*(f"K{number:02}" for number in range(1, 37)), RANDOM]


def test_words_are_those_of_the_glossary(project_root: Path) -> None:
    text = (project_root / "docs" / "glossary.md").read_text(encoding="utf-8")
    told = dict(re.findall(r"\| (K\d\d) \| ([^|]+?) (?=\|)", text))
    assert {name: point.sentence for name, point in POINTS.items() if name != RANDOM} == told


@pytest.mark.parametrize("name", POINTS)
def test_point_says_what_it_is_where_it_lies_and_how_one_comes_there(name: str) -> None:
    point = POINTS[name]
    assert point.sentence
    assert point.situations
    for way in point.ways:
        # The last place is where the process goes; before it, it may be asked to end.
        assert all(life and all(place.by == "term" for place in life[:-1]) for life in way)


def test_every_situation_is_asked_for() -> None:
    assert {situation for point in POINTS.values() for situation in point.situations} == set(Situation)


def test_death_is_drawn_within_its_place_and_the_same_for_the_same_seed() -> None:
    drawn = [POINTS["K14"].lives(seeded(seed))[0][0] for seed in range(40)]
    assert {kill.nth for kill in drawn} == {2, 3, 4, 5}
    assert {(kill.point, kill.of) for kill in drawn} == {("statement", "execution")}
    assert drawn == [POINTS["K14"].lives(seeded(seed))[0][0] for seed in range(40)]
    instants = [POINTS[RANDOM].lives(seeded(seed)) for seed in range(40)]
    assert all(0.005 <= kill.delay_s <= 0.15 for lives in instants for (kill,) in lives)


def test_points_are_chosen_by_name_once_and_in_order() -> None:
    assert chosen("K05, K02,K05") == ("K05", "K02")
    assert chosen("all") == tuple(name for name in POINTS if name != RANDOM)
    assert chosen("random,all") == (RANDOM, *chosen("all"))


@pytest.mark.parametrize("text", ["K37", "", "K01,", "k01"])
def test_point_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(ScheduleError, match="no kill point"):
        chosen(text)
