from __future__ import annotations

import pytest

from simulator.messages import Response
from simulator.pacing import GLOBAL_PER_SECOND
from simulator.server.tempo import ANSWER_S, HISTORY_S, MOST_HISTORIES, Tempo

HISTORY = "/v1/api/iserver/marketdata/history"
FINE, TOO_MANY = Response(200), Response(429)


def answer() -> Response:
    return FINE


def refuse() -> Response:
    return TOO_MANY


class Waits:
    def __init__(self) -> None:
        self.seconds: list[float] = []

    def __call__(self, seconds: float) -> None:
        self.seconds.append(seconds)


@pytest.mark.parametrize(
    ("path", "seconds"),
    [
        ("/v1/api/tickle", [ANSWER_S]),
        (HISTORY, [HISTORY_S]),
        ("/v1/portal/iserver/marketdata/history/", [HISTORY_S]),
        ("/sim/advance", []),
    ],
)
def test_answer_takes_as_long_as_a_real_one(path: str, seconds: list[float]) -> None:
    waits = Waits()
    assert Tempo(enabled=True, wait=waits).answer(path, answer, refuse) is FINE
    assert waits.seconds == seconds


def test_answers_are_immediate_without_limits_on_calls() -> None:
    waits = Waits()
    Tempo(enabled=False, wait=waits).answer(HISTORY, answer, refuse)
    assert waits.seconds == []


def test_calls_one_after_the_other_and_charts_side_by_side_keep_below_the_limit_of_all_calls() -> None:
    assert 1.0 / ANSWER_S < GLOBAL_PER_SECOND
    assert MOST_HISTORIES / HISTORY_S < GLOBAL_PER_SECOND


def test_sixth_chart_at_once_is_refused_and_the_next_one_served() -> None:
    tempo = Tempo(enabled=True, wait=Waits())

    def ask(depth: int) -> Response:
        return tempo.answer(HISTORY, answer if depth == 0 else lambda: ask(depth - 1), refuse)

    assert ask(MOST_HISTORIES - 1).status == 200
    refused = ask(MOST_HISTORIES)
    assert refused is TOO_MANY
    assert ask(0).status == 200
