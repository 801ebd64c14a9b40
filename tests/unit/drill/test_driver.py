"""One run: the real trading system and the simulator in one process, the same to the byte each time."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path

import pytest
from msgspec.structs import replace

from drill.checker import judge, read_case
from drill.checker.logs import Case
from drill.course import Run
from drill.deaths import StuckError
from drill.driver import Driver, run
from drill.schedule import ClientFault, Deed, Kill, Request, Schedule
from drill.transport import Line
from drill.world import World
from simulator.config import SettingError
from trading.errors import ConfigError
from trading.gateway.transport import HttpAnswer

MORNING, NOON = "2014-04-23T12:40:00+00:00", "2014-04-23T17:00:00+00:00"


def case_of(done: Run) -> Case:
    return read_case(done.truth, done.journal, done.events_file)


def kinds(done: Run, kind: str) -> list[dict[str, object]]:
    return [event for event in done.events if event["kind"] == kind]


def test_run_without_faults_trades_and_violates_nothing(ordinary: Schedule, world: World, tmp_path: Path) -> None:
    case = case_of(run(ordinary, world, tmp_path))
    assert judge(case) == []
    assert [execution.quantity for execution in case.journal.executions] == [25, 61, 25]
    assert len(case.hours) == 4


@pytest.mark.parametrize("paced", [False, True], ids=["unlimited", "paced"])
def test_same_schedule_leaves_the_same_bytes(ordinary: Schedule, world: World, tmp_path: Path, *, paced: bool) -> None:
    schedule = replace(
        ordinary,
        paced=paced,
        faults=[{"id": "H05", "selector": {"probability": 0.05}, "parameters": {}}],
        kills=[Kill("commit_before", 12)],
    )
    first, second = (run(schedule, world, tmp_path / name) for name in ("one", "two"))
    assert first.truth.read_bytes() == second.truth.read_bytes()
    assert first.events_file.read_bytes() == second.events_file.read_bytes()
    assert contents(first.journal) == contents(second.journal)


def test_paced_run_makes_its_calls_one_after_the_other(
    ordinary: Schedule, world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    threads, exchange = set(), Line.exchange

    def noted(
        line: Line, verb: str, path: str, query: Mapping[str, str] | None, body: bytes | None, limit_s: float
    ) -> HttpAnswer:
        threads.add(threading.current_thread())
        return exchange(line, verb, path, query, body, limit_s)

    monkeypatch.setattr(Line, "exchange", noted)
    run(replace(ordinary, paced=True), world, tmp_path)
    assert threads == {threading.current_thread()}


def contents(journal: Path) -> list[str]:
    with closing(sqlite3.connect(journal)) as connection:
        return list(connection.iterdump())


def test_other_seed_gives_other_names(ordinary: Schedule, world: World, tmp_path: Path) -> None:
    first = case_of(run(ordinary, world, tmp_path / "one"))
    second = case_of(run(replace(ordinary, seed=2), world, tmp_path / "two"))
    assert not set(first.journal.intents) & set(second.journal.intents)


@pytest.mark.parametrize(
    "kill",
    [
        Kill("statement", 40),
        Kill("commit_before", 12),
        Kill("commit_after", 12),
        Kill("call_before", 1, "entry"),
        Kill("call_after", 1, "reply", away_s=30.0),
        Kill("waiting", at=NOON, away_s=600.0),
    ],
)
def test_process_that_dies_is_started_anew_from_its_files(
    kill: Kill, ordinary: Schedule, world: World, tmp_path: Path
) -> None:
    done = run(replace(ordinary, kills=[kill]), world, tmp_path)
    assert [event["point"] for event in kinds(done, "death")] == [kill.point]
    assert len(kinds(done, "start")) == 2
    assert [v.invariant for v in judge(case_of(done)) if v.invariant in {"I1", "I2", "I4", "I6", "I7", "I26"}] == []


def test_order_that_arrived_before_the_death_is_not_sent_again(
    ordinary: Schedule, world: World, tmp_path: Path
) -> None:
    case = case_of(run(replace(ordinary, kills=[Kill("call_after", 1, "reply")]), world, tmp_path))
    coids = [ticket["coid"] for line in case.truth if line["kind"] == "order" for ticket in line["tickets"][:1]]
    assert len(coids) == len(set(coids)) == 3


def test_fault_of_the_way_is_noted_and_its_calls_do_not_arrive(
    ordinary: Schedule, world: World, tmp_path: Path
) -> None:
    schedule = replace(ordinary, client_faults=[ClientFault("T16", "entry", 1, 3)])
    done = run(schedule, world, tmp_path)
    assert len(kinds(done, "client_fault")) == 3
    first = next(line for line in case_of(done).truth if line["kind"] == "request")
    assert first["at"] > str(kinds(done, "client_fault")[-1]["at"])[:19]


def test_halt_by_a_file_is_taken_up_and_taken_back(ordinary: Schedule, world: World, tmp_path: Path) -> None:
    requests = [Request(MORNING, "halt", "file"), Request(NOON, "resume")]
    case = case_of(run(replace(ordinary, requests=requests), world, tmp_path))
    assert [row.value for row in case.journal.modes if row.fact == "halt"] == ["1", "0"]


def test_deed_by_hand_meets_the_newest_order_of_its_kind(ordinary: Schedule, world: World, tmp_path: Path) -> None:
    done = run(replace(ordinary, deeds=[Deed(NOON, "cancel", "target")]), world, tmp_path)
    (deed,) = [line for line in case_of(done).truth if line["kind"] == "deed"]
    ticket = next(
        ticket
        for line in case_of(done).truth
        if line["kind"] == "order"
        for ticket in line["tickets"]
        if ticket["order_id"] == deed["order_id"]
    )
    assert (ticket["side"], ticket["kind"]) == ("SELL", "LMT")


def test_deed_that_has_become_impossible_is_left_out(ordinary: Schedule, world: World, tmp_path: Path) -> None:
    done = run(replace(ordinary, deeds=[Deed(NOON, "cancel", "foreign")]), world, tmp_path)
    assert [event["of"] for event in kinds(done, "deed_left_out")] == ["foreign"]


def test_gateway_that_dies_comes_back_on_its_own_log(ordinary: Schedule, world: World, tmp_path: Path) -> None:
    fault = {"id": "G06", "selector": {"role": "entry"}, "parameters": {"at": "applied"}}
    done = run(replace(ordinary, faults=[fault]), world, tmp_path)
    case = case_of(done)
    assert kinds(done, "gateway_crash")
    assert [line["seq"] for line in case.truth] == list(range(len(case.truth)))


def test_loop_that_does_not_get_on_is_ended(ordinary: Schedule, world: World, tmp_path: Path) -> None:
    driver = Driver(ordinary, world, tmp_path)
    driver._line.exchange = raise_stuck  # type: ignore[method-assign, assignment]
    assert kinds(driver.run(), "stuck")


def test_run_that_takes_too_long_is_cut_short_and_judged_by_each_moment(
    ordinary: Schedule, world: World, tmp_path: Path
) -> None:
    driver = Driver(ordinary, world, tmp_path)
    driver._line.calls = 10**9
    done = driver.run()
    assert kinds(done, "cut")
    assert judge(case_of(done)) == []


def test_second_death_while_the_process_is_away_is_none(ordinary: Schedule, world: World, tmp_path: Path) -> None:
    first = Kill("waiting", at=f"{ordinary.start}T16:00:00+00:00", away_s=600.0)
    kills = [first, replace(first, at=f"{ordinary.start}T16:05:00+00:00")]
    done = run(replace(ordinary, kills=kills), world, tmp_path)
    assert len(kinds(done, "death")) == 1
    assert judge(case_of(done)) == []


def raise_stuck(*_arguments: object) -> None:
    raise StuckError


def test_setting_that_is_none_is_refused(ordinary: Schedule, world: World, tmp_path: Path) -> None:
    with pytest.raises(SettingError):
        run(replace(ordinary, behaviour=["no_such=1"]), world, tmp_path)
    with pytest.raises(ConfigError):
        run(replace(ordinary, settings=["no_such=1"]), world, tmp_path)
