from __future__ import annotations

from pathlib import Path

import pytest

from simulator.cli import build_parser, main


def test_defaults_are_those_of_a_simulator_that_runs_by_itself() -> None:
    options = build_parser().parse_args([])
    assert (options.host, options.port, options.pacing, options.auto_login) == ("127.0.0.1", 5055, "real", False)
    assert options.bars.is_file()


@pytest.mark.parametrize(
    "arguments",
    [
        ["--port", "x"],
        ["--start", "2014-13-01"],
        ["--cash", "nan"],
        ["--account", ""],
        ["--pacing", "some"],
        ["--nothing"],
    ],
)
def test_bad_argument_ends_with_2_and_one_line(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        build_parser().parse_args(arguments)
    assert ended.value.code == 2
    assert capsys.readouterr().err.count("\n") == 1


@pytest.mark.parametrize(
    ("content", "says"), [("{", "Input data was truncated"), ('{"faults":[{"id":"Z99"}]}', "unknown faults: Z99")]
)
def test_bad_faults_file_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str], content: str, says: str) -> None:
    plan = tmp_path / "faults.json"
    plan.write_text(content, encoding="utf-8")
    assert main(["--faults", str(plan), "--port", "0"]) == 2
    assert says in capsys.readouterr().err


def test_state_that_is_a_file_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    taken = tmp_path / "state"
    taken.write_text("", encoding="utf-8")
    assert main(["--state", str(taken), "--port", "0"]) == 2
    assert capsys.readouterr().err.startswith(f"simulator: --state {taken}:")
