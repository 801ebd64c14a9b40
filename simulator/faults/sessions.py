"""What happens to the brokerage session and the gateway: taken, lost, reset, dead behind, slow, another account."""

from __future__ import annotations

from dataclasses import replace

from simulator import instants
from simulator.broker import Broker
from simulator.fault_plan import Calls
from simulator.faults.context import Firing
from simulator.faults.declaration import (
    ANY,
    FaultKind,
    flag,
    seconds,
    text,
    whole,
)
from simulator.faults.lists import OTHER_ACCOUNT
from simulator.faults.refusals import LOGIN_PAGE
from simulator.faults.rewriting import rewritten
from simulator.messages import HTML, Response, error, json_response, unavailable

MAINTENANCE = "xcredserv comm failed during getEvents due to Connection refused"
_BROKERAGE = Calls("*", ("/iserver/*", "/iserver"))


def _without_session(firing: Firing, *, competing: bool = False, connected: bool = True) -> Response:
    """Apply the call without a brokerage session; opening one doesn't succeed."""
    session = firing.broker.session
    session.lose_brokerage(competing=competing)
    session.connected = connected
    response = firing.proceed()
    if not session.authenticated and not session.authenticated_after_us:
        return response
    session.lose_brokerage(competing=competing)
    session.connected = connected
    return json_response({"authenticated": False, "competing": competing, "connected": connected})


def competing(firing: Firing) -> Response:
    """Another login has the brokerage session, or has it and leaves it in turn."""
    flip_us = int(firing.number("flip_s") * instants.SECOND)
    if flip_us and (firing.broker.now_us - firing.since_us) // flip_us % 2:
        return firing.proceed()
    return _without_session(firing, competing=True)


def no_bridge(firing: Firing) -> Response:
    """The brokerage session is gone, and the status says that it isn't connected."""
    return _without_session(firing, connected=False)


def login_loop(firing: Firing) -> Response:
    """The session is alive and never authenticated."""
    return _without_session(firing)


def nightly_reset(firing: Firing) -> Response:
    """The brokerage session is off: reply ids, suppressions and caches are gone; the next one has a new epoch."""
    if not firing.lasting:
        if firing.flag("mid_order"):
            firing.proceed()
            return _after_reset(firing)
        if firing.flag("logout"):
            firing.broker.session.logout()
            return firing.proceed()
    return _without_session(firing) if firing.broker.session.sso else firing.proceed()


def _after_reset(firing: Firing) -> Response:
    session = firing.broker.session
    session.lose_brokerage()
    if firing.flag("logout"):
        session.logout()
    return unavailable()


def maintenance(firing: Firing) -> Response:
    """What calls are told during maintenance; the brokerage session is gone afterwards."""
    firing.broker.session.lose_brokerage()
    return error(500, MAINTENANCE)


def ids_rolled_back(firing: Firing) -> Response:
    """The gateway starts anew: no brokerage session, and order ids that were given out before come again."""
    broker = firing.broker
    broker.orders_numbered = max(0, broker.orders_numbered - firing.integer("n"))
    broker.note("ids", {"numbered": broker.orders_numbered})
    broker.session.lose_brokerage()
    return firing.proceed()


def switched(firing: Firing) -> Response:
    """Another client has switched the selected account."""

    def changed(value: object) -> object:
        if isinstance(value, dict) and "selectedAccount" in value:
            other = firing.text("account")
            return {**value, "accounts": [*value["accounts"], other], "selectedAccount": other}
        return value

    return rewritten(firing, changed)


def other_world(firing: Firing) -> Response:
    """The account is the live one in place of the paper one, or the other way round."""
    response = firing.proceed()
    ours = firing.broker.config.account_id
    other = firing.text("account") or (ours[1:] if ours.startswith("DU") else f"D{ours}")
    body = response.body.replace(ours.encode(), other.encode())
    paper = (b'"isPaper":true', b'"isPaper":false')
    before, after = paper if ours.startswith("DU") else paper[::-1]
    return replace(response, body=body.replace(before, after))


def dead_back_end(_firing: Firing) -> Response:
    """503: the gateway answers, and what is behind it doesn't."""
    return unavailable()


def slow_start(_firing: Firing) -> Response:
    """A page with status 200, as long as the gateway starts."""
    return Response(200, LOGIN_PAGE.format("").encode(), HTML)


def _has_ids(broker: Broker, _request: object, _values: object) -> bool:
    return broker.orders_numbered > 0


KINDS = (
    FaultKind(
        "G01",
        "Competing session",
        competing,
        (
            seconds("seconds", 300.0, "how long it goes on"),
            seconds("flip_s", 0.0, "the other login leaves and comes back each time; 0: it stays"),
        ),
        while_on=ANY,
        once=True,
    ),
    FaultKind(
        "G02",
        "No bridge: not connected",
        no_bridge,
        (seconds("seconds", 300.0, "how long no session can be opened"),),
        while_on=ANY,
        once=True,
    ),
    FaultKind(
        "G03",
        "Login loop: alive and never authenticated",
        login_loop,
        (seconds("seconds", 600.0, "how long"),),
        while_on=ANY,
        once=True,
    ),
    FaultKind(
        "G04",
        "Nightly reset",
        nightly_reset,
        (
            seconds("seconds", 600.0, "how long no session can be opened"),
            flag("mid_order", "the call that it meets is applied, and its answer lost to a 503"),
            flag("logout", "the login is gone as well"),
        ),
        while_on=ANY,
        once=True,
    ),
    FaultKind(
        "G05",
        "Maintenance: every call fails",
        maintenance,
        (seconds("seconds", 7200.0, "how long"),),
        while_on=ANY,
        once=True,
    ),
    FaultKind(
        "G07",
        "Gateway restart rolls order ids back",
        ids_rolled_back,
        (whole("n", 3, "how many ids are given out again; those of live orders are not", least=1),),
        once=True,
        ready=_has_ids,
    ),
    FaultKind(
        "G08",
        "Another client switches the account",
        switched,
        (text("account", OTHER_ACCOUNT, "the account that is selected now"),),
        calls=Calls("*", ("/iserver/accounts",)),
    ),
    FaultKind(
        "G09",
        "Live account in place of the paper one, or the other way round",
        other_world,
        (text("account", "", "the other account; empty: ours with its D taken off or put before it"),),
    ),
    FaultKind(
        "G12",
        "Gateway answers, and nothing is behind it",
        dead_back_end,
        (seconds("seconds", 300.0, "how long everything below /iserver is answered with 503"),),
        calls=_BROKERAGE,
        while_on=_BROKERAGE,
        once=True,
    ),
    FaultKind(
        "G13",
        "Slow start: a page with status 200",
        slow_start,
        (seconds("seconds", 60.0, "how long"),),
        while_on=ANY,
        once=True,
    ),
)
