from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from trading.cli.doctor.findings import Check, Finding, Verdict, bad, carried_out, guarded, note, ok
from trading.errors import ConfigError

LIMIT_S = 20.0


def well() -> Iterator[Finding]:
    yield ok("well", "fine")


def failing(error: Exception) -> Iterator[Finding]:
    yield ok("begun", "fine")
    raise error


def test_findings_come_in_the_order_of_their_checks() -> None:
    checks = [Check("a", lambda: [note("a", "1"), bad("b", "2", "do")], LIMIT_S), Check("well", well, LIMIT_S)]
    assert [(each.name, each.verdict) for each in carried_out(checks)] == [
        ("a", Verdict.NOTE), ("b", Verdict.BAD), ("well", Verdict.OK),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (ConfigError("STATE_DIR", "/x", "give another"), "STATE_DIR = '/x': give another"),
        (PermissionError(13, "Permission denied", "/x"), "Permission denied: /x"),
        (KeyError("sharp\nedge"), "this check itself failed (KeyError: 'sharp\\nedge')"),
        (RuntimeError("a\nb " + "c" * 1000), "this check itself failed (RuntimeError: a b ccc"),
    ],
)
def test_whatever_a_check_raises_is_one_bad_line_and_the_rest_goes_on(error: Exception, text: str) -> None:
    found = carried_out([Check("odd", lambda: failing(error), LIMIT_S), Check("well", well, LIMIT_S)])
    assert [each.name for each in found] == ["begun", "odd", "well"]
    assert found[1].verdict is Verdict.BAD
    assert found[1].text.startswith(text)
    assert "\n" not in found[1].text
    assert len(found[1].text) <= 300
    assert found[1].fix


def test_check_that_does_not_end_is_left_with_what_it_has_found() -> None:
    seen, over = threading.Event(), threading.Event()

    def hanging() -> Iterator[Finding]:
        yield ok("begun", "fine")
        seen.set()
        over.wait(LIMIT_S)

    calls = iter([0.0])

    def monotonic() -> float:
        began = next(calls, None)
        if began is None:
            seen.wait(LIMIT_S)
        return 100.0 if began is None else began

    found = carried_out([Check("slow", hanging, 5.0)], monotonic)
    over.set()
    assert [(each.name, each.verdict) for each in found] == [("begun", "ok"), ("slow", "bad")]
    assert found[1].text == "was not over within 5 s"


def test_error_at_the_very_beginning_is_told_too() -> None:
    def none() -> Iterator[Finding]:
        raise ZeroDivisionError

    assert [each.name for each in guarded("odd", none)] == ["odd"]
