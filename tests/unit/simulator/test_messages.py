from __future__ import annotations

from simulator.messages import Request, bad_request, error, json_response, not_found, parse_query


def test_error_envelopes() -> None:
    assert error(500, "unknown").body == b'{"error":"unknown"}'
    assert bad_request("no bridge").body == b'{"error":"Bad Request: no bridge","statusCode":400}'


def test_unknown_path_is_a_page() -> None:
    assert not_found().content_type.startswith("text/html")


def test_body_that_is_no_object_counts_as_empty() -> None:
    for body in (b"", b"[1]", b"{", b"\xff", b'{"a":"\xff"}', b"[" * 100_000):
        assert Request("POST", "/", body=body).json_object() == {}


def test_query_keeps_empty_fields_and_joins_repeated_ones() -> None:
    assert parse_query("a=1&a=2&b=&c=%2C") == {"a": "1,2", "b": "", "c": ","}


def test_answer_is_compact_json() -> None:
    assert json_response([1, "a", None]).body == b'[1,"a",null]'
