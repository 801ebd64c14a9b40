"""Balances and positions of one account."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from trading.errors import Refused
from trading.gateway import fields
from trading.gateway.channel import Channel, rows_of, unusable
from trading.gateway.fields import FieldError, member
from trading.model.account import AccountState, BrokerPosition

_PORTFOLIO_ACCOUNTS = "/portfolio/accounts"
_PAGE_ROWS = 100
_MAX_PAGES = 50


class Portfolio:
    """Reads /portfolio of one account, after /portfolio/accounts once a session."""

    def __init__(self, channel: Channel, account_id: str) -> None:
        """Read of `account_id` only."""
        self._channel = channel
        self._account_id = account_id
        self._paged = False

    def account(self) -> AccountState:
        """Return balances, exact to the cent, of the US dollar ledger; net liquidation covers all currencies.

        Raises: GatewayError; OutcomeUnknown too when a figure is missing.
        """
        self._ensure_listed()
        summary_path, ledger_path = (f"/portfolio/{self._account_id}/{name}" for name in ("summary", "ledger"))
        summary = self._channel.get(summary_path)
        ledger = self._channel.get(ledger_path)
        try:
            net_liquidation, currency = _amount(summary, "netliquidation")
            available, _ = _amount(summary, "availablefunds")
        except FieldError as problem:
            raise unusable(summary_path, problem) from None
        try:
            dollars = ledger.get("USD") if isinstance(ledger, dict) else None
            if not isinstance(dollars, dict):
                raise FieldError("USD", "missing")  # noqa: TRY301
            owner = fields.optional_identifier(dollars.get("acctcode"), "acctcode")
            if owner not in (None, self._account_id):
                raise FieldError("acctcode", "another account")  # noqa: TRY301
            cash = fields.number(dollars.get("cashbalance"), "cashbalance")
            settled = fields.number(dollars.get("settledcash"), "settledcash")
        except FieldError as problem:
            raise unusable(ledger_path, problem) from None
        return AccountState(
            account_id=self._account_id,
            currency=currency,
            net_liquidation=round(net_liquidation, 2),
            cash=round(cash, 2),
            settled_cash=round(settled, 2),
            available_funds=round(available, 2),
        )

    def positions(self) -> tuple[BrokerPosition, ...]:
        """Return open positions by contract id, from the source that isn't cached.

        One row that can't be read makes the whole read useless: acting on a partial list is dangerous.

        Raises: GatewayError.
        """
        self._ensure_listed()
        path, rows = self._rows()
        try:
            found = [_position(row, self._account_id) for row in rows]
            if len({position.conid for position in found}) != len(found):
                raise FieldError("conid", "twice in the list")  # noqa: TRY301
        except FieldError as problem:
            raise unusable(path, problem) from None
        return tuple(sorted((each for each in found if each.quantity), key=lambda each: each.conid))

    def _rows(self) -> tuple[str, Sequence[Mapping[str, object]]]:
        """Return the rows, and where they came from: an old gateway has only the cached, paged list."""
        path = f"/portfolio2/{self._account_id}/positions"
        if not self._paged:
            try:
                return path, rows_of(path, self._channel.get(path))
            except Refused as error:
                if error.status != _NOT_FOUND:
                    raise
                self._paged = True
        path = f"/portfolio/{self._account_id}/positions"
        self._channel.post(f"{path}/invalidate")
        rows: list[Mapping[str, object]] = []
        for page in range(_MAX_PAGES):
            added = rows_of(path, self._channel.get(f"{path}/{page}"))
            rows += added
            if len(added) < _PAGE_ROWS:
                return path, rows
        raise unusable(path, "the list has no end")

    def _ensure_listed(self) -> None:
        if self._channel.warmth.portfolio:
            return
        rows = rows_of(_PORTFOLIO_ACCOUNTS, self._channel.get(_PORTFOLIO_ACCOUNTS))
        if not any(member(row, "accountId", "id") == self._account_id for row in rows):
            call = f"GET {_PORTFOLIO_ACCOUNTS}"
            raise Refused(call, "the configured account is not among this login's")
        self._channel.warmth.portfolio = True


_NOT_FOUND = 404


def _amount(summary: object, key: str) -> tuple[float, str]:
    """Return amount and currency of one figure of the summary."""
    figure = summary.get(key) if isinstance(summary, dict) else None
    if not isinstance(figure, dict) or figure.get("isNull") is True:
        raise FieldError(key, "missing")
    return fields.number(figure.get("amount"), key), fields.text(figure.get("currency"), f"{key}.currency")


def _position(row: Mapping[str, object], account_id: str) -> BrokerPosition:
    owner = fields.optional_identifier(row.get("acctId"), "acctId")
    if owner not in (None, account_id):
        raise FieldError("acctId", "another account")
    quantity = fields.number(row.get("position"), "position")
    average = fields.optional_number(member(row, "avgPrice", "avgCost"), "avgPrice")
    if quantity and average is None:
        raise FieldError("avgPrice", "missing")
    return BrokerPosition(
        conid=fields.conid(row.get("conid")),
        symbol=fields.optional_text(member(row, "ticker", "description", "contractDesc")) or "",
        quantity=quantity,
        average_price=average or 0.0,
        market_price=fields.optional_price(member(row, "marketPrice", "mktPrice"), "marketPrice"),
    )
