"""The command line of the drill."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from msgspec.structs import replace

from drill.__main__ import FINDINGS, MOST_SHRUNK, main
from drill.checker.logs import Violation
from drill.schedule import Schedule, read, write
from drill.tasks import Task
from drill.trial import Verdict


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_schedule_from_a_file_is_run_and_summed_up(
    ordinary: Schedule, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "one.json"
    file.write_bytes(write(ordinary))
    assert main(["--replay", str(file)]) == 0
    assert capsys.readouterr().out.splitlines()[-1] == "0 schedules violated an invariant"


def test_json_is_one_object_a_schedule_and_one_for_all(
    ordinary: Schedule, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "one.json"
    file.write_bytes(write(ordinary))
    assert main(["--replay", str(file), "--json"]) == 0
    one, every = map(json.loads, capsys.readouterr().out.splitlines())
    assert (one["name"], one["violations"], every["schedules"]) == ("one", [], 1)


@pytest.mark.parametrize("content", [b"{}", b'{"seed": 1, "symbols": [], "nothing": 1}'])
def test_file_that_is_no_schedule_is_bad_input(
    content: bytes, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "bad.json"
    file.write_bytes(content)
    assert main(["--replay", str(file)]) == 2
    assert capsys.readouterr().err.startswith("drill: ")
    assert main(["--replay", str(tmp_path / "none.json")]) == 2


@pytest.mark.parametrize(
    "arguments", [["--seeds", "x"], ["--seeds", "1:y"], ["--seeds", "5:5"], ["--seeds", "5:2"], ["--nothing"]]
)
def test_argument_that_is_none_is_bad_input(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(arguments)
    assert caught.value.code == 2
    assert capsys.readouterr().err


def test_configuration_that_cannot_be_used_is_bad_input(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    config = tmp_path / "config.json"
    config.write_text('{"nothing": 1}', encoding="utf-8")
    assert main(["--seeds", "0:1", "--config", str(config)]) == 2
    assert "nothing" in capsys.readouterr().err


BROKEN = Violation("I9", 1_393_857_000.0, "AAPL", "10 own shares have been without a stop")


@pytest.mark.parametrize(
    ("arguments", "smaller"), [([], MOST_SHRUNK), (["--shrink"], MOST_SHRUNK), (["--no-shrink"], 0)]
)
def test_first_findings_of_a_run_are_made_smaller(
    arguments: list[str], smaller: int, ordinary: Schedule, monkeypatch: pytest.MonkeyPatch
) -> None:
    def found(schedule: Schedule, _world: object = None) -> Verdict:
        return Verdict(schedule, [BROKEN], "d1", orders=1)

    crowded = replace(ordinary, faults=[{"id": "H05"}, {"id": "O20"}])
    findings = [(Task("swarm", seed), found(crowded)) for seed in range(MOST_SHRUNK + 2)]
    monkeypatch.setattr("drill.__main__.run_all", lambda *_: iter(findings))
    monkeypatch.setattr("drill.__main__.begin", lambda _config: None)
    monkeypatch.setattr("drill.__main__.try_out", found)
    assert main([*arguments, "--seeds", "0:1"]) == 1
    stored = [read((FINDINGS / f"{task.name}.json").read_bytes()) for task, _ in findings]
    assert [not schedule.faults for schedule in stored] == [True] * smaller + [False] * (MOST_SHRUNK + 2 - smaller)


def test_finding_that_does_not_come_again_is_told_as_it_was_found(
    ordinary: Schedule, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    findings = [(Task("swarm", 7), Verdict(ordinary, [BROKEN], "d1", orders=1))]
    monkeypatch.setattr("drill.__main__.run_all", lambda *_: iter(findings))
    monkeypatch.setattr("drill.__main__.begin", lambda _config: None)
    monkeypatch.setattr("drill.__main__.try_out", lambda schedule, _world: Verdict(schedule, [], "d2"))
    assert main(["--seeds", "0:1"]) == 1
    assert str(BROKEN) in capsys.readouterr().out
