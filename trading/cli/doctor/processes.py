"""What runs here: the trading process by its sign of life, and who has the dashboard's port."""

from __future__ import annotations

import errno
import http.client
import json
import socket
import ssl
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum, auto
from pathlib import Path

from trading.cli.doctor.findings import Finding, bad, note, ok
from trading.cli.operate import DATABASE_NAME
from trading.config import DashboardSettings, Settings
from trading.config.hosts import reached_at, with_port
from trading.errors import TradingError
from trading.model.mode import Mode
from trading.monitoring.health import liveness, read_facts, readiness
from trading.monitoring.sign_of_life import HEARTBEAT_NAME, WAITING_NAME, Beat, read_beat, waits_for
from trading.monitoring.verdicts import Health
from trading.monitoring.wall_clock import WallClock
from trading.store.boot_time import boot_time
from trading.store.readers.state import read_state

ANSWER_S = 2.0
_MOST_BYTES = 4096
_NEVER_SEEN, _UNSTORED = "never_seen", "unstored"


def kept_facts(settings: Settings, user: int) -> tuple[dict[str, str], Mode | None]:
    """Return what the trading process has kept of itself, nothing where that can't be read or is another user's."""
    path = settings.state_dir / DATABASE_NAME
    try:
        if path.stat().st_uid != user:
            return {}, None
        with read_state(path) as state:
            mode = state.account.mode()
            return state.account.facts(), None if mode is None else mode.mode
    except (OSError, TradingError):
        return {}, None


def runs(settings: Settings) -> bool:
    """Return whether the trading process runs; its lock is left alone, lest a start meets it."""
    return liveness(_beat(settings), _starting(settings)).ok


def trader(settings: Settings, user: int) -> Iterator[Finding]:
    """Look for a sign of life of the trading process, and for what it says of itself."""
    facts, mode = kept_facts(settings, user)
    beat, starting = _beat(settings), _starting(settings)
    yield judged(
        liveness(beat, starting), readiness(read_facts(facts, beat=beat, mode=mode, starting=starting)), bool(facts)
    )


def judged(alive: Health, ready: Health, known: bool) -> Finding:  # noqa: FBT001 - of the one call
    """Judge whether the trading process runs and can trade; that it never ran is nothing to mend.

    Of a process that runs only its readiness tells more, where its facts are `known`.
    """
    if alive.code == _NEVER_SEEN:
        return ok("trader", "has not run yet")
    if alive.ok and ready.code == _UNSTORED:
        return bad("trader", f"runs. {ready.told}", ready.instruction)
    if alive.ok and (ready.ok or not known):
        return ok("trader", "runs")
    return note("trader", f"runs. {ready.told}" if alive.ok else ready.told, ready.instruction)


def _beat(settings: Settings) -> Beat | None:
    return read_beat(settings.state_dir / HEARTBEAT_NAME, boot_time())


def _starting(settings: Settings) -> str:
    return waits_for(settings.state_dir / WAITING_NAME, WallClock().now())


class Taken(Enum):
    """Who has a port."""

    NOBODY = auto()
    OURS = auto()
    ANOTHER = auto()
    UNUSABLE = auto()
    """nobody can listen there"""


@dataclass(frozen=True, slots=True)
class DashboardPort:
    """The dashboard's address, who has it, and why nobody can."""

    where: str
    taken: Taken
    why: str = ""


def dashboard(settings: Settings) -> Iterator[Finding]:
    """Look who has the dashboard's port."""
    yield port(asked(settings.dashboard))


def port(found: DashboardPort) -> Finding:
    """Judge who has the dashboard's port."""
    match found.taken:
        case Taken.NOBODY:
            return ok("dashboard", f"{found.where} is free")
        case Taken.OURS:
            return ok("dashboard", f"{found.where} is answered by a dashboard of this system")
        case Taken.ANOTHER:
            number = found.where.rpartition(":")[2]
            fix = f"stop that program (lsof -i :{number} names it), or change DASHBOARD_PORT"
            return bad("dashboard", f"{found.where} is taken by another program", fix)
        case Taken.UNUSABLE:
            fix = "change DASHBOARD_HOST or DASHBOARD_PORT"
            return bad("dashboard", f"nobody can listen on {found.where}: {found.why}", fix)


def asked(settings: DashboardSettings) -> DashboardPort:
    """Try to take the dashboard's port for a moment, and ask who has it where that fails."""
    host, number = settings.host, settings.port
    where = with_port(host, number)
    try:
        family, kind, _, _, address = socket.getaddrinfo(host, number, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind) as listener:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind(address)
    except OSError as error:
        if error.errno != errno.EADDRINUSE:
            return DashboardPort(where, Taken.UNUSABLE, error.strerror or str(error))
    else:
        return DashboardPort(where, Taken.NOBODY)
    ours = _answers(reached_at(host), number, settings.tls_cert)
    return DashboardPort(where, Taken.OURS if ours else Taken.ANOTHER)


def _answers(host: str, number: int, certificate: Path | None) -> bool:
    """Return whether `/healthz` answers as the dashboard does, over its own certificate where it has one."""
    if certificate is None:
        connection = http.client.HTTPConnection(host, number, timeout=ANSWER_S)
    else:
        connection = http.client.HTTPSConnection(host, number, timeout=ANSWER_S, context=_only(certificate))
    try:
        connection.request("GET", "/healthz", headers={"Host": f"localhost:{number}"})
        return is_ours(connection.getresponse().read(_MOST_BYTES))
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def is_ours(body: bytes) -> bool:
    """Return whether an answer to `/healthz` is one of the dashboard."""
    try:
        said = json.loads(body)
    except ValueError:
        return False
    if not isinstance(said, dict):
        return False
    error = said.get("error")
    unwell = isinstance(error, dict) and {"code", "message"} <= error.keys() and "next_step" in said
    return said == {"status": "ok"} or unwell


def _only(certificate: Path) -> ssl.SSLContext:
    """Return a context that trusts this certificate alone, whoever signed it and whatever name it is for."""
    context = ssl.create_default_context(cafile=certificate)
    context.check_hostname = False
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    return context
