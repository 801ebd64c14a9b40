"""Which contract a symbol means, and in which steps its price moves."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from trading.errors import Refused
from trading.gateway import fields
from trading.gateway.api_client import ApiClient, rows_of, unusable
from trading.gateway.fields import FieldError
from trading.gateway.session import Session
from trading.model.contract import Contract, PriceIncrement

_STOCKS = "/trsrv/stocks"
_DEFINITIONS = "/trsrv/secdef"
_SYMBOLS_A_REQUEST = 50
_CURRENCY = "USD"
_KIND = "STK"
# Where US shares are listed; other venues of the same share carry contract ids of their own.
_LISTINGS = ("NASDAQ", "NASDAQ.NMS", "NYSE", "ARCA", "AMEX", "BATS", "IEX")


class Contracts:
    """Looks symbols up once and remembers them as long as the process runs."""

    def __init__(self, api: ApiClient, session: Session) -> None:
        """Ask by `api`; rules are read by `session`, which needs the accounts first."""
        self._api = api
        self._session = session
        self._known: dict[str, Contract] = {}

    def contracts(self, symbols: Sequence[str]) -> tuple[Mapping[str, Contract], Mapping[str, str]]:
        """Return the US stock contract of each symbol and, for every other symbol, why there is none.

        Raises: GatewayError, the gateway can't be asked.
        """
        reasons: dict[str, str] = {}
        wanted = sorted({symbol for symbol in symbols if symbol not in self._known})
        for start in range(0, len(wanted), _SYMBOLS_A_REQUEST):
            part = wanted[start : start + _SYMBOLS_A_REQUEST]
            for symbol, found in self._candidates(part).items():
                try:
                    self._known[symbol] = self._contract(symbol, self._one_of(symbol, found))
                except (FieldError, Refused) as problem:
                    reasons[symbol] = problem.cause if isinstance(problem, Refused) else str(problem)
        return {symbol: self._known[symbol] for symbol in sorted(set(symbols)) if symbol in self._known}, reasons

    def _candidates(self, symbols: Sequence[str]) -> Mapping[str, Mapping[int, str]]:
        """Return the US stock contract ids of each symbol with the exchange that the look-up names."""
        listed = self._api.get(_STOCKS, {"symbols": ",".join(_spelled(symbol) for symbol in symbols)})
        if not isinstance(listed, dict):
            raise unusable(_STOCKS, "no object")
        return {symbol: dict(_us_stocks(listed.get(_spelled(symbol)))) for symbol in symbols}

    def _one_of(self, symbol: str, found: Mapping[int, str]) -> int:
        """Return the one contract id, settled by the listing exchange where there are several.

        Raises: FieldError, there is none or no single one.
        """
        if not found:
            raise FieldError(symbol, "no US stock of this symbol")
        if len(found) > 1:
            found = {conid: found[conid] for conid in self._listed_here(symbol, found)}
        if len(found) != 1:
            raise FieldError(symbol, "several contracts and none that is listed in the US alone")
        return next(iter(found))

    def _listed_here(self, symbol: str, found: Mapping[int, str]) -> Sequence[int]:
        conids = ",".join(str(conid) for conid in sorted(found))
        rows = self._definitions(conids)
        if not rows:
            # The first answer may be empty.
            self._api.pause(1.0)
            rows = self._definitions(conids)
        return [
            conid
            for row in rows
            if row.get("currency") == _CURRENCY
            and row.get("assetClass") == _KIND
            and any(row.get("listingExchange") == exchange for exchange in _LISTINGS)
            and row.get("ticker") == _spelled(symbol)
            and (conid := fields.conid(row.get("conid"))) in found
        ]

    def _definitions(self, conids: str) -> Sequence[Mapping[str, object]]:
        answer = self._api.get(_DEFINITIONS, {"conids": conids})
        return rows_of(_DEFINITIONS, answer.get("secdef") if isinstance(answer, dict) else None)

    def _contract(self, symbol: str, conid: int) -> Contract:
        """Return the contract with its rules, checked to be what was asked for.

        Raises: FieldError, Refused: it isn't, or can't be traded.
        """
        row = self._session.get(f"/iserver/contract/{conid}/info-and-rules", {"isBuy": "true"})
        if not isinstance(row, dict):
            raise FieldError(symbol, "the contract's description is no object")
        for name, expected in (("symbol", _spelled(symbol)), ("currency", _CURRENCY), ("instrument_type", _KIND)):
            if row.get(name) != expected:
                raise FieldError(symbol, f"{name} of the contract is {fields.shown(row.get(name))}, not {expected}")
        if fields.conid(row.get("con_id")) != conid:
            raise FieldError(symbol, "the description is of another contract")
        return Contract(
            conid=conid,
            symbol=symbol,
            exchange=fields.optional_text(row.get("exchange")) or "SMART",
            currency=_CURRENCY,
            company_name=fields.optional_text(row.get("company_name")) or symbol,
            increments=_increments(symbol, row.get("rules")),
        )


def _spelled(symbol: str) -> str:
    """Return the symbol as the API spells it: a class of shares follows a blank (BRK B)."""
    return symbol.replace(".", " ")


def _us_stocks(entries: object) -> Iterator[tuple[int, str]]:
    for entry in entries if isinstance(entries, list) else ():
        if not isinstance(entry, dict) or entry.get("assetClass") != _KIND:
            continue
        listed = entry.get("contracts")
        for contract in listed if isinstance(listed, list) else ():
            if isinstance(contract, dict) and contract.get("isUS") is True:
                yield fields.conid(contract.get("conid")), str(contract.get("exchange"))


def _increments(symbol: str, rules: object) -> tuple[PriceIncrement, ...]:
    """Return the price steps by lower edge.

    Raises: FieldError, there are none.
    """
    if not isinstance(rules, dict):
        raise FieldError(symbol, "the contract has no rules")
    listed = rules.get("incrementRules")
    if not isinstance(listed, list) or not listed:
        listed = [{"lowerEdge": 0.0, "increment": rules.get("increment")}]
    steps = []
    for step in listed:
        if not isinstance(step, dict):
            raise FieldError(symbol, "a price step is no object")
        edge = fields.number(step.get("lowerEdge"), "lowerEdge")
        increment = fields.number(step.get("increment"), "increment")
        if edge < 0.0 or increment <= 0.0:
            raise FieldError(symbol, "a price step is not positive")
        steps.append(PriceIncrement(edge, increment))
    return tuple(sorted(steps, key=lambda step: step.lower_edge))
