"""Names from outside that mean harm are text on every page, in the log, in charts and in the file of trades."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import quote

from tests.browser.chromium import Page
from tests.browser.conftest import log_in, running
from tests.browser.looks import PATHS, look_at, problems
from tests.browser.seed import fill_state
from trading.model.mode import OPERATOR
from trading.store.database import Database
from trading.store.records import SqliteStore

HARM = "'\"><script>alert(1)</script><img src=x onerror=alert(1)>{{7*7}}"


def test_hostile_names_are_only_text(chromium: Page, project_root: Path, tmp_path: Path) -> None:
    state, logs = tmp_path / "state" / "simulated", tmp_path / "logs"
    fill_state(state, logs, months=1, suffix=HARM)
    _say_harm(state, logs)
    paths = [path for name, path in PATHS.items() if name != "symbol"]
    with running(project_root, tmp_path) as url:
        log_in(chromium, url)
        for path in [*paths, f"/symbols/{quote('AAPL' + HARM, safe='')}", "/decisions?show=no_signal", "/no-such-page"]:
            look_at(chromium, url + path)
            # A page that there is not is an error of the network to the browser, and nothing else may be.
            assert [problem for problem in problems(chromium, url) if "with a status of 40" not in problem] == [], path
            assert chromium.value("document.querySelectorAll('img, main script').length") == 0, path
            assert "49" not in chromium.value("document.title")
            chromium.complaints.clear()
        look_at(chromium, url)
        assert HARM in chromium.value("document.querySelector('.situation').textContent")
        assert HARM in chromium.value("document.querySelector('.orders, .positions').textContent")
        assert not chromium.value("fetch('/').then((a) => a.text()).then((t) => t.includes('<script>alert'))")


def _say_harm(state: Path, logs: Path) -> None:
    database = Database(state / "trading.db")
    store = SqliteStore(database)
    store.keep({"session_detail": HARM})
    store.halts.raise_halt(OPERATOR, "test", reason=HARM, actor=HARM, now=datetime(2016, 10, 4, tzinfo=UTC))
    database.close()
    line = json.dumps({"timestamp": HARM, "level": "error", "event": HARM, HARM: f"\x1b[31m{HARM}\r\n{HARM}"})
    with (logs / "trading.log").open("a", encoding="utf-8") as log:
        log.write(f"{line}\n{HARM}\n")
