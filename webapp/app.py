"""The application factory: what the pages need is made here once and handed to them."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Mapping
from pathlib import Path

from flask import Flask, url_for

from trading.monitoring.wall_clock import WallClock
from trading.store.operator_requests import RequestsDatabase
from webapp import errors, numbers, security, services
from webapp.attempts import AttemptLimit
from webapp.audit import AuditLog
from webapp.clock import WebClock
from webapp.devices import Devices, load_or_make_key
from webapp.pages import controls, decisions, health, log, login, overview, symbols, trades
from webapp.passwords import PasswordCheck, load_or_make_password
from webapp.services import EXTENSION, RequestStore, Services
from webapp.sessions import SessionStore
from webapp.settings import load_web_settings, read_web_settings

PAGES = (controls, decisions, health, log, login, overview, symbols, trades)


def create_app(
    environ: Mapping[str, str] | None = None, *, clock: WebClock | None = None, desk: RequestStore | None = None
) -> Flask:
    """Return the dashboard as a WSGI application; tests pass their own environment, clock and control desk.

    Raises: ConfigError, a setting can't be used; nothing listens yet.
    """
    settings = read_web_settings() if environ is None else load_web_settings(environ)
    password = load_or_make_password(settings)
    used_clock = WallClock() if clock is None else clock
    app = Flask(__name__)
    app.extensions[EXTENSION] = Services(
        settings=settings,
        clock=used_clock,
        sessions=SessionStore(used_clock),
        attempts=AttemptLimit(used_clock),
        devices=Devices(load_or_make_key(settings.state_dir)),
        audit=AuditLog(settings.log_dir / "webapp.log", used_clock),
        password=PasswordCheck(password),
        controls=RequestsDatabase(settings.state_dir / "controls.db") if desk is None else desk,
    )
    services.install(app)
    security.install(app)
    errors.install(app)
    numbers.install(app)
    app.jinja_env.globals["order_types"] = {"LMT": "limit", "MKT": "market", "STP": "stop", "STOP_LIMIT": "stop limit"}
    app.jinja_env.globals["gateway_url"] = settings.gateway_url
    app.jinja_env.globals["new_key"] = lambda: secrets.token_urlsafe(16)
    _install_static(app)
    for page in PAGES:
        app.register_blueprint(page.blueprint)
    return app


def _install_static(app: Flask) -> None:
    """Let templates name a static file with a mark of its content: no old style sheet under a new page."""
    folder = Path(app.root_path) / "static"
    marks: dict[str, str] = {}

    def asset(name: str) -> str:
        if name not in marks:
            marks[name] = hashlib.sha256((folder / name).read_bytes()).hexdigest()[:12]
        return url_for("static", filename=name, v=marks[name])

    app.jinja_env.globals["asset"] = asset
    app.view_functions["static"].__dict__["query_names"] = frozenset({"v"})
