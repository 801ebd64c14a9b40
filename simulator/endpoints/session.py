"""Session calls: tickle, status, brokerage session, logout, and what the gateway program asks after a login."""

from __future__ import annotations

from hashlib import sha1

from simulator import instants
from simulator.broker import Broker
from simulator.messages import Request, Response, error, json_response
from simulator.router import Needs, Route

MAC = "98:F2:B3:23:BF:A0"
SERVER = {"serverName": "JifN19053", "serverVersion": "Build 10.44.1d, Mar 3, 2026 1:55:32 PM"}
USER_ID = 99996016
NO_COMPETE = "Force compete capability must be used together with compete flag"


def auth_status(broker: Broker) -> dict[str, object]:
    """Return the authentication status, the shorter form where no brokerage session is connected."""
    session = broker.session
    if not session.connected:
        return {"authenticated": False, "competing": session.competing, "connected": False, "MAC": MAC}
    return {
        "authenticated": session.authenticated,
        "established": session.established,
        "competing": session.competing,
        "connected": session.connected,
        "message": "",
        "MAC": MAC,
        "serverInfo": SERVER,
        "hardware_info": f"{broker.identifiers.hexadecimal('hardware', 0, 8)}|{MAC}",
        "fail": session.fail,
    }


def farm_status() -> dict[str, object]:
    """Return the status of an open session with the market data farm."""
    return {
        "authenticated": True,
        "competing": False,
        "connected": True,
        "message": "",
        "MAC": MAC,
        "serverInfo": SERVER,
    }


def session_token(broker: Broker) -> str:
    """Return the value of tickle's `session`, which the websocket's cookie repeats."""
    return broker.identifiers.hexadecimal("session", broker.session.epoch)


def tickle(broker: Broker, _request: Request) -> Response:
    """GET or POST /tickle."""
    session = broker.session
    if not session.sso:
        if broker.behaviour.tickle_without_login == "no_session":
            return json_response({"error": "no session"})
        return Response(401)
    return json_response(
        {
            "session": session_token(broker),
            "ssoExpires": _sso_expires(broker),
            "collission": False,
            "userId": USER_ID,
            "hmds": {"authStatus": farm_status()} if session.farm_open else {"error": "no bridge"},
            "iserver": {"authStatus": auth_status(broker)},
        }
    )


def _sso_expires(broker: Broker) -> int:
    """Return the milliseconds that the login had left before this call kept it alive."""
    return instants.millis(broker.session.left_us(broker.session_us))


def status(broker: Broker, _request: Request) -> Response:
    """GET or POST /iserver/auth/status."""
    return json_response(auth_status(broker))


def init(broker: Broker, request: Request) -> Response:
    """POST /iserver/auth/ssodh/init: open the brokerage session, away from a competing one if need be.

    The gateway program asks for it with its `machineId` and without `publish`.
    """
    session = broker.session
    body = request.json_object()
    of_gateway = "machineId" in body
    if broker.behaviour.init_needs_publish and not of_gateway and body.get("publish") is not True:
        return error(500, "unknown")
    if body.get("compete") is not True:
        return json_response({**auth_status(broker), "passed": False, "fail": NO_COMPETE})
    if not session.authenticated and not session.is_opening:
        if of_gateway and broker.behaviour.init_challenges:
            return json_response({"challenge": _challenge(broker)})
        _open_brokerage(broker)
    return json_response({**auth_status(broker), "passed": True})


def _open_brokerage(broker: Broker) -> None:
    """Open the brokerage session; where that takes time, it shows in the status later."""
    wait_us = int(broker.behaviour.reauthentication_s * instants.SECOND)
    now_us = broker.session_us
    broker.session.open_brokerage(now_us, ready_us=now_us + wait_us if wait_us else None)


def challenge_response(broker: Broker, request: Request) -> Response:
    """POST /iserver/auth/ssodh/response: the answer to a challenge, SHA-1 over challenge and the key of /ssodh/st."""
    answer = request.json_object().get("response")
    if answer != challenge_answer(broker):
        return error(500, "login failed")
    _open_brokerage(broker)
    return status(broker, request)


def challenge_answer(broker: Broker) -> str:
    """Return what a client that knows the key has to answer."""
    return sha1(bytes.fromhex(_challenge(broker) + session_key(broker)), usedforsecurity=False).hexdigest()


def _challenge(broker: Broker) -> str:
    return broker.identifiers.hexadecimal("challenge", broker.session.epoch)


def session_key(broker: Broker) -> str:
    """Return the key that /ssodh/st hands out."""
    return broker.identifiers.hexadecimal("key", broker.session.epoch)


def reauthenticate(broker: Broker, _request: Request) -> Response:
    """POST /iserver/reauthenticate (deprecated): triggers the same, the result shows in the status later."""
    session = broker.session
    if not session.authenticated and not session.is_opening:
        _open_brokerage(broker)
    return json_response({"message": "triggered"})


def logout(broker: Broker, _request: Request) -> Response:
    """POST /logout: both sessions end."""
    broker.session.logout()
    return json_response({"status": True})


def validate(broker: Broker, _request: Request) -> Response:
    """GET /sso/validate."""
    session = broker.session
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
            "EXPIRES": _sso_expires(broker),
            "QUALIFIED_FOR_MOBILE_AUTH": None,
            "LANDING_APP": "UNIVERSAL",
            "IS_MASTER": False,
            "lastAccessed": instants.millis(session.shown_access_us),
            "LOGIN_TYPE": 2 if broker.config.account_id.startswith("DU") else 1,
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


def one_user(broker: Broker, _request: Request) -> Response:
    """GET /one/user: asked by the gateway program after a login, which only logs the answer."""
    return json_response({"username": broker.session.username, "userId": USER_ID})


def ssodh_init(_broker: Broker, _request: Request) -> Response:
    """GET /ssodh/init: the gateway program goes on when the answer has the key `success`."""
    return json_response({"success": True})


def ssodh_key(broker: Broker, _request: Request) -> Response:
    """GET /ssodh/st."""
    return json_response({"st": session_key(broker)})


ROUTES = (
    Route("GET", "/tickle", tickle, Needs.NOTHING),
    Route("POST", "/tickle", tickle, Needs.NOTHING),
    Route("GET", "/iserver/auth/status", status),
    Route("POST", "/iserver/auth/status", status),
    Route("POST", "/iserver/auth/ssodh/init", init),
    Route("POST", "/iserver/auth/ssodh/response", challenge_response),
    Route("POST", "/iserver/reauthenticate", reauthenticate),
    Route("GET", "/iserver/reauthenticate", reauthenticate),
    Route("POST", "/logout", logout),
    Route("GET", "/logout", logout),
    Route("GET", "/sso/validate", validate),
    Route("GET", "/one/user", one_user),
    Route("GET", "/ssodh/init", ssodh_init),
    Route("GET", "/ssodh/st", ssodh_key),
)
