"""docs/simulator.md says what the simulator does: options, settings, limits, log, control, and an example that runs."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from simulator.cli import build_parser
from simulator.endpoints.control import CONTROL_ROUTES
from simulator.pacing import FYI_LIMIT, GLOBAL_PER_SECOND, LIMITS, Limit
from simulator.server.tempo import ANSWER_S, HISTORY_S, MOST_HISTORIES
from simulator.session import Event
from simulator.stream import TOPICS
from simulator.truth import COMMANDS
from tests.unit.simulator.support import start
from tools.simulator_page import PARTS

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "simulator.md"
TEXT = PAGE.read_text(encoding="utf-8")
EFFECTS = {"fill", "status", "account", "open", "close"}


def section(title: str) -> str:
    found = re.search(rf"^## {re.escape(title)}\n(.*?)(?=^## |\Z)", TEXT, re.MULTILINE | re.DOTALL)
    assert found is not None
    return found.group(1)


def test_tables_of_calls_and_settings_are_the_codes() -> None:
    for part in PARTS:
        assert part.put(TEXT) == TEXT, "run: python tools/simulator_page.py docs/simulator.md"


def test_every_option_is_told() -> None:
    options = {o for action in build_parser()._actions for o in action.option_strings if o.startswith("--")}
    assert {option for option in options - {"--help"} if f"`{option}" not in section("Start it")} == set()


def test_every_kind_of_line_is_told() -> None:
    told = set(re.findall(r"`(\w+)`", "".join(re.findall(r"^\| (`.*?) \|", section("The truth log"), re.MULTILINE))))
    assert told == {"start"} | COMMANDS | EFFECTS
    assert {event for event in Event if f"`{event}`" not in section("The truth log")} == set()
    assert {limit for limit in Limit if f"`{limit}`" not in section("The truth log")} == set()


def test_limits_are_the_codes() -> None:
    rows = [f"| `{method} {path}` | {calls} in {seconds:g} s |" for method, path, seconds, calls in LIMITS]
    assert [row for row in rows if row not in section("Limits on calls")] == []
    assert f"| all together | {GLOBAL_PER_SECOND} a second |" in section("Limits on calls")
    assert f"| each call below `/fyi` | {FYI_LIMIT[1]} in {FYI_LIMIT[0]:g} s |" in section("Limits on calls")
    assert f"{MOST_HISTORIES} at once" in section("Limits on calls")
    assert f"({ANSWER_S:g} s, charts {HISTORY_S:g} s)" in " ".join(section("Limits on calls").split())


def test_every_call_of_the_control_and_every_external_event_is_told() -> None:
    assert {
        r.pattern for r in CONTROL_ROUTES if f"{r.pattern}`" not in section("Time").replace("?since=N", "")
    } == set()
    told = section("External events and schedules")
    client = start({"ABC": [(1.0, 1.0, 1.0, 1.0, 1.0)]})
    listed = json.loads(client.call("POST", "/sim/account", {"do": "nothing"}).body)["error"]
    names = set(re.findall(r"[a-z_]+", re.split("there are|session events:", listed, maxsplit=1)[1])) - {
        "session",
        "events",
    }
    assert {"order", "split", "compete"} <= names
    assert {name for name in names if f"`{name}`" not in told} == set()


def test_topics_are_the_codes() -> None:
    topics = {topic for topic in TOPICS if not topic.startswith("u")}
    assert {topic for topic in topics if f"`{topic}`" not in section("Websocket")} == set()


@pytest.mark.parametrize("anchor", sorted(set(re.findall(r"\]\(#([^)]+)\)", TEXT))))
def test_links_within_the_page_lead_somewhere(anchor: str) -> None:
    titles = re.findall(r"^## (.*)$", TEXT, re.MULTILINE)
    assert anchor in {re.sub(r"[^a-z -]", "", title.lower()).replace(" ", "-") for title in titles}


def test_example_in_the_process_runs_as_shown() -> None:
    [code] = re.findall(r"```python\n(.*?)```", TEXT, re.DOTALL)
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=False, timeout=60
    )
    assert (done.stderr, done.returncode) == ("", 0)
    assert re.fullmatch(r"\w+ 2014-03-03T\d\d:\d\d:\S+Z 10\.0\n", done.stdout)
