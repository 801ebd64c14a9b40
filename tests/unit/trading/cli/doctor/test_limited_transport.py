from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

import pytest

from trading.cli.doctor.limited_transport import LimitedTransport, Limits, Times
from trading.errors import GatewayError, NotSent, OutcomeUnknown
from trading.gateway.pacing import CutShort
from trading.gateway.transport import HttpAnswer

START = datetime(2026, 11, 24, 15, 0, tzinfo=UTC)


class Line:
    """Another transport with time that passes as it answers."""

    def __init__(self, *answers: HttpAnswer | GatewayError, takes_s: float = 0.0) -> None:
        self.now_s = 0.0
        self.takes_s = takes_s
        self.asked: list[tuple[str, str, float]] = []
        self.paused: list[float] = []
        self.closed = False
        self._answers = list(answers)

    @property
    def times(self) -> Times:
        return Times(lambda: START + timedelta(seconds=self.now_s), lambda: self.now_s, self.pause)

    def pause(self, seconds: float) -> None:
        self.paused.append(seconds)
        self.now_s += seconds

    def exchange(
        self, verb: str, path: str, query: Mapping[str, str] | None, body: bytes | None, limit_s: float
    ) -> HttpAnswer:
        assert query is None
        assert body is None
        self.asked.append((verb, path, limit_s))
        self.now_s += min(self.takes_s, limit_s)
        answer = self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]
        if isinstance(answer, GatewayError):
            raise answer
        return answer

    def close(self) -> None:
        self.closed = True


GOOD = HttpAnswer(200, b"{}")


def limited(line: Line, *, until: float = 100.0, calls: int = 100, apart_s: float = 0.0) -> LimitedTransport:
    return LimitedTransport(line, Limits(until, calls, apart_s, 4.0), line.times)


def ask(transport: LimitedTransport, path: str = "/x", verb: str = "GET") -> HttpAnswer:
    return transport.exchange(verb, path, None, None, 15.0)


@pytest.mark.parametrize(
    ("verb", "path"),
    [
        ("POST", "/iserver/auth/ssodh/init"), ("POST", "/iserver/account"), ("POST", "/sim/advance"),
        ("DELETE", "/tickle"), ("POST", "/iserver/account/DU1234567/orders"),
    ],
)  # fmt: skip
def test_nothing_but_reads_and_tickles_leaves(verb: str, path: str) -> None:
    line = Line(GOOD)
    with pytest.raises(NotSent, match="only reads"):
        ask(limited(line), path, verb)
    assert line.asked == []


def test_reads_and_tickles_go_through_within_their_time() -> None:
    line = Line(GOOD)
    transport = limited(line)
    assert ask(transport) == ask(transport, "/tickle", "POST") == GOOD
    assert line.asked == [("GET", "/x", 4.0), ("POST", "/tickle", 4.0)]
    transport.close()
    assert line.closed


def test_after_an_answer_that_did_not_come_in_time_nothing_is_asked() -> None:
    line = Line(OutcomeUnknown("GET /x", "no answer in time"), takes_s=60.0)
    transport = limited(line)
    with pytest.raises(OutcomeUnknown):
        ask(transport)
    with pytest.raises(CutShort, match="no answer in time"):
        ask(transport)
    assert len(line.asked) == 1
    assert transport.over == "no answer in time"


def test_error_that_comes_at_once_is_no_reason_to_stop() -> None:
    line = Line(OutcomeUnknown("GET /x", "the connection was closed"), GOOD, takes_s=0.1)
    transport = limited(line)
    with pytest.raises(OutcomeUnknown):
        ask(transport)
    assert ask(transport) == GOOD


def test_calls_are_counted_and_kept_apart() -> None:
    line = Line(GOOD)
    transport = limited(line, calls=2, apart_s=1.0)
    ask(transport)
    line.now_s += 0.4
    ask(transport)
    assert line.paused == [pytest.approx(0.6)]
    with pytest.raises(CutShort, match="no more is asked"):
        ask(transport)


def test_the_last_answer_has_what_is_left_of_the_time_and_then_it_is_over() -> None:
    line = Line(GOOD, takes_s=3.0)
    transport = limited(line, until=5.0)
    ask(transport)
    ask(transport)
    assert [limit_s for _, _, limit_s in line.asked] == [4.0, 2.0]
    with pytest.raises(CutShort, match="the time for this is up"):
        ask(transport)


def test_too_many_requests_end_the_asking() -> None:
    transport = limited(Line(HttpAnswer(429, b"")))
    assert ask(transport).status == 429
    with pytest.raises(CutShort, match="too often"):
        ask(transport)


def test_clocks_are_compared_in_the_middle_of_an_exchange() -> None:
    told_ms = int((START + timedelta(seconds=6)).timestamp() * 1000)
    line = Line(GOOD, HttpAnswer(200, b"", told_ms), takes_s=2.0)
    transport = limited(line)
    ask(transport)
    assert transport.skew_s is None
    ask(transport)
    assert transport.skew_s == pytest.approx(6.5 - 3.0)
