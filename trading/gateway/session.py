"""The login and the brokerage session: tickle, status, initialisation, accounts."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

from trading.errors import OutcomeUnknown, Refused, SessionLost, Suspended
from trading.gateway import fields
from trading.gateway.api_client import AccountsFirst, ApiClient
from trading.gateway.fields import FieldError
from trading.gateway.pacing import SUSPENDED
from trading.model.account import SessionStatus

TICKLE = "/tickle"
ACCOUNTS = "/iserver/accounts"
SELECT = "/iserver/account"
VALIDATE = "/sso/validate"
INITIALISE = "/iserver/auth/ssodh/init"

_TOO_MANY = 429
# The year 2100.
_NO_TIME_MS = 4_102_444_800_000


class GatewaySession:
    """Implements `SessionPort`."""

    def __init__(self, api: ApiClient, *, tell_server_time: bool) -> None:
        """Use `api`; without `tell_server_time` the gateway's clock counts for nothing (simulated time)."""
        self._api = api
        self._tell_server_time = tell_server_time
        self._competing = False
        self._gateway_session: str | None = None

    def keep_alive(self) -> SessionStatus:
        """Tickle and return the session's state; logged out is a status, not an error.

        Raises: NotSent (Suspended), OutcomeUnknown, Refused: the gateway can't be asked. The next cycle asks again.
        """
        call = f"POST {TICKLE}"
        try:
            answer, server_time_ms = self._api.probe(TICKLE)
            value = _mapping(call, answer)
        except SessionLost as lost:
            return self._seen(_logged_out(lost.cause))
        except Refused as error:
            if error.status != _TOO_MANY:
                raise
            # Nobody has to log in: the limits were exceeded, and the gateway says nothing else for a while.
            raise Suspended(call, SUSPENDED, error.status) from None
        name = value.get("session")
        if isinstance(name, str) and name != self._gateway_session:
            if self._gateway_session is not None:
                self._api.session_cache.forget()
            self._gateway_session = name
        inner = value.get("iserver")
        inner = inner.get("authStatus") if isinstance(inner, dict) else None
        if not isinstance(inner, dict):
            return self._seen(_logged_out("no brokerage session"))
        return self._seen(_status(inner, server_time_ms if self._tell_server_time else None))

    def initialise(self) -> SessionStatus:
        """Ask for the brokerage session; never while another one competes.

        Raises: Refused, another session competes; else as `keep_alive`.
        """
        call = f"POST {INITIALISE}"
        if self._competing:
            raise Refused(call, "another session of this login competes: ours yields")
        # compete false always fails: "Force compete capability must be used together with compete flag".
        try:
            # Each one begins the opening anew, so it is for the caller to ask again, a minute later.
            value = _mapping(call, self._api.post(INITIALISE, {"publish": True, "compete": True}, repeat=False))
        except SessionLost as lost:
            return self._seen(_logged_out(lost.cause))
        self._api.session_cache.forget()
        return self._seen(_status(value, None))

    def accounts(self) -> tuple[str, ...]:
        """Return the account ids of this login, the selected one first; required before orders and snapshots.

        Where none is selected the first is "", which is no account's id.

        Raises: GatewayError.
        """
        call = f"GET {ACCOUNTS}"
        value = _mapping(call, self._api.get(ACCOUNTS))
        try:
            listed = value.get("accounts")
            if not isinstance(listed, list) or not listed:
                raise FieldError("accounts", "missing")  # noqa: TRY301
            # One that can't be read is not the configured account, and no reason to trade in none.
            names = tuple(name for name in listed if fields.is_identifier(name))
            if not names:
                raise FieldError("accounts", "none can be read")  # noqa: TRY301
            selected = fields.optional_identifier(value.get("selectedAccount"), "selectedAccount") or ""
        except FieldError as problem:
            raise OutcomeUnknown(call, str(problem)) from None
        ordered = (selected, *sorted(set(names) - {selected}))
        self._api.session_cache.accounts = ordered
        return ordered

    def select(self, account_id: str) -> None:
        """Make `account_id` the selected account; it already being so is no error.

        Raises: GatewayError; OutcomeUnknown too when the answer doesn't say that it is selected.
        """
        call = f"POST {SELECT}"
        # What was read before was another account's.
        self._api.session_cache.forget()
        value = _mapping(call, self._api.post(SELECT, {"acctId": account_id}))
        already = isinstance(value.get("success"), str)
        if not already and (value.get("set") is not True or value.get("acctId") not in (None, account_id)):
            raise OutcomeUnknown(call, "the answer does not say that the account is selected")

    def login_at(self) -> datetime | None:
        """Return when a person logged in, None where the broker does not say it.

        Raises: GatewayError; OutcomeUnknown too when the answer is no time.
        """
        call = f"GET {VALIDATE}"
        value = _mapping(call, self._api.get(VALIDATE, repeat=False))
        try:
            millis = fields.optional_integer(value.get("AUTH_TIME"), "AUTH_TIME")
        except FieldError as problem:
            raise OutcomeUnknown(call, str(problem)) from None
        if millis is None or value.get("RESULT") is False:
            return None
        if not 0 < millis < _NO_TIME_MS:
            raise OutcomeUnknown(call, "AUTH_TIME: no time")
        return datetime.fromtimestamp(millis / 1000.0, UTC)

    def refusal(self) -> str:
        """Return what was answered last that there is no session, "" for nothing since the last time."""
        refusal, self._api.refusal = self._api.refusal, ""
        return refusal

    def ensure_accounts(self) -> str:
        """Return the selected account, asking for the list where this session has not yet.

        Raises: GatewayError.
        """
        return (self._api.session_cache.accounts or self.accounts())[0]

    def get(self, path: str, query: Mapping[str, str] | None = None, *, repeat: bool = True) -> object:
        """Return what a GET answers that needs the list of accounts to have been read.

        Raises: GatewayError.
        """
        self.ensure_accounts()
        try:
            return self._api.get(path, query, repeat=repeat)
        except AccountsFirst:
            self.accounts()
            return self._api.get(path, query, repeat=repeat)

    def _seen(self, status: SessionStatus) -> SessionStatus:
        self._competing = status.competing
        if not status.usable:
            self._api.session_cache.forget()
        return status


def _mapping(call: str, value: object) -> Mapping[str, object]:
    if not isinstance(value, dict):
        raise OutcomeUnknown(call, "the answer is no object")
    return value


def _logged_out(message: str) -> SessionStatus:
    return SessionStatus(
        authenticated=False,
        connected=False,
        competing=False,
        message=fields.plain(message),
        logged_in=False,
    )


def _status(value: Mapping[str, object], server_time_ms: int | None) -> SessionStatus:
    message = fields.optional_text(value.get("message")) or fields.optional_text(value.get("fail")) or ""
    return SessionStatus(
        authenticated=fields.flag(value.get("authenticated")),
        connected=fields.flag(value.get("connected")),
        competing=fields.flag(value.get("competing")),
        message=message,
        server_time_ms=server_time_ms,
    )
