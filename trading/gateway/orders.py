"""Orders of one account: lists, requests to be sent, and the one place that sends them. Implements `Broker`."""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from trading.errors import ConfigError, GatewayError, InvariantBroken, NotSent, OutcomeUnknown, Refused
from trading.gateway import fields, wire
from trading.gateway.answers import classify
from trading.gateway.channel import Channel, rows_of, unusable, wants_accounts
from trading.gateway.fields import FieldError, member
from trading.gateway.json_text import write_json
from trading.gateway.portfolio import Portfolio
from trading.gateway.session import Session
from trading.model.account import AccountState, BrokerPosition
from trading.model.order import BrokerOrder, Execution, OrderTicket
from trading.model.wire import Answer, NothingSent, Outcome, RefusedByBroker, Unproven, WireAct, WireRequest

log = logging.getLogger(__name__)

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

    def __init__(self, channel: Channel, session: Session, account_id: str) -> None:
        """Trade and read `account_id` only.

        Raises: ConfigError, it is no account id.
        """
        if not re.fullmatch(r"[A-Za-z]{1,3}[0-9]{3,12}", account_id):
            raise ConfigError("IBKR_ACCOUNT_ID", None, "it looks like U1234567 or DU1234567")
        self._channel = channel
        self._session = session
        self._account_id = account_id
        self._portfolio = Portfolio(channel, account_id)
        self._doubt = False

    def account(self) -> AccountState:
        """Return balances.

        Raises: GatewayError.
        """
        return self._portfolio.account()

    def positions(self) -> tuple[BrokerPosition, ...]:
        """Return open positions (quantity not zero), from the broker's uncached source.

        Raises: GatewayError.
        """
        return self._portfolio.positions()

    def orders(self) -> tuple[BrokerOrder, ...]:
        """Return the working orders and those finished today, by order id, from a well-formed list (`snapshot` true).

        After a write of unknown outcome the broker's cache is dropped first. One row that can't be read makes the whole
        list useless: acting on a partial one is dangerous.

        Raises: GatewayError.
        """
        if self._doubt:
            self._session.get(_ORDERS, {"force": "true", "accountId": self._account_id})
            self._channel.pause(_FORCED_S)
            self._doubt = False
        for _ in range(_LISTINGS):
            value = self._session.get(_ORDERS, {"accountId": self._account_id})
            if not isinstance(value, dict) or not isinstance(value.get("orders"), list):
                raise unusable(_ORDERS, "no list of orders")
            if value.get("snapshot") is True:
                return self._own(value["orders"])
            self._channel.pause(_WARM_UP_S)
        raise unusable(_ORDERS, "the list was never complete (snapshot stayed false)")

    def executions(self, days: int) -> tuple[Execution, ...]:
        """Return the fills of the last `days` (1 to 7) days, oldest first.

        The first list of a session is empty whatever happened, so that one is asked for twice.

        Raises: GatewayError.
        """
        query = {"days": str(min(max(days, 1), _MOST_DAYS)), "accountId": self._account_id}
        rows = self._session.get(_TRADES, query)
        if not rows and not self._channel.warmth.trades:
            self._channel.pause(_WARM_UP_S)
            rows = self._session.get(_TRADES, query)
        try:
            found = {each.execution_id: each for each in map(_execution, rows_of(_TRADES, rows))}
        except FieldError as problem:
            raise unusable(_TRADES, problem) from None
        self._channel.warmth.trades = True
        own = (each for each in found.values() if each.account_id == self._account_id)
        return tuple(sorted(own, key=lambda each: (each.time, each.execution_id)))

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

    def submit_request(self, tickets: Sequence[OrderTicket]) -> WireRequest:
        """Encode one POST of an order, a bracket (parent first) or an OCA group."""
        body = write_json({"orders": [wire.order_fields(ticket, self._account_id) for ticket in tickets]})
        return WireRequest(WireAct.SUBMIT, "POST", f"{self._path}/orders", body, _coids(tickets))

    def reply_request(self, reply_id: str, *, confirmed: bool, coids: tuple[str, ...]) -> WireRequest:
        """Encode the answer to an order question."""
        if not re.fullmatch(r"[A-Za-z0-9_.-]{1,64}", reply_id):
            # It becomes part of a path: an id that could lead elsewhere is not used.
            raise InvariantBroken("reply_id", "not an id that the broker gives")
        return WireRequest(
            WireAct.REPLY, "POST", f"/iserver/reply/{reply_id}", write_json({"confirmed": confirmed}), coids
        )

    def cancel_request(self, order_id: int) -> WireRequest:
        """Encode one DELETE."""
        return WireRequest(WireAct.CANCEL, "DELETE", self._order_path(order_id), b"")

    def modify_request(self, order_id: int, ticket: OrderTicket) -> WireRequest:
        """Encode a modification: one bare order, every attribute repeated."""
        body = write_json(wire.order_fields(ticket, self._account_id))
        return WireRequest(WireAct.MODIFY, "POST", self._order_path(order_id), body, _coids([ticket]))

    def send(self, request: WireRequest) -> Outcome:
        """Send once, whatever happens, and classify what came back.

        Nothing leaves while the list of accounts can't be read or another account is selected.
        """
        try:
            if self._session.ensure_accounts() != self._account_id:
                return NothingSent("another account is selected at the broker")
        except GatewayError as error:
            return NothingSent(f"the accounts could not be read: {error.cause}")
        try:
            outcome = classify(request, self._account_id, self._channel.write(request))
        except NotSent as error:
            return NothingSent(error.cause)
        except OutcomeUnknown as error:
            outcome = Unproven(error.cause, Answer(error.status, b""))
        if isinstance(outcome, Unproven):
            # The session may be another one by now, and the broker's lists may be older than what was sent.
            self._doubt = True
            self._channel.warmth.cool()
        elif isinstance(outcome, RefusedByBroker) and wants_accounts(outcome.text):
            self._channel.warmth.cool()
        return outcome

    @property
    def _path(self) -> str:
        return f"/iserver/account/{self._account_id}"

    def _order_path(self, order_id: int) -> str:
        # −1 as an id would cancel every open order.
        if order_id <= 0:
            raise InvariantBroken("order_id", str(order_id))
        return f"{self._path}/order/{order_id}"

    def _own(self, rows: Sequence[object]) -> tuple[BrokerOrder, ...]:
        """Return this account's orders; where one is listed twice, the row with the most fills."""
        found: dict[int, BrokerOrder] = {}
        try:
            for row in rows_of(_ORDERS, rows):
                order = wire.listed_order(row)
                other = found.get(order.order_id)
                if other is not None:
                    log.warning("an order is listed twice", extra={"order_id": order.order_id})
                if other is None or order.filled_quantity > other.filled_quantity:
                    found[order.order_id] = order
        except FieldError as problem:
            raise unusable(_ORDERS, problem) from None
        own = (order for order in found.values() if order.account_id == self._account_id)
        return tuple(sorted(own, key=lambda order: order.order_id))


def _execution(row: Mapping[str, object]) -> Execution:
    """Return a row of the trades.

    Raises: FieldError.
    """
    return Execution(
        execution_id=fields.identifier(row.get("execution_id"), "execution_id"),
        account_id=fields.identifier(member(row, "account", "accountCode"), "account"),
        conid=fields.conid(row.get("conid")),
        symbol=fields.optional_text(member(row, "symbol", "contract_description_1")) or "",
        side=wire.side(row.get("side")),
        quantity=fields.number(row.get("size"), "size"),
        price=fields.number(row.get("price"), "price"),
        commission=fields.optional_number(row.get("commission"), "commission"),
        time=_time(row),
        order_ref=fields.optional_identifier(row.get("order_ref"), "order_ref"),
        order_id=fields.optional_integer(row.get("order_id"), "order_id"),
    )


def _time(row: Mapping[str, object]) -> datetime:
    """Return when the fill was, UTC."""
    instant = fields.optional_integer(row.get("trade_time_r"), "trade_time_r")
    try:
        if instant is not None:
            return datetime.fromtimestamp(instant / 1000, UTC)
        return datetime.strptime(str(row.get("trade_time")), "%Y%m%d-%H:%M:%S").replace(tzinfo=UTC)
    except (ValueError, OverflowError, OSError):
        raise FieldError("trade_time", "not a time") from None


def _coids(tickets: Sequence[OrderTicket]) -> tuple[str, ...]:
    return tuple(ticket.coid for ticket in tickets if ticket.coid is not None)
