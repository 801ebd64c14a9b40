"""Requests in our own words: values, and nothing of how they are sent."""

from __future__ import annotations

from dataclasses import fields
from typing import get_args

from trading.model.request import BrokerRequest, CancelOrder, PreparedRequest, RequestKind


def test_there_is_a_kind_for_each_request() -> None:
    assert len(get_args(BrokerRequest)) == len(RequestKind)


def test_equal_requests_are_equal_values() -> None:
    assert CancelOrder(17) == CancelOrder(17)
    assert len({CancelOrder(17), CancelOrder(17), CancelOrder(18)}) == 2


def test_a_request_says_nothing_of_http_before_it_is_prepared() -> None:
    of_http = {"verb", "path", "body_sha256"}
    assert of_http < {field.name for field in fields(PreparedRequest)}
    assert not any(of_http & {field.name for field in fields(kind)} for kind in get_args(BrokerRequest))
