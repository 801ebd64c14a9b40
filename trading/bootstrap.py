"""The composition root: the one place that chooses what stands behind the ports, for a live or a simulated gateway."""

from __future__ import annotations

import os
import random
import secrets
import shutil
import tomllib
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Protocol

import msgspec

from trading.config import Settings
from trading.cycle.operator_requests import OperatorRequests
from trading.cycle.schedule import CONNECTION_CAP_S, Backoff
from trading.cycle.session_keeper import SessionKeeper
from trading.decision import DecisionSystem
from trading.errors import ConfigError, GatewayError
from trading.execution.context import TradingContext
from trading.gateway import Gateway, connect
from trading.gateway.clocks import LockstepClock, SystemClock, WakeUp
from trading.gateway.transport import HttpTransport, TransportTo
from trading.gateway.watched import watched
from trading.market.calendar import TradingCalendar, calendar_around
from trading.model.account import AccountKind, kind_of
from trading.model.metric import Duration
from trading.monitoring.heartbeat import Heartbeat
from trading.monitoring.notifications import LogNotifier
from trading.monitoring.senders import senders_of
from trading.monitoring.wall_clock import WallClock
from trading.ports import Clock, GatewayMemory, Log, Metrics, Progress
from trading.process import CONTROLS, DATABASE, Life, living, show_mode
from trading.store.alerts import SqliteAlerts
from trading.store.balances import SqliteBalances
from trading.store.commands import SqliteCommandLog
from trading.store.database import Database
from trading.store.evidence import SqliteEvidence
from trading.store.gateway_memory import StoredGatewayMemory
from trading.store.journal import SqliteJournal
from trading.store.records import SqliteStore
from trading.strategies.discovery import make_strategy
from trading.trading_system import LoopRuntime, TradingSystem

__all__ = [
    "BUNDLED_BARS",
    "CONTROLS",
    "DATABASE",
    "PROJECT",
    "Assembly",
    "EndingClock",
    "Surroundings",
    "assemble",
    "chosen_account",
    "run",
    "surroundings_of",
    "symbols_of",
    "trading_calendar",
    "version",
]

PROJECT = Path(__file__).resolve().parent.parent
BUNDLED_BARS = PROJECT / "data" / "us_daily.csv.gz"


class EndingClock(Clock, Protocol):
    """A simulated market's clock, which knows whether the market's data has come to its end."""

    @property
    def ended(self) -> bool:
        """Return whether nothing follows any more."""
        ...


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a trading process meets outside of itself; whoever drives it otherwise than `run` brings other ones.

    `chance` spreads pauses after failures, `gateway_chance` those between repeated reads. `clock` stands in for the
    one that the gateway's kind asks for, and `paced` for whether the API's limits are kept; None leaves both to it.
    `parallel` lets threads read what many stocks need, in an order that is the machine's.
    """

    wake: WakeUp
    log: Log
    metrics: Metrics
    transport_to: TransportTo = HttpTransport
    chance: random.Random = field(default_factory=secrets.SystemRandom)
    gateway_chance: random.Random | None = None
    clock: EndingClock | None = None
    paced: bool | None = None
    parallel: bool = True
    stopwatch: Callable[[], float] = WallClock().monotonic
    pause: Callable[[float], object] | None = None
    """waits real seconds; by default until somebody wants something"""
    calendar: TradingCalendar | None = None
    now: Callable[[], datetime] = WallClock().now
    """a clock for who must not wait for anybody"""
    progress: Progress = field(default_factory=lambda: Heartbeat(WallClock().monotonic, WallClock().now))
    unstored: Callable[[str, str], object] = lambda _code, _text: None
    """takes alerts that can't be stored"""

    def pauses(self, seconds: float) -> object:
        """Wait real seconds."""
        return self.wake.sleep(seconds) if self.pause is None else self.pause(seconds)


@dataclass(frozen=True, slots=True)
class Assembly:
    """A trading system that is ready to run, with the gateway whose sockets it uses."""

    system: TradingSystem
    gateway: Gateway
    context: TradingContext


@dataclass(frozen=True, slots=True)
class _World:
    """What differs between a live and a simulated gateway."""

    clock: Clock
    gateway: Gateway
    kind: AccountKind | None
    check_interval_s: float | None
    market_ended: Callable[[], bool]


def run(settings: Settings, transport_to: TransportTo = HttpTransport) -> int:
    """Trade until told to stop; return the exit code.

    Args:
        settings: What to trade, how, and with which gateway.
        transport_to: Makes the transport to an address and the certificates to trust; over the network by default.

    Raises: ConfigError (exit 2), InstanceRunning (exit 3): nothing was sent.
    """
    # What can't be used is said before anything is made on the disk.
    make_strategy(settings)
    senders = senders_of(settings.notify.urls)
    settings = msgspec.structs.replace(settings, tickers=symbols_of(settings))
    with living(settings, senders, trading_calendar, version()) as life:
        assembly = assemble(settings, surroundings_of(life, transport_to), life.database, life.requests)
        if assembly is not None:
            assembly.system.run()
            assembly.gateway.close()
    return 0


def surroundings_of(life: Life, transport_to: TransportTo) -> Surroundings:
    """Return what a trading process that lives meets outside of itself."""
    return Surroundings(
        life.wake,
        life.log,
        life.metrics,
        watched(transport_to, life.heartbeat),
        now=life.now,
        progress=life.heartbeat,
        unstored=life.unstored,
    )


def assemble(
    settings: Settings, surroundings: Surroundings, database: Database, requests: OperatorRequests
) -> Assembly | None:
    """Put a trading system together; None when it was told to stop before an account was known.

    The database stays the caller's to close. Nothing is read from the gateway unless the account has to be asked for.

    Raises: ConfigError, the settings or the state can't be used.
    """
    stages, symbols = DecisionSystem.build(settings, make_strategy(settings)), symbols_of(settings)
    log, metrics, wake = surroundings.log, surroundings.metrics, surroundings.wake
    store = SqliteStore(database, lambda mode: show_mode(mode, metrics))
    memory = StoredGatewayMemory(store)
    connected = _simulated if settings.simulated else _live
    world = connected(settings, surroundings, memory)
    log.info("start", gateway=settings.gateway.kind, strategy=settings.strategy_name, symbols=len(symbols))
    voice = (log, metrics)
    keeper = SessionKeeper(
        world.gateway.session, store, world.clock, voice, settings.session, page=settings.gateway.url
    )
    account_id = settings.account_id or _only_account(keeper, requests, surroundings)
    if account_id is None:
        return None
    database.claim(account_id, settings.gateway.kind)
    keeper.trade(account_id)
    context = _context(settings, world, account_id, (database, store), surroundings)
    if context.observes:
        log.warning("observe mode", reason="LIVE_TRADING is not set to this account's id; nothing is sent")
    loop = LoopRuntime(
        check_interval_s=world.check_interval_s,
        pause=surroundings.pauses,
        stopping=lambda: wake.stopping,
        taken_up=wake.taken_up,
        market_ended=world.market_ended,
        stopwatch=surroundings.stopwatch,
        free_bytes=lambda: _free_bytes(settings.state_dir),
        progress=surroundings.progress,
    )
    system = TradingSystem(context, keeper, requests, stages, symbols, loop, surroundings.chance)
    return Assembly(system, world.gateway, context)


def _context(
    settings: Settings,
    world: _World,
    account_id: str,
    records: tuple[Database, SqliteStore],
    surroundings: Surroundings,
) -> TradingContext:
    """Return everything that the cycle works with, for one account."""
    (database, store), log, metrics = records, surroundings.log, surroundings.metrics
    return TradingContext(
        settings=settings,
        clock=world.clock,
        calendar=surroundings.calendar or trading_calendar(),
        broker=world.gateway.broker(account_id),
        market_data=world.gateway.market_data,
        journal=SqliteJournal(database, store.tell_mode),
        commands=SqliteCommandLog(database),
        evidence=SqliteEvidence(database),
        store=store,
        balances=SqliteBalances(database),
        alerts=SqliteAlerts(database, LogNotifier(log, metrics, surroundings.stopwatch), surroundings.unstored),
        log=log,
        metrics=metrics,
        account_id=account_id,
        kind=world.kind or kind_of(account_id),
        interrupted=lambda: surroundings.wake.wanted,
    )


def trading_calendar() -> TradingCalendar:
    """Return the sessions that a trading system knows: as far back as histories go, and some years ahead."""
    return calendar_around(WallClock().now().date())


def version() -> str:
    """Return this system's version."""
    try:
        text = (PROJECT / "pyproject.toml").read_text(encoding="utf-8")
        return str(tomllib.loads(text)["project"]["version"])
    except (OSError, KeyError, tomllib.TOMLDecodeError):
        return "unknown"


def _live(settings: Settings, surroundings: Surroundings, memory: GatewayMemory) -> _World:
    clock = SystemClock(surroundings.wake)
    gateway = connect(
        settings.gateway.url,
        ca_bundle=settings.trusted_certificates,
        clock=clock,
        rng=surroundings.gateway_chance or secrets.SystemRandom(),
        paced=True,
        read_s=settings.gateway.request_timeout_s,
        transport_to=surroundings.transport_to,
        on_wait=lambda seconds: surroundings.metrics.observe(Duration.PACING_WAIT, seconds),
        memory=memory,
    )
    return _World(clock, gateway, None, settings.loop.check_interval_s, lambda: False)


def _simulated(settings: Settings, surroundings: Surroundings, memory: GatewayMemory) -> _World:
    ca_bundle = settings.trusted_certificates
    clock = surroundings.clock
    if clock is None:
        control = surroundings.transport_to(settings.gateway.url.rstrip("/") + "/sim", ca_bundle)
        clock = LockstepClock(control, surroundings.wake, settings.loop.sim_seconds_per_day)
    market_clock = clock
    gateway = connect(
        settings.gateway.url,
        ca_bundle=ca_bundle,
        clock=market_clock,
        # The same seed each time: a simulated run is the same every time.
        rng=surroundings.gateway_chance or random.Random(0),  # noqa: S311 - jitter, no secret
        paced=bool(surroundings.paced),
        parallel=surroundings.parallel,
        read_s=settings.gateway.request_timeout_s,
        transport_to=surroundings.transport_to,
        memory=memory,
    )
    return _World(market_clock, gateway, AccountKind.SIMULATED, None, lambda: market_clock.ended)


def _only_account(keeper: SessionKeeper, requests: OperatorRequests, surroundings: Surroundings) -> str | None:
    """Wait for the login and return its only account, if that is a paper one; None when told to stop meanwhile.

    Raises: ConfigError, there are several, or it is a live one: a person has to name it.
    """
    wake, backoff = surroundings.wake, Backoff(surroundings.chance)
    while not wake.stopping:
        wake.taken_up()
        requests.take_up(surroundings.now())
        try:
            with surroundings.progress.step("looks at the session"):
                view = keeper.check()
        except GatewayError:
            view = None
        if view is not None and view.usable:
            return chosen_account(view.accounts)
        if not wake.wanted:
            with surroundings.progress.step("waits for a login"):
                surroundings.pauses(backoff.next_pause_s(CONNECTION_CAP_S))
    return None


def chosen_account(accounts: tuple[str, ...]) -> str:
    """Return the only account of a login where IBKR_ACCOUNT_ID is empty.

    Raises: ConfigError, there are several, or it is a live one.
    """
    # The first is "" where none is selected.
    named = [account for account in accounts if account]
    if len(named) == 1 and kind_of(named[0]) is AccountKind.PAPER:
        return named[0]
    what = "this login has several accounts" if len(named) > 1 else "the login's only account is a live one"
    raise ConfigError("IBKR_ACCOUNT_ID", None, f"{what}: set IBKR_ACCOUNT_ID to the id of the one to trade")


def symbols_of(settings: Settings) -> tuple[str, ...]:
    """Return the symbols that are traded: those that are named, or all of the simulated market's bars.

    Raises: ConfigError, a live system was given no symbols; DataError, the bars can't be read.
    """
    if settings.tickers:
        return settings.tickers
    if not settings.simulated:
        raise ConfigError("TICKERS", None, "name the symbols to trade, for instance TICKERS=AAPL,MSFT")
    from trading.market.bar_files import load_bars

    return load_bars(Path(os.environ.get("SIM_BARS") or BUNDLED_BARS)).symbols


def _free_bytes(folder: Path) -> int | None:
    try:
        return shutil.disk_usage(folder).free
    except OSError:
        return None
