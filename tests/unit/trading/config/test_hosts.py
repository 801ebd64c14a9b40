from __future__ import annotations

import pytest

from trading.config.hosts import LOOPBACK, in_url, reached_at, with_port


@pytest.mark.parametrize(
    ("host", "written"), [("localhost", "localhost"), ("192.0.2.1", "192.0.2.1"), ("::1", "[::1]"), ("::", "[::]")]
)
def test_ipv6_stands_in_brackets(host: str, written: str) -> None:
    assert in_url(host) == written
    assert with_port(host, 5056) == f"{written}:5056"


@pytest.mark.parametrize(
    ("host", "reached"),
    [("0.0.0.0", "127.0.0.1"), ("::", "::1"), ("127.0.0.1", "127.0.0.1"), ("192.0.2.1", "192.0.2.1")],  # noqa: S104
)
def test_server_that_listens_everywhere_is_reached_on_this_machine(host: str, reached: str) -> None:
    assert reached_at(host) == reached


def test_loopback_names_are_as_they_are_configured_not_as_they_are_written_in_addresses() -> None:
    assert LOOPBACK == ("localhost", "127.0.0.1", "::1")
