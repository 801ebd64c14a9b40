"""What happens in a run besides trading, and what is noted of it."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from msgspec.structs import replace

from drill.course import Course, settings_of
from drill.schedule import Deed, Request, Schedule
from drill.world import World
from tests.fakes.chance import seeded
from trading.bootstrap import CONTROLS, DATABASE
from trading.errors import ConfigError
from trading.model.balances import BalanceMemory, Balances
from trading.model.operator_request import OperatorVerb
from trading.store.balances import SqliteBalances
from trading.store.database import Database
from trading.store.operator_requests import HALT_FILE, RequestsDatabase

MORNING, NOON = "2014-04-23T12:40:00+00:00", "2014-04-23T17:00:00+00:00"


class Nobody(Course):
    """A course in which nobody trades."""

    def __init__(self, schedule: Schedule, world: World, folder: Path) -> None:
        super().__init__(schedule, world, folder, settings_of(schedule, world, folder, {}))
        self.turns = 0

    def _live(self) -> None:
        self.turns += 1
        self._clock.wake.taken_up()
        self._clock.wait(self._clock.now() + timedelta(hours=1))

    def _log_lines(self) -> list[str]:
        return ["nothing"]


def test_run_goes_on_to_its_end_and_leaves_truth_events_and_log(
    ordinary: Schedule, world: World, tmp_path: Path
) -> None:
    course = Nobody(ordinary, world, tmp_path)
    done = course.run()
    assert course.turns > 24
    assert done.log == ["nothing"]
    kinds = [json.loads(line)["kind"] for line in done.events_file.read_text(encoding="utf-8").splitlines()]
    assert kinds == ["limits", "window"] + ["hours"] * 4 + ["contract"] * 2 + ["faults_on", "healed", "end"]
    assert json.loads(done.truth.read_text(encoding="utf-8").splitlines()[0])["kind"] == "start"


def test_requests_and_deeds_happen_at_their_times_and_a_person_resumes_in_the_end(
    ordinary: Schedule, world: World, tmp_path: Path
) -> None:
    deed = Deed(NOON, "trade", fields={"symbol": "MSFT", "side": "BUY", "quantity": 5})
    asked = [Request(MORNING, "halt", "file"), Request(NOON, "flatten")]
    course = Nobody(replace(ordinary, deeds=[deed], requests=asked), world, tmp_path)
    done = course.run()
    noted = [(event["at"], event["kind"]) for event in done.events if event["kind"] in ("deed", "request")]
    assert noted == [
        (MORNING, "request"),
        (NOON, "deed"),
        (NOON, "request"),
        ("2014-04-24T21:30:00+00:00", "request"),
    ]
    assert (course.state / HALT_FILE).exists()
    assert done.events[-2]["asked"] == "resume"


class Away(Nobody):
    """A course whose process has ended until the last session of it."""

    def _live(self) -> None:
        away = self.turns == 0
        super()._live()
        if away:
            self._clock.pass_by(86_400.0 + 25_200.0)


def test_person_resumes_when_somebody_is_there_to_be_asked(ordinary: Schedule, world: World, tmp_path: Path) -> None:
    asked = [Request(MORNING, "halt", "file")]
    done = Away(replace(ordinary, requests=asked, heals_at=NOON), world, tmp_path).run()
    (resumed,) = [event["at"] for event in done.events if event.get("asked") == "resume"]
    (healed,) = [event["at"] for event in done.events if event["kind"] == "healed"]
    assert datetime.fromisoformat(str(resumed)) - datetime.fromisoformat(str(healed)) > timedelta(minutes=5)


def test_settings_are_those_of_the_schedule_and_of_the_gateway(
    ordinary: Schedule, world: World, tmp_path: Path
) -> None:
    schedule = replace(ordinary, settings=["MAX_POSITIONS=3"])
    settings = settings_of(schedule, world, tmp_path, {"GATEWAY_URL": "https://127.0.0.1:7001"})
    assert settings.gateway.url == "https://127.0.0.1:7001"
    assert settings.tickers == ("BAC", "MSFT")
    assert settings.state_dir == tmp_path / "state" / "simulated"


def test_setting_that_is_none_is_refused(ordinary: Schedule, world: World, tmp_path: Path) -> None:
    with pytest.raises(ConfigError):
        settings_of(replace(ordinary, settings=["no_such=1"]), world, tmp_path, {})


class Payer(Nobody):
    """A course whose trading process finds, in its tenth hour, that money came."""

    def _live(self) -> None:
        super()._live()
        if self.turns == 10:
            database = Database(self.state / DATABASE, chance=seeded())
            now = self._clock.now()
            memory = BalanceMemory(Balances(now, 10_500.0, 10_500.0))
            SqliteBalances(database).record_flow(memory, 500.0, 10_000.0, now)
            database.close()


def test_person_who_paid_in_says_so_once_the_trading_system_asks(
    ordinary: Schedule, world: World, tmp_path: Path
) -> None:
    paid = Deed(MORNING, "cash", fields={"amount": 500.0})
    course = Payer(replace(ordinary, deeds=[paid, paid]), world, tmp_path)
    done = course.run()
    assert {event["flow"] for event in done.events if event["kind"] == "confirmed"} == {1}
    requests = RequestsDatabase(course.state / CONTROLS).pending()
    assert {request.argument for request in requests if request.kind is OperatorVerb.RECONCILE} == {"flow 1"}
