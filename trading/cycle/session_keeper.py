"""Keeps the brokerage session alive and says what a person has to do when it can't."""

from __future__ import annotations

from dataclasses import dataclass

from trading.errors import GatewayError, Refused, SessionLost
from trading.model.account import SessionStatus
from trading.model.metric import Gauge
from trading.model.status import SessionState, StatusKey
from trading.ports import Clock, Log, Metrics, SessionPort, Store

INITIALISE_EVERY_S = 60.0
EPOCH = "epoch"


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
        self, session: SessionPort, store: Store, clock: Clock, voice: tuple[Log, Metrics], *, yield_s: float
    ) -> None:
        """Leave the session to another login for `yield_s` after it was seen; tell `voice` what changes."""
        self._session = session
        self._store = store
        self._clock = clock
        self._log, self._metrics = voice
        self._yield_s = yield_s
        self._epoch = int(store.value(EPOCH) or 0)
        self._accounts: tuple[str, ...] = ()
        self._was_usable = False
        self._competed_at: float | None = None
        self._initialised_at: float | None = None
        self._told: tuple[SessionState, str] | None = None
        # What an earlier process said of the session holds no longer.
        store.set_value(StatusKey.SESSION_STATE, SessionState.STARTING)
        store.set_value(StatusKey.SESSION_SINCE, "")

    def check(self) -> SessionView:
        """Tickle, and ask for the brokerage session where that is allowed.

        Raises: GatewayError, the gateway can't be asked.
        """
        try:
            status = self._session.keep_alive()
            if not status.usable and self._may_initialise(status):
                self._initialised_at = self._clock.monotonic()
                status = self._session.initialise()
            accounts = self._session.accounts() if status.usable else ()
        except (Refused, SessionLost) as error:
            self._was_usable = False
            self.tell(SessionState.WAITING_LOGIN, error.cause)
            raise
        except GatewayError as error:
            self._was_usable = False
            self.tell(SessionState.GATEWAY_DOWN, error.cause)
            raise
        if not status.usable:
            self._was_usable = False
            self._explain(status)
            return SessionView(usable=False, epoch=self._epoch, new_epoch=False, accounts=(), skew_s=self._skew(status))
        new = not self._was_usable or set(accounts) != set(self._accounts)
        if new:
            self._store.set_value(StatusKey.SESSION_SINCE, self._clock.now().isoformat())
            self._epoch += 1
            self._store.set_value(EPOCH, str(self._epoch))
            self._metrics.put(Gauge.SESSION_EPOCH, self._epoch)
        self._was_usable, self._accounts = True, accounts
        self.tell(SessionState.READY, "")
        return SessionView(usable=True, epoch=self._epoch, new_epoch=new, accounts=accounts, skew_s=self._skew(status))

    def lost(self) -> None:
        """A read found the session gone: the next good one begins a new epoch."""
        self._was_usable = False

    def tell(self, state: SessionState, detail: str) -> None:
        """Keep the state for the pages, and log it when it is news."""
        self._metrics.put(Gauge.GATEWAY_UP, 1.0 if state in {SessionState.READY, SessionState.ENDED} else 0.0)
        if (state, detail) == self._told:
            return
        news = self._told is None or self._told[0] is not state
        self._told = (state, detail)
        self._store.set_value(StatusKey.SESSION_STATE, state)
        self._store.set_value(StatusKey.SESSION_DETAIL, detail)
        if not news:
            return
        if state in {SessionState.READY, SessionState.ENDED}:
            self._log.info("session", state=str(state), detail=detail)
        else:
            self._store.set_value(StatusKey.SESSION_SINCE, "")
            self._log.warning("session", state=str(state), detail=detail)

    def _may_initialise(self, status: SessionStatus) -> bool:
        """Return whether `ssodh/init` may be sent: logged in, nobody else has the session, not too often."""
        ticks = self._clock.monotonic()
        if status.competing:
            self._competed_at = ticks
            return False
        if self._competed_at is not None and ticks - self._competed_at < self._yield_s:
            return False
        if self._initialised_at is not None and ticks - self._initialised_at < INITIALISE_EVERY_S:
            return False
        return status.established or status.authenticated

    def _explain(self, status: SessionStatus) -> None:
        if status.competing:
            self.tell(SessionState.COMPETING, status.message)
        elif status.authenticated:
            self.tell(SessionState.STARTING, status.message or "logged in, the connection to the broker is being made")
        else:
            self.tell(SessionState.WAITING_LOGIN, status.message)

    def _skew(self, status: SessionStatus) -> float | None:
        if status.server_time_ms is None:
            return None
        skew_s = status.server_time_ms / 1000.0 - self._clock.now().timestamp()
        self._metrics.put(Gauge.CLOCK_SKEW_SECONDS, skew_s)
        return skew_s
