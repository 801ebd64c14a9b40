# ruff: noqa: N999 - gunicorn's own name for this file
"""How the dashboard is served: `gunicorn -c webapp/gunicorn.conf.py`, from the project's folder."""

from __future__ import annotations

import os
import resource
import sys

from trading.errors import ConfigError
from webapp.crowd import places
from webapp.passwords import load_or_make_password
from webapp.settings import read_web_settings

EXIT_BAD_INPUT = 2

# Before anything listens: a password that somebody could guess must not be reachable for a moment.
try:
    _settings = read_web_settings()
    load_or_make_password(_settings)
except ConfigError as _error:
    print(f"webapp: {_error}", file=sys.stderr)  # noqa: T201 - no logger yet; this line is the interface
    sys.exit(EXIT_BAD_INPUT)

wsgi_app = "webapp.app:create_app()"
bind = _settings.bind
if _settings.certificate is not None:
    certfile = str(_settings.certificate)
    keyfile = str(_settings.private_key)

# Sessions and the limit on logins live in memory, so there is one worker, with a thread for each connection.
workers = 1
worker_class = "webapp.worker.DashboardWorker"
worker_connections = places(resource.getrlimit(resource.RLIMIT_NOFILE)[0])
keepalive = 5  # that connections are kept; how long is the worker's business
timeout = 60
graceful_timeout = 10
# Memory, where there is some: a slow disk can't look like a dead worker.
worker_tmp_dir = "/dev/shm" if os.access("/dev/shm", os.W_OK | os.X_OK) else None  # noqa: S108 - a file without a name
# A socket in the user's home folder, for commands that nobody gives here.
control_socket_disable = True

limit_request_line = 4094
limit_request_fields = 60
limit_request_field_size = 16_380  # browsers send the cookies of every program on localhost to each of them
forwarded_allow_ips = ""

accesslog = None
errorlog = "-"
loglevel = "warning"
proc_name = "dashboard"
