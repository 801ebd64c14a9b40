"""The documented limits over HTTPS: charts at once, the penalty box, and who keeps to them."""

from __future__ import annotations

import json
import threading
from pathlib import Path
from typing import Any

import requests

from tests.scenarios.simulator.process import Running, running

AAPL = 265598
CHART = f"/v1/api/iserver/marketdata/history?conid={AAPL}&period=5d&bar=1d"


def limited(simulator: Running) -> list[tuple[str, str]]:
    """Return the calls over a limit that the truth log holds."""
    lines: list[dict[str, Any]] = [json.loads(line) for line in simulator.truth().splitlines()]
    return [(line["limit"], line["path"]) for line in lines if line["kind"] == "limited"]


def ask(simulator: Running, path: str, answers: list[requests.Response]) -> None:
    with requests.Session() as session:
        session.trust_env = False
        answers.append(session.get(simulator.url + path, verify=str(simulator.certificate), timeout=30))


def at_once(simulator: Running, paths: list[str]) -> list[requests.Response]:
    answers: list[requests.Response] = []
    threads = [threading.Thread(target=ask, args=(simulator, path, answers)) for path in paths]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers


def test_sixth_chart_at_once_is_refused(tmp_path: Path) -> None:
    with running(tmp_path, "--pacing", "real") as simulator:
        answers = at_once(simulator, [CHART] * 6)
        assert sorted(answer.status_code for answer in answers) == [200] * 5 + [429]
        [refused] = [answer.json()["error"] for answer in answers if answer.status_code == 429]
        assert refused == "Too many history charts requests, please try again later."
        assert limited(simulator) == [("charts", "/iserver/marketdata/history")]


def test_one_call_after_the_other_is_never_over_the_limit(tmp_path: Path) -> None:
    with running(tmp_path, "--pacing", "real") as simulator:
        for _ in range(25):
            assert simulator.get("/v1/api/iserver/auth/status")["authenticated"] is True
        assert limited(simulator) == []


def test_more_than_ten_in_a_second_lead_into_the_box_and_the_control_stays_open(tmp_path: Path) -> None:
    with running(tmp_path, "--pacing", "real") as simulator:
        statuses = [a.status_code for a in at_once(simulator, ["/v1/portal/iserver/auth/status/"] * 16)]
        assert statuses.count(200) == 10
        assert simulator.session.get(f"{simulator.url}/v1/api/tickle", timeout=10).status_code == 429
        assert simulator.session.get(f"{simulator.url}/sso/Login", timeout=10).status_code == 200
        limits = [limit for limit, _ in limited(simulator)]
        assert limits == ["all", *["box"] * 6]
