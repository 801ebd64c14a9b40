"""The ports of the gateway, kept on the simulated gateway within the process and over HTTPS alike."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from simulator.config import Behaviour, SimulatorConfig
from simulator.core import Simulator
from simulator.market.replayed import ReplayedMarket
from simulator.server.listener import Server
from simulator.server.tls import ensure_certificate, server_context
from tests.fakes.chance import seeded
from tests.fakes.in_process import InProcessTransport
from trading.errors import GatewayError
from trading.gateway import connect
from trading.gateway.transport import HttpTransport, TransportTo
from trading.market.bar_files import load_bars
from trading.market.panel import Panel
from trading.model.account import AccountState, PositionList
from trading.model.contract import Contract
from trading.model.order import BrokerOrder, BrokerStatus, ExecutionList, OrderList, OrderTicket, OrderType, Side, Tif
from trading.model.outcome import Acknowledged, Duplicate, Outcome, Questioned, RefusedByBroker, Unproven
from trading.model.request import CancelOrder, ModifyOrder, ReplyToQuestion, SubmitOrders
from trading.ports import Broker, Clock, MarketData, SessionPort

ACCOUNT = "DU1234567"
CASH = 100_000.0
FIRST_SESSION = date(2015, 6, 1)
SYMBOLS = ("AAPL", "IBM", "KO")
QUESTIONS = frozenset({"o163", "o10151", "o10152"})


class LockstepClock:
    """Simulated time, moved by waiting."""

    def __init__(self, simulator: Simulator) -> None:
        self._simulator = simulator

    def now(self) -> datetime:
        return datetime.fromtimestamp(self.monotonic(), UTC)

    def monotonic(self) -> float:
        facts = json.loads(self._simulator.handle("GET", "/sim/clock").body)
        return float(facts["now_ms"]) / 1000.0

    def wait(self, until: datetime) -> None:
        self.advance(until.isoformat())

    def advance(self, to: str) -> None:
        assert self._simulator.handle("POST", "/sim/advance", body=json.dumps({"to": to}).encode()).status == 200


@dataclass
class Desk:
    """One gateway on one simulator; the ports are typed as the cycle sees them."""

    clock: LockstepClock
    session: SessionPort
    market_data: MarketData
    broker: Broker

    def send(self, *tickets: OrderTicket) -> Outcome:
        """Send an order and agree to the questions that are asked of every such order."""
        outcome = self.broker.send(self.broker.prepare(SubmitOrders(tickets)))
        while isinstance(outcome, Questioned) and QUESTIONS.issuperset(outcome.message_ids):
            reply = self.broker.prepare(
                ReplyToQuestion(
                    outcome.reply_id, confirmed=True, coids=tuple(each.coid for each in tickets if each.coid)
                )
            )
            outcome = self.broker.send(reply)
        return outcome

    def contracts(self) -> Mapping[str, Contract]:
        return self.market_data.contracts(SYMBOLS)[0]

    def bracket(self, coid: str, price: float, quantity: int = 10) -> list[OrderTicket]:
        """Return a marketable entry with its stop and target."""
        conid = self.contracts()["AAPL"].conid
        entry = OrderTicket(conid, Side.BUY, OrderType.LIMIT, Tif.DAY, quantity, limit_price=price, coid=coid)
        leg = replace(entry, side=Side.SELL, tif=Tif.GTC, coid=None, parent_coid=coid, limit_price=None)
        return [
            entry,
            replace(leg, order_type=OrderType.STOP, stop_price=round(price * 0.8, 2)),
            replace(leg, limit_price=round(price * 1.4, 2)),
        ]

    def orders(self) -> Mapping[tuple[Side, OrderType | None], BrokerOrder]:
        return {(order.side, order.order_type): order for order in self.broker.orders().orders}


@pytest.fixture(scope="module")
def market(bundled_bars: Path) -> ReplayedMarket:
    return ReplayedMarket.load(bundled_bars)


@pytest.fixture(scope="module")
def panel(bundled_bars: Path) -> Panel:
    return load_bars(bundled_bars)


@pytest.fixture(params=["within the process", "over HTTPS"])
def desk(request: pytest.FixtureRequest, market: ReplayedMarket, tmp_path: Path) -> Iterator[Desk]:
    config = SimulatorConfig(
        account_id=ACCOUNT,
        cash=CASH,
        start=FIRST_SESSION.isoformat(),
        speed=0.0,
        auto_login=True,
        pacing=False,
        seed=1,
        state_dir=None,
        behaviour=Behaviour(),
    )
    simulator = Simulator(config, market)
    clock = LockstepClock(simulator)
    if request.param == "within the process":
        yield desk_on(
            "https://localhost:5055", clock, transport_to=lambda _url, _ca_bundle: InProcessTransport(simulator)
        )
        return
    certificate, key = ensure_certificate(tmp_path)
    server = Server(simulator, "127.0.0.1", 0, server_context(certificate, key))
    thread = threading.Thread(target=server.serve)
    thread.start()
    yield desk_on(f"https://127.0.0.1:{server.port}", clock, ca_bundle=certificate)
    server.stop()
    thread.join()


def desk_on(
    url: str, clock: Clock, *, ca_bundle: Path | None = None, transport_to: TransportTo = HttpTransport
) -> Desk:
    gateway = connect(url, ca_bundle=ca_bundle, clock=clock, rng=seeded(), paced=False, transport_to=transport_to)
    assert isinstance(clock, LockstepClock)
    return Desk(clock, gateway.session, gateway.market_data, gateway.broker(ACCOUNT))


def test_the_session_is_usable_and_names_its_account(desk: Desk) -> None:
    assert desk.session.keep_alive().usable
    assert desk.session.accounts() == (ACCOUNT,)
    assert desk.session.initialise().usable
    desk.session.select(ACCOUNT)
    assert desk.session.accounts() == (ACCOUNT,)
    with pytest.raises(GatewayError):
        desk.session.select("DU7654321")


def test_the_broker_says_when_somebody_logged_in(desk: Desk) -> None:
    login_at = desk.session.login_at()
    assert login_at is not None
    assert timedelta(0) <= desk.clock.now() - login_at < timedelta(days=1)


def test_symbols_become_contracts_and_unknown_ones_have_a_reason(desk: Desk) -> None:
    found, reasons = desk.market_data.contracts([*SYMBOLS, "NOSUCH"])
    assert sorted(found) == list(SYMBOLS)
    assert set(reasons) == {"NOSUCH"}
    assert found["AAPL"].conid == 265598
    assert found["AAPL"].increments[-1].increment == 0.01


def test_daily_bars_are_those_of_the_data_day_after_day(desk: Desk, panel: Panel) -> None:
    contracts = desk.contracts().values()
    for _ in range(3):
        desk.clock.advance("close")
        today = desk.clock.now().date()
        read, reasons = desk.market_data.daily_bars(contracts, today, 60)
        expected = panel.select(SYMBOLS).cut(today)
        assert reasons == {}
        assert read.sessions.tolist() == expected.sessions[-60:].tolist()
        assert read.close.tolist() == expected.close[-60:].tolist()
        assert read.volume.tolist() == expected.volume[-60:].tolist()


def test_a_bar_that_is_not_complete_is_not_in_the_panel(desk: Desk) -> None:
    yesterday = date(2015, 5, 29)
    read, _ = desk.market_data.daily_bars(desk.contracts().values(), yesterday, 60)
    assert read.sessions[-1] == yesterday


def test_quotes_carry_the_prior_close(desk: Desk, panel: Panel) -> None:
    conid = desk.contracts()["AAPL"].conid
    quote = desk.market_data.quotes([conid])[conid]
    before = panel.cut(date(2015, 5, 29))
    assert quote.prior_close == pytest.approx(before.close[-1, before.column("AAPL")], abs=0.005)
    assert quote.last is not None


def test_a_new_account_is_flat_with_its_cash(desk: Desk) -> None:
    assert desk.broker.account() == AccountState(ACCOUNT, "USD", CASH, CASH, CASH, CASH, stock_value=0.0)
    assert desk.broker.positions() == PositionList(())
    assert desk.broker.orders() == OrderList(())
    assert desk.broker.executions(7) == ExecutionList(())


def test_a_bracket_is_taken_fills_and_leaves_its_protection(desk: Desk) -> None:
    desk.clock.advance("close")
    outcome = desk.send(*desk.bracket("ab-1", 140.0))
    assert isinstance(outcome, Acknowledged)
    assert len(outcome.orders) == 3
    desk.clock.advance("next_close")

    orders = desk.orders()
    entry = orders[Side.BUY, OrderType.LIMIT]
    stop, target = orders[Side.SELL, OrderType.STOP], orders[Side.SELL, OrderType.LIMIT]
    assert (entry.status, entry.order_ref, entry.filled_quantity) == (BrokerStatus.FILLED, "ab-1", 10.0)
    assert (stop.stop_price, stop.tif, stop.parent_id) == (112.0, Tif.GTC, entry.order_id)
    assert (target.limit_price, target.remaining_quantity) == (196.0, 10.0)
    (fill,) = desk.broker.executions(1).executions
    assert (fill.side, fill.quantity, fill.order_ref) == (Side.BUY, 10.0, "ab-1")
    (position,) = desk.broker.positions().positions
    assert (position.symbol, position.quantity) == ("AAPL", 10.0)
    assert fill.commission is not None
    assert desk.broker.account().cash == pytest.approx(CASH - 10 * fill.price - fill.commission, abs=0.005)


def test_the_same_coid_twice_proves_the_first_arrival(desk: Desk) -> None:
    assert isinstance(desk.send(*desk.bracket("ab-1", 140.0)), Acknowledged)
    assert isinstance(desk.send(*desk.bracket("ab-1", 140.0)), Duplicate)
    assert sum(order.side is Side.BUY for order in desk.broker.orders().orders) == 1


def test_a_declined_question_leaves_no_order(desk: Desk) -> None:
    question = desk.broker.send(desk.broker.prepare(SubmitOrders(tuple(desk.bracket("ab-1", 140.0)))))
    assert isinstance(question, Questioned)
    no = ReplyToQuestion(question.reply_id, confirmed=False, coids=("ab-1",))
    declined = desk.broker.send(desk.broker.prepare(no))
    assert isinstance(declined, RefusedByBroker)
    again = desk.broker.send(desk.broker.prepare(replace(no, confirmed=True)))
    assert isinstance(again, Unproven)
    assert not [order for order in desk.broker.orders().orders if order.status is not BrokerStatus.INACTIVE]


def test_a_stop_is_modified_in_place_and_cancelled(desk: Desk) -> None:
    desk.clock.advance("close")
    desk.send(*desk.bracket("ab-1", 140.0))
    desk.clock.advance("next_close")
    stop = desk.orders()[Side.SELL, OrderType.STOP]
    moved = OrderTicket(stop.conid, Side.SELL, OrderType.STOP, Tif.GTC, 10, stop_price=115.0, parent_coid="ab-1")
    outcome = desk.broker.send(desk.broker.prepare(ModifyOrder(stop.order_id, moved)))
    while isinstance(outcome, Questioned):
        outcome = desk.broker.send(desk.broker.prepare(ReplyToQuestion(outcome.reply_id, confirmed=True, coids=())))
    assert isinstance(outcome, Acknowledged)
    after = desk.broker.order_status(stop.order_id)
    assert after is not None
    assert (after.order_id, after.stop_price) == (stop.order_id, 115.0)

    assert isinstance(desk.broker.send(desk.broker.prepare(CancelOrder(stop.order_id))), Acknowledged)
    assert desk.orders()[Side.SELL, OrderType.STOP].status is BrokerStatus.CANCELLED
    assert isinstance(desk.broker.send(desk.broker.prepare(CancelOrder(stop.order_id))), RefusedByBroker | Unproven)


def test_an_order_that_the_broker_does_not_know(desk: Desk) -> None:
    assert desk.broker.order_status(99) is None
    assert isinstance(desk.broker.send(desk.broker.prepare(CancelOrder(99))), Unproven)


def test_an_order_for_no_contract_is_refused(desk: Desk) -> None:
    ticket = replace(desk.bracket("ab-1", 140.0)[0], conid=1)
    assert isinstance(desk.send(ticket), RefusedByBroker)
