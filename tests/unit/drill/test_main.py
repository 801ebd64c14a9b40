"""The command line of the drill."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from drill.__main__ import main
from drill.schedule import Schedule, write


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
