"""A login in memory that shows, or fails with, what the test sets."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from tests.fakes.broker_account import ACCOUNT
from trading.model.account import SessionStatus

READY = SessionStatus(authenticated=True, connected=True, competing=False, message="")
LOGGED_OUT = SessionStatus(authenticated=False, connected=False, competing=False, message="no session", logged_in=False)
# The login lives, and says that it has no bridge to the broker.
NO_BRIDGE = replace(LOGGED_OUT, message="", logged_in=True)
LOGGED_IN = replace(READY, authenticated=False)
CONNECTING = replace(READY, connected=False)
COMPETING = replace(READY, competing=True, message="elsewhere")

Happening = SessionStatus | Exception


class FakeSession:
    """Implements `SessionPort`. What is in `script` comes first, one at a time; `shows` is what there is after it."""

    def __init__(self) -> None:
        self.script: list[Happening] = []
        self.shows: Happening = READY
        self.initialised: SessionStatus | None = None
        self.initialisations = 0
        self.selected: list[str] = []
        self.ids: tuple[str, ...] | Exception = (ACCOUNT,)
        self.logged_in: datetime | Exception | None = None
        self.asked_for_login = 0
        self.refused = ""

    def keep_alive(self) -> SessionStatus:
        shows = self.script.pop(0) if self.script else self.shows
        if isinstance(shows, Exception):
            raise shows
        return shows

    def initialise(self) -> SessionStatus:
        self.initialisations += 1
        if self.initialised is not None:
            self.shows = self.initialised
        return self.keep_alive()

    def accounts(self) -> tuple[str, ...]:
        if isinstance(self.ids, Exception):
            raise self.ids
        return self.ids

    def login_at(self) -> datetime | None:
        self.asked_for_login += 1
        if isinstance(self.logged_in, Exception):
            raise self.logged_in
        return self.logged_in

    def refusal(self) -> str:
        refused, self.refused = self.refused, ""
        return refused

    def select(self, account_id: str) -> None:
        self.accounts()
        self.selected.append(account_id)
        assert isinstance(self.ids, tuple)
        self.ids = (account_id, *(each for each in self.ids if each not in {"", account_id}))
