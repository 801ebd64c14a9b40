"""What stands around every page: mode, kind of account, market clock, and the state in one sentence."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from flask import render_template

from trading.model.account import AccountKind
from trading.model.mode import Mode, ModeState
from webapp.security import current_session
from webapp.services import services
from webapp.situation import SESSION_WORDS, Pulse, Situation, account_kind, judge, masked, read_pulse, silent_after_s

NAVIGATION = (
    ("overview.overview", "Overview", "gauge"),
    ("decisions.decisions", "Decisions", "list"),
    ("trades.trades", "Trades", "swap"),
    ("log.log", "Log", "lines"),
)
_PHASES = {"open": "market open", "pre": "before the open", "closed": "market closed"}


@dataclass(frozen=True, slots=True)
class Frame:
    """The frame of one page; `mode` is None and `account` empty before there is a database."""

    kind: AccountKind | None
    account: str
    mode: ModeState | None
    situation: Situation
    pulse: Pulse | None
    market_now: datetime | None
    market_phase: str
    facts: Mapping[str, str]
    alive: bool

    @property
    def halted(self) -> bool:
        """Whether a person's halt is in force."""
        return self.mode is not None and self.mode.mode is Mode.HALTED

    @property
    def session_word(self) -> str:
        """Return the broker session in a few words."""
        return "not known" if self.pulse is None else SESSION_WORDS[self.pulse.session]


def make_frame() -> Frame:
    """Return the frame of a page as things stand now."""
    made = services()
    simulated = made.settings.simulated
    mode = made.views.mode()
    if mode is None:
        situation = judge(None, None, silent_limit_s=0.0)
        return Frame(account_kind("", simulated=simulated), "", None, situation, None, None, "", {}, alive=False)
    facts = made.views.facts()
    pulse = read_pulse(facts, made.silent_s())
    limit_s = silent_after_s(made.settings.check_interval_s)
    account = facts.get("account", "")
    return Frame(
        kind=account_kind(account, simulated=simulated),
        account=masked(account),
        mode=mode,
        situation=judge(pulse, mode, silent_limit_s=limit_s),
        pulse=pulse,
        market_now=_market_now(facts, made.clock.now(), simulated=simulated),
        market_phase=_PHASES.get(facts.get("market_phase", ""), ""),
        facts=facts,
        alive=pulse.silent_s is not None and pulse.silent_s <= limit_s,
    )


def render(template: str, frame: Frame, **values: object) -> str:
    """Return a page in its frame."""
    session = current_session()
    return render_template(
        template,
        frame=frame,
        navigation=NAVIGATION,
        csrf_token="" if session is None else session.csrf_token,
        now=services().clock.now(),
        **values,
    )


def _market_now(facts: Mapping[str, str], now: datetime, *, simulated: bool) -> datetime | None:
    """Return market time: the clock's own live, what the trading process last said in a simulation."""
    if not simulated:
        return now
    try:
        return datetime.fromisoformat(facts["market_now"])
    except (KeyError, ValueError):
        return None
