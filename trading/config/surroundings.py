"""What can be set of the surroundings: the gateway, real or simulated, the loop, the dashboard, logs and start.sh."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from msgspec import Struct

from trading.config import addresses, checks
from trading.config.annotations import Secret, option


class GatewaySettings(Struct, frozen=True, kw_only=True):
    """Where the Client Portal Gateway is."""

    kind: Annotated[Literal["live", "simulated"], option("which gateway to trade through", env="GATEWAY")] = "live"
    url: Annotated[str, option("address of the gateway", env="GATEWAY_URL", check=checks.gateway_url)] = (
        "https://localhost:5055"
    )
    ca_bundle: Annotated[
        Path | None, option("certificates that the gateway's must be signed by", env="GATEWAY_CA_BUNDLE")
    ] = None
    request_timeout_s: Annotated[float, option("time limit of one read", unit="s", ge=1, le=120)] = 15.0


class SimulatorSettings(Struct, frozen=True, kw_only=True):
    """The simulated gateway, where it is started with the rest."""

    host: Annotated[
        str,
        option(
            "where the simulated gateway listens; IBKR's listens everywhere",
            env="GATEWAY_HOST",
            check=checks.host,
        ),
    ] = "127.0.0.1"
    tickers: Annotated[
        tuple[str, ...], option("fewer than all symbols of the bars", env="SIM_TICKERS", check=checks.symbols)
    ] = ()
    bars: Annotated[Path, option("bars that the simulated market replays", env="SIM_BARS")] = Path(
        "data/us_daily.csv.gz"
    )
    start: Annotated[
        str,
        option("first day of the simulated market", unit="YYYY-MM-DD", env="SIM_START", check=checks.day),
    ] = "2014-03-03"
    cash: Annotated[
        float, option("cash that the simulated account begins with", unit="USD", env="SIM_CASH", gt=0, le=1e9)
    ] = 10_000.0


class LoopSettings(Struct, frozen=True, kw_only=True):
    """The loop around the cycles."""

    check_interval_s: Annotated[
        float, option("time between two cycles", unit="s", env="TRADING_CHECK_INTERVAL", ge=1, le=3600)
    ] = 60.0
    sim_seconds_per_day: Annotated[
        float,
        option("real time that a simulated session takes at least", unit="s", env="SIM_SECONDS_PER_DAY", ge=0, le=3600),
    ] = 0.0


class DashboardSettings(Struct, frozen=True, kw_only=True):
    """The web pages."""

    host: Annotated[str, option("address to listen on", env="DASHBOARD_HOST", check=checks.host)] = "127.0.0.1"
    port: Annotated[int, option("port to listen on", env="DASHBOARD_PORT", ge=1, le=65_535)] = 5056
    password: Annotated[
        Secret | None, option("password; without one it is made at the start", env="DASHBOARD_PASSWORD", sensitive=True)
    ] = None
    metrics_token: Annotated[
        Secret | None,
        option("bearer token that /metrics asks for", env="METRICS_TOKEN", sensitive=True, check=checks.header_text),
    ] = None
    allowed_hosts: Annotated[
        tuple[str, ...],
        option(
            "further names under which the dashboard may be opened, beside localhost",
            env="DASHBOARD_ALLOWED_HOSTS",
            check=checks.hosts,
        ),
    ] = ()
    tls_cert: Annotated[
        Path | None,
        option("certificate of the dashboard, PEM; with its key it speaks HTTPS", env="DASHBOARD_TLS_CERT"),
    ] = None
    tls_key: Annotated[Path | None, option("private key of that certificate", env="DASHBOARD_TLS_KEY")] = None


class MonitoringSettings(Struct, frozen=True, kw_only=True):
    """Logs."""

    log_level: Annotated[
        Literal["DEBUG", "INFO", "WARNING", "ERROR"], option("least severity that is logged", env="LOG_LEVEL")
    ] = "INFO"


class NotifySettings(Struct, frozen=True, kw_only=True):
    """Telling people away from the pages."""

    urls: Annotated[
        Secret | None,
        option(
            "addresses that are told, such as jsons://host/path, with blanks or commas between; empty: nobody is",
            env="NOTIFY_URLS",
            sensitive=True,
            check=addresses.addresses,
        ),
    ] = None
    quiet_hours: Annotated[
        str,
        option(
            "part of the day in which only what is urgent is told; empty: none",
            unit="HH:MM-HH:MM",
            check=checks.quiet_hours,
        ),
    ] = ""
    quiet_zone: Annotated[str, option("time zone of the quiet hours", check=checks.time_zone)] = "America/New_York"
    daily_summary: Annotated[bool, option("whether each session that was traded is summed up after its close")] = True
    apart_s: Annotated[float, option("least time between two messages to one address", unit="s", ge=1, le=3600)] = 5.0


class StartSettings(Struct, frozen=True, kw_only=True):
    """What start.sh starts, and how long it waits for it."""

    gateway_home: Annotated[Path, option("where IBKR's program is unpacked", env="GATEWAY_HOME")] = Path("gateway")
    gateway_heap: Annotated[
        str,
        option(
            "most memory of IBKR's program, as Java's -Xmx takes it",
            unit="a size",
            env="GATEWAY_HEAP",
            pattern=r"^[1-9][0-9]{0,5}[kKmMgG]$",
        ),
    ] = "160m"
    gateway_upstream: Annotated[
        str,
        option(
            "IBKR's servers, in place of proxyRemoteHost of conf.yaml",
            unit="an address",
            env="GATEWAY_UPSTREAM",
            check=checks.upstream,
        ),
    ] = ""
    gateway_cors: Annotated[
        str,
        option(
            "web origins that may call the gateway, in place of conf.yaml's",
            unit="an expression",
            env="GATEWAY_CORS",
        ),
    ] = ""
    gateway_keystore: Annotated[
        Path | None,
        option("certificate of the gateway, PKCS12; empty: one is made", env="GATEWAY_KEYSTORE_FILE"),
    ] = None
    gateway_keystore_password: Annotated[
        Path | None, option("file that holds the password of that keystore", env="GATEWAY_KEYSTORE_PASSWORD_FILE")
    ] = None
    gateway_jar_sha256: Annotated[
        str,
        option(
            "SHA-256 of IBKR's program; empty: the build this project knows; others are warned about",
            unit="a SHA-256",
            env="GATEWAY_JAR_SHA256",
            check=checks.digest,
        ),
    ] = ""
    wait_s: Annotated[
        int,
        option(
            "after this the trading loop starts without the gateway",
            unit="s",
            env="GATEWAY_WAIT_SECONDS",
            ge=0,
            le=3600,
        ),
    ] = 60
    deadline_s: Annotated[
        int,
        option(
            "a gateway that has not opened its port by then is restarted",
            unit="s",
            env="GATEWAY_DEADLINE_SECONDS",
            ge=0,
            le=3600,
        ),
    ] = 120
    liveness_s: Annotated[
        int,
        option(
            "time between two looks at a gateway that answers",
            unit="s",
            env="GATEWAY_LIVENESS_SECONDS",
            ge=0,
            le=3600,
        ),
    ] = 10
    restart_s: Annotated[
        int,
        option(
            "pause before the first restart of a part that ended; then doubled",
            unit="s",
            env="RESTART_SECONDS",
            ge=0,
            le=3600,
        ),
    ] = 1
