"""Print the settings that start.sh needs, as assignments for the shell; what can't be used is one line and exit 2.

    python deploy/settings.py all|gateway|trader|web|healthcheck

Whatever `.env` sets is exported, so that a part that is started again finds the same, but for secrets: the processes
that need one read the file themselves. start.sh's own names are assigned and not exported.
"""

from __future__ import annotations

import os
import shlex
import socket
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from urllib.parse import urlsplit

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from trading.config import OPTIONS, Secret, Settings, load_settings  # noqa: E402 - it runs from anywhere
from trading.config.env_file import read_env_file  # noqa: E402
from trading.config.environment import CONFIG_FILE, ENV_FILE, read_environment, unread  # noqa: E402
from trading.config.hosts import LOOPBACK, in_url, reached_at, with_port  # noqa: E402
from trading.config.options import shortened  # noqa: E402
from trading.errors import ConfigError  # noqa: E402

EXIT_BAD_SETTING = 2
HTTPS_PORT = 443
# Slow enough to watch.
WATCHED_SECONDS_PER_DAY = "1.5"
SECRETS = frozenset(name for option in OPTIONS if option.kind is Secret for name in option.variables)


def assignments(role: str, environ: Mapping[str, str], folder: Path) -> Iterator[str]:
    """Yield the lines for the shell.

    Raises: ConfigError, a setting can't be used, or not for this part.
    """
    found = read_environment(folder / ENV_FILE, environ)
    settings = load_settings(found, folder / CONFIG_FILE)
    _check_gateway(role, settings)
    _check_hosts(role, settings)
    _check_files(role, settings)
    for name, value in sorted(read_env_file(folder / ENV_FILE).items()):
        if name not in SECRETS and not environ.get(name):
            yield f"export {name}={shlex.quote(value)}"
    for name, value in _exported(settings, found).items():
        yield f"export {name}={shlex.quote(value)}"
    for name, value in _own(settings, found).items():
        yield f"{name}={shlex.quote(value)}"


def _exported(settings: Settings, found: Mapping[str, str]) -> dict[str, str]:
    """Return what every part gets, whatever set it."""
    simulated = settings.simulated
    chosen = {
        "GATEWAY": settings.gateway.kind,
        "GATEWAY_URL": settings.gateway.url,
        "GATEWAY_CA_BUNDLE": str(settings.gateway.ca_bundle or settings.made_certificate),
    }
    if simulated:
        chosen["SIM_SECONDS_PER_DAY"] = found.get("SIM_SECONDS_PER_DAY", WATCHED_SECONDS_PER_DAY)
    return chosen


def _own(settings: Settings, found: Mapping[str, str]) -> dict[str, str]:
    """Return what start.sh itself works with."""
    url, start, simulator = urlsplit(settings.gateway.url), settings.start, settings.simulator
    return {
        "RUN_STATE": str(settings.state_dir),
        "STATE_DIR": str(settings.state_dir.parent if settings.simulated else settings.state_dir),
        "LOG_DIR": str(settings.log_dir),
        "DASHBOARD_NAME": in_url("::1" if settings.dashboard.host == "::1" else "localhost"),
        "DASHBOARD_PORT": str(settings.dashboard.port),
        "DASHBOARD_AT": with_port(reached_at(settings.dashboard.host), settings.dashboard.port),
        "DASHBOARD_TLS_CERT": str(settings.dashboard.tls_cert or ""),
        "PASSWORD_GIVEN": "yes" if any(found.get(name) for name in SECRETS if "PASSWORD" in name) else "",
        "GATEWAY_NAME": in_url(url.hostname if url.hostname in LOOPBACK else "localhost"),
        "GATEWAY_PORT": str(url.port or HTTPS_PORT),
        "GATEWAY_HOST": simulator.host,
        "GATEWAY_HOME": str(start.gateway_home),
        "GATEWAY_HEAP": start.gateway_heap,
        "GATEWAY_UPSTREAM": start.gateway_upstream,
        "GATEWAY_CORS": start.gateway_cors,
        "GATEWAY_KEYSTORE_FILE": str(start.gateway_keystore or ""),
        "GATEWAY_KEYSTORE_PASSWORD_FILE": str(start.gateway_keystore_password or ""),
        "GATEWAY_JAR_SHA256": start.gateway_jar_sha256,
        "WAIT_S": str(start.wait_s),
        "DEADLINE_S": str(start.deadline_s),
        "LIVENESS_S": str(start.liveness_s),
        "RESTART_S": str(start.restart_s),
        "SIM_BARS": str(simulator.bars),
        # Not by the variable's name: a text of its own form would be read anew by the parts.
        "SIM_SYMBOLS": ",".join(simulator.tickers),
        "SIM_START": simulator.start,
        "SIM_CASH": f"{simulator.cash:.15g}",
    }


def _check_gateway(role: str, settings: Settings) -> None:
    if role == "all" and urlsplit(settings.gateway.url).hostname not in LOOPBACK:
        fix = "a gateway on another machine isn't started here; run './start.sh trader' and './start.sh web'"
        raise ConfigError("GATEWAY_URL", settings.gateway.url, fix)


def _check_hosts(role: str, settings: Settings) -> None:
    if role in {"all", "web"}:
        _check_host("DASHBOARD_HOST", settings.dashboard.host)
    if role in {"all", "gateway"} and settings.simulated:
        _check_host("GATEWAY_HOST", settings.simulator.host)


def _check_host(name: str, host: str) -> None:
    """Refuse an address that this machine can't listen on; which port is free is asked later."""
    try:
        family, kind, _, _, address = socket.getaddrinfo(host, 0, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
        with socket.socket(family, kind) as listener:
            listener.bind(address)
    except OSError as error:
        raise ConfigError(name, host, f"this machine can't listen there: {error.strerror}") from None


def _check_files(role: str, settings: Settings) -> None:
    bars = settings.simulator.bars
    if role in {"all", "gateway"} and settings.simulated and not (bars.is_file() and os.access(bars, os.R_OK)):
        raise ConfigError("SIM_BARS", shortened(str(bars)), "there is no such file, or it can't be read")


def main(arguments: list[str]) -> int:
    """Print the assignments, and name on standard error what nobody reads."""
    role = arguments[0] if arguments else "all"
    try:
        lines = list(assignments(role, os.environ, Path()))
        strange = unread(read_env_file(ENV_FILE))
    except ConfigError as error:
        sys.stderr.write(f"start.sh: {error}\n")
        return EXIT_BAD_SETTING
    if strange and role != "healthcheck":
        sys.stderr.write(f"start    | .env: nothing here reads {', '.join(strange)[:200]}\n")
    sys.stdout.write("\n".join(lines) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
