"""README and .env.example say what the code does: tables, commands, files, the example strategy, the shown outputs."""

from __future__ import annotations

import ast
import os
import re
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path

import click
import pytest

from tools.settings_table import PART, SHELL_SETTINGS
from trading.cli.main import commands
from trading.config import OPTIONS
from trading.market.fills import commission
from trading.model.metric import Counter, Duration, Gauge, LiveGauge
from trading.strategies.discovery import strategy_names

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
DOCUMENTS = (
    "README.md",
    "CONTRIBUTING.md",
    "CHANGELOG.md",
    *(str(p.relative_to(ROOT)) for p in ROOT.glob("docs/**/*.md")),
)
EXAMPLE = ROOT / "docs" / "examples" / "dip_in_uptrend.py"

# What scripts read of their surroundings, and what only tests and the image set; no settings for people.
NOT_FOR_PEOPLE = {
    "CI",
    "COMPOSE_PROJECT_NAME",
    "JAVA_TOOL_OPTIONS",
    "NUMBA_CACHE_DIR",
    "NUMBA_CACHE_SEED",
    "PATH",
    "PYTHON",
    "TMPDIR",
    "TRADING_CONTAINER",
}
# Without these in .env.example nobody finds what has to be set.
IMPORTANT = {
    "GATEWAY",
    "GATEWAY_URL",
    "IBKR_ACCOUNT_ID",
    "LIVE_TRADING",
    "TICKERS",
    "MIN_PRICE",
    "PROFIT_THRESHOLD",
    "MAX_POSITIONS",
    "ALLOCATION_PER_TRADE",
    "MAX_POSITION_SIZE",
    "MAX_DRAWDOWN",
    "TRADING_CHECK_INTERVAL",
    "DASHBOARD_PASSWORD",
    "METRICS_TOKEN",
    "LOG_DIR",
    "STATE_DIR",
}


def text_of(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def sources(*patterns: str) -> list[Path]:
    return sorted(path for pattern in patterns for path in ROOT.glob(pattern))


def known_variables() -> set[str]:
    return {name for option in OPTIONS for name in option.variables} | set(SHELL_SETTINGS)


# ---------------------------------------------------------------- settings


def test_tables_of_settings_are_those_of_the_code() -> None:
    assert PART.put(README) == README, "run: python tools/settings_table.py README.md"


def variables_read() -> set[str]:
    """Return the names of the variables that scripts and programs read beside Settings."""
    found: set[str] = set()
    for path in sources("start.sh", "deploy/*.sh", "docker-compose.yml"):
        found |= set(re.findall(r"\$\{([A-Z][A-Z0-9_]*):-", path.read_text(encoding="utf-8")))
    for path in sources("trading/**/*.py", "webapp/**/*.py", "simulator/**/*.py"):
        text = path.read_text(encoding="utf-8")
        found |= set(re.findall(r'environ(?:\.get\(|\[)"([A-Z][A-Z0-9_]*)"', text))
        found |= set(re.findall(r'_file\(environ, "([A-Z][A-Z0-9_]*)"\)', text))
    return found


def test_every_variable_that_is_read_is_in_a_table() -> None:
    own = {"GATEWAY_SINCE", "GATEWAY_ANSWERED", "GATEWAY_ALIVE"}  # variables of the supervisor itself
    assert variables_read() - known_variables() - NOT_FOR_PEOPLE - own == set()


def test_every_variable_of_the_table_is_read_somewhere() -> None:
    assert set(SHELL_SETTINGS) - variables_read() == set()


def is_used(path: str) -> bool:
    """Return whether any module but the settings' own reads the setting at `path`."""
    group, _, field = path.rpartition(".")
    owners = {group, f"_{group}", "settings", "_settings", "rule_settings"}
    return any(
        node.attr == field and owner_of(node.value) in owners
        for module in sources("trading/**/*.py", "webapp/**/*.py", "deploy/*.py")
        if "config" not in module.parts
        for node in attributes(module)
    )


def owner_of(node: ast.expr) -> str:
    match node:
        case ast.Attribute(attr=name) | ast.Name(id=name):
            return name
        case _:
            return ""


@cache
def attributes(module: Path) -> tuple[ast.Attribute, ...]:
    tree = ast.parse(module.read_text(encoding="utf-8"))
    return tuple(node for node in ast.walk(tree) if isinstance(node, ast.Attribute))


def test_something_acts_on_every_setting() -> None:
    unused = {option.key for option in OPTIONS if not is_used(option.path) and option.path != "strategy_name"}
    assert unused == set()


def example_variables() -> dict[str, str]:
    lines = [line for line in text_of(".env.example").splitlines() if line.strip() and not line.startswith("#")]
    pairs = [line.partition("=") for line in lines]
    assert all(sign for _, sign, _ in pairs)
    return {name: value for name, _, value in pairs}


def test_env_example_names_only_variables_that_there_are() -> None:
    assert set(example_variables()) - known_variables() == set()


def test_env_example_names_the_important_variables() -> None:
    assert IMPORTANT - set(example_variables()) == set()


def test_env_example_gives_the_defaults_and_loads() -> None:
    by_name = {option.env: option for option in OPTIONS if option.env}
    values = {name: value for name, value in example_variables().items() if value and name in by_name}
    read = {name: by_name[name].from_text(name, value) for name, value in values.items()}
    different = {name for name, value in read.items() if value != by_name[name].default}
    # What has no useful default, and what start.sh sets for the demo.
    assert different == {"TICKERS", "SIM_SECONDS_PER_DAY"}


# ---------------------------------------------------------------- commands and files


def test_every_trading_command_is_named_and_every_named_one_exists() -> None:
    named = set(re.findall(r"python -m trading ([a-z][a-z-]*)", "".join(map(text_of, DOCUMENTS))))
    existing = set(commands.list_commands(click.Context(commands)))
    assert named <= existing
    assert existing <= set(re.findall(r"python -m trading ([a-z][a-z-]*)", README))


def test_every_make_target_that_is_named_exists() -> None:
    targets = set(re.findall(r"^([a-z][a-z-]*):", text_of("Makefile"), re.MULTILINE))
    named = {name for document in DOCUMENTS for name in re.findall(r"(?:`|    )make ([a-z][a-z-]*)", text_of(document))}
    assert named
    assert named - targets == set()


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_link_leads_somewhere(document: str) -> None:
    folder = (ROOT / document).parent
    targets = re.findall(r"\]\(([^)\s]+)\)", text_of(document))
    files = [target.partition("#")[0] for target in targets if "://" not in target]
    assert [file for file in files if file and not (folder / file).exists()] == []


def test_every_jump_within_the_readme_has_its_heading() -> None:
    headings = re.findall(r"^#+ (.+)$", README, re.MULTILINE)
    anchors = {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}
    assert set(re.findall(r"\]\(#([^)]+)\)", README)) - anchors == set()


def test_every_file_that_is_named_exists() -> None:
    # Files of a running system, of the user, and of IBKR's zip are not there in a checkout.
    made = re.compile(r"(state|logs|gateway/bin|gateway/clientportal)")
    pattern = r"`((?:trading|simulator|webapp|tests|docs|tools|deploy|data|gateway|state|logs|bench)/[\w./-]*)`"
    named = set(re.findall(pattern, README))
    assert named
    assert [name for name in sorted(named) if not made.match(name) and not (ROOT / name).exists()] == []


def test_every_metric_that_is_named_exists() -> None:
    existing = {f"trading_{metric.value}" for kind in (Counter, Gauge, LiveGauge, Duration) for metric in kind} | {
        "trading_mode"
    }
    named = set(re.findall(r"`(trading_[a-z_]+?)(?:\{[^`]*\})?`", README)) - {"trading_system"}
    assert named
    assert named - existing == set()


def test_metrics_that_nothing_counts_are_named_as_such() -> None:
    text = "".join(
        path.read_text(encoding="utf-8")
        for path in sources("trading/**/*.py")
        if path.name not in {"metric.py", "metrics.py"}
    )
    silent = {
        f"trading_{metric.value}"
        for kind in (Counter, Gauge, Duration)
        for metric in kind
        if f"{kind.__name__}.{metric.name}" not in text
    }
    lines = [line for line in README.split("\n- ") if "never counted yet" in line]
    told = set(re.findall(r"`(trading_[a-z_]+)`", lines[0])) if lines else set()
    assert told == silent


def test_every_line_of_troubleshooting_can_be_met() -> None:
    table = README.partition("## Troubleshooting")[2].partition("\n## ")[0]
    shown = [re.findall(r"[`*]([^`*]{8,})[`*]", row.split("|")[1]) for row in table.splitlines() if row.startswith("|")]
    texts = [text for cells in shown for text in cells]
    assert len(texts) > 20
    code = " ".join(path.read_text(encoding="utf-8") for path in sources("*.sh", "tools/*.sh", "deploy/*.*"))
    code += " ".join(
        path.read_text(encoding="utf-8") for path in sources("trading/**/*.py", "webapp/**/*.py", "simulator/*.py")
    )
    # "…" stands for what differs; a setting's name and what is wrong with it are put together by the error itself.
    parts = [part.strip(" =?'") for text in texts for part in re.split("…|: |; ", text)]
    assert [part for part in parts if len(part) > 4 and part not in code] == []


def test_every_strategy_is_in_the_tables() -> None:
    assert [name for name in strategy_names() if f"strategy.{name}" not in README] == []


# ---------------------------------------------------------------- what the README shows


COMMAND = """
import sys
import trading.strategies
from trading.cli.main import main
trading.strategies.__path__.append(sys.argv[1])
sys.exit(main(sys.argv[2:]))
"""


def trading(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a command with the settings of `folder`, whose strategies count as if they lay beside the others."""
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1"}
    return subprocess.run(
        [sys.executable, "-c", COMMAND, str(folder), *arguments],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with the settings that come with the project, and no others."""
    shutil.copy(ROOT / "config.json", tmp_path)
    return tmp_path


SHOWN = re.findall(r"```console\n\$ python -m trading (.+)\n((?:.*\n)+?)```", README)


def test_outputs_are_shown() -> None:
    assert len(SHOWN) >= 2


@pytest.mark.parametrize(("command", "output"), SHOWN, ids=[command for command, _ in SHOWN])
def test_command_prints_what_is_shown(command: str, output: str, folder: Path) -> None:
    done = trading(folder, *command.split())
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == output


def test_example_is_the_file_that_is_shown() -> None:
    code = README.partition("<!-- example: begin (docs/examples/dip_in_uptrend.py) -->")[2].partition(
        "<!-- example: end -->"
    )[0]
    assert code.strip() == f"```python\n{EXAMPLE.read_text(encoding='utf-8')}```"


def test_example_strategy_works_once_it_is_copied(folder: Path) -> None:
    shutil.copy(EXAMPLE, folder)
    lines = re.findall(r"^    python -m trading (.+dip_in_uptrend.*)$", README, re.MULTILINE)
    assert [line.split()[0] for line in lines] == ["screen", "explain", "backtest"]
    done = {line.split()[0]: trading(folder, *line.split()) for line in lines}
    assert [(each.returncode, each.stderr) for each in done.values()] == [(0, "")] * 3
    assert re.search(r"^dip +\d+ +\d+$", done["screen"].stdout, re.MULTILINE)
    assert re.search(
        r"^(pass|FAIL)  dip +Close, [\d.]+, is .* lowest before, [\d.]+\.$", done["explain"].stdout, re.MULTILINE
    )
    assert re.search(r"^Trades +[1-9]\d* closed", done["backtest"].stdout, re.MULTILINE)


def test_costs_are_said_as_they_are_counted() -> None:
    allocation = next(option.default for option in OPTIONS if option.env == "ALLOCATION_PER_TRADE")
    assert allocation == 1000.0
    shares, price = 20, 50.0
    round_trip = commission(shares, price) + commission(shares, price)
    assert round_trip == 2.00
    assert round(10_000 * round_trip / (shares * price)) == 20
    said = " ".join(README.split())
    assert "pays the minimum twice, 2 × 1.00 USD of 1,000 USD: 20 bp" in said
    paid, cash = re.search(r"^Commissions +([\d.]+) USD$", README, re.MULTILINE), 10_000.0
    assert paid is not None
    assert f"{paid.group(1)} USD in a year, {float(paid.group(1)) / cash:.1%}".replace("%", " %") in said
