from __future__ import annotations

import pytest
import requests

from simulator.config import SimulatorConfig
from simulator.core import Simulator
from simulator.in_process import InProcessAdapter
from simulator.market.replayed import ReplayedMarket
from tests.unit.simulator.support import ACCOUNT, QUIET, Json, panel_of

URL = "https://localhost:5055"
ROWS = [(100.0, 110.0, 90.0, 105.0, 1000.0)] * 3


class Run:
    def __init__(self) -> None:
        config = SimulatorConfig(behaviour=QUIET, auto_login=True, pacing=False)
        self.waited: list[float] = []
        self.simulator = Simulator(config, ReplayedMarket(panel_of({"ABC": ROWS})))
        self.session = requests.Session()
        self.session.mount("https://", InProcessAdapter(self.simulator, self.waited.append))
        self.get("/v1/api/iserver/accounts")

    def get(self, path: str, **options: Json) -> requests.Response:
        return self.session.get(URL + path, **options)

    def fault(self, fault_id: str, path: str = "/tickle", **parameters: Json) -> None:
        body = {"faults": [{"id": fault_id, "selector": {"path": path}, "parameters": parameters}]}
        assert self.session.post(f"{URL}/sim/faults", json=body).status_code == 200


@pytest.fixture
def run() -> Run:
    return Run()


def test_calls_are_answered_as_over_https(run: Run) -> None:
    answer = run.get("/v1/api/iserver/auth/status")
    assert (answer.status_code, answer.reason, answer.json()["authenticated"]) == (200, "OK", True)
    assert answer.headers["Content-Type"].startswith("application/json")
    assert run.get("/v1/api/nothing").status_code == 404


def test_query_and_body_arrive(run: Run) -> None:
    conid = run.simulator.broker.contracts.by_symbol["ABC"].conid
    assert run.get("/v1/api/trsrv/secdef", params={"conids": conid}).json()["secdef"][0]["conid"] == conid
    order = {"conid": conid, "side": "BUY", "orderType": "MKT", "quantity": 1, "tif": "DAY"}
    path = f"{URL}/v1/api/iserver/account/{ACCOUNT}/orders"
    assert run.session.post(path, json={"orders": [order]}).json()[0]["order_status"] == "Filled"


def test_login_sets_cookies_and_follows_the_redirect(run: Run) -> None:
    fields = {"username": "me", "password": "made-up"}
    run.session.post(f"{URL}/sso/Login", data=fields)
    done = run.session.post(f"{URL}/sso/Dispatcher", data={"confirmed": "true"})
    assert "Client login succeeds" in done.text
    assert "JSESSIONID" in run.session.cookies


@pytest.mark.parametrize("fault_id", ["T03", "T04"])
def test_reset_raises_as_requests_does(run: Run, fault_id: str) -> None:
    run.fault(fault_id)
    with pytest.raises(requests.ConnectionError):
        run.get("/v1/api/tickle")


def test_answer_that_never_comes_takes_the_clients_time_limit(run: Run) -> None:
    run.fault("T05", seconds=30.0)
    with pytest.raises(requests.ReadTimeout):
        run.get("/v1/api/tickle", timeout=(3.0, 10.0))
    assert run.waited == [10.0]


def test_late_answer_comes_within_a_longer_limit_only(run: Run) -> None:
    run.fault("T06", seconds=20.0)
    assert run.get("/v1/api/tickle", timeout=25.0).status_code == 200
    with pytest.raises(requests.ReadTimeout):
        run.get("/v1/api/tickle", timeout=5.0)
    assert run.waited == [20.0, 5.0]


def test_slow_answer_arrives(run: Run) -> None:
    run.fault("T07", seconds=0.5)
    assert run.get("/v1/api/tickle", timeout=5.0).status_code == 200


def test_answer_that_is_cut_short_is_no_answer(run: Run) -> None:
    run.fault("H09", bytes=10)
    with pytest.raises(requests.exceptions.ChunkedEncodingError):
        run.get("/v1/api/tickle")


def test_crashed_simulator_answers_nothing_any_more(run: Run) -> None:
    run.fault("G06")
    for _ in range(2):
        with pytest.raises(requests.ConnectionError):
            run.get("/v1/api/tickle")
    with pytest.raises(requests.ConnectionError, match="crashed"):
        run.get("/v1/api/iserver/accounts")


def test_reset_tells_how_much_had_been_sent(run: Run) -> None:
    run.fault("T03", bytes=7)
    with pytest.raises(requests.ConnectionError, match="after 7 bytes of the body"):
        run.get("/v1/api/tickle")


def test_connections_that_are_refused(run: Run) -> None:
    run.fault("T01", connections=2)
    for path in ("/v1/api/tickle", "/v1/api/iserver/accounts", "/v1/api/iserver/accounts"):
        with pytest.raises(requests.ConnectionError, match="refused"):
            run.get(path)
    assert run.get("/v1/api/iserver/accounts").status_code == 200


def test_another_certificate_is_not_trusted(run: Run) -> None:
    run.fault("T13")
    for path in ("/v1/api/tickle", "/v1/api/iserver/accounts"):
        with pytest.raises(requests.exceptions.SSLError):
            run.get(path)


def test_half_open_connection_is_answered_without_one(run: Run) -> None:
    run.fault("T12")
    assert run.get("/v1/api/tickle").status_code == 200
