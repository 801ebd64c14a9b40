from __future__ import annotations

from pathlib import Path

import pytest

from simulator.truth import StateMismatchError
from tests.unit.simulator.support import ACCOUNT, Json, Row, start

FLAT: Row = (100.0, 110.0, 90.0, 105.0, 1000.0)


def test_restart_goes_on_with_orders_positions_and_ids(tmp_path: Path) -> None:
    first = start({"ABC": [FLAT, FLAT, FLAT]}, state_dir=tmp_path)
    first.order(first.conid("ABC"), "BUY", "MKT", 10, cOID="a")
    [row] = first.order(first.conid("ABC"), "SELL", "STP", 10, price=92.0, tif="GTC")
    first.delete(f"/iserver/account/{ACCOUNT}/order/{row['order_id']}")
    first.order(first.conid("ABC"), "SELL", "STP", 10, price=91.0, tif="GTC")
    first.advance("next_close")
    before = first.truth()
    second = start({"ABC": [FLAT, FLAT, FLAT]}, state_dir=tmp_path)
    *known, login = second.truth()
    assert known == before
    assert (login["event"], login["epoch"]) == ("login", 2)
    assert second.broker.account == first.broker.account
    [row] = second.order(second.conid("ABC"), "BUY", "LMT", 1, price=50.0)
    assert int(row["order_id"]) not in first.broker.exchange.book.orders


@pytest.mark.parametrize("settings", [{"account_id": "DU7"}, {"cash": 1.0}, {"seed": 2}, {"start": "2014-03-04"}])
def test_state_of_other_settings_is_refused(tmp_path: Path, settings: dict[str, Json]) -> None:
    start({"ABC": [FLAT, FLAT]}, state_dir=tmp_path)
    with pytest.raises(StateMismatchError):
        start({"ABC": [FLAT, FLAT]}, state_dir=tmp_path, **settings)
    with pytest.raises(StateMismatchError, match="bars"):
        start({"ABC": [FLAT]}, state_dir=tmp_path)


def test_planned_faults_outlive_a_restart_with_their_counts(tmp_path: Path) -> None:
    first = start({"ABC": [FLAT]}, state_dir=tmp_path)
    body = {"faults": [{"id": "H01", "selector": {"path": "/tickle", "times": 1}}]}
    first.call("POST", "/sim/faults", body)
    first.call("POST", "/v1/api/tickle")
    second = start({"ABC": [FLAT]}, state_dir=tmp_path)
    assert second.call("POST", "/v1/api/tickle").status == 200
