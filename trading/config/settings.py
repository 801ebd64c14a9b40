"""What can be set, as frozen structs; each field carries its range, unit, meaning and environment variable.

README's table, the messages about wrong values and the checks are all read from these annotations.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal

from msgspec import Struct

from trading.config import checks
from trading.config.annotations import ACCOUNT, option
from trading.config.surroundings import (
    DashboardSettings,
    GatewaySettings,
    LoopSettings,
    MonitoringSettings,
    NotifySettings,
    SimulatorSettings,
    StartSettings,
)


class RuleSettings(Struct, frozen=True, kw_only=True):
    """Operational parts of the trading rules."""

    profit_threshold: Annotated[
        float, option("target above the buy-zone line", unit="%", env="PROFIT_THRESHOLD", ge=0, le=100)
    ] = 2.0
    min_price: Annotated[float, option("lowest close that is bought", unit="USD", env="MIN_PRICE", ge=0, le=1e6)] = 5.0


class SizingSettings(Struct, frozen=True, kw_only=True):
    """The four caps of a position's size."""

    allocation_per_trade: Annotated[
        float, option("most money in one entry; 0 = no cap", unit="USD", env="ALLOCATION_PER_TRADE", ge=0, le=1e9)
    ] = 1000.0
    max_position_size: Annotated[
        float,
        option("most of the equity in one name", unit="fraction of equity", env="MAX_POSITION_SIZE", gt=0, le=1),
    ] = 0.1
    risk_per_trade: Annotated[
        float,
        option("most of the equity lost at the stop", unit="fraction of equity", key="risk.risk_per_trade", gt=0, le=1),
    ] = 0.01
    max_participation: Annotated[
        float,
        option("most of a day's mean volume", unit="fraction of volume", key="risk.max_participation", gt=0, le=1),
    ] = 0.01


class RiskSettings(Struct, frozen=True, kw_only=True):
    """Limits of the portfolio."""

    profile: Annotated[
        Literal["standard", "strategy"], option("all limits, or only those that the strategy's rules name")
    ] = "standard"
    max_positions: Annotated[int, option("most positions at a time", env="MAX_POSITIONS", ge=0, le=1000)] = 10
    max_drawdown: Annotated[
        float,
        option("fall from the equity's peak that ends new entries", unit="fraction", env="MAX_DRAWDOWN", gt=0, le=1),
    ] = 0.2
    max_exposure: Annotated[float, option("most money in positions", unit="fraction of equity", ge=0, le=4)] = 1.0
    max_per_sector: Annotated[int, option("most positions of one sector; 0 = off", ge=0, le=1000)] = 0
    sectors: Annotated[Mapping[str, str], option("sector of each symbol, for max_per_sector")] = {}
    max_order_value: Annotated[float, option("most money in one order", unit="USD", gt=0, le=1e9)] = 25_000.0
    max_order_quantity: Annotated[int, option("most shares in one order", unit="shares", ge=1, le=1_000_000)] = 500
    max_daily_loss: Annotated[
        float, option("loss since the prior close that refuses entries", unit="fraction", gt=0, le=1)
    ] = 0.05
    max_open_risk: Annotated[
        float, option("most money between prices and stops", unit="fraction of equity", gt=0, le=4)
    ] = 0.12
    min_stop_distance: Annotated[
        float, option("least distance of a stop below its entry limit", unit="fraction", ge=0, le=1)
    ] = 0.005
    max_stop_distance: Annotated[
        float, option("most distance of a stop below its entry limit", unit="fraction", gt=0, le=1)
    ] = 0.25
    max_stop_outs: Annotated[int, option("stop-outs within stop_out_sessions that pause entries", ge=1, le=1000)] = 3
    stop_out_sessions: Annotated[
        int, option("window in which stop-outs are counted", unit="sessions", ge=1, le=250)
    ] = 10
    pause_sessions: Annotated[int, option("how long entries pause then; 0 = off", unit="sessions", ge=0, le=250)] = 5
    cooldown_bars: Annotated[
        int, option("how long a symbol is not bought after its stop-out; 0 = off", unit="bars", ge=0, le=250)
    ] = 0
    account_rules: Annotated[
        Literal["none", "pdt", "cash"],
        option(
            "what the account's kind asks for: `cash` buys with settled cash only, `pdt` counts day trades, as brokers "
            "do of small margin accounts"
        ),
    ] = "none"
    pdt_ends: Annotated[
        str,
        option(
            "day of decision from which `pdt` counts nothing: the rule ended on 2026-06-04, and brokers may keep it "
            "until 2027-10-20",
            unit="YYYY-MM-DD",
            check=checks.day,
        ),
    ] = "2027-10-20"
    pdt_equity: Annotated[float, option("equity from which `pdt` counts nothing", unit="USD", ge=0, le=1e9)] = 25_000.0
    pdt_day_trades: Annotated[int, option("most day trades within pdt_sessions", ge=0, le=1000)] = 3
    pdt_sessions: Annotated[int, option("window in which day trades are counted", unit="sessions", ge=1, le=250)] = 5
    restricted: Annotated[tuple[str, ...], option("symbols that are never bought", check=checks.symbols)] = ()
    max_price_deviation: Annotated[
        float, option("most that a limit may lie beyond the reference price", unit="fraction", gt=0, le=0.5)
    ] = 0.01


class ExecutionSettings(Struct, frozen=True, kw_only=True):
    """When and how orders go out."""

    slippage_bps: Annotated[float, option("assumed slippage of market and stop sells", unit="bp", ge=0, le=1000)] = 5.0
    bar_settle_s: Annotated[
        float, option("wait after the close until its bar is complete", unit="s", ge=0, le=14_400)
    ] = 900.0
    send_from: Annotated[
        Literal["pre_open", "after_close"], option("send orders before the next open, or once they are decided")
    ] = "pre_open"
    pre_open_s: Annotated[float, option("how long before the open sending begins", unit="s", ge=180, le=21_600)] = (
        3600.0
    )
    send_until_s: Annotated[float, option("how long before the open sending ends", unit="s", ge=30, le=3600)] = 120.0
    require_realtime: Annotated[bool, option("refuse orders inside a session on delayed quotes")] = False
    allowed_questions: Annotated[
        tuple[str, ...], option("message ids of order questions that may be answered yes, under the rules of each")
    ] = ("o163", "o354", "o383", "o451", "o10151", "o10152", "o10331")
    visibility_s: Annotated[
        float, option("time within which an accepted order can be read back", unit="s", ge=5, le=600)
    ] = 60.0


class SessionSettings(Struct, frozen=True, kw_only=True):
    """The brokerage session."""

    yield_s: Annotated[
        float, option("how long to leave the session to another login after it was seen", unit="s", ge=0, le=86_400)
    ] = 300.0
    reset_from: Annotated[
        str,
        option(
            "begin of the broker's nightly reset (Saturday from 18:00 is one too); entries wait from 10 min before",
            unit="HH:MM",
            pattern=r"^([01]\d|2[0-3]):[0-5]\d$",
        ),
    ] = "00:45"
    reset_until: Annotated[
        str, option("end of the broker's nightly reset", unit="HH:MM", pattern=r"^([01]\d|2[0-3]):[0-5]\d$")
    ] = "01:30"
    reset_zone: Annotated[str, option("time zone of the nightly reset", check=checks.time_zone)] = "America/New_York"


class Settings(Struct, frozen=True, kw_only=True):
    """Everything that can be set. `state_dir` is already the simulated gateway's own where that one is used."""

    account_id: Annotated[
        str,
        option(
            "account to trade; empty: the only one of the login, if it is a paper account",
            env="IBKR_ACCOUNT_ID",
            pattern=ACCOUNT,
            sensitive=True,
        ),
    ] = ""
    live_trading: Annotated[
        str,
        option(
            "id of the live account once more; without it a live account is only observed",
            env="LIVE_TRADING",
            pattern=ACCOUNT,
            sensitive=True,
        ),
    ] = ""
    tickers: Annotated[
        tuple[str, ...], option("symbols to trade, by commas or blanks", env="TICKERS", check=checks.symbols)
    ] = ()
    state_dir: Annotated[Path, option("folder of the databases", env="STATE_DIR")] = Path("state")
    log_dir: Annotated[Path, option("folder of the log files", env="LOG_DIR")] = Path("logs")
    strategy_name: Annotated[
        str, option("strategy to trade", key="strategy.name", env="STRATEGY", pattern=r"^[a-z][a-z0-9_]{0,63}$")
    ] = "trend_mean_reversion"
    strategies: Mapping[str, Mapping[str, object]] = {}
    gateway: GatewaySettings = GatewaySettings()
    rules: RuleSettings = RuleSettings()
    sizing: SizingSettings = SizingSettings()
    risk: RiskSettings = RiskSettings()
    execution: ExecutionSettings = ExecutionSettings()
    session: SessionSettings = SessionSettings()
    loop: LoopSettings = LoopSettings()
    dashboard: DashboardSettings = DashboardSettings()
    monitoring: MonitoringSettings = MonitoringSettings()
    notify: NotifySettings = NotifySettings()
    simulator: SimulatorSettings = SimulatorSettings()
    start: StartSettings = StartSettings()

    @property
    def strategy_parameters(self) -> Mapping[str, object]:
        """Return what is set of the chosen strategy's own parameters, not yet checked against its class."""
        return self.strategies.get(self.strategy_name, {})

    @property
    def simulated(self) -> bool:
        """Return whether the simulated gateway is used."""
        return self.gateway.kind == "simulated"

    @property
    def made_certificate(self) -> Path:
        """Return where the certificate lies of a gateway that start.sh has started."""
        return self.state_dir / ("simulator/simulator-cert.pem" if self.simulated else "gateway/root/gateway.pem")

    @property
    def trusted_certificates(self) -> Path | None:
        """Return the certificates to trust: the configured ones, else those that start.sh made; None: public ones."""
        made = self.made_certificate
        return self.gateway.ca_bundle or (made if self.simulated or made.exists() else None)
