"""Hosts, addresses, zones and days: what can be one, and the form that is kept."""

from __future__ import annotations

from pathlib import Path

import pytest

from trading.config import checks
from trading.config.checks import Check, UnusableError


@pytest.mark.parametrize(
    ("check", "value", "kept"),
    [
        (checks.host, "127.0.0.1", "127.0.0.1"),
        (checks.host, "::1", "::1"),
        (checks.host, "[::1]", "::1"),
        (checks.host, "Trading-Box.local", "trading-box.local"),
        (checks.host, "0x7f.example", "0x7f.example"),
        (checks.hosts, ["Box", "::1", "10.0.0.7"], ("box", "[::1]", "10.0.0.7")),
        (checks.gateway_url, "https://localhost:5055", "https://localhost:5055"),
        (checks.gateway_url, "https://localhost:5055/v1/api/", "https://localhost:5055"),
        (checks.gateway_url, "https://[::1]:5055/", "https://[::1]:5055"),
        (checks.gateway_url, "https://gateway/path", "https://gateway/path"),
        (checks.time_zone, "America/New_York", "America/New_York"),
        (checks.day, "2014-03-03", "2014-03-03"),
        (checks.quiet_hours, "22:00-07:00", "22:00-07:00"),
        (checks.quiet_hours, "", ""),
        (checks.symbols, ["msft", " BRK B ", "msft"], ("BRK B", "MSFT")),
    ],
)
def test_usable_value_is_kept_in_one_form(check: Check, value: object, kept: object) -> None:
    assert check(value) == kept


@pytest.mark.parametrize(
    ("check", "value"),
    [
        *(
            (checks.host, each)
            for each in (
                "999.1.1.1",
                "1.2.3",
                "",
                "a b",
                "-a",
                "a..b",
                "a" * 254,
                "[::1",
                "0x7f.1/",
                "0x7f.1",
                "0x7F000001",
                "127.0.0.0x1",
                "a.1",
            )
        ),
        (checks.hosts, ["fine", "not fine"]),
        *(
            (checks.gateway_url, each)
            for each in (
                "http://localhost:5055",
                "localhost:5055",
                "https://",
                "https://:5055",
                "https://u:p@host",
                "https://host:99999",
                "https://host:0",
                "https://a b",
                "https://[::1",
                "https://999.1.1.1",
                "https://host?x=1",
            )
        ),
        *((checks.time_zone, each) for each in ("Mars/Base", "", "../etc/passwd", "America", "EST\x00")),
        *((checks.day, each) for each in ("2014-02-30", "20140303", "03.03.2014", "2014-3-3", "")),
        (checks.symbols, ["A;B"]),
        *((checks.quiet_hours, each) for each in ("22-7", "22:00", "24:00-07:00", "22:00-22:00", "22:00 - 07:00", "-")),
    ],
)
def test_unusable_value_is_refused_with_what_to_do(check: Check, value: object) -> None:
    with pytest.raises(UnusableError) as caught:
        check(value)
    assert caught.value.fix


@pytest.mark.parametrize("text", ["state", "./~old", "a/~/b", "/srv/trading$1", "../state", "C:\\state"])
def test_path_is_kept_as_it_stands(text: str) -> None:
    assert checks.as_path(text) == Path(text)


@pytest.mark.parametrize(
    ("text", "instead"),
    [
        ("~/state", "/home/eve/state"),
        ("~", "/home/eve"),
        ("$HOME/state", "/home/eve/state"),
        ("${HOME}/state", "/home/eve/state"),
        ("~nobody-of-this-name/state", "/home/ann/state"),
        ("$NOT_SET/state", "/home/ann/state"),
        ("$NOT_SET", "/home/ann/NOT_SET"),
    ],
)
def test_path_that_only_a_shell_understands_is_refused_with_the_whole_one(
    text: str, instead: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", "/home/eve")
    with pytest.raises(UnusableError) as caught:
        checks.as_path(text)
    assert caught.value.fix == f"nothing replaces {text[0]} here: write the whole path, such as {instead}"


@pytest.mark.parametrize(
    ("url", "found"),
    [
        ("https://localhost:5055", ("localhost", 5055)),
        ("https://[::1]", ("::1", 443)),
        ("https://Gateway.example/path", ("gateway.example", 443)),
    ],
)
def test_address_of_a_gateway_has_a_host_and_a_port(url: str, found: tuple[str, int]) -> None:
    assert checks.host_and_port(url) == found
