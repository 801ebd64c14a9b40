"""Balances and positions of one account."""

from __future__ import annotations

from collections.abc import Mapping

from trading.errors import Refused
from trading.gateway import fields
from trading.gateway.api_client import ApiClient, rows_of, unusable
from trading.gateway.fields import FieldError, member
from trading.gateway.listing import asset_class, read_rows
from trading.model.account import AccountState, BrokerPosition, PositionList

_PORTFOLIO_ACCOUNTS = "/portfolio/accounts"
# An advisor's or broker's login lists the accounts of its clients here.
_SUBACCOUNTS = "/portfolio/subaccounts"
# Of the broker's words for what an account may trade, and how it pays, the one that means settled cash alone.
_CASH_ACCOUNT = "STKCASH"
_DOLLARS = "USD"
_PAGE_ROWS = 100
_MAX_PAGES = 50


class PortfolioReader:
    """Reads /portfolio of one account, after /portfolio/accounts once a session."""

    def __init__(self, api: ApiClient, account_id: str) -> None:
        """Read of `account_id` only."""
        self._api = api
        self._account_id = account_id

    def account(self) -> AccountState:
        """Return balances, exact to the cent, of the US dollar ledger; net liquidation covers all currencies.

        Raises: GatewayError; OutcomeUnknown too when a figure is missing.
        """
        listed = self._listed_account()
        summary_path, ledger_path = (f"/portfolio/{self._account_id}/{name}" for name in ("summary", "ledger"))
        summary = self._api.get(summary_path)
        ledger = self._api.get(ledger_path)
        try:
            net_liquidation, currency = _amount(summary, "netliquidation")
            available, _ = _amount(summary, "availablefunds")
        except FieldError as problem:
            raise unusable(summary_path, problem) from None
        try:
            cash, settled, stocks = self._dollars(ledger, currency)
        except FieldError as problem:
            raise unusable(ledger_path, problem) from None
        return AccountState(
            account_id=self._account_id,
            currency=currency,
            net_liquidation=round(net_liquidation, 2),
            cash=round(cash, 2),
            settled_cash=None if settled is None else round(settled, 2),
            available_funds=round(available, 2),
            stock_value=stocks,
            cash_account=_CASH_ACCOUNT in (_said(summary, "tradingtype-s"), listed.get("tradingType")),
            day_trades_left=_count(_said(summary, "daytradesremaining")),
        )

    def _dollars(self, ledger: object, currency: str) -> tuple[float, float | None, float | None]:
        """Return the account's dollars and, where they are told, the settled ones and the value of its stocks.

        Raises: FieldError, they are missing; an account that is kept in another currency may have none.
        """
        rows = ledger if isinstance(ledger, dict) else {}
        dollars = rows.get(_DOLLARS)
        if dollars is None and currency != _DOLLARS and isinstance(rows.get("BASE"), dict):
            return 0.0, 0.0, None
        if not isinstance(dollars, dict):
            raise FieldError(_DOLLARS, "missing")
        owner = fields.optional_identifier(dollars.get("acctcode"), "acctcode")
        if owner not in (None, self._account_id):
            raise FieldError("acctcode", "another account")
        return (
            fields.number(dollars.get("cashbalance"), "cashbalance"),
            fields.number_or_none(dollars.get("settledcash")),
            fields.number_or_none(dollars.get("stockmarketvalue")),
        )

    def positions(self) -> PositionList:
        """Return open positions by contract id, from the source that isn't cached.

        Raises: GatewayError.
        """
        self._listed_account()
        found, unreadable = read_rows(self._rows(), self._account_id, _position)
        held = sorted((each for each in found if each.quantity), key=lambda each: (each.conid, each.model or ""))
        flat = {each.conid for each in found} - {each.conid for each in held}
        return PositionList(tuple(held), unreadable, frozenset(flat))

    def _rows(self) -> list[object]:
        """Return the rows; an old gateway has only the cached, paged list."""
        path = f"/portfolio2/{self._account_id}/positions"
        if not self._api.session_cache.paged:
            try:
                return _listed(path, self._api.get(path))
            except Refused as error:
                if error.status != _NOT_FOUND:
                    raise
                self._api.session_cache.paged = True
        path = f"/portfolio/{self._account_id}/positions"
        self._api.post(f"{path}/invalidate")
        rows: list[object] = []
        for page in range(_MAX_PAGES):
            added = _listed(path, self._api.get(f"{path}/{page}"))
            rows += added
            if len(added) < _PAGE_ROWS:
                return rows
        raise unusable(path, "the list has no end")

    def _listed_account(self) -> Mapping[str, object]:
        """Return our account's row of the list that has to be read first in a session."""
        cache = self._api.session_cache
        if cache.portfolio is None:
            cache.portfolio = self._found(_PORTFOLIO_ACCOUNTS) or self._found(_SUBACCOUNTS)
        if cache.portfolio is None:
            call = f"GET {_PORTFOLIO_ACCOUNTS}"
            raise Refused(call, "the configured account is not among this login's")
        return cache.portfolio

    def _found(self, path: str) -> Mapping[str, object] | None:
        rows = rows_of(path, self._api.get(path))
        return next((row for row in rows if member(row, "accountId", "id") == self._account_id), None)


_NOT_FOUND = 404


def _amount(summary: object, key: str) -> tuple[float, str]:
    """Return amount and currency of one figure of the summary."""
    figure = summary.get(key) if isinstance(summary, dict) else None
    if not isinstance(figure, dict) or figure.get("isNull") is True:
        raise FieldError(key, "missing")
    return fields.number(figure.get("amount"), key), fields.text(figure.get("currency"), f"{key}.currency")


def _said(summary: object, key: str) -> str | None:
    """Return what the summary says in words, None where it says nothing."""
    figure = summary.get(key) if isinstance(summary, dict) else None
    return fields.optional_text(figure.get("value")) if isinstance(figure, dict) else None


def _count(text: str | None) -> int | None:
    """Return a number of times, None where none is told; -1 means that there is no limit."""
    count = fields.number_or_none(text)
    return int(count) if count is not None and count >= 0.0 and count.is_integer() else None


def _listed(path: str, value: object) -> list[object]:
    if not isinstance(value, list):
        raise unusable(path, "no list of positions")
    return value


def _position(row: Mapping[str, object]) -> BrokerPosition:
    """Return a row of the positions; what was paid and what it is worth now may be missing.

    Raises: FieldError.
    """
    fields.optional_identifier(row.get("acctId"), "acctId")
    return BrokerPosition(
        conid=fields.conid(row.get("conid")),
        symbol=fields.optional_text(member(row, "ticker", "description", "contractDesc")) or "",
        quantity=fields.number(row.get("position"), "position"),
        average_price=fields.number_or_none(member(row, "avgPrice", "avgCost")),
        market_price=fields.number_or_none(member(row, "marketPrice", "mktPrice")) or None,
        asset_class=asset_class(row),
        model=fields.optional_text(row.get("model")),
    )
