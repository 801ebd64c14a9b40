"""The topics of the websocket: what one client has subscribed to, and what it is told."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import unquote

import msgspec

from simulator import instants
from simulator.broker import Broker
from simulator.endpoints.accounts import account_list
from simulator.endpoints.session import session_token
from simulator.endpoints.trades import todays_orders, trade_row
from simulator.session import Event
from simulator.views.account_topics import AccountTopic, ledger_topic_row, summary_topic_rows
from simulator.views.order_text import order_row
from simulator.views.snapshot_fields import fields_of
from simulator.views.statement import ledger_row, summary_rows
from simulator.views.valuation import Valuation

HEARTBEAT_S = 10.0
QUOTES_S = 0.5
QUOTES_END_S = 900.0
WAITING_ENDS_S = 60.0
WAITING: dict[str, Any] = {"message": "waiting for session"}
_BROKERAGE_TOPICS = frozenset({"smd", "smh", "sor", "str"})
Message = dict[str, Any]


class Stream:
    """One client's websocket; real seconds are passed in."""

    def __init__(self, broker: Broker, now_s: float, claimed: str | None = None) -> None:
        """Start without subscriptions; `claimed` is the session that the client's cookie names, None without one.

        The gateway program holds the login, so a client without a cookie belongs to it as well.
        """
        self._broker = broker
        self._claimed = claimed
        self._opened_s = self._polled_s = now_s
        self._epoch = 0
        self._closing = False
        self._beat_s = now_s
        self._quoted_s = now_s
        self._greeted = False
        self._authenticated: bool | None = None
        self._orders: dict[int, Message] | None = None
        self._orders_mark: tuple[int, int, bool] | None = None
        self._trades: int | None = None
        self._pnl: Message | None = None
        self._account: dict[str, AccountTopic] = {}
        self._quotes: dict[int, tuple[list[str], Message, float]] = {}

    def greet(self) -> list[Message]:
        """Return what a client is told first, or that the session is waited for."""
        broker = self._broker
        if not self._is_attached():
            return [WAITING]
        self._greeted = True
        self._authenticated, self._epoch = broker.session.authenticated, broker.session.epoch
        return [
            {"topic": "system", "success": broker.session.username},
            {"topic": "act", "args": account_list(broker)},
            {"topic": "sts", "args": {"authenticated": broker.session.authenticated}},
        ]

    def _is_attached(self) -> bool:
        """Return whether there is a login, and the client didn't name another session."""
        return self._broker.session.sso and self._claimed in (None, session_token(self._broker))

    def receive(self, text: str, now_s: float) -> list[Message | str]:
        """Return the answers to one message, `TOPIC+TARGET+{json}`; it counts as activity like any call."""
        broker = self._broker
        if text == "ech+hb":
            return ["ech+hb"]
        if text.startswith("{"):
            self._claimed = _claim(text) or self._claimed
            return [] if self._greeted else list(self.greet())
        if not self._greeted:
            return [WAITING]
        broker.session.touch(broker.session_us, broker.now_us)
        if text == "tic":
            token, stamp = session_token(self._broker), self._broker.clock.wall_ms()
            return [{"topic": "tic", "alive": True, "id": token, "lastAccessed": stamp}]
        topic, target, arguments = _split(text)
        if topic in _BROKERAGE_TOPICS and not self._broker.session.authenticated:
            return [{"topic": topic, "error": "not authenticated"}]
        handler = TOPICS.get(topic)
        return [] if handler is None else list(handler(self, target, arguments, now_s))

    def poll(self, now_s: float) -> list[Message]:
        """Return what has changed since the last time."""
        self._polled_s = now_s
        messages: list[Message] = [] if self._greeted or not self._is_attached() else self.greet()
        if now_s - self._beat_s >= HEARTBEAT_S:
            self._beat_s = now_s
            messages.append({"topic": "system", "hb": self._broker.clock.wall_ms()})
            messages += self._account_news()
        messages += self._status() + self._order_changes() + self._new_trades() + self._pnl_changes()
        if now_s - self._quoted_s >= QUOTES_S:
            self._quoted_s = now_s
            messages += self._quote_changes(now_s)
        return messages

    def is_over(self) -> bool:
        """Return whether the server closes now, with code 1000.

        It does when the login has ended, when the brokerage session was lost to idleness or a reset, and when a client
        has waited long for a session.
        """
        if not self._greeted:
            return self._polled_s - self._opened_s >= WAITING_ENDS_S
        return self._closing or not self._broker.session.sso

    def _status(self) -> list[Message]:
        session = self._broker.session
        if not self._greeted or (session.authenticated, session.epoch) == (self._authenticated, self._epoch):
            return []
        self._authenticated, self._epoch = session.authenticated, session.epoch
        # What was subscribed to belonged to the brokerage session that is over.
        self._orders = self._trades = None
        self._quotes.clear()
        self._closing = not session.authenticated and session.last_event in (Event.IDLE, Event.RESET)
        return [{"topic": "sts", "args": {"authenticated": session.authenticated, "competing": session.competing}}]

    # ---- orders and trades

    def subscribe_orders(self, _target: str, _arguments: Message, _now_s: float) -> list[Message]:
        """Answer `sor`: the orders of the day, then changes."""
        self._orders = {row["orderId"]: row for row in self._order_rows()}
        self._orders_mark = self._mark()
        return [{"topic": "sor", "args": list(self._orders.values())}]

    def unsubscribe_orders(self, _target: str, _arguments: Message, _now_s: float) -> list[Message]:
        """Answer `uor`: nothing."""
        self._orders = None
        return []

    def _order_rows(self) -> list[Message]:
        rows: list[Message] = [order_row(self._broker, order) for order in todays_orders(self._broker)]
        for row in rows:
            # A number here, though a text over REST; a market order has none.
            price = row.pop("price")
            if price:
                row["price"] = float(price)
        return rows

    def _mark(self) -> tuple[int, int, bool]:
        exchange = self._broker.exchange
        return exchange.events, len(exchange.book.orders), exchange.is_open

    def _order_changes(self) -> list[Message]:
        if self._orders is None or self._mark() == self._orders_mark:
            return []
        self._orders_mark = self._mark()
        changes = []
        for row in self._order_rows():
            known = self._orders.get(row["orderId"], {})
            changed = {name: value for name, value in row.items() if known.get(name) != value}
            if changed:
                changes.append({"acct": row["acct"], "orderId": row["orderId"], **changed})
                self._orders[row["orderId"]] = row
        return [{"topic": "sor", "args": changes}] if changes else []

    def subscribe_trades(self, _target: str, arguments: Message, _now_s: float) -> list[Message]:
        """Answer `str`: trades of the last days unless only new ones are wanted."""
        executions = self._broker.account.executions
        self._trades = len(executions)
        rows = []
        if arguments.get("realtimeUpdatesOnly") is not True:
            days = arguments.get("days")
            oldest = self._broker.now_us - instants.DAY * (days if isinstance(days, int) else 1)
            rows = [self._trade(item) for item in executions if item.at_us >= oldest]
        return [{"topic": "str", "args": rows}]

    def unsubscribe_trades(self, _target: str, _arguments: Message, _now_s: float) -> list[Message]:
        """Answer `utr`: nothing."""
        self._trades = None
        return []

    def _trade(self, execution: Any) -> Message:  # noqa: ANN401  (an Execution; its module is the exchange's)
        row = trade_row(self._broker, execution)
        return {**row, "conid": str(row["conid"]), "conidex": str(row["conid"])}

    def _new_trades(self) -> list[Message]:
        executions = self._broker.account.executions
        if self._trades is None or len(executions) == self._trades:
            return []
        fresh, self._trades = executions[self._trades :], len(executions)
        return [{"topic": "str", "args": [self._trade(item) for item in fresh]}]

    # ---- account

    def subscribe_pnl(self, _target: str, _arguments: Message, _now_s: float) -> list[Message]:
        """Answer `spl`: profit and loss of the day, then changes."""
        self._pnl = {}
        return self._pnl_changes()

    def unsubscribe_pnl(self, _target: str, _arguments: Message, _now_s: float) -> list[Message]:
        """Answer `upl`: nothing."""
        self._pnl = None
        return []

    def _pnl_changes(self) -> list[Message]:
        if self._pnl is None:
            return []
        row: Message = dict(Valuation.of(self._broker).daily_row())
        changed = {name: value for name, value in row.items() if self._pnl.get(name) != value}
        self._pnl = row
        key = f"{self._broker.config.account_id}.Core"
        return [{"topic": "spl", "args": {key: {"rowType": 1, **changed}}}] if changed else []

    def subscribe_account(self, topic: str, target: str, arguments: Message) -> list[Message]:
        """Answer `ssd` and `sld`: every row, then every ten seconds what has changed."""
        account = self._broker.config.account_id
        if target not in ("", account):
            return [{"topic": topic, "error": f"accountId is not valid: {target}"}]
        self._account[topic] = AccountTopic.asked(arguments)
        return self._account_news(topic)

    def unsubscribe_account(self, topic: str) -> None:
        """End `ssd` or `sld`."""
        self._account.pop(topic, None)

    def _account_news(self, only: str | None = None) -> list[Message]:
        account = self._broker.config.account_id
        return [
            {"result": subscribed.news(_account_rows(self._broker, topic)), "topic": f"{topic}+{account}"}
            for topic, subscribed in self._account.items()
            if only in (None, topic)
        ]

    # ---- quotes

    def subscribe_quote(self, target: str, arguments: Message, now_s: float) -> list[Message]:
        """Answer `smd`: the fields that are known, then changes, for 15 minutes."""
        text = target.partition("@")[0]
        if not text.isdigit() or int(text) not in self._broker.contracts.by_conid:
            return []
        wanted = arguments.get("fields")
        fields = [str(field) for field in wanted] if isinstance(wanted, list) else []
        self._quotes[int(text)] = (fields, {}, now_s)
        return self._quote_of(int(text))

    def unsubscribe_quote(self, target: str, _arguments: Message, _now_s: float) -> list[Message]:
        """Answer `umd`: nothing."""
        text = target.partition("@")[0]
        if text.isdigit():
            self._quotes.pop(int(text), None)
        return []

    def _quote_changes(self, now_s: float) -> list[Message]:
        for conid in [conid for conid, (_, _, since) in self._quotes.items() if now_s - since >= QUOTES_END_S]:
            del self._quotes[conid]
        return [message for conid in self._quotes for message in self._quote_of(conid)]

    def _quote_of(self, conid: int) -> list[Message]:
        fields, known, since = self._quotes[conid]
        broker = self._broker
        contract = broker.contracts.by_conid[conid]
        chosen = fields_of(broker, contract, fields)
        changed = {field: value for field, value in chosen.items() if known.get(field) != value}
        self._quotes[conid] = (fields, chosen, since)
        if not changed:
            return []
        head = {"topic": f"smd+{conid}", "conid": conid, "conidEx": str(conid), "server_id": f"q{contract.column}"}
        return [{**head, "6119": head["server_id"], "_updated": instants.millis(broker.now_us), **changed}]


def _claim(text: str) -> str | None:
    """Return the session that a first message or a cookie names, `{"session": "..."}`."""
    try:
        value = msgspec.json.decode(text)
    except msgspec.DecodeError:
        return None
    found = value.get("session") if isinstance(value, dict) else None
    return found if isinstance(found, str) else None


def claimed_session(cookie: str | None) -> str | None:
    """Return the session that the cookie `api` names: None without the cookie, "" where it names none."""
    return None if cookie is None else (_claim(unquote(cookie)) or "")


def _split(text: str) -> tuple[str, str, Message]:
    """Return topic, target and arguments; `sor+{}` has no target, and some clients leave out the plus or the braces."""
    brace = text.find("{")
    head, tail = (text, "") if brace < 0 else (text[:brace], text[brace:])
    try:
        arguments = msgspec.json.decode(tail) if tail else {}
    except msgspec.DecodeError:
        arguments = {}
    topic, _, target = head.strip("+").partition("+")
    return topic, target.strip("+"), arguments if isinstance(arguments, dict) else {}


def _account_rows(broker: Broker, topic: str) -> list[dict[str, object]]:
    if topic == "ssd":
        return summary_topic_rows(summary_rows(broker))
    return [ledger_topic_row(ledger_row(broker, currency)) for currency in ("USD", "BASE")]


def _begin_summary(stream: Stream, target: str, arguments: Message, _now_s: float) -> list[Message]:
    return stream.subscribe_account("ssd", target, arguments)


def _begin_ledger(stream: Stream, target: str, arguments: Message, _now_s: float) -> list[Message]:
    return stream.subscribe_account("sld", target, arguments)


def _end_summary(stream: Stream, _target: str, _arguments: Message, _now_s: float) -> list[Message]:
    """Answer `usd`; the real one names no topic here, and clients tell it by that."""
    stream.unsubscribe_account("ssd")
    return [{"result": "unsubscribed from summary"}]


def _end_ledger(stream: Stream, _target: str, _arguments: Message, _now_s: float) -> list[Message]:
    stream.unsubscribe_account("sld")
    return [{"result": "unsubscribed from ledger"}]


_Topic = Callable[[Stream, str, Message, float], list[Message]]
TOPICS: dict[str, _Topic] = {
    "sor": Stream.subscribe_orders,
    "uor": Stream.unsubscribe_orders,
    "str": Stream.subscribe_trades,
    "utr": Stream.unsubscribe_trades,
    "spl": Stream.subscribe_pnl,
    "upl": Stream.unsubscribe_pnl,
    "ssd": _begin_summary,
    "usd": _end_summary,
    "sld": _begin_ledger,
    "uld": _end_ledger,
    "smd": Stream.subscribe_quote,
    "umd": Stream.unsubscribe_quote,
}
