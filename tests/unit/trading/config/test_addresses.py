from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trading.config.addresses import MOST_ADDRESSES, addresses, read_addresses
from trading.config.checks import UnusableError


@pytest.mark.parametrize(
    ("text", "channels"),
    [
        ("json://host.example/path", ["json://host.example"]),
        ("JSONS://Host.Example:8443/path", ["jsons://host.example"]),
        ("json://a/x jsons://b/y\n\tjson://c", ["json://a", "jsons://b", "json://c"]),
        ("json://a/x,jsons://b/y", ["json://a", "jsons://b"]),
        ("json://a/x, jsons://b/y,\n", ["json://a", "jsons://b"]),
        ("tgram://t/1,tgram://t/2", ["tgram://\u2026", "tgram://\u2026 (2)"]),
        ("json://a/x json://a/y", ["json://a", "json://a (2)"]),
        ("json://ann:secret@[::1]:80/x", ["json://[::1]"]),
        ("tgram://123456:AbCdEf/42", ["tgram://…"]),
        ("slack://A/B/C slack://D/E/F", ["slack://…", "slack://… (2)"]),
        ("mailto://ann:secret@mail.example?to=bob", ["mailto://mail.example"]),
    ],
)
def test_address_is_called_by_its_scheme_and_host_where_that_is_no_secret(text: str, channels: list[str]) -> None:
    assert [address.channel for address in read_addresses(text)] == channels


def test_webhook_is_a_plain_address_with_its_login_apart() -> None:
    (address,) = read_addresses("jsons://ann:pass%40word@host.example:8443/a/b")
    assert (address.url, address.user, address.password) == ("https://host.example:8443/a/b", "ann", "pass%40word")
    assert address.plain
    assert read_addresses("json://host")[0].url == "http://host/"


@pytest.mark.parametrize("text", ["json://host/path?method=put", "tgram://token/chat"])
def test_what_only_apprise_understands_is_not_plain(text: str) -> None:
    assert not read_addresses(text)[0].plain


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("s3cret", "address 1 of 1 can't be used: write it like jsons://host/path"),
        ("json://a s3cret", "address 2 of 2 can't be used"),
        ("https://h/s3cret", "address 1 of 1 begins with https://: a webhook begins with jsons:// here"),
        ("http://h/s3cret", "a webhook begins with json:// here"),
        ("json://h:99999/s3cret", "address 1 of 1 can't be used: write it like json://host:port/path"),
        ("json://-/s3cret", "write it like json://host:port/path"),
        ("json:///s3cret", "write it like json://host:port/path"),
        ("json://h/s3cret json://h/s3cret", "address 2 of 2 stands there twice: keep one of them"),
        (" ".join(f"json://h/s3cret{n}" for n in range(MOST_ADDRESSES + 1)), "holds 11 addresses: keep 10 at most"),
        ("  \n ", "holds no address"),
    ],
)
def test_address_that_can_not_be_used_is_named_by_its_place_alone(text: str, words: str) -> None:
    with pytest.raises(UnusableError) as caught:
        addresses(text)
    assert words in caught.value.fix
    assert caught.value.value is None
    assert "s3cret" not in str(caught.value)


def test_text_of_usable_addresses_is_kept_as_it_is() -> None:
    assert addresses("json://a/x\njson://b/y") == "json://a/x\njson://b/y"


@given(st.text(max_size=60), st.sampled_from(["", "json://", "tgram://", "json://a@"]))
def test_any_text_is_either_read_or_refused_without_being_repeated(text: str, scheme: str) -> None:
    with contextlib.suppress(UnusableError):
        found = read_addresses(scheme + text)
        assert len(found) == len((scheme + text).split())
        assert "@" not in "".join(address.channel for address in found)


def test_address_shows_its_channel_and_nothing_else() -> None:
    assert repr(read_addresses("json://ann:s3cret@h/s3cret")[0]) == "Address(json://h)"


def test_comma_within_an_address_is_part_of_it() -> None:
    (address,) = read_addresses("jsons://host/a,b")
    assert address.url == "https://host/a,b"
    texts = [address.text for address in read_addresses("mailto://u:p@h?to=a@x,b@y,json://h/c,d")]
    assert texts == ["mailto://u:p@h?to=a@x,b@y", "json://h/c,d"]
