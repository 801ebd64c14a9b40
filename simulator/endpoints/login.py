"""The login pages, outside /v1/api: form, second factor, and the redirect that stands for a login.

The gateway program takes any 302 of the Dispatcher for a login: what fails there has to look different.
"""

from __future__ import annotations

from urllib.parse import parse_qs

from simulator.broker import Broker
from simulator.messages import HTML, TEXT, Request, Response
from simulator.router import Needs, Route

LOGIN_LOCATION = "/sso/Login?forwardTo=22&RL=1&ip2loc=US"
SUCCESS = b"Client login succeeds"
WRONG_PASSWORD = "wrong"  # noqa: S105  (the one password that is refused, so that a failure can be tried)
_STYLE = (
    "body{font:16px/1.5 system-ui,sans-serif;max-width:24rem;margin:4rem auto;padding:0 1rem}"
    "body{color:#1b2733;background:#f4f6f8}"
    "form{background:#fff;border:1px solid #d5dce3;border-radius:8px;padding:1.5rem}"
    "label{display:block;margin:0 0 1rem}input{display:block;width:100%;box-sizing:border-box}"
    "input{font:inherit;padding:.5rem;border:1px solid #aab6c1;border-radius:4px}"
    "button{font:inherit;padding:.6rem 1.2rem;border:0;border-radius:4px;background:#1464a5;color:#fff;cursor:pointer}"
    "p.note{color:#5a6b7a;font-size:.875rem}"
)
_HEADERS = (
    ("Cache-Control", "no-store"),
    ("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'"),
    ("X-Content-Type-Options", "nosniff"),
)


def _page(title: str, content: str, status: int = 200) -> Response:
    text = (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{title}</title>'
        f'<meta name="viewport" content="width=device-width,initial-scale=1"><style>{_STYLE}</style></head>'
        f"<body><h1>{title}</h1>{content}</body></html>"
    )
    return Response(status, text.encode(), HTML, _HEADERS)


def root(_broker: Broker, _request: Request) -> Response:
    """GET /: to the login page, as the gateway program does by itself."""
    return Response(302, b"", TEXT, (("Location", LOGIN_LOCATION),))


def form(_broker: Broker, _request: Request) -> Response:
    """GET /sso/Login: the form; any name and password are taken."""
    return _page(
        "Simulated gateway: log in",
        '<form method="post" action="/sso/Login">'
        '<label>Username<input name="username" autocomplete="off" required></label>'
        '<label>Password<input name="password" type="password" autocomplete="off" required></label>'
        "<button>Log in</button></form>"
        '<p class="note">This is a simulation. Never enter a real password: any made-up one is taken, '
        "but 'wrong'.</p>",
    )


def submit(broker: Broker, request: Request) -> Response:
    """POST /sso/Login: asks for the second factor."""
    fields = parse_qs(request.body.decode("utf-8", "replace"))
    username = fields.get("username", [""])[0].strip()
    password = fields.get("password", [""])[0]
    if not username or not password or password == WRONG_PASSWORD:
        broker.session.forget_second_factor()
        return _failed("Name or password is missing or wrong.")
    broker.session.ask_second_factor(broker.session_us)
    return _page(
        "Confirm the login",
        '<form method="post" action="/sso/Dispatcher"><p>On a real account your phone would now ask you.</p>'
        '<button name="confirmed" value="true">Confirm as second factor</button> '
        '<button name="confirmed" value="false">Decline</button></form>',
    )


def _failed(reason: str) -> Response:
    return _page("Log in failed", f'<p>{reason} <a href="/sso/Login">To the login page</a></p>', 401)


def dispatch(broker: Broker, request: Request) -> Response:
    """GET or POST /sso/Dispatcher: the login is done, unless the second factor was declined or came too late."""
    session, now_us = broker.session, broker.session_us
    session.expire(now_us)
    fields = parse_qs(request.body.decode("utf-8", "replace"))
    confirmed = fields.get("confirmed", [request.query.get("confirmed", "true")])[0] == "true"
    awaited = session.awaits_second_factor(now_us)
    session.forget_second_factor()
    if not confirmed:
        return _failed("The second factor was declined.")
    if not awaited and not session.sso:
        return _failed("No login waits for its second factor, or it came too late.")
    if awaited or not session.authenticated:
        session.login(now_us, broker.now_us)
    cookies = tuple(
        ("Set-Cookie", f"{name}={value}; Path=/; HttpOnly; SameSite=Lax")
        for name, value in (
            ("USERID", "99996016"),
            ("JSESSIONID", broker.identifiers.hexadecimal("cookie", session.epoch)),
            ("XYZAB", broker.identifiers.hexadecimal("sso", session.epoch, 40)),
        )
    )
    # Without a body: the gateway program, standing in front, then makes it a 200 with a text of its own.
    return Response(302, b"", TEXT, (("Location", "/sso/Success"), *cookies))


def success(_broker: Broker, _request: Request) -> Response:
    """GET /sso/Success: the text that clients look for after a login."""
    return Response(200, SUCCESS, TEXT)


def ping(broker: Broker, _request: Request) -> Response:
    """GET /sso/ping: keeps the SSO session alive."""
    broker.session.ping(broker.session_us)
    return Response(200 if broker.session.sso else 401, b"", TEXT)


def authenticator(broker: Broker, _request: Request) -> Response:
    """GET /sso/Authenticator: the gateway program only logs what it says."""
    broker.session.expire(broker.session_us)
    return Response(200 if broker.session.sso else 401, b"{}")


LOGIN_ROUTES = (
    Route("GET", "/", root, Needs.NOTHING),
    Route("GET", "/sso/Login", form, Needs.NOTHING),
    Route("POST", "/sso/Login", submit, Needs.NOTHING),
    Route("GET", "/sso/Dispatcher", dispatch, Needs.NOTHING),
    Route("POST", "/sso/Dispatcher", dispatch, Needs.NOTHING),
    Route("GET", "/sso/Success", success, Needs.NOTHING),
    Route("GET", "/sso/ping", ping, Needs.NOTHING),
    Route("GET", "/sso/Authenticator", authenticator, Needs.NOTHING),
)
