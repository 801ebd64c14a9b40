from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.simulator.support import ACCOUNT, Client, Row, start

DAYS: list[Row] = [(100.0, 110.0, 90.0, 105.0, 1000.0), (105.0, 108.0, 88.0, 91.0, 1000.0)] * 4


def trade(client: Client) -> None:
    """Use every kind of command."""
    body = {"conid": client.conid("ABC"), "orderType": "LMT", "tif": "GTC", "quantity": 10}
    [row] = client.orders({**body, "side": "BUY", "price": 92.0, "cOID": "a"})
    client.post(f"/iserver/account/{ACCOUNT}/order/{row['order_id']}", {**body, "side": "BUY", "price": 94.0})
    client.advance("close", stop_on_event=True)
    [row] = client.orders({**body, "side": "SELL", "price": 300.0})
    client.delete(f"/iserver/account/{ACCOUNT}/order/{row['order_id']}")
    client.call("POST", "/sim/account", {"do": "cash", "amount": 10.0})
    client.orders({**body, "side": "SELL", "orderType": "STP", "price": 89.0})
    client.advance("next_close")
    client.post("/tickle")


def test_every_command_comes_back_to_the_same_books(tmp_path: Path) -> None:
    first = start({"ABC": DAYS}, state_dir=tmp_path)
    trade(first)
    again = start({"ABC": DAYS}, state_dir=tmp_path)
    assert again.broker.account == first.broker.account
    assert again.broker.exchange.book.orders == first.broker.exchange.book.orders
    assert again.clock() == first.clock()


@pytest.mark.parametrize("lines", range(1, 16))
def test_log_that_ends_anywhere_is_gone_on_with(tmp_path: Path, lines: int) -> None:
    first = start({"ABC": DAYS}, state_dir=tmp_path / "whole")
    trade(first)
    whole = (tmp_path / "whole" / "truth.jsonl").read_bytes().splitlines(keepends=True)
    cut = tmp_path / "cut"
    cut.mkdir()
    (cut / "truth.jsonl").write_bytes(b"".join(whole[:lines]) + whole[lines][:9])
    again = start({"ABC": DAYS}, state_dir=cut)
    *found, login = (cut / "truth.jsonl").read_bytes().splitlines(keepends=True)
    assert b'"event":"login"' in login
    # The effects of the last command may have been lost; they are there again, and nothing else is.
    assert found == whole[: len(found)]
    assert len(found) >= lines
    again.advance("next_close")
