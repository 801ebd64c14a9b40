"""A write's bytes are known, and named by their hash, before they leave."""

from __future__ import annotations

import hashlib

from trading.model.wire import WireAct, WireRequest


def request(body: bytes) -> WireRequest:
    return WireRequest(WireAct.SUBMIT, "POST", "/iserver/account/DU1234567/orders", body)


def test_the_digest_is_that_of_the_body_as_sent() -> None:
    assert request(b'{"orders":[]}').body_sha256 == hashlib.sha256(b'{"orders":[]}').hexdigest()


def test_another_body_has_another_digest() -> None:
    assert request(b"1").body_sha256 != request(b"2").body_sha256
