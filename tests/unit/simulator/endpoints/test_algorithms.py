from __future__ import annotations

import pytest

from tests.unit.simulator.support import Client, Row, start

FLAT: Row = (100.0, 100.0, 100.0, 100.0, 1000.0)


@pytest.fixture
def client() -> Client:
    return start({"ABC": [FLAT]})


def test_names_come_alone_and_parameters_when_asked_for(client: Client) -> None:
    path = f"/iserver/contract/{client.conid('ABC')}/algos"
    assert client.get(path)["algos"][0] == {"name": "Adaptive", "id": "Adaptive"}
    [row] = client.get(path, "algos=Adaptive&addParams=1&addDescription=1")["algos"]
    assert (row["parameters"][0]["guiRank"], row["parameters"][0]["id"]) == (1, "adaptivePriority")
    assert row["description"]


def test_unknown_contract_has_none(client: Client) -> None:
    assert client.call("GET", "/v1/api/iserver/contract/1/algos").status == 503
