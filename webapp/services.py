"""What the pages share: settings, clock, sessions, and the way to ask the trading process for something."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol

from flask import Flask, current_app, g

from trading.model.mode import NOTHING_SEEN, Seen
from trading.model.operator_request import OperatorVerb, RequestProgress
from trading.monitoring.sign_of_life import (
    HEARTBEAT_NAME,
    METRICS_NAME,
    WAITING_NAME,
    Beat,
    known_at,
    read_beat,
    waits_for,
)
from trading.store.boot_time import boot_time
from trading.store.readers.state import State, read_state
from webapp.attempts import AttemptLimit
from webapp.audit import AuditLog
from webapp.clock import WebClock
from webapp.devices import Devices
from webapp.passwords import PasswordCheck
from webapp.sessions import SessionStore
from webapp.settings import WebSettings

EXTENSION = "dashboard"


class RequestStore(Protocol):
    """Requests to the trading process, as rows that it answers."""

    def request(
        self, kind: OperatorVerb, argument: str, actor: str, now: datetime, *, seen: Seen = NOTHING_SEEN
    ) -> int:
        """Store a request and return its number; a resume names the newest halt that the person has `seen`."""
        ...

    def make_halt_file(self, reason: str) -> Path:
        """Halt where requests can't be stored; return the file that does it."""
        ...

    def progress(self, number: int) -> RequestProgress | None:
        """Return how far a request has come, None where there is none of that number."""
        ...


@dataclass(frozen=True, slots=True)
class Services:
    """Made once by `create_app`, the same for every request."""

    settings: WebSettings
    clock: WebClock
    sessions: SessionStore
    attempts: AttemptLimit
    devices: Devices
    audit: AuditLog
    password: PasswordCheck
    controls: RequestStore

    @property
    def metrics_file(self) -> Path:
        """Return the file that the trading process rewrites each cycle."""
        return self.settings.state_dir / METRICS_NAME

    def beat(self) -> Beat | None:
        """Return the trading process's last sign of life, None: never."""
        return read_beat(self.settings.state_dir / HEARTBEAT_NAME, boot_time())

    def known_at(self, beat: Beat | None) -> datetime | None:
        """Return the real time as of which the trading process's records of itself hold; None: it was never seen."""
        return known_at(self.settings.state_dir / HEARTBEAT_NAME, beat)

    def starting(self) -> str:
        """Return what start.sh waits for before it starts the trading process, empty: nothing."""
        return waits_for(self.settings.state_dir / WAITING_NAME, self.clock.now())


def install(app: Flask) -> None:
    """End the read transaction of each request with it."""
    app.teardown_appcontext(_close)


def state() -> State:
    """Return what the trading process recorded, as of one moment for the whole request.

    Raises: DataError, the file is there and can't be read.
    """
    if "state" not in g:
        g.reading = ExitStack()
        g.state = g.reading.enter_context(read_state(services().settings.state_dir / "trading.db"))
    opened = g.state
    if not isinstance(opened, State):
        raise TypeError(EXTENSION)
    return opened


def _close(_: BaseException | None) -> None:
    reading = g.pop("reading", None)
    if isinstance(reading, ExitStack):
        reading.close()


def services() -> Services:
    """Return the services of the running app."""
    return services_of(current_app)


def services_of(app: Flask) -> Services:
    """Return the services of `app`, for who serves it and is in no request."""
    made = app.extensions[EXTENSION]
    if not isinstance(made, Services):
        raise TypeError(EXTENSION)
    return made
