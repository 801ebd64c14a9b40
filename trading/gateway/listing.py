"""Lists of rows, ours among those of others: one that can't be relied on is told apart and harms no other."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import TypeVar

from trading.gateway import fields
from trading.gateway.fields import FieldError, member
from trading.model.order import UnreadableRow

Row = TypeVar("Row")
# What a row calls its contract, in positions, orders and trades.
_NAMES = ("ticker", "symbol", "description", "contractDesc", "description1", "contract_description_1")
_NAME_SIGNS = 40
_CURRENCY = re.compile(r"[A-Z]{3}")


def read_rows(
    rows: Iterable[object], account_id: str, read: Callable[[Mapping[str, object]], Row]
) -> tuple[list[Row], tuple[UnreadableRow, ...]]:
    """Return what `read` makes of the account's rows, and those of which it makes nothing (it raises FieldError).

    Rows that name another account are left out, whatever else they hold.
    """
    found: list[Row] = []
    unreadable: list[UnreadableRow] = []
    for row in rows:
        if not isinstance(row, dict):
            unreadable.append(UnreadableRow("no object", None, None, None, None, None))
            continue
        if owner(row) not in (None, account_id):
            continue
        try:
            found.append(read(row))
        except FieldError as problem:
            unreadable.append(_unreadable(row, problem))
    return found, tuple(unreadable)


def owner(row: Mapping[str, object]) -> str | None:
    """Return the account that a row names, None where it names none that can be read."""
    return _or_none(fields.optional_identifier, member(row, "account", "acct", "accountCode", "acctId"), "account")


def asset_class(row: Mapping[str, object]) -> str | None:
    """Return what kind of contract a row is about (STK, OPT, CASH ...), None where it doesn't say."""
    return fields.optional_text(member(row, "secType", "sec_type", "assetClass"))


def currency(row: Mapping[str, object]) -> str | None:
    """Return the code of the currency that a row's prices are in, None where it names none that is one."""
    code = (fields.optional_text(member(row, "cashCcy", "currency")) or "").strip().upper()
    return code if _CURRENCY.fullmatch(code) else None


def _unreadable(row: Mapping[str, object], problem: FieldError) -> UnreadableRow:
    names = (fields.optional_text(row.get(key)) for key in _NAMES)
    return UnreadableRow(
        problem=fields.plain(str(problem)),
        order_id=_or_none(fields.order_id, member(row, "orderId", "order_id"), "orderId"),
        conid=_or_none(lambda value, _: fields.conid(value), row.get("conid"), "conid"),
        order_ref=fields.reference(row.get("order_ref")),
        account_id=owner(row),
        asset_class=asset_class(row),
        names=tuple(dict.fromkeys(name[:_NAME_SIGNS] for name in names if name)),
    )


def _or_none(read: Callable[[object, str], Row | None], value: object, name: str) -> Row | None:
    try:
        return read(value, name)
    except FieldError:
        return None
