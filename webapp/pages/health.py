"""For programs that watch: alive, ready, metrics. No login, and nothing about the account."""

from __future__ import annotations

import hmac
import math
import re
from functools import partial

from flask import Blueprint, Response, jsonify, request
from werkzeug.exceptions import ServiceUnavailable, Unauthorized
from werkzeug.wrappers import Response as BaseResponse

from trading.errors import DataError
from trading.model.account import hide_accounts
from trading.model.metric import Gauge, LiveGauge
from trading.model.mode import Mode
from trading.model.status import GOOD_SESSIONS
from trading.monitoring.health import Facts, liveness, readiness
from trading.monitoring.sign_of_life import CONTENT_TYPE, PREFIX, Beat
from trading.monitoring.verdicts import Health
from webapp.frame import make_frame
from webapp.parameters import accepts
from webapp.security import address
from webapp.services import services

blueprint = Blueprint("health", __name__)

_MODE = re.compile(rf'^({PREFIX}mode\{{mode="(\w+)"\}}) .*$', re.MULTILINE)
_GATEWAY_UP = re.compile(rf"^{PREFIX}{Gauge.GATEWAY_UP} .*$", re.MULTILINE)


@blueprint.get("/healthz")
@accepts()
def healthz() -> BaseResponse:
    """Answer 200 while the trading loop is alive, 503 when it is silent or stuck."""
    made = services()
    health = liveness(made.beat(), made.starting())
    return jsonify(status="ok") if health.ok else _unavailable(health)


@blueprint.get("/readyz")
@accepts()
def readyz() -> BaseResponse:
    """Answer 200 when orders can be sent, else 503 with a reason and the next human step."""
    frame = make_frame()
    if frame.health is None or frame.mode is None:
        first = frame.situation
        told = Health(ok=False, code=first.key, text=first.headline, next_step=first.todo, cause=first.cause)
        return _unavailable(told)
    health = readiness(frame.health)
    return jsonify(status="ready", mode=frame.mode.mode.value) if health.ok else _unavailable(health)


@blueprint.get("/metrics")
@accepts()
def metrics() -> BaseResponse:
    """Return what the trading process wrote last, as Prometheus text."""
    made = services()
    expected = made.settings.metrics_token
    if expected is not None:
        given = request.headers.get("Authorization", "").encode("utf-8", "surrogatepass")
        if not hmac.compare_digest(given, f"Bearer {expected}".encode()):
            made.audit.noise("metrics_denied", address=address())
            raise Unauthorized(description="Send the METRICS_TOKEN as a bearer token.")
    try:
        text = made.metrics_file.read_text(encoding="utf-8")
    except OSError as error:
        raise ServiceUnavailable(description="The trading process has not written metrics yet.") from error
    return Response(as_of_now(text, made.beat(), made.starting(), _facts()), content_type=CONTENT_TYPE)


def as_of_now(text: str, beat: Beat | None, starting: str, facts: Facts | None) -> str:
    """Return the metrics that were written last with what is so now: a process that died has written no end of it.

    `starting` is what start.sh waits for before it starts the next one; `facts` is None while nobody has written any.
    """
    alive = liveness(beat, starting).ok
    ready = facts is not None and readiness(facts).ok
    up = facts is not None and facts.session in GOOD_SESSIONS and not (facts.hangs or facts.partly_hangs)
    if not alive or not up:
        text = _GATEWAY_UP.sub(f"{PREFIX}{Gauge.GATEWAY_UP} 0.0", text)
    if alive and facts is not None and facts.mode is not None:
        # One that could not be stored is in force all the same.
        text = _MODE.sub(partial(_mode_line, facts.mode), text)
    age_s = math.inf if beat is None or beat.age_s is None else beat.age_s
    live = (
        (LiveGauge.ALIVE, "Whether the trading loop is alive now (1) or not (0).", float(alive)),
        (LiveGauge.READY, "Whether orders can be sent now (1) or not (0): what /readyz says.", float(ready)),
        (LiveGauge.HEARTBEAT_AGE_SECONDS, "Time since the trading process's last sign of life.", age_s),
    )
    told = "".join(
        f"# HELP {PREFIX}{name} {words}\n# TYPE {PREFIX}{name} gauge\n{PREFIX}{name} {_value(value)}\n"
        for name, words, value in live
    )
    return text + told


def _mode_line(mode: Mode, line: re.Match[str]) -> str:
    return f"{line[1]} {float(line[2] == mode)}"


def _value(value: float) -> str:
    return "+Inf" if math.isinf(value) else repr(value)


def _facts() -> Facts | None:
    try:
        return make_frame().health
    except DataError:
        return None


def _unavailable(health: Health) -> Response:
    """Say why, to anybody who asks: a cause is in the words of what failed, which may name an account."""
    message, next_step = hide_accounts(health.told), hide_accounts(health.instruction)
    response = jsonify(error={"code": health.code, "message": message}, next_step=next_step)
    response.status_code = 503
    return response
