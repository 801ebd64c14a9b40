from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import msgspec
import numpy as np
import pytest

from simulator.config import SimulatorConfig
from simulator.core import Simulator
from simulator.market.replayed import ReplayedMarket
from tests.fakes.answer_rules import RuledTransport
from tests.fakes.bars import days
from tests.fakes.heartbeats import leave_beat
from tests.fakes.in_process import InProcessTransport
from trading.cli.doctor.broker_look import BrokerLook, Outside, calendar, unanswered
from trading.cli.doctor.connection import Distrust, Reached, Shown
from trading.cli.doctor.findings import Finding
from trading.cli.doctor.limited_transport import Times
from trading.config import ExecutionSettings, GatewaySettings, Settings
from trading.errors import DataError, GatewayError, NotSent, OutcomeUnknown, Refused, SessionLost, Suspended
from trading.gateway.pacing import QUIET_AT_START_S
from trading.gateway.transport import HttpAnswer, Transport
from trading.market.calendar import TradingCalendar
from trading.market.panel import SymbolBars, build_panel
from trading.model.status import SessionState, StatusKey
from trading.monitoring.sign_of_life import HEARTBEAT_NAME
from trading.store.database import Database
from trading.store.records import SqliteStore

ME = os.geteuid()
ACCOUNT = "DU1234567"
WALL = datetime(2026, 11, 24, 15, 0, tzinfo=UTC)
NOON = "2020-01-02T17:00:00+00:00"
URL = "https://localhost:5055"
LATE = "no answer in time"
LIVE_NAMES = ["gateway", "certificate", "login", "account", "currency", "clock", "symbols", "data", "volume"]


class Room:
    """Everything outside: a simulator in this process, time that moves only when waited for, each call noted down."""

    def __init__(self, simulator: Simulator, rules: Sequence[Mapping[str, object]] = ()) -> None:
        self.simulator = simulator
        self.rules = rules
        self.elapsed = 0.0
        self.server_time: datetime | None = None
        self.dead = ""
        self.calls: list[tuple[str, float]] = []
        self.reached = Reached("localhost", 5055, {"127.0.0.1": ""})
        self.shown = Shown(Path("gateway.pem"), WALL + timedelta(days=365))
        self.outside = Outside(
            Times(lambda: WALL + timedelta(seconds=self.elapsed), lambda: self.elapsed, self._pause),
            transport_to=self._transport,
            reach=lambda _url: self.reached,
            shake_hands=lambda _reached, _bundle: self.shown,
            calendar=lambda _today: TradingCalendar(date(2019, 1, 1), date(2027, 6, 30)),
        )

    def _pause(self, seconds: float) -> None:
        self.elapsed += seconds

    def _transport(self, url: str, _ca_bundle: Path | None) -> Transport:
        control = url.endswith("/sim")
        inner = InProcessTransport(self.simulator, "/sim") if control else RuledTransport(self.simulator, self.rules)
        return Noting(self, inner)

    def look(self, settings: Settings, user: int = ME) -> dict[str, Finding]:
        return {found.name: found for found in BrokerLook(settings, user, self.outside).findings()}


class Noting:
    """Notes every call, hangs on those to a `dead` path, and tells the server's time where it has one."""

    def __init__(self, room: Room, inner: Transport) -> None:
        self._room = room
        self._inner = inner

    def exchange(
        self, verb: str, path: str, query: Mapping[str, str] | None, body: bytes | None, limit_s: float
    ) -> HttpAnswer:
        room = self._room
        call = f"{verb} {path}"
        room.calls.append((call, room.elapsed))
        if room.dead and room.dead in path:
            room.elapsed += limit_s
            raise OutcomeUnknown(call, LATE)
        answer = self._inner.exchange(verb, path, query, body, limit_s)
        told = room.server_time
        return answer if told is None else replace(answer, server_time_ms=int(told.timestamp() * 1000))

    def close(self) -> None:
        self._inner.close()


def bars(count: int) -> SymbolBars:
    dates = np.array(days(count), dtype="datetime64[D]")
    flat = np.full(count, 10.0)
    return SymbolBars(dates, flat, flat, flat, flat, np.full(count, 30_000.0))


@pytest.fixture
def simulator() -> Simulator:
    """A logged-in simulator in the middle of its second session, with two symbols."""
    market = ReplayedMarket(build_panel({name: bars(60) for name in ("AAPL", "BRK B")}))
    made = Simulator(SimulatorConfig(auto_login=True, pacing=False), market)
    made.handle("POST", "/sim/advance", "", json.dumps({"to": NOON}).encode())
    return made


@pytest.fixture
def room(simulator: Simulator) -> Room:
    return Room(simulator)


def live(folder: Path, *tickers: str, **changes: object) -> Settings:
    return msgspec.structs.replace(Settings(state_dir=folder, tickers=tickers or ("AAPL",)), **changes)


def simulated(folder: Path) -> Settings:
    gateway = GatewaySettings(kind="simulated")
    return Settings(state_dir=folder, account_id=ACCOUNT, tickers=("AAPL",), gateway=gateway)


def not_well(found: Mapping[str, Finding]) -> list[str]:
    return [name for name, each in found.items() if each.verdict != "ok"]


def running_trader(folder: Path, **facts: str) -> None:
    database = Database(folder / "trading.db")
    database.claim(ACCOUNT, "live")
    SqliteStore(database).show({StatusKey.SESSION_STATE: SessionState.READY})
    SqliteStore(database).keep({"pin.AAPL": "1 NASDAQ USD", **facts})
    database.close()
    leave_beat(folder)


def test_everything_about_a_simulated_market_is_well(room: Room, tmp_path: Path) -> None:
    found = room.look(simulated(tmp_path))
    assert not_well(found) == []
    assert set(found) == {*LIVE_NAMES, "calendar"}
    assert "2020-01-02 17:00" in found["clock"].text
    assert found["calendar"].text.startswith("2020-01-02 is a session")
    # Nobody has to wait for the limits of a simulated gateway: it is the pause before the second quote.
    assert room.elapsed == 0.5
    assert not any("advance" in call for call, _ in room.calls)


def test_live_gateway_is_asked_at_its_pace(room: Room, tmp_path: Path) -> None:
    room.server_time = WALL + timedelta(seconds=QUIET_AT_START_S)
    found = room.look(live(tmp_path))
    assert list(found) == LIVE_NAMES
    assert not_well(found) == ["volume"]
    assert found["volume"].text.endswith("the newest daily bar is of 2020-01-02")
    assert room.calls[0][1] >= QUIET_AT_START_S
    assert room.elapsed < 12.0
    assert {call for call, _ in room.calls if not call.startswith("GET")} == {"POST /tickle"}


def test_clock_that_differs_from_the_gateways_is_told(room: Room, tmp_path: Path) -> None:
    room.server_time = WALL + timedelta(seconds=QUIET_AT_START_S + 60.0)
    found = room.look(live(tmp_path))
    assert (found["clock"].verdict, "behind" in found["clock"].text) == ("bad", True)


@pytest.mark.parametrize(
    ("reached", "shown", "last"),
    [
        (Reached("localhost", 5055, {"::1": "Connection refused"}), None, "gateway"),
        (None, Shown(None, None, Distrust.UNKNOWN, "self-signed"), "certificate"),
    ],
)
def test_without_a_trusted_connection_nothing_is_asked(
    room: Room, tmp_path: Path, reached: Reached | None, shown: Shown | None, last: str
) -> None:
    room.reached, room.shown = reached or room.reached, shown or room.shown
    found = room.look(simulated(tmp_path))
    assert not_well(found) == [last, "broker"]
    assert list(found)[-2:] == [last, "broker"]
    assert found["broker"].text.startswith("not looked at: clock, calendar, login, account, currency, symbols, data")
    assert room.calls == []


def test_nobody_logged_in_ends_the_questions(room: Room, tmp_path: Path) -> None:
    room.simulator.handle("POST", "/v1/api/logout", "", b"")
    found = room.look(simulated(tmp_path))
    assert not_well(found) == ["login", "broker"]
    assert URL in found["login"].fix
    assert "account, currency, symbols, data, volume: without a session" in found["broker"].text


@pytest.mark.parametrize(("dead", "bad", "left"), [("/tickle", "login", "account"), ("/clock", "clock", "login")])
def test_gateway_that_gives_no_answer_is_asked_once(room: Room, tmp_path: Path, dead: str, bad: str, left: str) -> None:
    room.dead = dead
    found = room.look(simulated(tmp_path))
    assert found[bad].verdict == "bad"
    assert "no answer in time" in found[bad].text
    assert left in found["broker"].text
    assert sum(dead in call for call, _ in room.calls) == 1
    assert room.elapsed < 5.0


def test_answer_that_does_not_come_later_leaves_what_is_known(room: Room, tmp_path: Path) -> None:
    room.dead = "/trsrv/stocks"
    found = room.look(simulated(tmp_path))
    assert found["currency"].verdict == "ok"
    assert (found["symbols"].verdict, found["symbols"].fix) == ("note", "ask again in a minute")
    assert found["broker"].text == "not looked at: data, volume: no answer in time"


def test_gateway_that_is_not_the_simulated_one_is_told(room: Room, tmp_path: Path) -> None:
    room.simulator = Simulator(SimulatorConfig(), room.simulator.broker.market)
    room.outside = replace(room.outside, transport_to=lambda _url, _ca: InProcessTransport(room.simulator, "/nowhere"))
    found = room.look(simulated(tmp_path))
    assert (found["clock"].verdict, "not the simulated one" in found["clock"].text) == ("bad", True)


def test_account_of_another_login_is_told_and_its_money_not_asked_for(room: Room, tmp_path: Path) -> None:
    found = room.look(live(tmp_path, account_id="DU7654321"))
    assert found["account"].verdict == "bad"
    assert "currency: the account is not among those of this login" in found["broker"].text
    assert not any("/portfolio" in call for call, _ in room.calls)


def test_account_that_nobody_named_is_the_only_paper_one(room: Room, tmp_path: Path) -> None:
    assert room.look(live(tmp_path))["account"].text == "paper account DU***4567, selected"
    room.rules = ({"path": "/iserver/accounts", "set": {"accounts": [ACCOUNT, "DU7654321"]}},)
    found = room.look(live(tmp_path))
    assert (found["account"].verdict, "set IBKR_ACCOUNT_ID to the id" in found["account"].fix) == ("bad", True)
    assert "currency: no account is configured" in found["broker"].text


def test_money_of_an_account_that_could_not_be_asked_for_is_left_for_that_reason(room: Room, tmp_path: Path) -> None:
    room.rules = ({"path": "/iserver/accounts", "status": 500, "raw": '{"error": "no"}'},)
    found = room.look(live(tmp_path))
    assert "currency: which account is meant could not be found out" in found["broker"].text


def test_account_in_euros_is_told(room: Room, tmp_path: Path) -> None:
    room.rules = (
        {"path": "/portfolio/*/summary", "set": {"netliquidation.currency": "EUR"}},
        {"path": "/portfolio/*/ledger", "set": {"USD": "__drop__"}},
    )
    found = room.look(live(tmp_path))
    assert (found["currency"].verdict, found["currency"].text) == ("bad", "kept in EUR, and holds no US dollars")


def test_symbols_that_are_spelled_otherwise_are_told_with_the_right_spelling(room: Room, tmp_path: Path) -> None:
    found = room.look(live(tmp_path, "AAPL", "BRK-B", "NOPE"))
    assert found["symbols"].verdict == "note"
    assert "1 found; BRK-B: the broker spells it BRK B; NOPE: " in found["symbols"].text


def test_without_a_symbol_there_is_no_quote_to_look_at(room: Room, tmp_path: Path) -> None:
    found = room.look(live(tmp_path, "NOPE"))
    assert found["symbols"].verdict == "bad"
    assert "data, volume: no symbol means a contract" in found["broker"].text
    none = room.look(live(tmp_path, tickers=()))
    assert "symbols: TICKERS names none" in none["broker"].text


def test_lookups_of_very_many_symbols_are_bounded(room: Room, tmp_path: Path) -> None:
    found = room.look(live(tmp_path, *(f"S{number}" for number in range(1000)), "AAPL"))
    lookups = [call for call, _ in room.calls if "/trsrv" in call]
    assert len(lookups) == 5
    assert "751 more not looked up" in found["symbols"].text


def test_delayed_quotes_are_bad_where_real_time_is_required(room: Room, tmp_path: Path) -> None:
    room.rules = ({"path": "/iserver/marketdata/snapshot", "each": {"6509": "DpB"}},)
    assert room.look(live(tmp_path))["data"].verdict == "note"
    required = ExecutionSettings(require_realtime=True)
    assert room.look(live(tmp_path, execution=required))["data"].verdict == "bad"


def test_factor_that_is_wrong_is_noted_with_the_numbers(room: Room, tmp_path: Path) -> None:
    room.rules = ({"path": "/iserver/marketdata/history", "set": {"volumeFactor": 100}},)
    found = room.look(simulated(tmp_path))
    assert (found["volume"].verdict, "x 100 = " in found["volume"].text) == ("note", True)


def test_running_trader_keeps_its_session_and_nearly_all_of_the_limits(room: Room, tmp_path: Path) -> None:
    running_trader(tmp_path)
    found = room.look(live(tmp_path))
    assert found["login"].text == "ready, says the trading process"
    assert found["symbols"].verdict == "ok"
    assert found["broker"].text.startswith("not looked at: currency, volume: a running trading process")
    calls = [call for call, _ in room.calls]
    assert set(calls) == {"GET /iserver/accounts", "GET /iserver/marketdata/snapshot"}
    assert len(calls) <= 6
    apart = [later - earlier for (_, earlier), (_, later) in zip(room.calls, room.calls[1:], strict=False)]
    assert min(apart) >= 1.0


def test_penalty_that_the_trader_met_is_kept_to(room: Room, tmp_path: Path) -> None:
    running_trader(tmp_path, penalty_end=(WALL + timedelta(minutes=5)).isoformat())
    (tmp_path / HEARTBEAT_NAME).unlink()
    found = room.look(live(tmp_path))
    assert room.calls == []
    assert (found["login"].verdict, "suspended" in found["login"].text) == ("note", True)


def test_another_users_state_is_not_read(room: Room, tmp_path: Path) -> None:
    running_trader(tmp_path, penalty_end=(WALL + timedelta(minutes=5)).isoformat())
    (tmp_path / HEARTBEAT_NAME).unlink()
    assert room.look(live(tmp_path), ME + 1)["login"].verdict == "ok"


def test_calendar_is_of_this_day_unless_the_market_has_another(room: Room) -> None:
    [today] = calendar(room.outside)
    assert today.text.startswith("2026-11-24 is a session")


def test_calendar_that_does_not_reach_so_far_is_an_error_of_its_own(room: Room) -> None:
    def short(_today: date) -> TradingCalendar:
        raise DataError("XNYS", "has no sessions")

    with pytest.raises(DataError):
        list(calendar(replace(room.outside, calendar=short)))


@pytest.mark.parametrize(
    ("error", "verdict", "fix"),
    [
        (Suspended("GET /x", "too many"), "note", "quarter of an hour"),
        (SessionLost("GET /x", "not logged in", 401), "bad", f"log in at {URL}"),
        (Refused("GET /x", "no", 403), "bad", "ips.allow"),
        (OutcomeUnknown("GET /x", "failed", 500), "note", "ask again"),
        (NotSent("GET /x", "no connection"), "note", "ask again"),
    ],
)
def test_missing_answer_says_what_to_do(error: GatewayError, verdict: str, fix: str) -> None:
    found = unanswered("data", error, URL)
    assert found.verdict == verdict
    assert fix in found.fix
