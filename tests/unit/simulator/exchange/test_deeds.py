from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from tests.unit.simulator.support import ACCOUNT, QUIET, Client, Json, Row, start

FLAT: Row = (100.0, 110.0, 90.0, 105.0, 1000.0)


def deed(client: Client, **fields: object) -> Json:
    return msgspec.json.decode(client.call("POST", "/sim/account", fields).body)


def held(client: Client) -> float:
    return float(sum(row["position"] for row in client.get(f"/portfolio2/{ACCOUNT}/positions")))


def test_trade_by_hand_is_an_execution_without_our_reference() -> None:
    client = start({"ABC": [FLAT]})
    deed(client, do="trade", symbol="ABC", side="BUY", quantity=5)
    [trade] = client.trades()
    assert (trade["price"], trade["size"]) == ("100.00", 5.0)
    assert "order_ref" not in trade


def test_order_by_hand_works_like_any_other() -> None:
    client = start({"ABC": [FLAT]})
    deed(client, do="order", symbol="ABC", side="BUY", quantity=5, order_type="LMT", price=95.0)
    client.advance("close")
    assert held(client) == 5


def test_order_fills_after_its_cancel_and_beyond_its_quantity() -> None:
    client = start({"ABC": [FLAT]})
    [row] = client.order(client.conid("ABC"), "BUY", "LMT", 5, price=80.0)
    order_id = int(row["order_id"])
    client.delete(f"/iserver/account/{ACCOUNT}/order/{order_id}")
    deed(client, do="fill", order_id=order_id, quantity=5, price=80.0)
    deed(client, do="fill", order_id=order_id, quantity=2, price=80.0)
    assert held(client) == 7
    assert client.order_rows()[0]["status"] == "Cancelled"


def test_correction_has_the_same_id_with_a_higher_end_and_moves_the_cash() -> None:
    client = start({"ABC": [FLAT]})
    made = deed(client, do="trade", symbol="ABC", side="BUY", quantity=5, price=100.0)
    cash = client.broker.account.cash
    new = deed(client, do="correct", execution_id=made["execution_id"], price=99.0)
    assert new["execution_id"] == made["execution_id"][:-2] + "02"
    assert client.broker.account.cash == pytest.approx(cash + 5.0)
    deed(client, do="correct", execution_id=new["execution_id"], quantity=0)
    assert held(client) == 0


def test_halted_symbol_trades_again_when_it_is_resumed() -> None:
    client = start({"ABC": [FLAT, FLAT]})
    deed(client, do="halt", symbol="ABC")
    client.order(client.conid("ABC"), "BUY", "MKT", 5, tif="GTC")
    client.advance("next_close")
    assert held(client) == 0
    client.advance("2014-03-05T15:00:00Z")
    deed(client, do="resume", symbol="ABC")
    assert client.order_rows()[0]["status"] != "Filled"


def test_resumed_inside_the_session_it_fills_at_once() -> None:
    client = start({"ABC": [FLAT]})
    deed(client, do="halt", symbol="ABC")
    client.order(client.conid("ABC"), "BUY", "MKT", 5)
    client.advance("2014-03-03T16:40:00Z")
    deed(client, do="resume", symbol="ABC")
    assert client.trades()[0]["price"] == "90.05"


@pytest.mark.parametrize(("keeps", "left"), [(False, 0), (True, 1)])
def test_split_changes_the_shares_and_takes_the_orders_with_it(keeps: bool, left: int) -> None:  # noqa: FBT001
    client = start({"ABC": [FLAT]}, behaviour=msgspec.structs.replace(QUIET, split_keeps_orders=keeps))
    deed(client, do="trade", symbol="ABC", side="BUY", quantity=5, price=100.0)
    client.order(client.conid("ABC"), "SELL", "STP", 5, price=80.0, tif="GTC")
    deed(client, do="split", symbol="ABC", ratio=2.0)
    assert held(client) == 10
    assert len(client.broker.exchange.book.live) == left
    assert client.broker.account.positions[client.conid("ABC")].average_cost == pytest.approx(50.1)


def test_cash_and_refusals_by_the_broker() -> None:
    client = start({"ABC": [FLAT]})
    assert deed(client, do="cash", amount=-12.5)["cash"] == 99_987.5
    [row] = client.order(client.conid("ABC"), "BUY", "LMT", 5, price=80.0)
    deed(client, do="reject", order_id=int(row["order_id"]))
    assert client.order_rows()[0]["status"] == "Inactive"


@pytest.mark.parametrize(
    "fields",
    [
        {"do": "nothing"},
        {"do": "trade"},
        {"do": "trade", "symbol": "XXX", "side": "BUY", "quantity": 1},
        {"do": "cancel", "order_id": 1},
        {"do": "correct", "execution_id": "x"},
        {"do": "cash", "amount": "much"},
        {"do": "cash", "amount": 1, "more": 1},
    ],
)
def test_deed_that_is_impossible_is_refused_and_leaves_no_line(fields: dict[str, object]) -> None:
    client = start({"ABC": [FLAT]})
    lines = len(client.truth())
    assert client.call("POST", "/sim/account", fields).status == 400
    assert len(client.truth()) == lines


def test_deeds_outlive_a_restart(tmp_path: Path) -> None:
    first = start({"ABC": [FLAT]}, state_dir=tmp_path)
    made = deed(first, do="trade", symbol="ABC", side="BUY", quantity=5)
    deed(first, do="correct", execution_id=made["execution_id"], price=50.0)
    first.simulator.close()
    second = start({"ABC": [FLAT]}, state_dir=tmp_path)
    assert held(second) == 5
    assert second.broker.account.cash == first.broker.account.cash
    [row] = second.order(second.conid("ABC"), "BUY", "LMT", 5, price=80.0)
    assert int(row["order_id"]) > made["order_id"]
