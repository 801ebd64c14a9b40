from __future__ import annotations

import pytest

from trading.config.hosts import LOOPBACK, in_url, overlap, reached_at, with_port


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


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("127.0.0.1", "127.0.0.1", True),
        ("localhost", "127.0.0.1", True),
        ("localhost", "::1", True),
        ("127.0.0.1", "::1", False),
        ("127.0.0.1", "192.0.2.1", False),
        ("0.0.0.0", "192.0.2.1", True),  # noqa: S104
        ("0.0.0.0", "::1", False),  # noqa: S104
        ("::", "::1", True),
        ("::", "127.0.0.1", True),
    ],
)
def test_two_servers_can_have_one_port_only_where_they_share_no_address(one: str, other: str, *, same: bool) -> None:
    assert overlap(one, other) is overlap(other, one) is same
