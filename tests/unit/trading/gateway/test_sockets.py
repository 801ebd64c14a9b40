from __future__ import annotations

import pytest
import requests

from tests.fakes.raw_server import answering, serving
from trading.gateway.sockets import Exchange, PatientAdapter, current


def test_with_a_body_the_head_alone_cannot_be_acted_on() -> None:
    exchange = Exchange(5.0, 5.0, has_body=True)
    assert not exchange.may_have_arrived
    exchange.wrote()
    assert not exchange.may_have_arrived
    exchange.wrote()
    assert exchange.may_have_arrived


def test_without_a_body_the_head_is_the_whole_request() -> None:
    exchange = Exchange(5.0, 5.0, has_body=False)
    assert not exchange.may_have_arrived
    exchange.wrote()
    assert exchange.may_have_arrived


def test_no_wait_is_longer_than_what_is_left() -> None:
    assert Exchange(100.0, 5.0, has_body=False).patience() == 5.0
    assert 0.0 < Exchange(3.0, 5.0, has_body=False).patience() <= 3.0


def test_there_is_no_wait_after_the_end() -> None:
    with pytest.raises(TimeoutError):
        Exchange(0.0, 5.0, has_body=False).patience()


@pytest.mark.parametrize(("body", "writes"), [(b"{}", True), (None, False)])
def test_head_and_body_leave_in_two_writes(body: bytes | None, *, writes: bool) -> None:
    """What `may_have_arrived` counts on, held against the installed urllib3."""
    with serving(answering(b"{}")) as server, requests.Session() as session:
        session.mount(server.url, PatientAdapter(1))
        exchange = Exchange(5.0, 5.0, has_body=True)
        token = current.set(exchange)
        session.post(server.url, data=body)
        current.reset(token)
    assert exchange.may_have_arrived is writes


def test_the_adapter_repeats_nothing() -> None:
    assert PatientAdapter(1).max_retries.total == 0


def test_closing_the_adapter_closes_its_sockets() -> None:
    with serving(answering(b"{}")) as server:
        session, adapter = requests.Session(), PatientAdapter(1)
        session.mount(server.url, adapter)
        token = current.set(Exchange(5.0, 5.0, has_body=False))
        session.get(server.url)
        current.reset(token)
        adapter.close()
        server.settle()
        assert server.idle()
        session.close()
