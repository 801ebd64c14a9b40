"""Random orders on random bars through the API, and the rules that every such run has to keep."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol, TypeVar

import msgspec

from simulator import instants
from simulator.config import Behaviour
from simulator.exchange.account import Execution
from simulator.exchange.orders import Kind, Order, Side, State, Tif
from simulator.market.replayed import Bar, TradingDay
from tests.unit.simulator.exchange.telling import assert_told
from tests.unit.simulator.support import ACCOUNT, QUIET, Client, Json, Row, start
from trading.market import fills

CASH = 100_000.0
SYMBOLS = ("ABC", "XYZ")
MINUTE_US = 60_000_000
_T = TypeVar("_T")


class Dice(Protocol):
    """Where chance comes from: hypothesis, or a seed."""

    def number(self, low: int, high: int) -> int:
        """Return a whole number from `low` to `high`, both included."""
        ...

    def one_of(self, choices: Sequence[_T]) -> _T:
        """Return one of the choices."""
        ...


def random_behaviour(dice: Dice) -> Behaviour:
    return msgspec.structs.replace(
        QUIET,
        partial_fill_fraction=dice.one_of((0.0, 0.004, 0.03)),
        child_activation=dice.one_of(("whole", "proportional", "full")),
        bracket_children_cancel_each_other=dice.one_of((True, True, False)),
        child_refusal_refuses_parent=dice.one_of((True, False)),
        child_coid=dice.one_of(("drop", "refuse", "keep")),
        acknowledged_after_s=dice.one_of((0.0, 0.0, 90.0)),
        cancel_out_of_hours=dice.one_of(("at_once", "at_open")),
        cancelled_after_s=dice.one_of((0.0, 0.0, 1800.0)),
        day_after_close=dice.one_of(("next_session", "until_20:00")),
        account_type=dice.one_of(("margin", "margin", "cash")),
        slippage_bps=dice.one_of((0.0, 5.0, 40.0)),
    )


def random_bar(dice: Dice) -> Row:
    four = [dice.number(9000, 11_000) / 100 for _ in range(4)]
    return four[0], max(four), min(four), four[3], float(dice.one_of((0, 300, 2000, 100_000)))


class Run:
    """One random run; `check` holds it against the rules."""

    def __init__(self, dice: Dice, folder: Path, behaviour: Behaviour | None = None) -> None:
        self.dice = dice
        self.folder = folder
        self.behaviour = behaviour or random_behaviour(dice)
        self.bars = {symbol: [random_bar(dice) for _ in range(5)] for symbol in SYMBOLS}
        self.client = self._start()
        self.modified: set[int] = set()
        self.coids = 0

    def _start(self) -> Client:
        return start(self.bars, behaviour=self.behaviour, state_dir=self.folder, cash=CASH)

    # ---- what is done

    def step(self) -> None:
        """Do something."""
        actions = (self.send, self.send, self.bracket, self.group, self.modify, self.cancel, self.wait, self.wait)
        self.dice.one_of(actions)()

    def _order(self, symbol: str, side: str, kinds: Sequence[str] = ("LMT", "MKT", "STP", "STOP_LIMIT")) -> Json:
        kind = self.dice.one_of(kinds)
        body: Json = {"conid": self.client.conid(symbol), "side": side, "orderType": kind}
        body["quantity"] = self.dice.one_of((self.dice.number(1, 60), self.dice.number(1, 60), 350))
        body["tif"] = self.dice.one_of(("DAY", "GTC", "OPG", "IOC"))
        if kind != "MKT":
            body["price"] = self.dice.number(9000, 11_000) / 100
        if kind == "STOP_LIMIT":
            body["auxPrice"] = self.dice.number(9000, 11_000) / 100
        return body

    def send(self) -> None:
        """Send one order."""
        self.client.orders(self._order(self.dice.one_of(SYMBOLS), self.dice.one_of(("BUY", "SELL"))))

    def bracket(self) -> None:
        """Send a parent with two children; now and then one of them has an impossible price."""
        self.coids += 1
        symbol, (side, other) = self.dice.one_of(SYMBOLS), self.dice.one_of((("BUY", "SELL"), ("SELL", "BUY")))
        parent = {**self._order(symbol, side), "cOID": f"parent-{self.coids}"}
        children = []
        for kinds in (("LMT",), ("STP", "STOP_LIMIT")):
            child = {**self._order(symbol, other, kinds), "parentId": parent["cOID"]}
            children.append({**child, "quantity": parent["quantity"], "tif": self.dice.one_of(("GTC", "DAY", "IOC"))})
        if self.dice.number(1, 8) == 1:
            children[0]["price"] = -1
        self.client.orders(parent, *children)
        for _ in range(self.dice.one_of((0, 4))):
            self.client.advance(instants.iso(self.client.broker.now_us + MINUTE_US))
            self.children_sell_what_their_parent_has()

    def slow_bracket(self) -> None:
        """Send a bracket whose parent fills part by part while a child may already sell, and look at every minute."""
        self.coids += 1
        # Off the minute, so that the children are there first when the next minute's volume comes.
        self.client.advance(instants.iso(self.client.broker.now_us + MINUTE_US // 3))
        base: Json = {"conid": self.client.conid(self.dice.one_of(SYMBOLS)), "tif": "GTC", "quantity": 120}
        side, other, price = self.dice.one_of((("BUY", "SELL", 111), ("SELL", "BUY", 89)))
        parent = {**base, "side": side, "orderType": "LMT", "price": price, "cOID": f"parent-{self.coids}"}
        child = {**base, "side": other, "parentId": parent["cOID"]}
        prices = [self.dice.number(9500, 10_500) / 100 for _ in range(2)]
        self.client.orders(
            parent,
            {**child, "orderType": "STP", "price": prices[0]},
            {**child, "orderType": "LMT", "price": prices[1]},
        )
        for _ in range(8):
            self.client.advance(instants.iso(self.client.broker.now_us + MINUTE_US))
            self.children_sell_what_their_parent_has()

    def group(self) -> None:
        """Send orders of which one cancels the others."""
        symbol, side = self.dice.one_of(SYMBOLS), self.dice.one_of(("BUY", "SELL"))
        members = [{**self._order(symbol, side), "isSingleGroup": True} for _ in range(self.dice.number(2, 3))]
        self.client.orders(*members)

    def _live(self) -> list[Order]:
        return list(self.client.broker.exchange.book.live.values())

    def modify(self) -> None:
        """Change a live order's price, and the quantity of one that belongs to nothing."""
        if not self._live():
            return
        order = self.dice.one_of(self._live())
        ticket = order.ticket
        body: Json = {"conid": ticket.conid, "side": ticket.side, "orderType": ticket.kind, "tif": ticket.tif}
        family = ticket.parent_id is not None or ticket.coid is not None or ticket.oca_group is not None
        body["quantity"] = ticket.quantity if family else self.dice.number(1, 60)
        for name, price in (("price", ticket.limit or ticket.stop), ("auxPrice", ticket.stop)):
            if price is not None:
                body[name] = self.dice.number(9000, 11_000) / 100
        self.modified.add(order.order_id)
        self.client.post(f"/iserver/account/{ACCOUNT}/order/{order.order_id}", body)

    def cancel(self) -> None:
        """Cancel a live order, or all of them."""
        if self._live():
            order_id = self.dice.one_of((-1, *(order.order_id for order in self._live())))
            self.client.delete(f"/iserver/account/{ACCOUNT}/order/{order_id}")

    def wait(self) -> None:
        """Let time pass."""
        to = self.dice.one_of(("open", "close", "next_close", "minutes", "minutes"))
        if to == "minutes":
            to = instants.iso(self.client.broker.now_us + self.dice.one_of((1, 2, 5, 60, 200)) * MINUTE_US)
        self.client.advance(to, stop_on_event=self.dice.one_of((True, False)))
        self.groups_fill_once()
        self.children_sell_what_their_parent_has()
        self.rows_add_up()
        self.log_tells_it_all()

    # ---- what has to hold

    @property
    def executions(self) -> list[Execution]:
        """Return all fills, oldest first."""
        return self.client.broker.account.executions

    def order(self, order_id: int) -> Order:
        """Return an order."""
        return self.client.broker.exchange.book.orders[order_id]

    def check(self) -> None:
        """Hold the run against every rule."""
        self.books_add_up()
        self.commissions_are_those_of_whole_orders()
        self.fills_lie_inside_the_bars_and_limits()
        self.orders_fill_only_while_they_may()
        self.volume_is_not_exceeded()
        self.groups_fill_once()
        self.children_sell_what_their_parent_has()
        self.rows_add_up()
        self.log_tells_it_all()
        self.nothing_is_lost_in_a_restart()

    def log_tells_it_all(self) -> None:
        """Whoever reads the truth log alone knows what every order is, shows and has filled, what is held, the cash."""
        assert_told(self.client)

    def books_add_up(self) -> None:
        """Cash is what was there and what fills moved; positions are sums of fills."""
        cash, held = CASH, dict.fromkeys(SYMBOLS, 0)
        for fill in self.executions:
            sign = 1 if fill.side is Side.BUY else -1
            cash = fills.cents(cash - sign * fills.cents(fill.quantity * fill.price))
            cash = fills.cents(cash - fill.commission)
            held[fill.symbol] += sign * fill.quantity
            assert fill.quantity > 0
            assert fill.position == held[fill.symbol]
        account = self.client.broker.account
        assert account.cash == cash
        assert {symbol: account.held(self.client.conid(symbol)) for symbol in SYMBOLS} == held
        assert len({fill.execution_id for fill in self.executions}) == len(self.executions)
        unsettled = fills.cents(account.cash - account.settled_cash(self.client.broker.now_us))
        sold = sum(fill.quantity * fill.price for fill in self.executions if fill.side is Side.SELL)
        assert -0.01 * len(self.executions) - 1000.0 <= unsettled <= sold + 0.01

    def commissions_are_those_of_whole_orders(self) -> None:
        """However many parts an order fills in, it costs what it would have cost in one."""
        by_order: dict[int, list[Execution]] = defaultdict(list)
        for fill in self.executions:
            by_order[fill.order_id].append(fill)
        for order_id, parts in by_order.items():
            quantity = sum(fill.quantity for fill in parts)
            mean = sum(fill.quantity * fill.price for fill in parts) / quantity
            charged = sum(fill.commission for fill in parts)
            assert abs(charged - fills.commission(quantity, mean)) < 0.0051
            assert self.order(order_id).filled == quantity

    def _bar_of(self, fill: Execution) -> tuple[TradingDay, Bar]:
        market = self.client.broker.market
        day = market.days[market.day_at(fill.at_us)]
        bar = market.bar(day.row, self.order(fill.order_id).column)
        assert bar is not None
        assert bar.volume > 0.0
        assert day.open_us <= fill.at_us <= day.close_us
        return day, bar

    def fills_lie_inside_the_bars_and_limits(self) -> None:
        """A limit order gets its limit or better; a market or stop order may be off the bar by slippage and a tick."""
        for fill in self.executions:
            order = self.order(fill.order_id)
            _, bar = self._bar_of(fill)
            slips = order.ticket.kind in (Kind.MKT, Kind.STP)
            slack = fill.price * self.behaviour.slippage_bps / 9_900 + 0.011 if slips else 0.01
            buys = fill.side is Side.BUY
            worst, best = (bar.high + slack, bar.low) if buys else (bar.low - slack, bar.high)
            assert min(worst, best) - 0.011 <= fill.price <= max(worst, best) + 0.011
            limit = order.ticket.limit
            if limit is not None and order.order_id not in self.modified:
                assert fill.price <= limit if buys else fill.price >= limit

    def orders_fill_only_while_they_may(self) -> None:
        """Nothing fills after its end, a DAY order not after its session, an immediate one at one instant."""
        ended: set[int] = set()
        for line in self.client.truth():
            if line["kind"] == "fill":
                assert line["execution"]["order_id"] not in ended
            elif line["kind"] == "status" and line["state"] in ("filled", "cancelled", "inactive"):
                assert line["order_id"] not in ended
                ended.add(line["order_id"])
        for fill in self.executions:
            order = self.order(fill.order_id)
            day, _ = self._bar_of(fill)
            if order.ticket.tif is Tif.DAY:
                assert order.placed_us < day.close_us
            if order.ticket.tif is Tif.OPG and order.ticket.parent_id is None:
                assert fill.at_us == day.open_us or order.order_id in self.modified
        at = defaultdict(set)
        for fill in self.executions:
            at[fill.order_id].add(fill.at_us)
        immediate = [order_id for order_id in at if self.order(order_id).ticket.tif is Tif.IOC]
        assert all(len(at[order_id]) == 1 for order_id in immediate if order_id not in self.modified)

    def volume_is_not_exceeded(self) -> None:
        """While fills are partial our orders together get their share of a minute, and of a session its volume."""
        fraction = self.behaviour.partial_fill_fraction
        if fraction == 0.0:
            return
        a_minute: Counter[tuple[str, int, int]] = Counter()
        a_session: Counter[tuple[str, int]] = Counter()
        for fill in self.executions:
            day, bar = self._bar_of(fill)
            minute = (fill.at_us - day.open_us) // MINUTE_US
            a_minute[fill.symbol, day.open_us, minute] += fill.quantity
            a_session[fill.symbol, day.open_us] += fill.quantity
            assert a_minute[fill.symbol, day.open_us, minute] <= max(1, int(bar.volume * fraction))
            assert a_session[fill.symbol, day.open_us] <= max(1, int(bar.volume))

    def groups_fill_once(self) -> None:
        """In a group at most one order fills in full, and none is live after it; all fill no more than the largest."""
        groups: dict[str, list[Order]] = defaultdict(list)
        for order in self.client.broker.exchange.book.orders.values():
            if order.ticket.oca_group is not None:
                groups[order.ticket.oca_group].append(order)
        for members in groups.values():
            full = [order for order in members if order.state is State.FILLED]
            assert len(full) <= 1
            if full:
                assert not any(order.is_live for order in members)
            if not self.modified & {order.order_id for order in members}:
                assert sum(order.filled for order in members) <= max(order.ticket.quantity for order in members)

    def children_sell_what_their_parent_has(self) -> None:
        """Children fill after their parent; those that grow with it, or know each other, never more than it did."""
        families: dict[int, list[Order]] = defaultdict(list)
        for order in self.client.broker.exchange.book.orders.values():
            if order.ticket.parent_id is not None:
                families[order.ticket.parent_id].append(order)
        for parent_id, children in families.items():
            parent, mode = self.order(parent_id), self.behaviour.child_activation
            sold = sum(child.filled for child in children)
            if mode == "full" and parent.filled < parent.ticket.quantity:
                assert sold == 0
            if parent.filled == 0:
                assert sold == 0
                assert parent.is_live or not any(child.is_live for child in children)
            open_ = max((child.remaining for child in children if child.is_live), default=0)
            if self.behaviour.bracket_children_cancel_each_other:
                assert sold <= parent.ticket.quantity
                if mode == "proportional" and parent.filled:
                    assert sold + open_ <= parent.filled
            elif mode == "proportional":
                assert all(child.filled <= parent.filled for child in children)

    def rows_add_up(self) -> None:
        """What the calls show of an order adds up, in both of its forms."""
        rows = self.client.order_rows()
        assert len({row["orderId"] for row in rows}) == len(rows)
        for row in rows:
            assert row["filledQuantity"] + row["remainingQuantity"] == row["totalSize"]
            status = self.client.get(f"/iserver/account/order/status/{row['orderId']}")
            assert float(status["cum_fill"]) + float(status["size"]) == float(status["total_size"]) == row["totalSize"]
            assert status["order_status"] == row["status"]
            assert min(row["filledQuantity"], row["remainingQuantity"]) >= 0.0

    def nothing_is_lost_in_a_restart(self) -> None:
        """The log, gone through anew, gives itself byte for byte, and the same books."""
        self.client.simulator.close()
        before = (self.folder / "truth.jsonl").read_bytes()
        again = self._start()
        again.simulator.close()
        assert (self.folder / "truth.jsonl").read_bytes()[: len(before)] == before
        assert again.broker.account == self.client.broker.account
        assert again.broker.exchange.book.orders == self.client.broker.exchange.book.orders
        assert again.broker.now_us == self.client.broker.now_us
