"""Session calls: tickle, status, brokerage session, logout, and what the gateway program asks after a login."""

from __future__ import annotations

from hashlib import sha1
from typing import TYPE_CHECKING

from simulator import instants
from simulator.messages import Request, Response, error, json_response
from simulator.router import Needs, Route

if TYPE_CHECKING:
    from simulator.core import Simulator

MAC = "98:F2:B3:23:BF:A0"
SERVER = {"serverName": "JifN19053", "serverVersion": "Build 10.44.1d, Mar 3, 2026 1:55:32 PM"}
USER_ID = 99996016
NO_COMPETE = "Force compete capability must be used together with compete flag"


def auth_status(simulator: Simulator) -> dict[str, object]:
    """Return the authentication status, the shorter form where no brokerage session is connected."""
    session = simulator.session
    if not session.connected:
        return {"authenticated": False, "competing": session.competing, "connected": False, "MAC": MAC}
    return {
        "authenticated": session.authenticated,
        "established": session.authenticated,
        "competing": session.competing,
        "connected": session.connected,
        "message": "",
        "MAC": MAC,
        "serverInfo": SERVER,
        "hardware_info": f"{simulator.identifiers.hexadecimal('hardware', 0, 8)}|{MAC}",
        "fail": session.fail,
    }


def session_token(simulator: Simulator) -> str:
    """Return the value of tickle's `session`, which the websocket's cookie repeats."""
    return simulator.identifiers.hexadecimal("session", simulator.session.epoch)


def tickle(simulator: Simulator, _request: Request) -> Response:
    """GET or POST /tickle."""
    session = simulator.session
    if not session.sso:
        if simulator.behaviour.tickle_without_login == "no_session":
            return json_response({"error": "no session"})
        return Response(401)
    return json_response(
        {
            "session": session_token(simulator),
            "ssoExpires": _sso_expires(simulator),
            "collission": False,
            "userId": USER_ID,
            "hmds": {"error": "no bridge"},
            "iserver": {"authStatus": auth_status(simulator)},
        }
    )


def _sso_expires(simulator: Simulator) -> int:
    idle = int(simulator.behaviour.idle_timeout_s * 1000) or 600_000
    return idle


def status(simulator: Simulator, _request: Request) -> Response:
    """GET or POST /iserver/auth/status."""
    return json_response(auth_status(simulator))


def init(simulator: Simulator, request: Request) -> Response:
    """POST /iserver/auth/ssodh/init: open the brokerage session, away from a competing one if need be."""
    session = simulator.session
    body = request.json_object()
    if body.get("compete") is not True:
        return json_response({**auth_status(simulator), "passed": False, "fail": NO_COMPETE})
    if not session.authenticated or session.competing:
        wait_us = int(simulator.behaviour.reauthentication_s * 1_000_000)
        session.open_brokerage(simulator.session_us, ready_us=simulator.session_us + wait_us if wait_us else None)
        simulator.note("session", {"event": "init", "epoch": session.epoch})
    return json_response({**auth_status(simulator), "passed": True})


def challenge_response(simulator: Simulator, request: Request) -> Response:
    """POST /iserver/auth/ssodh/response: the answer to a challenge, SHA-1 over challenge and the key of /ssodh/st."""
    answer = request.json_object().get("response")
    if answer != challenge_answer(simulator):
        return error(500, "login failed")
    simulator.session.open_brokerage(simulator.session_us)
    simulator.note("session", {"event": "init", "epoch": simulator.session.epoch})
    return status(simulator, request)


def challenge_answer(simulator: Simulator) -> str:
    """Return what a client that knows the key has to answer."""
    text = simulator.identifiers.hexadecimal("challenge", simulator.session.epoch) + session_key(simulator)
    return sha1(bytes.fromhex(text), usedforsecurity=False).hexdigest()


def session_key(simulator: Simulator) -> str:
    """Return the key that /ssodh/st hands out."""
    return simulator.identifiers.hexadecimal("key", simulator.session.epoch)


def reauthenticate(simulator: Simulator, _request: Request) -> Response:
    """POST /iserver/reauthenticate (deprecated): triggers the same, the result shows in the status later."""
    session = simulator.session
    if not session.authenticated:
        session.open_brokerage(simulator.session_us)
        simulator.note("session", {"event": "reauthenticate", "epoch": session.epoch})
    return json_response({"message": "triggered"})


def logout(simulator: Simulator, _request: Request) -> Response:
    """POST /logout: both sessions end."""
    simulator.session.logout()
    simulator.note("session", {"event": "logout"})
    return json_response({"status": True})


def validate(simulator: Simulator, _request: Request) -> Response:
    """GET /sso/validate."""
    session = simulator.session
    name = session.username
    return json_response(
        {
            "USER_ID": USER_ID,
            "USER_NAME": name,
            "RESULT": True,
            "AUTH_TIME": instants.millis(session.shown_login_us),
            "SF_ENABLED": False,
            "IS_FREE_TRIAL": False,
            "CREDENTIAL": name,
            "IP": "127.0.0.1",
            "EXPIRES": _sso_expires(simulator),
            "QUALIFIED_FOR_MOBILE_AUTH": None,
            "LANDING_APP": "UNIVERSAL",
            "IS_MASTER": False,
            "lastAccessed": instants.millis(simulator.now_us),
            "LOGIN_TYPE": 2 if simulator.config.account_id.startswith("DU") else 1,
            "PAPER_USER_NAME": name,
            "features": {
                "env": "PROD",
                "wlms": True,
                "realtime": True,
                "bond": True,
                "optionChains": True,
                "calendar": True,
                "newMf": True,
            },
            "region": "NJ",
        }
    )


def one_user(simulator: Simulator, _request: Request) -> Response:
    """GET /one/user: asked by the gateway program after a login, which only logs the answer."""
    return json_response({"username": simulator.session.username, "userId": USER_ID})


def ssodh_init(_simulator: Simulator, _request: Request) -> Response:
    """GET /ssodh/init: the gateway program goes on when the answer has the key `success`."""
    return json_response({"success": True})


def ssodh_key(simulator: Simulator, _request: Request) -> Response:
    """GET /ssodh/st."""
    return json_response({"st": session_key(simulator)})


ROUTES = (
    Route("GET", "/tickle", tickle, Needs.NOTHING),
    Route("POST", "/tickle", tickle, Needs.NOTHING),
    Route("GET", "/iserver/auth/status", status),
    Route("POST", "/iserver/auth/status", status),
    Route("POST", "/iserver/auth/ssodh/init", init),
    Route("POST", "/iserver/auth/ssodh/response", challenge_response),
    Route("POST", "/iserver/reauthenticate", reauthenticate),
    Route("GET", "/iserver/reauthenticate", reauthenticate),
    Route("POST", "/logout", logout, Needs.NOTHING),
    Route("GET", "/logout", logout, Needs.NOTHING),
    Route("GET", "/sso/validate", validate),
    Route("GET", "/one/user", one_user),
    Route("GET", "/ssodh/init", ssodh_init),
    Route("GET", "/ssodh/st", ssodh_key),
)
