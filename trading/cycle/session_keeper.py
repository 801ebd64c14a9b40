"""Keeps the brokerage session alive, opens it again where that is allowed, and says what a person has to do else."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import msgspec

from trading.config import GatewaySettings, SessionSettings
from trading.cycle.session_outlook import alarms, outlook
from trading.cycle.session_state import Action, AskLogin, KnownSession, Open, Select, SessionMemory, Sight, next_state
from trading.errors import GatewayError, Refused, SessionLost, Suspended
from trading.model.account import SessionStatus
from trading.model.alarm import Alarm
from trading.model.metric import Gauge
from trading.model.status import GOOD_SESSIONS, SessionState, StatusKey
from trading.ports import Clock, Log, Metrics, SessionPort, Store

EPOCH = "epoch"
MEMORY = "session_memory"
# One, and one after each thing that is done in a turn: the session opened, our account selected, the login's time asked
# for.
_LOOKS = 4
_SAID = (
    StatusKey.SESSION_SINCE,
    StatusKey.SESSION_DETAIL,
    StatusKey.STATE_SINCE,
    StatusKey.SESSION_NEXT,
    StatusKey.SESSION_PERSON,
    StatusKey.LOGIN_UNTIL,
)


@dataclass(frozen=True, slots=True)
class SessionView:
    """The session as of now. `epoch` numbers the logins; reply ids of an earlier one are void.

    `skew_s` is the gateway's clock minus ours, None where it does not tell.
    """

    usable: bool
    epoch: int
    new_epoch: bool
    accounts: tuple[str, ...]
    skew_s: float | None


class SessionKeeper:
    """One for each process, which begins a new epoch."""

    def __init__(
        self,
        session: SessionPort,
        store: Store,
        clock: Clock,
        voice: tuple[Log, Metrics],
        settings: SessionSettings,
        account_id: str | None = None,
        page: str = GatewaySettings().url,
    ) -> None:
        """Keep the session of `account_id`, None while that is not known; tell `voice` what changes.

        People log in on `page`.
        """
        self._port = session
        self._store = store
        self._clock = clock
        self._log, self._metrics = voice
        self._settings = settings
        self._account_id = account_id
        self._page = page
        self._session: KnownSession | None = None
        self._unanswered = False
        self._told: dict[StatusKey, str] = {}
        # What an earlier process said of the session holds no longer.
        store.show(dict.fromkeys(_SAID, "") | {StatusKey.SESSION_STATE: SessionState.STARTING})

    def trade(self, account_id: str) -> None:
        """Keep the session for this account from now on."""
        self._account_id = account_id

    def check(self) -> SessionView:
        """Look at the session, and do what brings it back.

        What was refused to anybody since the last look is a session that is gone, whatever the gateway says of it.

        Raises: GatewayError, the gateway can't be asked.
        """
        try:
            before = self._known()
        except GatewayError as error:
            # A simulated gateway that has never answered has told no time either.
            self._say(SessionState.GATEWAY_DOWN, {StatusKey.SESSION_DETAIL: error.reason})
            raise
        refusal = self._port.refusal()
        if refusal:
            before = self._session = replace(before, usable=False, refusal=refusal)
        try:
            return self._looked(before)
        finally:
            # What the look itself was refused is in what it saw.
            self._port.refusal()

    def alarms(self) -> tuple[Alarm, ...]:
        """Return what a person should be told of the session now."""
        return () if self._session is None else alarms(self._session, self._account_id, self._page)

    def not_selected(self) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Return why our account is not the selected one: what a person has to end, and what is being done."""
        told = tuple(alarm.text for alarm in self.alarms() if alarm.subject == "account")
        return (told, ()) if told else ((), ("another account is selected at the broker; ours is being selected",))

    def answers(self, *, usably: bool) -> None:
        """Take in whether what a cycle asked was answered: a session may look good in which nothing else is."""
        self._unanswered = not usably
        self._measure(SessionState.STARTING if self._session is None else self._session.state)

    def tell(self, state: SessionState, cause: str) -> None:
        """Say that the loop has come to a state of its own."""
        known = self._known()
        since = known.since if known.state is state else self._clock.now()
        self._keep(replace(known, state=state, cause=cause, since=since))

    # ---- looking and doing

    def _looked(self, before: KnownSession) -> SessionView:
        sight, failure = self._look(self._port.keep_alive)
        if before.refusal and not before.usable and not before.reopens and sight.usable:
            sight = replace(sight, refused=True, problem=before.refusal)
        skew_s = self._skew(sight.status)
        for _ in range(_LOOKS):
            actions = self._move(sight)
            if not actions:
                break
            sight, failure = self._carry_out(actions[0], sight)
        if failure is not None:
            raise failure
        after = self._known()
        return SessionView(
            usable=after.usable,
            epoch=after.epoch,
            new_epoch=after.epoch != before.epoch,
            accounts=after.accounts if after.usable else (),
            skew_s=skew_s,
        )

    def _look(self, ask: Callable[[], SessionStatus]) -> tuple[Sight, GatewayError | None]:
        """Return what there is to see, and what the caller has to be told where nothing is."""
        status = None
        try:
            status = ask()
            return Sight(status, self._port.accounts() if status.usable else ()), None
        except GatewayError as error:
            sight = Sight(
                status,
                suspended=isinstance(error, Suspended),
                refused=isinstance(error, SessionLost),
                denied=isinstance(error, Refused),
                problem=error.reason,
            )
            return sight, error

    def _move(self, sight: Sight) -> tuple[Action, ...]:
        """Go on to the next state, and store what must not be forgotten before anything is done."""
        after, actions = next_state(self._known(), sight, self._clock.now(), self._settings, self._account_id)
        self._keep(after)
        return actions

    def _carry_out(self, action: Action, sight: Sight) -> tuple[Sight, GatewayError | None]:
        """Do what is to be done and look again; that it failed is shown with what was seen before."""
        again = replace(sight, again=True)
        match action:
            case Open():
                asked, failure = self._look(self._port.initialise)
                if asked.status is not None:
                    return replace(asked, again=True), failure
                return replace(again, problem=asked.problem), None
            case Select(account_id):
                try:
                    self._port.select(account_id)
                    return replace(again, accounts=self._port.accounts()), None
                except GatewayError as error:
                    self._log.warning("account not selected", problem=error.cause)
                    return again, None
            case AskLogin():
                try:
                    return replace(again, login_at=self._port.login_at()), None
                except GatewayError as error:
                    # Nothing depends on it but what the pages say.
                    self._log.info("the time of the login is not known", problem=error.cause)
                    return again, None

    # ---- what is kept and told

    def _known(self) -> KnownSession:
        """Return the session as of the last look; at first what an earlier process left behind."""
        if self._session is None:
            memory = SessionMemory()
            text = self._store.value(MEMORY)
            if text is not None:
                try:
                    memory = msgspec.json.decode(text, type=SessionMemory)
                except msgspec.MsgspecError:
                    self._log.warning("what was remembered of the session can't be read", text=text)
            self._session = KnownSession(
                SessionState.STARTING, "", self._clock.now(), memory, epoch=int(self._store.value(EPOCH) or 0)
            )
        return self._session

    def _keep(self, session: KnownSession) -> None:
        """Go on with what is stored: where that fails, nothing of it has happened.

        Raises: InvariantBroken("storage").
        """
        before, store = self._known(), self._store
        if session.memory != before.memory:
            store.keep({MEMORY: msgspec.json.encode(session.memory).decode()})
        if session.epoch != before.epoch:
            store.keep({EPOCH: str(session.epoch)})
        self._session = session
        if session.epoch != before.epoch:
            store.show({StatusKey.SESSION_SINCE: self._clock.now().isoformat()})
            self._metrics.put(Gauge.SESSION_EPOCH, session.epoch)
        elif not session.usable and session.state is not SessionState.ENDED:
            store.show({StatusKey.SESSION_SINCE: ""})
        self._show(session)

    def _show(self, session: KnownSession) -> None:
        """Keep the state for the pages, and log it when it is news."""
        ahead = outlook(session, self._clock.now(), self._settings, self._account_id, self._page)
        until = session.login_until
        self._say(
            session.state,
            {
                StatusKey.SESSION_DETAIL: session.cause,
                StatusKey.STATE_SINCE: session.since.isoformat(),
                StatusKey.SESSION_NEXT: ahead.happens or "",
                StatusKey.SESSION_PERSON: ahead.person or "",
                StatusKey.LOGIN_UNTIL: "" if until is None else until.isoformat(),
            },
        )

    def _say(self, state: SessionState, facts: Mapping[StatusKey, str]) -> None:
        told = {StatusKey.SESSION_STATE: str(state), **facts}
        if not told.items() <= self._told.items():
            self._store.show(told)
        self._measure(state)
        if self._told.get(StatusKey.SESSION_STATE) != state:
            say = self._log.info if state in GOOD_SESSIONS else self._log.warning
            say("session", state=str(state), detail=facts[StatusKey.SESSION_DETAIL])
        self._told.update(told)

    def _measure(self, state: SessionState) -> None:
        self._metrics.put(Gauge.GATEWAY_UP, float(state in GOOD_SESSIONS and not self._unanswered))

    def _skew(self, status: SessionStatus | None) -> float | None:
        if status is None or status.server_time_ms is None:
            return None
        skew_s = status.server_time_ms / 1000.0 - self._clock.now().timestamp()
        self._metrics.put(Gauge.CLOCK_SKEW_SECONDS, skew_s)
        return skew_s
