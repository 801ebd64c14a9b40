from __future__ import annotations

import json
from pathlib import Path

import pytest

from simulator.truth import StateMismatchError
from tests.unit.simulator.support import ACCOUNT, Client, Json, Row, start

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


MIXED = [
    {"id": "H02", "selector": {"path": "/tickle", "nth": 7}},
    {"id": "H05", "selector": {"path": "/tickle", "probability": 0.3}},
    {"id": "H11", "selector": {"path": "/iserver/auth/status"}, "parameters": {"field": "MAC", "p": 0.5}},
    {"id": "H02", "selector": {"path": "/one/user", "times": 3}},
    {"id": "G12", "selector": {"path": "/ssodh/st", "nth": 2}, "parameters": {"seconds": 90}},
]


def mixed_calls(on: Client, first: int, last: int) -> list[tuple[int, bool]]:
    """Make calls of several kinds, a minute between two rounds; return how they were answered."""
    seen = []
    for number in range(first, last):
        for path in ("/tickle", "/iserver/auth/status", "/one/user", "/ssodh/st"):
            answer = on.call("GET", f"/v1/api{path}")
            seen.append((answer.status, b"MAC" in answer.body))
        on.advance(f"2014-03-03T15:{number:02d}:00Z")
    return seen


def counts(on: Client) -> Json:
    return [(row["matched"], row["fired"]) for row in json.loads(on.call("GET", "/sim/faults").body)["faults"]]


def without_logins(on: Client) -> list[Json]:
    """Return the truth log without the login that a start is, and without numbers of lines."""
    return [{**line, "seq": 0} for line in on.truth() if line["kind"] != "session"]


def test_faults_go_on_over_a_restart_as_if_there_had_been_none(tmp_path: Path) -> None:
    def started(folder: str) -> Client:
        return start({"ABC": [FLAT, FLAT]}, state_dir=tmp_path / folder)

    whole, parted = started("whole"), started("parted")
    for on in (whole, parted):
        on.call("POST", "/sim/faults", {"faults": MIXED, "seed": 5})
    seen = mixed_calls(whole, 0, 30)
    again = mixed_calls(parted, 0, 11)
    for first, last in ((11, 12), (12, 25), (25, 30)):
        before = counts(parted)
        parted = started("parted")
        assert counts(parted) == before
        parted.get("/iserver/accounts")
        again += mixed_calls(parted, first, last)
    assert again == seen
    assert counts(parted) == counts(whole)
    assert without_logins(parted) == without_logins(whole)
    assert {status for status, _ in seen} == {200, 403, 503}


def test_same_seed_and_calls_write_the_same_log_to_the_byte(tmp_path: Path) -> None:
    logs = []
    for folder, seed in (("a", 5), ("b", 5), ("c", 6)):
        on = start({"ABC": [FLAT, FLAT]}, state_dir=tmp_path / folder)
        on.call("POST", "/sim/faults", {"faults": MIXED, "seed": seed})
        mixed_calls(on, 0, 20)
        logs.append((tmp_path / folder / "truth.jsonl").read_bytes().replace(b'"seed":6', b'"seed":5'))
    assert logs[0] == logs[1] != logs[2]


def test_ids_that_were_rolled_back_and_children_that_wait_stay_so_over_a_restart(tmp_path: Path) -> None:
    first = start({"ABC": [FLAT, FLAT]}, state_dir=tmp_path)
    for _ in range(3):
        first.order(first.conid("ABC"), "BUY", "MKT", 1)
    faults = [{"id": "O21"}, {"id": "G07", "selector": {"path": "/tickle"}}]
    first.call("POST", "/sim/faults", {"faults": faults})
    first.order(first.conid("ABC"), "BUY", "MKT", 1)
    first.call("POST", "/v1/api/tickle")
    second = start({"ABC": [FLAT, FLAT]}, state_dir=tmp_path)
    assert second.broker.orders_numbered == first.broker.orders_numbered == 1
    assert second.broker.exchange.behaviour.child_activation == "full"
