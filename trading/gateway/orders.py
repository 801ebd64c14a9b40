"""Orders of one account: lists, requests to be sent, and the one place that sends them. Implements `Broker`."""

from __future__ import annotations

import contextlib
import re

from trading.errors import ConfigError, GatewayError, NotSent, OutcomeUnknown, Refused
from trading.gateway import order_requests, wire
from trading.gateway.answers import classify
from trading.gateway.api_client import ApiClient, rows_of, unusable, wants_accounts
from trading.gateway.fields import FieldError
from trading.gateway.listing import read_rows
from trading.gateway.order_requests import asked_of
from trading.gateway.portfolio import PortfolioReader
from trading.gateway.session import GatewaySession
from trading.model.account import AccountState, PositionList
from trading.model.order import BrokerOrder, ExecutionList, OrderList
from trading.model.outcome import Answer, NothingSent, Outcome, RefusedByBroker, Unproven
from trading.model.request import BrokerRequest, PreparedRequest

_ORDERS = "/iserver/account/orders"
_TRADES = "/iserver/account/trades"
_MOST_DAYS = 7
# How often the order list is asked for before "snapshot" has to be true.
_LISTINGS = 5
_WARM_UP_S = 1.0
# After force=true the list is empty until it has been made anew.
_FORCED_S = 5.0
_UNAVAILABLE = 503


class AccountBroker:
    """The broker of one account."""

    def __init__(self, api: ApiClient, session: GatewaySession, account_id: str) -> None:
        """Trade and read `account_id` only.

        Raises: ConfigError, it is no account id.
        """
        if not re.fullmatch(r"[A-Za-z]{1,3}[0-9]{3,12}", account_id):
            raise ConfigError("IBKR_ACCOUNT_ID", None, "it is no account id: one to three letters, then digits")
        self._api = api
        self._session = session
        self._account_id = account_id
        self._portfolio = PortfolioReader(api, account_id)
        self._doubt = False

    def account(self) -> AccountState:
        """Return balances.

        Raises: GatewayError.
        """
        return self._portfolio.account()

    def positions(self) -> PositionList:
        """Return open positions, from the broker's uncached source.

        Raises: GatewayError.
        """
        return self._portfolio.positions()

    def orders(self) -> OrderList:
        """Return the working orders and those finished today, by order id, from a well-formed list (`snapshot` true).

        After a write of unknown outcome the broker's cache is dropped first. Rows that contradict each other about one
        order are all returned.

        Raises: GatewayError.
        """
        if self._doubt:
            self._session.get(_ORDERS, {"force": "true", "accountId": self._account_id})
            self._api.pause(_FORCED_S)
            self._doubt = False
        for _ in range(_LISTINGS):
            value = self._session.get(_ORDERS, {"accountId": self._account_id})
            if not isinstance(value, dict) or not isinstance(value.get("orders"), list):
                raise unusable(_ORDERS, "no list of orders")
            if value.get("snapshot") is True:
                rows, unreadable = read_rows(value["orders"], self._account_id, wire.listed_order)
                by_id = sorted(dict.fromkeys(rows), key=lambda order: (order.order_id, order.filled_quantity))
                return OrderList(tuple(by_id), unreadable)
            self._open_trades()
            self._api.pause(_WARM_UP_S)
        raise unusable(_ORDERS, "the list was never complete (snapshot stayed false)")

    def executions(self, days: int) -> ExecutionList:
        """Return the fills of the last `days` (1 to 7) days, oldest first.

        The first list of a session is empty whatever happened, so that one is asked for twice.

        Raises: GatewayError.
        """
        rows = self._trades(days)
        if not rows and not self._api.session_cache.trades:
            self._api.pause(_WARM_UP_S)
            rows = self._trades(days)
        if not isinstance(rows, list):
            raise unusable(_TRADES, "no list of trades")
        self._api.session_cache.trades = True
        found, unreadable = read_rows(rows, self._account_id, wire.execution)
        by_time = sorted(dict.fromkeys(found), key=lambda each: (each.time, each.execution_id))
        return ExecutionList(tuple(by_time), unreadable)

    def _trades(self, days: int, *, repeat: bool = True) -> object:
        query = {"days": str(min(max(days, 1), _MOST_DAYS)), "accountId": self._account_id}
        return self._session.get(_TRADES, query, repeat=repeat)

    def _open_trades(self) -> None:
        """Ask for the session's first list of fills while the order list is waited for: each may be read every 5 s."""
        if not self._api.session_cache.trades:
            with contextlib.suppress(Refused, OutcomeUnknown):
                self._trades(1, repeat=False)
                self._api.session_cache.trades = True

    def order_status(self, order_id: int) -> BrokerOrder | None:
        """Return one order, None where the broker doesn't know it (which proves nothing).

        Raises: GatewayError.
        """
        path = f"/iserver/account/order/status/{order_id}"
        try:
            (row,) = rows_of(path, [self._session.get(path, repeat=False)])
            found = wire.order_status(row)
        except FieldError as problem:
            raise unusable(path, problem) from None
        except Refused:
            return None
        except OutcomeUnknown as error:
            # 503 is how an order that isn't cached is reported.
            if error.status != _UNAVAILABLE:
                raise
            return None
        if found.order_id != order_id or found.account_id != self._account_id:
            raise unusable(path, "about another order")
        return found

    def prepare(self, request: BrokerRequest) -> PreparedRequest:
        """Return the request as it will leave.

        Raises: InvariantBroken: a ticket contradicts itself, or an id would reach more than the one order or question.
        """
        return order_requests.prepare(request, self._account_id)

    def send(self, prepared: PreparedRequest) -> Outcome:
        """Send once, whatever happens, and classify what came back.

        Nothing leaves while the list of accounts can't be read or another account is selected.
        """
        body = asked_of(prepared).body
        try:
            if self._session.ensure_accounts() != self._account_id:
                return NothingSent("another account is selected at the broker")
        except GatewayError as error:
            return NothingSent(f"the accounts could not be read: {error.cause}")
        try:
            answer = self._api.write(prepared.verb, prepared.path, body)
            outcome = classify(prepared, self._account_id, answer)
        except NotSent as error:
            return NothingSent(error.cause)
        except OutcomeUnknown as error:
            outcome = Unproven(error.cause, Answer(error.status, b""))
        if isinstance(outcome, Unproven):
            # The session may be another one by now, and the broker's lists may be older than what was sent.
            self._doubt = True
            self._api.session_cache.forget()
        elif isinstance(outcome, RefusedByBroker) and wants_accounts(outcome.text):
            self._api.session_cache.forget()
        return outcome
