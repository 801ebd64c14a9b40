from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from tests.unit.simulator.exchange.telling import assert_told
from tests.unit.simulator.support import ACCOUNT, QUIET, Client, Json, Row, start

FLAT: Row = (100.0, 110.0, 90.0, 105.0, 1000.0)


def event(client: Client, **fields: object) -> Json:
    return msgspec.json.decode(client.call("POST", "/sim/account", fields).body)


def held(client: Client) -> float:
    return float(sum(row["position"] for row in client.get(f"/portfolio2/{ACCOUNT}/positions")))


def test_trade_by_hand_is_an_execution_without_our_reference() -> None:
    client = start({"ABC": [FLAT]})
    event(client, do="trade", symbol="ABC", side="BUY", quantity=5)
    [trade] = client.trades()
    assert (trade["price"], trade["size"]) == ("100.00", 5.0)
    assert "order_ref" not in trade


def test_order_by_hand_works_like_any_other() -> None:
    client = start({"ABC": [FLAT]})
    event(client, do="order", symbol="ABC", side="BUY", quantity=5, order_type="LMT", price=95.0)
    client.advance("close")
    assert held(client) == 5


def test_order_fills_after_its_cancel_and_beyond_its_quantity() -> None:
    client = start({"ABC": [FLAT]})
    [row] = client.order(client.conid("ABC"), "BUY", "LMT", 5, price=80.0)
    order_id = int(row["order_id"])
    client.delete(f"/iserver/account/{ACCOUNT}/order/{order_id}")
    event(client, do="fill", order_id=order_id, quantity=5, price=80.0)
    event(client, do="fill", order_id=order_id, quantity=2, price=80.0)
    assert held(client) == 7
    assert client.order_rows()[0]["status"] == "Cancelled"


def test_order_of_another_day_that_fills_after_its_end_is_listed_again() -> None:
    client = start({"ABC": [FLAT] * 4})
    ids = [int(client.order(client.conid("ABC"), "BUY", "LMT", 5, price=80.0)[0]["order_id"]) for _ in range(3)]
    client.advance("2014-03-05T15:00:00Z")
    assert client.order_rows() == []
    event(client, do="fill", order_id=ids[1], quantity=5, price=80.0)
    assert [row["orderId"] for row in client.order_rows()] == [ids[1]]


def test_correction_has_the_same_id_with_a_higher_end_and_moves_the_cash() -> None:
    client = start({"ABC": [FLAT]})
    made = event(client, do="trade", symbol="ABC", side="BUY", quantity=5, price=100.0)
    cash = client.broker.account.cash
    new = event(client, do="correct", execution_id=made["execution_id"], price=99.0)
    assert new["execution_id"] == made["execution_id"][:-2] + "02"
    assert client.broker.account.cash == pytest.approx(cash + 5.0)
    event(client, do="correct", execution_id=new["execution_id"], quantity=0)
    assert held(client) == 0


def test_execution_that_was_corrected_is_corrected_by_its_newest_id_alone() -> None:
    client = start({"ABC": [FLAT]})
    made = event(client, do="trade", symbol="ABC", side="BUY", quantity=5, price=100.0)["execution_id"]
    event(client, do="correct", execution_id=made, quantity=3)
    assert event(client, do="correct", execution_id=made, quantity=0)["error"].startswith(
        f"execution_id: '{made}' was corrected; name '{made[:-2]}02'"
    )
    assert "is no execution" in event(client, do="correct", execution_id=f"{made[:-2]}03")["error"]
    assert held(client) == 3


def test_halted_symbol_trades_again_when_it_is_resumed() -> None:
    client = start({"ABC": [FLAT, FLAT]})
    event(client, do="halt", symbol="ABC")
    client.order(client.conid("ABC"), "BUY", "MKT", 5, tif="GTC")
    client.advance("next_close")
    assert held(client) == 0
    client.advance("2014-03-05T15:00:00Z")
    event(client, do="resume", symbol="ABC")
    assert client.order_rows()[0]["status"] != "Filled"


def test_resumed_inside_the_session_it_fills_at_once() -> None:
    client = start({"ABC": [FLAT]})
    event(client, do="halt", symbol="ABC")
    client.order(client.conid("ABC"), "BUY", "MKT", 5)
    client.advance("2014-03-03T16:40:00Z")
    event(client, do="resume", symbol="ABC")
    assert client.trades()[0]["price"] == "90.05"


def equity(client: Client) -> float:
    return float(client.get(f"/iserver/account/{ACCOUNT}/summary")["netLiquidationValue"])


def with_position(quantity: int, **choices: Json) -> Client:
    """Return a client with that many shares, a limit to buy and a stop to sell, in the evening of the first session."""
    days: list[Row] = [FLAT, (104.0, 112.0, 96.0, 100.0, 1000.0), FLAT]
    client = start({"ABC": days}, behaviour=msgspec.structs.replace(QUIET, **choices))
    event(client, do="trade", symbol="ABC", side="BUY", quantity=quantity, price=100.0)
    client.order(client.conid("ABC"), "BUY", "LMT", 7, price=80.02, tif="GTC")
    client.order(client.conid("ABC"), "SELL", "STP", quantity, price=80.0, tif="GTC")
    client.advance("close")
    return client


@pytest.mark.parametrize(
    ("ratio", "whole", "paid"), [(2.0, 10, 0.0), (1.5, 7, 35.0), (0.1, 0, 525.0), (1.0 / 3.0, 1, 210.0), (7.0, 35, 0.0)]
)
def test_split_keeps_the_equity_and_pays_out_the_fraction(ratio: float, whole: int, paid: float) -> None:
    client = with_position(5)
    before, cash = equity(client), client.broker.account.cash
    event(client, do="split", symbol="ABC", ratio=ratio)
    assert held(client) == whole
    assert client.broker.account.cash - cash == pytest.approx(paid)
    assert equity(client) == before
    position = client.broker.account.positions[client.conid("ABC")]
    assert position.cost + (paid - position.realized) == pytest.approx(501.0)


def test_short_position_splits_as_well() -> None:
    client = start({"ABC": [FLAT]})
    event(client, do="trade", symbol="ABC", side="SELL", quantity=5, price=100.0)
    before = equity(client)
    event(client, do="split", symbol="ABC", ratio=1.5)
    assert (held(client), equity(client)) == (-7, before)


def test_prices_are_divided_from_the_split_on_and_past_ones_shown_adjusted() -> None:
    client = with_position(5)
    conid = client.conid("ABC")
    old = client.get("/iserver/marketdata/history", f"conid={conid}&period=1w&bar=1d")["data"]
    event(client, do="split", symbol="ABC", ratio=4.0)
    new = client.get("/iserver/marketdata/history", f"conid={conid}&period=1w&bar=1d")["data"]
    assert [bar["c"] for bar in new] == [bar["c"] / 4.0 for bar in old]
    assert [bar["v"] for bar in new] == [bar["v"] * 4.0 for bar in old]
    client.advance("2014-03-04T14:30:00Z")
    client.order(conid, "BUY", "MKT", 4, tif="IOC")
    assert client.trades()[0]["price"] == "26.02"
    client.get("/iserver/marketdata/snapshot", f"conids={conid}&fields=31,7741")
    [row] = client.get("/iserver/marketdata/snapshot", f"conids={conid}&fields=31,7741,7295")
    assert (row["31"], row["7741"], row["7295"]) == ("26.00", "26.25", "26.00")


def test_orders_are_cancelled_with_a_split() -> None:
    client = with_position(5)
    event(client, do="split", symbol="ABC", ratio=2.0)
    assert client.broker.exchange.book.live == {}


def test_orders_can_be_adjusted_with_a_split() -> None:
    client = with_position(5, split_keeps_orders=True)
    event(client, do="split", symbol="ABC", ratio=4.0)
    stop, limit = client.order_rows()[:2]
    assert (stop["auxPrice"], stop["totalSize"], stop["status"]) == ("20.00", 20.0, "PreSubmitted")
    # 20.005 is between two ticks: the nearest one above counts.
    assert (limit["price"], limit["totalSize"]) == ("20.01", 28.0)
    client.advance("next_close")
    assert held(client) == 20


def test_order_of_which_no_share_is_left_is_cancelled_by_a_reverse_split() -> None:
    client = with_position(5, split_keeps_orders=True)
    event(client, do="split", symbol="ABC", ratio=0.1)
    assert client.broker.exchange.book.live == {}


def test_split_outlives_a_restart(tmp_path: Path) -> None:
    first = start({"ABC": [FLAT, FLAT]}, state_dir=tmp_path)
    event(first, do="trade", symbol="ABC", side="BUY", quantity=5, price=100.0)
    event(first, do="split", symbol="ABC", ratio=3.0)
    first.simulator.close()
    second = start({"ABC": [FLAT, FLAT]}, state_dir=tmp_path)
    assert (held(second), equity(second)) == (15, equity(first))


def test_halted_symbol_stands_still() -> None:
    client = start({"ABC": [FLAT, FLAT]})
    event(client, do="trade", symbol="ABC", side="BUY", quantity=10, price=100.0)
    client.advance("2014-03-03T16:40:00Z")
    event(client, do="halt", symbol="ABC")
    worth = equity(client)
    client.get("/iserver/marketdata/snapshot", f"conids={client.conid('ABC')}&fields=31")
    for time in ("2014-03-03T18:50:00Z", "2014-03-03T22:00:00Z", "2014-03-04T16:00:00Z"):
        client.advance(time)
        assert equity(client) == worth
        [row] = client.get("/iserver/marketdata/snapshot", f"conids={client.conid('ABC')}&fields=31,84")
        assert row["31"] == "H90.00"
        assert "84" not in row
    event(client, do="resume", symbol="ABC")
    [row] = client.get("/iserver/marketdata/snapshot", f"conids={client.conid('ABC')}&fields=31")
    assert row["31"][:1] != "H"


def test_warned_order_works_on() -> None:
    client = start({"ABC": [FLAT]})
    [row] = client.order(client.conid("ABC"), "BUY", "LMT", 5, price=95.0)
    event(client, do="warn", order_id=int(row["order_id"]))
    assert client.order_rows()[0]["status"] == "WarnState"
    client.advance("close")
    assert client.order_rows()[0]["status"] == "Filled"


def test_cash_and_refusals_by_the_broker() -> None:
    client = start({"ABC": [FLAT]})
    assert event(client, do="cash", amount=-12.5)["cash"] == 99_987.5
    [row] = client.order(client.conid("ABC"), "BUY", "LMT", 5, price=80.0)
    event(client, do="reject", order_id=int(row["order_id"]))
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
        {"do": "split", "symbol": "ABC"},
        {"do": "split", "symbol": "ABC", "ratio": 0},
        {"do": "split", "symbol": "ABC", "ratio": -2},
        {"do": "split", "symbol": "ABC", "ratio": 100_000},
        {"do": "trade", "symbol": "ABC", "side": "BUY", "quantity": 0},
        {"do": "trade", "symbol": "ABC", "side": "BUY", "quantity": -3},
        {"do": "halt", "symbol": "XXX"},
    ],
)
def test_deed_that_is_impossible_is_refused_and_leaves_no_line(fields: dict[str, object]) -> None:
    client = start({"ABC": [FLAT]})
    lines = len(client.truth())
    assert client.call("POST", "/sim/account", fields).status == 400
    assert len(client.truth()) == lines


def test_deeds_outlive_a_restart(tmp_path: Path) -> None:
    first = start({"ABC": [FLAT]}, state_dir=tmp_path)
    made = event(first, do="trade", symbol="ABC", side="BUY", quantity=5)
    event(first, do="correct", execution_id=made["execution_id"], price=50.0)
    first.simulator.close()
    second = start({"ABC": [FLAT]}, state_dir=tmp_path)
    assert held(second) == 5
    assert second.broker.account.cash == first.broker.account.cash
    [row] = second.order(second.conid("ABC"), "BUY", "LMT", 5, price=80.0)
    assert int(row["order_id"]) > made["order_id"]


@pytest.mark.parametrize("keeps", [True, False])
def test_log_alone_tells_what_external_events_make_of_orders_positions_and_cash(keeps: bool) -> None:  # noqa: FBT001
    client = start({"ABC": [FLAT, FLAT]}, behaviour=msgspec.structs.replace(QUIET, split_keeps_orders=keeps))
    made = event(client, do="trade", symbol="ABC", side="BUY", quantity=5, price=100.0)
    event(client, do="correct", execution_id=made["execution_id"], quantity=3)
    for reason in ({}, {"reason": "Cancelled by System"}):
        placed = event(client, do="order", symbol="ABC", side="SELL", quantity=3, order_type="LMT", price=180.0)
        event(client, do="cancel", order_id=placed["order_id"], **reason)
    resting = event(client, do="order", symbol="ABC", side="SELL", quantity=3, order_type="STP", stop=40.0)
    [ours] = client.order(client.conid("ABC"), "SELL", "LMT", 2, price=150.0, tif="GTC")
    client.delete(f"/iserver/account/{ACCOUNT}/order/{ours['order_id']}")
    event(client, do="warn", order_id=resting["order_id"])
    event(client, do="cash", amount=12.34)
    event(client, do="split", symbol="ABC", ratio=1.5)
    assert_told(client)
    client.advance("next_close")
    assert_told(client)
    ended = [line["by"] for line in client.truth() if line["kind"] == "status" and line["state"] == "cancelled"]
    assert ended == ["manual", "broker", "client", *([] if keeps else ["broker"])]


def test_position_of_a_corrected_execution_is_what_is_held_then() -> None:
    client = start({"ABC": [FLAT]})
    made = event(client, do="trade", symbol="ABC", side="BUY", quantity=5, price=100.0)
    event(client, do="correct", execution_id=made["execution_id"], quantity=3)
    assert client.broker.account.executions[-1].position == 3
