from __future__ import annotations

import msgspec

from simulator.endpoints.warming import is_first_read
from tests.unit.simulator.support import QUIET, Row, start

FLAT: Row = (100.0, 100.0, 100.0, 100.0, 1000.0)


def test_each_call_has_its_own_first_reads_and_a_new_session_has_them_again() -> None:
    client = start({"ABC": [FLAT]}, behaviour=msgspec.structs.replace(QUIET, cold_positions_calls=2))
    broker = client.simulator.broker
    assert [is_first_read(broker, "one") for _ in range(3)] == [True, True, False]
    assert is_first_read(broker, "two")
    client.call("POST", "/sim/account", {"do": "lose_session"})
    client.post("/iserver/auth/ssodh/init", {"publish": True, "compete": True})
    assert is_first_read(broker, "one")
