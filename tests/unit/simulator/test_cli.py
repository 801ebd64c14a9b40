from __future__ import annotations

import fcntl
from pathlib import Path

import pytest

from simulator.cli import build_parser, main, start_with_history
from simulator.market.replayed import ReplayedMarket
from tests.unit.simulator.support import panel_of


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
    ("content", "says"),
    [("{", "Input data was truncated"), ('{"faults":[{"id":"Z99"}]}', 'fault 1: id "Z99" is not allowed')],
)
def test_bad_faults_file_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str], content: str, says: str) -> None:
    plan = tmp_path / "faults.json"
    plan.write_text(content, encoding="utf-8")
    assert main(["--faults", str(plan), "--port", "0"]) == 2
    assert says in capsys.readouterr().err


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("{", "the schedule is no JSON"),
        ('[{"at": "2013-03-08T14:00:00Z", "do": "split", "symbol": "KO"}]', "entry 1: ratio: missing; 'split' needs"),
    ],
)
def test_bad_schedule_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str], content: str, says: str) -> None:
    schedule = tmp_path / "schedule.json"
    schedule.write_text(content, encoding="utf-8")
    assert main(["--schedule", str(schedule), "--start", "2013-03-07", "--port", "0"]) == 2
    complaint = capsys.readouterr().err
    assert complaint.startswith(f"simulator: --schedule {schedule}: {says}")
    assert complaint.count("\n") == 1


def test_state_that_is_a_file_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    taken = tmp_path / "state"
    taken.write_text("", encoding="utf-8")
    assert main(["--state", str(taken), "--port", "0"]) == 2
    assert capsys.readouterr().err.startswith(f"simulator: --state {taken}:")


@pytest.mark.parametrize(("count", "row"), [(700, 300), (601, 300), (600, 0), (3, 0)])
def test_clock_begins_with_a_year_of_bars_before_it_where_there_are_enough(count: int, row: int) -> None:
    market = ReplayedMarket(panel_of({"ABC": [(1.0, 1.0, 1.0, 1.0, 1.0)] * count}))
    assert start_with_history(market) == str(market.panel.sessions[row])


def test_settings_are_listed_with_default_values_and_meaning(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["--list-settings"])
    assert ended.value.code == 0
    assert "idle_timeout_s=360\n    a number, 0 or more: without a call until" in capsys.readouterr().out


def test_folder_that_another_simulator_uses_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with (tmp_path / "simulator.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert main(["--state", str(tmp_path), "--port", "0"]) == 1
    assert "another simulator uses this folder" in capsys.readouterr().err


def test_faults_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--list-faults"]) == 0
    shown = capsys.readouterr().out
    assert "O10  Fill in parts: odd lots over a while\n" in shown
    assert "     slices = 3: how many parts (a whole number from 1 to 1,000)\n" in shown


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        ([], 0, ""),
        (["--start", "2030-01-01"], 2, "the bars end on"),
        (["--start", "2013-02-07"], 2, "simulator: --start: the bars begin on 2013-02-08\n"),
        (["--start", "2013-02-08"], 0, ""),
        (["--symbols", "AAPL,MSFT"], 0, ""),
        (
            ["--symbols", "AAPL,NOSUCH, X Y"],
            2,
            "simulator: --symbols: the bars hold no NOSUCH, X Y; they hold 60 symbols",
        ),
        (["--symbols", ",".join(f"Q{n}" for n in range(2000))], 2, "and 1990 more; they hold 60 symbols"),
        (["--bars", "none.csv"], 2, "none.csv"),
    ],
)
def test_check_says_whether_it_could_begin_and_makes_nothing(
    arguments: list[str], code: int, said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--check", "--state", str(tmp_path / "state"), *arguments]) == code
    assert said in capsys.readouterr().err
    assert not (tmp_path / "state").exists()
