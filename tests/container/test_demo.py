"""`GATEWAY=simulated docker compose up`: it gets healthy, trades, survives kills and restarts, and keeps its state."""

from __future__ import annotations

import json
import os
import re
import signal
import time

import pytest

from tests.container.books import Books
from tests.container.engine import Project, docker, figure, wait_for

LATE_S = 6


def settled(demo: Project) -> list[str]:
    """Return what broker and journal disagree in, once the loop has had the time to read the last fills."""
    limit = time.monotonic() + 30
    while (found := Books.read(demo).differences()) and time.monotonic() < limit:
        time.sleep(0.5)
    return found


def test_image_without_java_is_below_700_megabytes(demo: Project) -> None:
    assert int(demo.inspect("{{.Size}}", f"{demo.name}-{demo.kind}")) < 700e6


def test_it_is_healthy_and_trades_appear(demo: Project) -> None:
    wait_for("healthy", lambda: demo.health() == "healthy")
    wait_for("a fill", lambda: demo.metric("trading_fills_total") > 0, 90)
    wait_for("a closed trade", lambda: Books.read(demo).closed_trades > 0, 90)
    for part, used in demo.resident_mb().items():
        figure(f"simulated: resident {part}", f"{used:.0f} MB")


def test_logs_are_one_stream_with_each_parts_name_and_a_cycle(demo: Project) -> None:
    lines = demo.logs().splitlines()
    strange = [line for line in lines if not re.match(r"(start|gateway|trader|web) +\| ", line)]
    assert strange == []
    cycle = next(line for line in lines if " cycle " in line and "signals=" in line)
    assert all(word in cycle for word in ("orders=", "fills=", "refusals=", "duration_s="))
    assert sum("log in once with: http://localhost:5056/login" in line for line in lines) == 1


def test_nothing_is_compiled_while_it_runs(demo: Project) -> None:
    listing = "cd {} && find . -type f -exec sha256sum {{}} + | sort"
    seed = demo.run("sh", "-c", listing.format("/opt/numba-cache"))
    used = demo.run("sh", "-c", listing.format("$NUMBA_CACHE_DIR"))
    assert seed.count("\n") > 50
    assert used == seed


def test_no_module_is_without_its_bytecode(demo: Project) -> None:
    code = (
        "import importlib.util as u, json, sys, pathlib;"
        "files=[p for r in ('/app','/opt/venv/lib') for p in pathlib.Path(r).rglob('*.py')];"
        "print(json.dumps([str(p) for p in files if not pathlib.Path(u.cache_from_source(str(p))).exists()"
        " and 'test' not in str(p) and 'lib2to3' not in str(p)]))"
    )
    assert demo.python(code) == []


@pytest.mark.parametrize("part", ["trader", "web", "gateway"])
def test_killed_part_recovers(demo: Project, part: str) -> None:
    before = wait_for("all parts", lambda: len(found := demo.processes()) == 3 and found)
    assert isinstance(before, dict)
    noticed = f"start    | {part} ended (exit 137); starting it again in"
    times = demo.logs().count(noticed)
    began = time.monotonic()
    os.kill(before[part], signal.SIGKILL)
    wait_for("start.sh's notice", lambda: demo.logs().count(noticed) > times)
    wait_for(f"a new {part}", lambda: demo.processes().get(part, before[part]) != before[part])
    wait_for("its answer", lambda: demo.get("/healthz")[0] == 200 and demo.gateway_listens())
    figure(f"simulated: {part} back after", f"{time.monotonic() - began:.1f} s")
    after = demo.processes()
    assert {name for name in after if after[name] != before[name]} == {part}
    accepted = len(Books.read(demo).accepted())
    # The trading loop looks again after a minute at the latest.
    wait_for("trading goes on", lambda: len(Books.read(demo).accepted()) > accepted, 120)
    assert settled(demo) == []


def answer_late(demo: Project) -> int:
    """Have the broker answer the next confirmed order late; return how many requests it has had."""
    fault = {"id": "T06", "selector": {"role": "reply", "times": 1}, "parameters": {"seconds": LATE_S}}
    status, text = demo.gateway("POST", "/sim/faults", json.dumps({"faults": [fault], "clear": True}))
    assert status == 200, text
    return len(Books.read(demo).accepted())


def in_the_middle(demo: Project) -> None:
    """Wait until the broker has accepted an order whose answer is still under way."""
    wait_for("a late answer", lambda: any(line["kind"] == "fault" for line in Books.read(demo).truth[-8:]), 60)


def test_restart_in_the_middle_of_an_order_loses_and_doubles_nothing(demo: Project) -> None:
    accepted = answer_late(demo)
    in_the_middle(demo)
    began = time.monotonic()
    demo.compose("restart")
    wait_for("alive", lambda: demo.get("/healthz")[0] == 200, 60)
    figure("simulated: restart mid-order", f"{time.monotonic() - began:.1f} s")
    wait_for("more orders", lambda: len(Books.read(demo).accepted()) > accepted + 1, 60)
    assert settled(demo) == []
    assert demo.inspect("{{.State.OOMKilled}} {{.RestartCount}}") == "false 0"


def test_container_killed_in_the_middle_of_an_order_loses_and_doubles_nothing(demo: Project) -> None:
    accepted = answer_late(demo)
    in_the_middle(demo)
    docker("kill", "-s", "KILL", demo.container)
    seconds = demo.up()
    figure("simulated: killed, alive after", f"{seconds:.1f} s")
    assert seconds < 30
    wait_for("more orders", lambda: len(Books.read(demo).accepted()) > accepted + 1, 60)
    assert settled(demo) == []


def test_down_and_up_keep_the_state(demo: Project) -> None:
    before = Books.read(demo)
    password = demo.run("cat", "/app/state/simulated/dashboard_password")
    began = time.monotonic()
    demo.compose("down")
    stopped = time.monotonic() - began
    figure("simulated: down", f"{stopped:.1f} s")
    assert stopped < 30, "within the grace period"
    demo.up()
    after = Books.read(demo)
    assert demo.run("cat", "/app/state/simulated/dashboard_password") == password
    assert [tuple(line.items()) for line in map(dict, after.truth[:50])] == [
        tuple(x.items()) for x in before.truth[:50]
    ]
    assert {coid for coid, *_ in before.intents} <= {coid for coid, *_ in after.intents}
    assert {fill[0] for fill in before.executions} <= {fill[0] for fill in after.executions}
    assert settled(demo) == []


def test_bad_setting_ends_the_container_with_one_line_and_exit_2(demo: Project) -> None:
    image = f"{demo.name}-{demo.kind}"
    output = docker("run", "--rm", "--read-only", "--tmpfs", "/tmp", "-e", "MAX_POSITIONS=ten", image, check=False)  # noqa: S108
    assert "MAX_POSITIONS" in output
    assert output.strip().count("\n") == 0
