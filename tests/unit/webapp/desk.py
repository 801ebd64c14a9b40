"""A dashboard on a state folder of its own, with a clock that the test moves and a desk that notes what is asked."""

from __future__ import annotations

import os
import random
import re
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests.fakes.heartbeats import leave_beat
from trading.model.decision import (
    Approved,
    Decision,
    Denied,
    ExitOrder,
    ExitReason,
    Reason,
    RiskState,
    Signal,
    SymbolVerdict,
)
from trading.model.mode import NOTHING_SEEN, Seen
from trading.model.operator_request import OperatorVerb, RequestProgress
from trading.model.strategy_words import ChartLine, Check, Look, StrategyWords, Unit
from trading.monitoring.sign_of_life import HEARTBEAT_NAME, METRICS_NAME
from trading.store.database import Database
from trading.store.records import SqliteStore
from webapp.app import create_app
from webapp.services import EXTENSION

PASSWORD = "correct-horse-battery"
ACCOUNT = "DU1234567"
NOON = datetime(2026, 3, 3, 17, 0, tzinfo=UTC)
SESSION = date(2026, 3, 2)
TOKEN = re.compile(r'name="csrf_token" value="([^"]+)"')
PAGES = ("/", "/decisions", "/trades", "/log", "/halt", "/resume")
KEY = re.compile(r'name="key" value="([^"]+)"')
SEEN = re.compile(r'name="(seen(?:_latched)?)" value="([^"]+)"')


# Of a strategy that is not among the product's own.
WORDS = StrategyWords(
    "made_up",
    checks=(
        Check("trend", "close", "mean", ">", title="Rising", passed="It rises: {value} over {limit}."),
        Check("dip", "depth", 1.0, ">=", title="Dipped", failed="It dipped {value}; {limit} are asked."),
        Check("price", "close", 5.0, ">=", unit=Unit.USD),
    ),
    lines=(ChartLine("mean", "mean", Look.MIDDLE), ChartLine("top", "top", Look.LEVEL, in_scale=True)),
    exit_level="its mean",
)


class HandClock:
    """Time that only the test moves."""

    def __init__(self) -> None:
        self._now = NOON
        self._monotonic = 1000.0

    def now(self) -> datetime:
        return self._now

    def monotonic(self) -> float:
        return self._monotonic

    def pass_by(self, seconds: float) -> None:
        self._now += timedelta(seconds=seconds)
        self._monotonic += seconds


@dataclass
class NotingDesk:
    """Keeps the requests; `results` are the answers of the trading process."""

    asked: list[tuple[OperatorVerb, str]] = field(default_factory=list)
    results: dict[int, str] = field(default_factory=dict)
    seen: list[Seen] = field(default_factory=list)
    age_s: float | None = 0.5
    taken_up: bool = False
    broken: Exception | None = None
    files: list[str] = field(default_factory=list)

    def make_halt_file(self, reason: str) -> Path:
        self.files.append(reason)
        return Path("state/HALT")

    def request(
        self, kind: OperatorVerb, argument: str, actor: str, now: datetime, *, seen: Seen = NOTHING_SEEN
    ) -> int:
        if self.broken is not None:
            raise self.broken
        self.asked.append((kind, actor))
        self.seen.append(seen)
        return len(self.asked)

    def progress(self, number: int) -> RequestProgress | None:
        if not 1 <= number <= len(self.asked):
            return None
        return RequestProgress(self.age_s, taken_up=self.taken_up, answer=self.results.get(number))


class WholeAnswers(FlaskClient):
    """Reads each answer to its end, so that served files are closed."""

    def open(self, *args: Any, **kwargs: Any) -> TestResponse:  # noqa: ANN401 - handed on as they are
        return super().open(*args, **{**kwargs, "buffered": True})


@dataclass
class Dashboard:
    """The app with everything that a test moves or looks at."""

    app: Flask
    clock: HandClock
    desk: NotingDesk
    state: Path
    logs: Path

    def client(self, *, use_cookies: bool = True) -> FlaskClient:
        self.app.test_client_class = WholeAnswers
        return self.app.test_client(use_cookies=use_cookies)

    def logged_in(self) -> FlaskClient:
        client = self.client()
        answer = client.post("/login", data={"password": PASSWORD})
        assert answer.status_code == 303
        return client

    def close(self) -> None:
        self.app.extensions[EXTENSION].audit.close()

    def log(self) -> str:
        return (self.logs / "webapp.log").read_text(encoding="utf-8")

    def beat(self, *, silent_s: float = 0.0, **said: str | float) -> None:
        """Let the trading process have given a sign of life `silent_s` ago, which `said` something."""
        (self.state / METRICS_NAME).write_text("trading_gateway_up 1.0\n", encoding="utf-8")
        leave_beat(self.state, silent_s=silent_s, **said)
        at = self.clock.now().timestamp() - silent_s
        os.utime(self.state / HEARTBEAT_NAME, (at, at))


def make_dashboard(folder: Path, **environ: str) -> Dashboard:
    clock, desk = HandClock(), NotingDesk()
    settings = {
        "GATEWAY": "live",
        "STATE_DIR": str(folder / "state"),
        "LOG_DIR": str(folder / "logs"),
        "DASHBOARD_PASSWORD": PASSWORD,
        **environ,
    }
    (folder / "state").mkdir(mode=0o700, exist_ok=True)
    app = create_app(settings, clock=clock, desk=desk)
    return Dashboard(app, clock, desk, folder / "state", folder / "logs")


def text_of(dashboard: Dashboard, path: str) -> str:
    answer = dashboard.logged_in().get(path)
    assert answer.status_code == 200
    return answer.get_data(as_text=True)


def token_of(client: FlaskClient) -> str:
    return found(TOKEN, client.get("/trades").get_data(as_text=True))


def form_of(client: FlaskClient, path: str) -> dict[str, str]:
    page = client.get(path).get_data(as_text=True)
    form = {"csrf_token": found(TOKEN, page), "key": found(KEY, page)}
    return form | dict(SEEN.findall(page))


def found(pattern: re.Pattern[str], text: str) -> str:
    match = pattern.search(text)
    assert match is not None
    return match[1]


def decision(session: date = SESSION, *, name: str = "AAA") -> Decision:
    """One symbol of each fate; `name` is the one to buy."""
    signal = Signal(name, 9.5, 50.0, 1.0, 1e6, 49.75, 47.25, 51.5)
    other = Signal("BBB", 4.5, 20.0, 0.5, 1e6, 19.87, 18.62, 20.5)
    values = {"close": 50.0, "atr": 1.0}
    return Decision(
        session=session,
        equity=25_000.0,
        cash=20_000.0,
        drawdown=0.013,
        exits=(ExitOrder("CCC", 12, ExitReason.TIME_STOP),),
        entries=(Approved(name, 20, 49.75, 47.25, 51.5, 9.5, "allocation"),),
        denials=(Denied("BBB", "max_positions", 11.0, 10.0),),
        verdicts=(
            SymbolVerdict(name, signal, (), values, failed=()),
            SymbolVerdict("BBB", other, (), values, failed=()),
            SymbolVerdict("CCC", None, (), values, held=True, exit_reason=ExitReason.TIME_STOP),
            SymbolVerdict("DDD", None, (), values, held=True),
            SymbolVerdict(
                "EEE",
                None,
                (Reason("dip", 0.42, 1.0, "depth"), Reason("price", 4.2, 5.0, "close")),
                {"close": 4.2, "mean": 3.9, "depth": 0.42},
                failed=(1, 2),
            ),
        ),
        risk=RiskState(peak=25_300.0),
        skipped={"FFF": "no contract found"},
        words=WORDS,
    )


def open_store(state: Path) -> tuple[Database, SqliteStore]:
    database = Database(state / "trading.db", chance=random.Random(3))  # noqa: S311 - the same names each time
    return database, SqliteStore(database)


def make_ready(dashboard: Dashboard, *, account: str = ACCOUNT, session_state: str = "ready") -> None:
    """Leave what a trading process that runs well has written."""
    database, store = open_store(dashboard.state)
    database.claim(account, "live")
    store.set_reconciled(reconciled=True, reason="our record and the broker's agree", now=NOON)
    store.keep({"session_state": session_state})
    store.record_decision(decision(), NOON)
    store.record_equity(SESSION, 25_000.0, 20_000.0, 2, 0.013)
    database.close()
    dashboard.beat()
