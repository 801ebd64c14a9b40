"""`doctor`: is everything there that the system needs on this machine, and what to do where not."""

from __future__ import annotations

import os
import shutil
import socket
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from urllib.parse import urlsplit

import click

from trading.cli.environment import read_settings
from trading.cli.output import json_text, table
from trading.config import Settings
from trading.config.env_file import read_env_file
from trading.config.environment import ENV_FILE, unread
from trading.errors import TradingError
from trading.model.notice import Outcome
from trading.monitoring.health import silent_limit_s
from trading.monitoring.senders import senders_of
from trading.monitoring.sign_of_life import FILE_NAME, silent_s
from trading.monitoring.wall_clock import WallClock
from trading.store.database import Database
from trading.store.readers.state import read_state
from trading.strategies.discovery import make_strategy

LEAST_FREE_BYTES = 200 * 1024 * 1024
CONNECT_S = 3.0
TRY_NOTIFY = "python -m trading notify --test"
_TLS_PORT = 443


class Verdict(StrEnum):
    """How a check came out; only BAD makes the command fail."""

    OK = "ok"
    NOTE = "note"
    BAD = "bad"


@dataclass(frozen=True, slots=True)
class Finding:
    """One check: what was looked at, how it is, and what to do ("" nothing)."""

    name: str
    verdict: Verdict
    text: str
    fix: str = ""


@click.command()
@click.option("--settings", "settings_only", is_flag=True, help="Check the settings alone; touches nothing else.")
@click.option("--json", "as_json", is_flag=True, help="For programs.")
def doctor(settings_only: bool, as_json: bool) -> None:  # noqa: FBT001 - click passes options by name
    """Check settings, folders, disk, database and whether the gateway's port answers.

    Changes nothing. Exit 0 all fine, 1 something has to be mended, 2 a setting can't be used.
    """
    settings = read_settings()
    make_strategy(settings)
    senders_of(settings.notify.urls)
    findings = [Finding("settings", Verdict.OK, f"gateway {settings.gateway.kind}, strategy {settings.strategy_name}")]
    if not settings_only:
        findings += [check(settings) for check in CHECKS]
    if as_json:
        click.echo(json_text(findings))
    else:
        rows = [(found.name, found.verdict.value, found.text, found.fix) for found in findings]
        click.echo(table(("Check", "", "Found", "To do"), rows, left=frozenset({0, 1, 2, 3})))
    if any(found.verdict is Verdict.BAD for found in findings):
        raise SystemExit(1)


def check_symbols(settings: Settings) -> Finding:
    """Look whether a live system was told what it may trade; the simulated market has its own list."""
    if settings.simulated:
        return Finding("symbols", Verdict.OK, "those of the simulated market")
    if not settings.tickers:
        return Finding("symbols", Verdict.BAD, "TICKERS names none", "name them, for instance TICKERS=AAPL,MSFT")
    return Finding("symbols", Verdict.OK, f"{len(settings.tickers)} that may be traded")


def check_folders(settings: Settings) -> Finding:
    """Look whether both folders are there, or can be made, and can be written."""
    for name, folder in (("STATE_DIR", settings.state_dir), ("LOG_DIR", settings.log_dir)):
        nearest = _existing(folder)
        if not nearest.is_dir() or not os.access(nearest, os.W_OK | os.X_OK):
            return Finding(
                "folders", Verdict.BAD, f"{name} = {folder} can't be written", "give a folder that this user owns"
            )
    return Finding("folders", Verdict.OK, f"{settings.state_dir}, {settings.log_dir}")


def check_secrets(_settings: Settings) -> Finding:
    """Look whether others may read the file with the settings."""
    if not ENV_FILE.is_file():
        return Finding(".env", Verdict.OK, "not there; defaults are used")
    if ENV_FILE.stat().st_mode & 0o077:
        return Finding(".env", Verdict.NOTE, "other users of this machine can read it", "chmod 600 .env")
    names = unread(read_env_file(ENV_FILE))
    if names:
        return Finding(
            ".env", Verdict.NOTE, f"nothing here reads {', '.join(names)}", "see whether a name is meant for us"
        )
    return Finding(".env", Verdict.OK, "private")


def check_disk(settings: Settings) -> Finding:
    """Look for 200 MB of free space, which sending orders needs (R23)."""
    free = shutil.disk_usage(_existing(settings.state_dir)).free
    text = f"{free / 1024**2:,.0f} MB free"
    if free < LEAST_FREE_BYTES:
        return Finding("disk", Verdict.BAD, text, "free some space: below 200 MB no order is sent")
    return Finding("disk", Verdict.OK, text)


def check_database(settings: Settings) -> Finding:
    """Look into the database: whole, of this version, of this account and gateway."""
    path = settings.state_dir / "trading.db"
    if not path.exists():
        return Finding("database", Verdict.OK, "not there yet; the first start makes it")
    try:
        database = Database(path, read_only=True)
        try:
            whole = database.query("PRAGMA quick_check(1)")[0][0]
            database.expect(settings.account_id or None, settings.gateway.kind)
        finally:
            database.close()
        if whole != "ok":
            return Finding("database", Verdict.BAD, f"damaged: {whole}", "put a backup in its place")
        with read_state(path) as state:
            sessions = state.decisions.sessions(limit=1)
    except TradingError as error:
        return Finding("database", Verdict.BAD, str(error), "mend this before a start")
    return Finding("database", Verdict.OK, f"whole; last decision {sessions[0] if sessions else 'none'}")


def check_instance(settings: Settings) -> Finding:
    """Look for a sign of life of the trading process; its lock is left alone, lest a start meets it."""
    silent = silent_s(settings.state_dir / FILE_NAME, WallClock().now())
    if silent is None:
        return Finding("trader", Verdict.OK, "has not run yet")
    if silent > silent_limit_s(settings.loop.check_interval_s):
        return Finding("trader", Verdict.NOTE, f"silent for {silent:.0f} s", "start it: ./start.sh")
    return Finding("trader", Verdict.OK, "runs")


def check_notify(settings: Settings) -> Finding:
    """Look who is told what people have to know, and whether that arrived; nothing is sent."""
    channels = [sender.channel for sender in senders_of(settings.notify.urls)]
    if not channels:
        return Finding("notify", Verdict.OK, "nobody is told; NOTIFY_URLS names whom to tell")
    try:
        with read_state(settings.state_dir / "trading.db") as state:
            known = state.notices.channels()
    except TradingError:
        # The database has a line of its own.
        known = ()
    failed = [each for each in known if each.outcome is Outcome.FAILED and each.channel in channels]
    if failed:
        text = "; ".join(f"{each.channel}: {each.detail}" for each in failed)
        return Finding("notify", Verdict.NOTE, f"the last message did not arrive: {text}", TRY_NOTIFY)
    return Finding("notify", Verdict.OK, ", ".join(channels))


def check_gateway(settings: Settings) -> Finding:
    """Look whether anything listens at the gateway's address."""
    parts = urlsplit(settings.gateway.url)
    host, port = parts.hostname or "localhost", parts.port or _TLS_PORT
    try:
        socket.create_connection((host, port), timeout=CONNECT_S).close()
    except OSError as error:
        return Finding(
            "gateway",
            Verdict.NOTE,
            f"{host}:{port} does not answer ({error.strerror or error})",
            "start it: ./start.sh",
        )
    return Finding("gateway", Verdict.OK, f"{host}:{port} answers")


def _existing(path: Path) -> Path:
    """Return the path, or its nearest parent that is there."""
    return next(place for place in (path.absolute(), *path.absolute().parents) if place.exists())


CHECKS: tuple[Callable[[Settings], Finding], ...] = (
    check_symbols,
    check_folders,
    check_secrets,
    check_disk,
    check_database,
    check_instance,
    check_notify,
    check_gateway,
)
