"""Parsing of what the checker looks at."""

from __future__ import annotations

from drill.checker.logs import Journal, Line, Violation, case_of, instant, parse_lines, shown


def test_line_that_was_cut_short_is_left_out() -> None:
    assert parse_lines(b'{"a": 1}\n{"b": 2}\n{"c"') == [{"a": 1}, {"b": 2}]
    assert parse_lines(b"") == []


def test_times_are_the_same_in_either_spelling_of_utc() -> None:
    assert instant("2014-03-03T14:30:00Z") == instant("2014-03-03T14:30:00+00:00") == 1_393_857_000.0
    assert shown(1_393_857_000.5) == "2014-03-03T14:30:00.500000Z"


def test_case_has_account_hours_and_contracts_apart_from_the_other_events() -> None:
    at = "2014-03-03T14:30:00+00:00"
    events: list[Line] = [
        {"at": at, "kind": "hours", "open": at, "close": at},
        {"at": at, "kind": "contract", "symbol": "AAPL", "conid": 5},
        {"at": at, "kind": "end"},
    ]
    case = case_of([{"kind": "start", "at": at, "account": "DU1"}], Journal(), events)
    assert (case.account, len(case.hours), case.contracts, len(case.events)) == ("DU1", 1, {"AAPL": 5}, 1)
    assert case.end == instant(at)


def test_faults_are_told_by_when_they_fired_and_by_the_call_that_they_met() -> None:
    at = ["2014-03-03T14:30:00Z", "2014-03-03T14:31:00Z", "2014-03-03T14:32:00Z"]
    truth: list[Line] = [
        {"at": at[0], "kind": "fault", "id": "C04", "path": "/portfolio2/U1/positions"},
        {"at": at[1], "kind": "fault", "id": "H03"},
        {"at": at[2], "kind": "fault", "id": "C04", "path": "/tickle"},
        {"at": at[2], "kind": "deed", "id": "C04"},
    ]
    case = case_of(truth, Journal(), [])
    assert case.fired_at("C04") == [instant(at[0]), instant(at[2])]
    assert case.fired_at("C04", "H03", path="positions") == [instant(at[0])]
    assert case.fired("H03")
    assert not case.fired("H04")
    assert case.fired_at("H04") == []


def test_violation_is_one_line() -> None:
    assert str(Violation("I9", 1_393_857_000.0, "AAPL", "bare")) == "I9 2014-03-03T14:30:00.000000Z AAPL: bare"
