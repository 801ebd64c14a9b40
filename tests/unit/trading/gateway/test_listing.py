from __future__ import annotations

from collections.abc import Mapping

import pytest

from trading.gateway import fields
from trading.gateway.listing import asset_class, owner, read_rows

ACCOUNT = "DU1234567"
ROW: dict[str, object] = {"account": ACCOUNT, "conid": 265598, "orderId": 17, "order_ref": "ab-1", "secType": "STK"}


def number(row: Mapping[str, object]) -> float:
    return fields.number(row.get("n"), "n")


def test_rows_are_read_beside_one_that_cannot_be() -> None:
    found, unreadable = read_rows([ROW | {"n": 1}, ROW, ROW | {"n": "2"}], ACCOUNT, number)
    assert found == [1.0, 2.0]
    (row,) = unreadable
    assert (row.problem, row.order_id, row.conid) == ("n: missing", 17, 265598)
    assert (row.order_ref, row.account_id, row.asset_class) == ("ab-1", ACCOUNT, "STK")


@pytest.mark.parametrize("name", ["account", "acct", "accountCode", "acctId"])
def test_rows_of_another_account_are_left_out_before_they_are_read(name: str) -> None:
    assert read_rows([{name: "U7654321"}, {name: "U7654321", "n": 1}], ACCOUNT, number) == ([], ())


@pytest.mark.parametrize("row", [{"n": 1}, {"n": 1, "account": ""}, {"n": 1, "account": ACCOUNT}])
def test_a_row_that_names_no_account_may_be_ours(row: dict[str, object]) -> None:
    assert read_rows([row], ACCOUNT, number) == ([1.0], ())


@pytest.mark.parametrize("row", [None, [], 5, "x", True])
def test_what_is_no_row_is_told_as_such(row: object) -> None:
    found, (unreadable,) = read_rows([row], ACCOUNT, number)
    assert found == []
    assert unreadable.problem == "no object"


@pytest.mark.parametrize(
    ("changes", "kept"),
    [
        ({"orderId": "x"}, (None, 265598, "ab-1")),
        ({"orderId": -2}, (None, 265598, "ab-1")),
        ({"orderId": None, "order_id": "18"}, (18, 265598, "ab-1")),
        ({"conid": 0}, (17, None, "ab-1")),
        ({"conid": []}, (17, None, "ab-1")),
        ({"order_ref": "my own\nnote"}, (17, 265598, "my own note")),
        ({"order_ref": 5}, (17, 265598, "5")),
        ({"order_ref": ""}, (17, 265598, None)),
    ],
)
def test_of_an_unreadable_row_is_kept_what_can_be_read(changes: dict[str, object], kept: tuple[object, ...]) -> None:
    _, (row,) = read_rows([ROW | changes], ACCOUNT, number)
    assert (row.order_id, row.conid, row.order_ref) == kept


@pytest.mark.parametrize("name", ["ticker", "symbol", "description", "contractDesc", "description1"])
def test_of_an_unreadable_row_is_kept_what_it_calls_its_contract(name: str) -> None:
    _, (row,) = read_rows([{name: "AAPL.RT"}], ACCOUNT, number)
    assert row.names == ("AAPL.RT",)


def test_names_of_an_unreadable_row_are_each_once_text_alone_and_not_long() -> None:
    odd = {"ticker": "ZZZ", "symbol": "ZZZ", "description": "y" * 5000, "contractDesc": 7, "description1": " "}
    _, (row,) = read_rows([odd], ACCOUNT, number)
    assert row.names == ("ZZZ", "y" * 40)


def test_an_account_that_is_no_name_is_nobody_s() -> None:
    assert owner({"account": 5}) is None
    assert owner({"account": "two words"}) is None


@pytest.mark.parametrize("name", ["secType", "sec_type", "assetClass"])
def test_the_class_of_the_asset_stands_under_several_names(name: str) -> None:
    assert asset_class({name: "BAG"}) == "BAG"
    assert asset_class({}) is None
