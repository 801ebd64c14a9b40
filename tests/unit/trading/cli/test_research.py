from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.reference.comparison import panel_of
from tests.reference.made_up_market import made_up_market
from trading.backtest.report import SURVIVORS_WARNING
from trading.cli.main import main
from trading.cli.research import configuration_of
from trading.config import load_settings
from trading.market.bar_files import write_bars

ROOT = Path(__file__).resolve().parents[4]
SHORT = [
    argument
    for assignment in ("channel_period=30", "slope_period=5", "momentum_period=20", "MIN_PRICE=0", "pullback_min=0.3")
    for argument in ("--set", assignment)
]


@pytest.fixture(autouse=True)
def project_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    """Settings come from the folder that a command runs in; no variable of this machine may reach them."""
    monkeypatch.chdir(ROOT)
    for name in ("GATEWAY", "TICKERS", "MIN_PRICE", "PROFIT_THRESHOLD", "MAX_POSITIONS", "ALLOCATION_PER_TRADE"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture(scope="module")
def bars(tmp_path_factory: pytest.TempPathFactory) -> str:
    path = tmp_path_factory.mktemp("bars") / "made_up.csv.gz"
    write_bars(panel_of(made_up_market(5, 20, 200)), path)
    return str(path)


def test_backtest_writes_its_files_and_shows_the_figures(
    bars: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "run"

    assert main(["backtest", "--bars", bars, "--cash", "50000", *SHORT, "--out", str(out)]) == 0

    assert sorted(path.name for path in out.iterdir()) == ["equity.csv", "summary.json", "trades.csv"]
    shown = capsys.readouterr()
    assert "engine step" in shown.out
    assert "50,000.00 →" in shown.out
    assert shown.err == ""
    trades = (out / "trades.csv").read_text().splitlines()
    summary = json.loads((out / "summary.json").read_text())
    assert len(trades) - 1 == summary["trades"] > 0
    assert summary["configuration"]["strategy"]["trend_mean_reversion"]["channel_period"] == 30
    assert summary["data"]["file"] == "made_up.csv.gz"


def test_backtest_as_json_prints_the_summary_alone(bars: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["backtest", "--bars", bars, "--json", "--set", "risk.profile=strategy"]) == 0

    values = json.loads(capsys.readouterr().out)
    assert values["engine"] == "step"
    assert values["configuration"]["risk"]["profile"] == "strategy"


def test_same_run_writes_the_same_bytes(bars: str, tmp_path: Path) -> None:
    for name in ("one", "two"):
        assert main(["backtest", "--bars", bars, *SHORT, "--out", str(tmp_path / name)]) == 0

    for name in ("trades.csv", "equity.csv", "summary.json"):
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()


def test_backtest_of_the_bundled_bars_says_that_they_are_survivors(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["backtest", "--start", "2018-01-02", "--end", "2018-01-31"]) == 0

    shown = capsys.readouterr().out
    assert "60 symbols, 2018-01-02 to 2018-01-31, 21 sessions" in shown
    assert SURVIVORS_WARNING in shown


def test_tickers_of_the_command_line_choose_symbols_and_those_of_the_environment_do_not(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("TICKERS", "AAPL")
    assert main(["screen", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["symbols"] == 60

    assert main(["screen", "--json", "--set", "TICKERS=AAPL,MSFT"]) == 0
    assert json.loads(capsys.readouterr().out)["symbols"] == 2


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["backtest", "--bars", "nowhere.csv"], "--bars = 'nowhere.csv': no such file"),
        (["backtest", "--bars", "LICENSE"], "--bars = 'LICENSE': no column"),
        (["backtest", "--start", "yesterday"], "a day is written YYYY-MM-DD"),
        (["backtest", "--start", "2015-01-02", "--end", "2015-01-01"], "must not be after --end = 2015-01-01"),
        (["backtest", "--start", "2030-01-01"], "the data has 2013-02-08 to 2018-02-07"),
        (["backtest", "--cash", "0"], "Invalid value for '--cash'"),
        (["backtest", "--cash", "nan"], "Invalid value for '--cash'"),
        (["backtest", "--set", "pullback_mx=3"], "did you mean pullback_max?"),
        (["backtest", "--set", "MAX_POSITIONS=many"], "MAX_POSITIONS = 'many': must be a whole number"),
        (["backtest", "--set", "channel_period"], "must be NAME=VALUE"),
        (["backtest", "--set", "TICKERS=AAPL,APPL"], "TICKERS = 'APPL': has no bars"),
        (["backtest", "--out", "LICENSE"], "LICENSE is a file; name a folder"),
        (["backtest", "--out", "LICENSE/deeper"], "LICENSE is a file; name a folder"),
        (["screen", "--date", "2017-05-28"], "no symbol of the data has a bar on it; try 2017-05-26"),
        (["explain", "APL"], "did you mean AAPL?"),
        (["explain"], "Missing argument 'SYMBOL'"),
    ],
)
def test_bad_input_is_one_line_that_names_it_and_exit_2(
    arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments) == 2

    shown = capsys.readouterr()
    assert said in shown.err
    assert shown.err.count("\n") == 1
    assert shown.out == ""


def test_bad_input_leaves_the_output_folder_as_it_was(bars: str, tmp_path: Path) -> None:
    out = tmp_path / "run"

    assert main(["backtest", "--bars", bars, "--start", "2001-01-01", "--end", "2001-02-01", "--out", str(out)]) == 2

    assert list(tmp_path.iterdir()) == []


def test_screen_shows_the_funnel_and_the_candidates_best_first(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["screen", "--date", "2017-05-24"]) == 0

    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "Screen of 60 symbols after the close of 2017-05-24"
    rules = [line.split()[0] for line in lines[3:11]]
    assert rules == ["no_bar", "warm_up", "trend", "pullback", "price", "volume", "volatility", "gap"]
    candidates = [line.split() for line in lines[13:21]]
    scores = [float(cells[1]) for cells in candidates]
    assert scores == sorted(scores, reverse=True)
    assert int(lines[10].split()[2]) == len(candidates)


def test_screen_before_any_indicator_exists_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["screen", "--date", "2013-02-08"]) == 0

    assert "No symbol gives a buy signal." in capsys.readouterr().out


def test_explain_shows_rules_prices_and_caps_and_takes_small_letters(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", "msft", "--date", "2017-05-24"]) == 0

    shown = capsys.readouterr().out
    assert shown.startswith("MSFT after the close of 2017-05-24: buy signal\n")
    assert "Order prices: limit 68.56, stop 66.52, target 69.94" in shown
    assert "Size: 14 shares, bound by allocation" in shown


def test_explain_as_json_has_every_check(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", "AAPL", "--json"]) == 0

    values = json.loads(capsys.readouterr().out)
    assert [check["rule"] for check in values["checks"] if not check["passed"]] == ["pullback"]
    assert values["verdict"] is None


def test_configuration_names_every_parameter_with_its_value() -> None:
    configuration = configuration_of(load_settings({}, ROOT / "config.json"))
    strategy = configuration["strategy"]

    assert isinstance(strategy, dict)
    assert len(strategy["trend_mean_reversion"]) == 17
    assert set(configuration) == {"strategy", "rules", "sizing", "risk", "execution"}
    assert "password" not in json.dumps(configuration)
