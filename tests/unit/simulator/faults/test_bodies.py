from __future__ import annotations

import gzip
import json

import pytest

from simulator.faults.bodies import CONVERSIONS, double_key, gzip_bomb, not_a_number
from tests.unit.simulator.faults.support import LIST, Case, check, client, plan, resting, tickle
from tests.unit.simulator.support import Client, Json


def raw_field(name: str) -> Json:
    def act(on: Client) -> Json:
        body = on.call("GET", f"/v1/api{LIST}").body.decode()
        _, _, rest = body.partition(f'"{name}":')
        return rest[:12]

    return act


def refs(on: Client) -> Json:
    return sorted(str(row.get("order_ref", row.get("orderRef"))) for row in on.get(LIST)["orders"])


def beginning(on: Client) -> Json:
    return tickle(on).body[:12]


def keys(on: Client) -> Json:
    names: list[str] = []

    def collect(pairs: list[tuple[str, Json]]) -> Json:
        names.extend(name for name, _ in pairs)
        return dict(pairs)

    json.loads(tickle(on).body, object_pairs_hook=collect)
    return names.count("session")


def encoding(on: Client) -> Json:
    answer = tickle(on)
    unpacked = gzip.decompress(answer.body) if answer.body.startswith(b"\x1f\x8b") else b""
    return (dict(answer.headers).get("Content-Encoding"), len(unpacked) > 1_000_000 > 100 * len(answer.body) > 0)


CASES = [
    Case("H10", raw_field("price"), '["80.00"],"t', {"as": "list"}, scene=resting),
    Case("H10", raw_field("price"), '"1,300","tim', {"as": "thousands"}, scene=resting),
    Case("H10", raw_field("price"), '"C80","timeI', {"as": "prefixed"}, scene=resting),
    Case("H10", raw_field("price"), '1e400,"timeI', {"as": "huge"}, scene=resting),
    Case("H10", raw_field("price"), '-0,"timeInFo', {"as": "minus_zero"}, scene=resting),
    Case("H10", raw_field("price"), '7,"timeInFor', {"value": 7}, scene=resting),
    Case("H11", refs, ["None", "None"], scene=resting),
    Case("H11", raw_field("more"), '[1]},{"acct"', {"extra": "more", "value": [1]}, scene=resting),
    Case("H12", beginning, b'\xef\xbb\xbf{"session', {"kind": "bom"}),
    Case("H12", beginning, b"[" * 12, {"kind": "deep"}),
    Case("H12", beginning, b'{"padding":"', {"kind": "large", "bytes": 1000}),
    Case("H12", beginning, b'{"text":"\xff\xfe"', {"kind": "utf8"}),
    Case("H12", keys, 2, {"kind": "double"}),
    Case("H12", encoding, ("gzip", True), {"kind": "gzip", "bytes": 2_000_000}),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_body_is_one_that_no_parser_should_be_trusted_with(case: Case) -> None:
    check(case)


def test_every_conversion_makes_another_value() -> None:
    assert [name for name, convert in CONVERSIONS.items() if convert(12.5) == 12.5] == ["number"]
    assert CONVERSIONS["number"]("C1,300.5") == 1300.5


def test_renamed_key_keeps_its_value() -> None:
    on = client()
    resting(on)
    plan(on, "H11", rename="orderRef", path=LIST)
    assert [row["orderRef"] for row in on.get(LIST)["orders"]] == ["b", "a"]


def test_numbers_become_none_and_texts_stay() -> None:
    assert not_a_number(b'{"a":1.5,"b":"2","c":[-3,4e5]}') == b'{"a":NaN,"b":"2","c":[NaN,NaN]}'
    assert b"NaN" in not_a_number(b"[]")


def test_first_key_comes_twice() -> None:
    assert double_key(b'{"a":1}') == b'{"a":1,"a":null}'
    assert double_key(b"[]").count(b'"orders"') == 2


def test_bomb_unpacks_to_its_size() -> None:
    assert len(json.loads(gzip.decompress(gzip_bomb(3_000_000)))["padding"]) == 3_000_000
