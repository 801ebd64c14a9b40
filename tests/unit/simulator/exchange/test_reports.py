from __future__ import annotations

from typing import Any

import pytest

from tests.unit.simulator.support import ACCOUNT, Client, Row, start

WIDE: Row = (100.0, 110.0, 90.0, 105.0, 1000.0)


def lines(client: Client, *kinds: str) -> list[dict[str, Any]]:
    return [line for line in client.truth() if line["kind"] in kinds]


def limit(client: Client, price: float, tif: str = "GTC") -> int:
    [row] = client.order(client.conid("ABC"), "BUY", "LMT", 5, price=price, tif=tif)
    return int(row["order_id"])


def test_open_and_close_name_the_orders_that_are_seen_in_another_status() -> None:
    client = start({"ABC": [WIDE] * 3})
    stays, goes = limit(client, 50.0), limit(client, 51.0, tif="DAY")
    client.advance("next_close")
    first, closed, opened, last = lines(client, "open", "close")
    assert (first["day"], "statuses" in first) == ("2014-03-03", False)
    assert (closed["day"], closed["statuses"], closed["equity"]) == ("2014-03-03", {"PreSubmitted": [stays]}, 100_000.0)
    assert (opened["day"], opened["statuses"]) == ("2014-03-04", {"Submitted": [stays]})
    assert last["statuses"] == {"PreSubmitted": [stays]}
    [*_, expired] = [line for line in lines(client, "status") if line["order_id"] == goes]
    assert (expired["status"], expired["by"], "expired" in expired["reason"]) == ("Cancelled", "broker", True)


def test_status_is_written_when_it_or_the_quantity_is_new_and_not_else() -> None:
    client = start({"ABC": [WIDE] * 2})
    order_id = limit(client, 50.0)
    body = {"conid": client.conid("ABC"), "side": "BUY", "orderType": "LMT", "price": 51, "quantity": 5, "tif": "GTC"}
    for quantity in (5, 7):
        client.post(f"/iserver/account/{ACCOUNT}/order/{order_id}", {**body, "quantity": quantity})
    seen = [(line["status"], line["quantity"]) for line in lines(client, "status")]
    assert seen == [("Submitted", 5), ("Submitted", 7)]
    assert [line["by"] for line in lines(client, "modify")] == ["client", "client"]


@pytest.mark.parametrize(
    ("event", "told"),
    [
        ({"do": "cash", "amount": -2.5}, {"cash": 99_997.5}),
        ({"do": "split", "symbol": "ABC", "ratio": 2}, {"cash": 100_000.0, "position": 0}),
    ],
)
def test_books_that_no_fill_has_changed_are_told(event: dict[str, Any], told: dict[str, Any]) -> None:
    client = start({"ABC": [WIDE] * 2})
    client.call("POST", "/sim/account", event)
    [line] = lines(client, "account")
    assert {name: line[name] for name in told} == told
