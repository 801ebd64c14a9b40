from __future__ import annotations

import pytest

from simulator.fault_plan import Fault
from simulator.faults import KINDS
from simulator.faults.declaration import (
    Anything,
    Choice,
    FaultKind,
    Flag,
    Instant,
    Number,
    Rule,
    Text,
    Texts,
    number,
)
from simulator.messages import Response


@pytest.mark.parametrize(
    ("rule", "good", "bad"),
    [
        (Number(0.0, 1.0), [0, 1, 0.5], [-0.1, 1.1, "1", None, True, float("nan")]),
        (Number(1, 3, whole=True), [1, 3], [0, 4, 1.0, True]),
        (Choice((200, 503)), [503], [500, "503", 503.0]),
        (Choice(("", "null")), ["", "null"], [None, "x"]),
        (Flag(), [True, False], [0, "true", None]),
        (Text(), ["", "x"], [1, None, "x" * 10_001]),
        (Texts(2), [["a"], ["a", "b"]], [[], ["a"] * 3, [1], "a"]),
        (Instant(), ["2014-03-03T15:00:00Z", "2014-03-03"], ["x", 5, None, ""]),
        (Anything(), [None, 1, []], []),
    ],
)
def test_rule_allows_what_its_words_say(rule: Rule, good: list[object], bad: list[object]) -> None:
    assert [value for value in good if not rule.allows(value)] == []
    assert [value for value in bad if rule.allows(value)] == []
    assert rule.words


def test_value_is_the_faults_own_or_the_default() -> None:
    kind = FaultKind("H01", "Title", lambda _firing: Response(200), (number("p", 0.5, "chance"),))
    assert kind.value(Fault("H01"), "p") == 0.5
    assert kind.value(Fault("H01", parameters={"p": 1}), "p") == 1
    with pytest.raises(KeyError):
        kind.value(Fault("H01"), "q")


def test_every_default_is_allowed_and_every_handler_says_what_it_does() -> None:
    wrong = [
        (kind.id, parameter.name)
        for kind in KINDS.values()
        for parameter in kind.parameters
        if parameter.default is not None and not parameter.rule.allows(parameter.default)
    ]
    assert wrong == []
    assert [kind.id for kind in KINDS.values() if kind.title.endswith(".") or not kind.title] == []


def test_whoever_stays_on_says_how_long_and_whoever_counts_says_by_what() -> None:
    kinds = KINDS.values()
    assert [kind.id for kind in kinds if kind.while_on is not None and kind.parameter("seconds") is None] == []
    assert [kind.id for kind in kinds if kind.counted_by and kind.parameter(kind.counted_by) is None] == []
