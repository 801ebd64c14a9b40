from __future__ import annotations

from pathlib import Path

from simulator.faults import later
from simulator.faults.later import Step
from simulator.messages import Request
from tests.unit.simulator.faults.support import FLAT, buy, client
from tests.unit.simulator.support import Client, start

CASH = Step({"do": "cash", "amount": 5.0})


def cash(on: Client) -> float:
    return on.broker.account.cash


def test_step_without_delay_happens_at_once_and_another_at_its_instant() -> None:
    on = client()
    later.schedule(on.broker, 0.0, CASH)
    later.schedule(on.broker, 60.0, CASH)
    assert cash(on) == 100_005.0
    on.advance("2014-03-03T14:30:59Z")
    assert cash(on) == 100_005.0
    on.advance("2014-03-03T14:31:00Z")
    assert cash(on) == 100_010.0


def test_step_is_done_once() -> None:
    on = client()
    number = later.schedule(on.broker, 60.0, CASH)
    later.perform(on.broker, number)
    on.advance("close")
    assert cash(on) == 100_005.0


def test_fill_of_an_order_that_is_over_is_left_out_and_of_one_that_is_nearly_full_made_smaller() -> None:
    on = client()
    [first], [second] = buy(on), buy(on)
    for row, quantity in ((first, 7), (first, 7), (second, 10)):
        event = {"do": "fill", "order_id": int(row["order_id"]), "quantity": quantity, "price": 80.0}
        later.schedule(on.broker, 0.0, Step(event, while_live=True))
    on.delete(f"/iserver/account/DU1234567/order/{second['order_id']}")
    later.schedule(on.broker, 0.0, Step({"do": "fill", "order_id": int(second["order_id"])}, while_live=True))
    assert [order.filled for order in on.broker.exchange.book.orders.values()] == [10, 10]


def test_fill_of_an_order_that_a_split_moved_is_within_its_limit() -> None:
    on = client()
    [row] = buy(on)
    order = on.broker.exchange.book.orders[int(row["order_id"])]
    event = {"do": "fill", "order_id": order.order_id, "quantity": 10, "price": 90.0}
    later.schedule(on.broker, 0.0, Step(event, while_live=True))
    assert (order.filled, order.value) == (10, 800.0)


def test_call_is_applied_as_it_came() -> None:
    on = client()
    order = on.order  # the same order, once by a step
    step = later.call(Request("POST", "/iserver/account/DU1234567/orders", {"a": "b"}, b'{"orders":[]}'))
    assert (step.method, step.path, step.query, step.body) == (
        "POST",
        "/iserver/account/DU1234567/orders",
        {"a": "b"},
        '{"orders":[]}',
    )
    assert order(on.conid("ABC"), "BUY", "MKT", 1)


def test_steps_outlive_a_restart(tmp_path: Path) -> None:
    first = start({"ABC": [FLAT, FLAT]}, state_dir=tmp_path)
    for seconds in (60.0, 120.0):
        later.schedule(first.broker, seconds, CASH)
    first.advance("2014-03-03T14:31:30Z")
    second = start({"ABC": [FLAT, FLAT]}, state_dir=tmp_path)
    assert [line for line in second.truth() if line["kind"] != "session"] == [
        line for line in first.truth() if line["kind"] != "session"
    ]
    assert cash(second) == 100_005.0
    for on in (first, second):
        on.advance("close")
        assert later.schedule(on.broker, 0.0, CASH) == 2
    assert cash(second) == 100_015.0
