"""The verdicts on sessions and modes in words: what is, and what a person does about it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from trading.model.mode import Mode
from trading.model.status import SessionState, TroubleKind


@dataclass(frozen=True, slots=True)
class Health:
    """A verdict: `code` is a word for programs, `text` says what is, `next_step` what a person does ("" nothing).

    `command` is how it is done at a shell, where there is such a way. `cause` is why it is so, in the words of what
    failed, and `since` a UTC time as it is kept; "" where nobody knows. With `market_time` that is a time of the
    simulated market.
    """

    ok: bool
    code: str
    text: str
    next_step: str = ""
    command: str = ""
    cause: str = ""
    since: str = ""
    market_time: bool = False

    @property
    def told(self) -> str:
        """Return all of what is in one line, for readers without a page."""
        since = f"since {_minute(self.since)}" if self.since else ""
        if since and self.market_time:
            since += " of the simulated market"
        why = ": ".join(part for part in (since, self.cause) if part)
        return f"{self.text} {why[:1].upper()}{why[1:]}" if why else self.text

    @property
    def instruction(self) -> str:
        """Return the next step with its command, for readers without a button."""
        return f"{self.next_step.rstrip('.')}: {self.command}" if self.command else self.next_step


SESSION_WORDS: Mapping[SessionState, str] = MappingProxyType(
    {
        SessionState.STARTING: "connecting",
        SessionState.GATEWAY_DOWN: "gateway down",
        SessionState.REFUSED: "refuses this system",
        SessionState.SUSPENDED: "too many requests",
        SessionState.WAITING_LOGIN: "waiting for login",
        SessionState.CONNECTED: "logged in, no brokerage session",
        SessionState.COMPETING: "taken by another login",
        SessionState.RESET: "nightly reset",
        SessionState.STALE: "not answering",
        SessionState.READY: "ready",
        SessionState.ENDED: "end of the data",
    }
)
"""The broker session in a few words."""

_RESTART_LATER = "Nothing at once: it is tried again by itself. After five minutes, restart it and log in again."
SESSIONS: Mapping[SessionState, Health] = MappingProxyType(
    {
        SessionState.STARTING: Health(ok=False, code="starting", text="The trading process connects to the gateway."),
        SessionState.GATEWAY_DOWN: Health(
            ok=False,
            code="gateway_down",
            text="The gateway does not answer. Nothing can be sent.",
            next_step=_RESTART_LATER,
        ),
        SessionState.REFUSED: Health(
            ok=False,
            code="refused",
            text="The gateway answers, but refuses this system. Nothing can be sent.",
            next_step="See whether ips.allow in the gateway's conf.yaml, a firewall, a proxy or a VPN keeps it out.",
        ),
        SessionState.SUSPENDED: Health(
            ok=False,
            code="suspended",
            text="The broker was asked too often and answers nothing for 10 to 15 minutes.",
            next_step="Nothing: it is tried again by itself. Perhaps another program at this address asks as well.",
        ),
        SessionState.WAITING_LOGIN: Health(
            ok=False,
            code="waiting_login",
            text="Nobody is logged in at the gateway. Nothing can be sent.",
            next_step="Log in on the gateway's page.",
        ),
        SessionState.CONNECTED: Health(
            ok=False,
            code="connected",
            text="Somebody is logged in; the broker's session for orders is being opened.",
        ),
        SessionState.RESET: Health(
            ok=False,
            code="reset",
            text="The broker's nightly reset is on, in which nothing can be sent.",
        ),
        SessionState.STALE: Health(
            ok=False,
            code="stale",
            text="The login stands, but the broker does not answer. Nothing can be sent.",
            next_step=_RESTART_LATER,
        ),
        SessionState.COMPETING: Health(
            ok=False,
            code="competing",
            text="Another program uses this login, so the broker gives us no session.",
            next_step="Log out of TWS, IBKR Mobile or the website with this user.",
        ),
        SessionState.ENDED: Health(
            ok=False,
            code="ended",
            text="The simulated market has come to the end of its data; nothing more is decided.",
            next_step="To start over: make demo-reset, then make demo.",
        ),
    }
)
TROUBLE_STEPS: Mapping[TroubleKind, str] = MappingProxyType(
    {
        TroubleKind.UNANSWERED: "It is tried again by itself. If it stays for five minutes, log in again on the "
        "gateway's page; if that does not help, restart the gateway.",
        TroubleKind.FAILURE: "It is tried again by itself. If it stays, look at what it names, and at the end of "
        "logs/trading.log.",
        TroubleKind.PERSON: "Only a person can end it: do what it names.",
    }
)
"""What a person does about what a cycle could not do."""
MODES: Mapping[Mode, Health] = MappingProxyType(
    {
        Mode.HALTED: Health(
            ok=False,
            code="halted",
            text="Halted: nothing is bought, and only what a person asks for is sold. Protective stops stay.",
            next_step="When the reason is settled, resume.",
            command="python -m trading resume",
        ),
        Mode.RECONCILING: Health(
            ok=False,
            code="reconciling",
            text="Own records are being compared with the broker's. No new orders until they agree.",
        ),
        Mode.REDUCING: Health(
            ok=True,
            code="reducing",
            text="Reducing: exits and stops go on, nothing new is bought.",
            next_step="A daily loss ends by itself. Else decide whether to go on; a drawdown is then measured anew.",
            command="python -m trading resume",
        ),
    }
)


def held_back(mode: Mode) -> str:
    """Return what a mode keeps from being sent, empty for ACTIVE."""
    health = MODES.get(mode)
    return "" if health is None else health.text


def _minute(moment: str) -> str:
    """Return a kept time, which is in UTC, to the minute."""
    return f"{moment[:10]} {moment[11:16]} UTC"
