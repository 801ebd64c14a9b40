"""Which contract a symbol means, and in which steps its price moves.

Settled once, where it is listed and its currency being checked, and pinned for good: a symbol that is given to another
company later doesn't change what is traded, and a contract that gets another symbol is not traded silently.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date

from trading.errors import DataError, OutcomeUnknown, OutOfTime, Refused
from trading.gateway import fields
from trading.gateway.api_client import ApiClient, unusable
from trading.gateway.fields import FieldError
from trading.gateway.parts import GatewayTrouble, each, gets_an_answer, in_parts, tells_nothing
from trading.gateway.session import GatewaySession
from trading.model.contract import Contract, ContractPin, PriceIncrement
from trading.model.exchange_time import exchange_date
from trading.ports import Clock, GatewayMemory

log = logging.getLogger(__name__)

_STOCKS = "/trsrv/stocks"
_DEFINITIONS = "/trsrv/secdef"
SYMBOLS_A_REQUEST = 50
_CURRENCY = "USD"
_KIND = "STK"
# Where US shares are listed; other venues of the same share carry contract ids of their own.
_LISTINGS = ("NASDAQ", "NASDAQ.NMS", "NYSE", "ARCA", "AMEX", "BATS", "IEX")


class Contracts:
    """Settles each symbol once; the names of known contracts are looked at again each day."""

    def __init__(
        self, api: ApiClient, session: GatewaySession, clock: Clock, memory: GatewayMemory, *, parallel: int
    ) -> None:
        """Ask by `api`; rules are read by `session`, which needs the accounts first, of `parallel` at a time.

        What is settled is kept in `memory`.
        """
        self._api = api
        self._session = session
        self._clock = clock
        self._memory = memory
        self._parallel = parallel
        self._known: dict[str, Contract] = {}
        self._looked_on: date | None = None

    def contracts(self, symbols: Sequence[str]) -> tuple[Mapping[str, Contract], Mapping[str, str]]:
        """Return the US stock contract of each symbol and, for every other symbol, why there is none.

        Raises: GatewayError, the gateway can't be asked.
        """
        self._look_again()
        wanted = sorted(set(symbols))
        pins, reasons = self.pins([symbol for symbol in wanted if symbol not in self._known])
        trouble = GatewayTrouble(len(pins), lambda: self._gives_rules(pins, reasons))
        if pins:
            self._session.ensure_accounts()
        settled: list[ContractPin] = []
        try:
            for pin, read in each(list(pins.values()), self._contract, self._parallel):
                symbol = pin.symbol
                try:
                    self._known[symbol] = read()
                    settled.append(pin)
                    trouble.answered()
                except FieldError as problem:
                    reasons[symbol] = str(problem)
                except (OutcomeUnknown, Refused) as problem:
                    reasons[symbol] = problem.cause
                    if tells_nothing(problem):
                        trouble.unanswered(problem)
                except OutOfTime as problem:
                    trouble.not_asked(problem)
        finally:
            self._memory.keep_pins(settled)
        return {symbol: self._known[symbol] for symbol in wanted if symbol in self._known}, reasons

    def _look_again(self) -> None:
        """Once a day, forget known contracts that go by another name; they are read anew, and refused."""
        today = exchange_date(self._clock.now())
        if self._looked_on is not None and self._looked_on < today and self._known:
            symbols = {contract.conid: symbol for symbol, contract in self._known.items()}
            for row in self._listed(sorted(symbols)):
                symbol = symbols.get(_conid_or_none(row) or 0)
                name = row.get("ticker")
                if symbol is not None and isinstance(name, str) and name and name != spelled(symbol):
                    log.warning("a contract has another name", extra={"symbol": symbol})
                    del self._known[symbol]
        self._looked_on = today

    def _listed(self, conids: Sequence[int]) -> Iterator[Mapping[str, object]]:
        """Give the definitions of contracts; one that can't be had changes nothing."""
        for start in range(0, len(conids), SYMBOLS_A_REQUEST):
            try:
                yield from self._definitions(conids[start : start + SYMBOLS_A_REQUEST])
            except (Refused, OutcomeUnknown) as problem:
                log.warning("contracts can't be looked at again", extra={"problem": str(problem)})

    def pins(self, symbols: Sequence[str]) -> tuple[dict[str, ContractPin], dict[str, str]]:
        """Return which contract each symbol means, as settled before or now, and why others mean none.

        Raises: GatewayError, the gateway can't be asked.
        """
        pins: dict[str, ContractPin] = {}
        reasons: dict[str, str] = {}
        wanted: list[str] = []
        for symbol in symbols:
            try:
                pin = self._memory.pin(symbol)
            except DataError as problem:
                reasons[symbol] = problem.problem
                continue
            if pin is None:
                wanted.append(symbol)
            else:
                pins[symbol] = pin
        for start in range(0, len(wanted), SYMBOLS_A_REQUEST):
            part = wanted[start : start + SYMBOLS_A_REQUEST]
            answers, causes = in_parts(part, self._stocks, lambda: self._gives_rules(pins, {}))
            reasons |= causes
            for listed in answers:
                for symbol, entries in listed.items():
                    try:
                        pins[symbol] = self._settled(symbol, entries)
                    except FieldError as problem:
                        reasons[symbol] = str(problem)
                    except (Refused, OutcomeUnknown) as problem:
                        reasons[symbol] = problem.cause
        return {symbol: pins[symbol] for symbol in symbols if symbol in pins}, reasons

    def _gives_rules(self, pins: Mapping[str, ContractPin], reasons: Mapping[str, str]) -> bool:
        """Return whether a contract that should be there is described: a known one, or the last that is asked for."""
        conids = [contract.conid for contract in self._known.values()]
        conids += [pin.conid for symbol, pin in pins.items() if symbol not in reasons]
        return bool(conids) and gets_an_answer(lambda: self._rules(conids[-1], repeat=False))

    def _stocks(self, symbols: Sequence[str], repeat: bool) -> Mapping[str, object]:  # noqa: FBT001 (see in_parts)
        """Return what the look-up lists for each symbol."""
        query = {"symbols": ",".join(spelled(symbol) for symbol in symbols)}
        listed = self._api.get(_STOCKS, query, repeat=repeat)
        if not isinstance(listed, dict):
            raise unusable(_STOCKS, "no object")
        return {symbol: listed.get(spelled(symbol)) for symbol in symbols}

    def _settled(self, symbol: str, entries: object) -> ContractPin:
        """Return the contract that is meant, settled by the listing exchange where the look-up leaves it open.

        Raises: FieldError, there is none or no single one; GatewayError.
        """
        found = dict(_us_stocks(symbol, entries))
        if not found:
            raise FieldError(symbol, "no US stock of this symbol")
        if len(found) > 1 or not set(found.values()) <= set(_LISTINGS):
            several = len(found) > 1
            found = self._listed_here(symbol, found)
            if not found and not several:
                raise FieldError(symbol, "it is not listed on an exchange of the US")
        if len(found) != 1:
            raise FieldError(symbol, "several contracts and none that is listed in the US alone")
        ((conid, exchange),) = found.items()
        return ContractPin(symbol, conid, exchange, _CURRENCY)

    def _listed_here(self, symbol: str, found: Mapping[int, str]) -> dict[int, str]:
        """Return those of the contracts that are US stocks of this symbol, with their listing exchange."""
        rows = self._definitions(sorted(found))
        if not rows:
            # The first answer may be empty.
            self._api.pause(1.0)
            rows = self._definitions(sorted(found))
        return {
            conid: exchange
            for row in rows
            if row.get("currency") == _CURRENCY
            and row.get("assetClass") == _KIND
            and (exchange := str(row.get("listingExchange"))) in _LISTINGS
            and row.get("ticker") == spelled(symbol)
            and (conid := _conid_or_none(row)) in found
            and conid is not None
        }

    def _definitions(self, conids: Iterable[int]) -> Sequence[Mapping[str, object]]:
        answer = self._api.get(_DEFINITIONS, {"conids": ",".join(str(conid) for conid in conids)})
        rows = answer.get("secdef") if isinstance(answer, dict) else None
        if not isinstance(rows, list):
            raise unusable(_DEFINITIONS, "no list of definitions")
        return [row for row in rows if isinstance(row, dict)]

    def _rules(self, conid: int, *, repeat: bool = True) -> object:
        return self._session.get(f"/iserver/contract/{conid}/info-and-rules", {"isBuy": "true"}, repeat=repeat)

    def _contract(self, pin: ContractPin) -> Contract:
        """Return the contract with its rules, checked to be what was asked for.

        Raises: FieldError, Refused: it isn't, or can't be traded; else GatewayError.
        """
        symbol, row = pin.symbol, self._rules(pin.conid)
        if not isinstance(row, dict):
            raise FieldError(symbol, "the contract's description is no object")
        if fields.conid(row.get("con_id")) != pin.conid:
            raise FieldError(symbol, "the description is of another contract")
        name = row.get("symbol")
        if name != spelled(symbol):
            raise FieldError(symbol, f"its contract {pin.conid} goes by {fields.shown(name)} now: trade that symbol")
        for key, expected in (("currency", _CURRENCY), ("instrument_type", _KIND)):
            if row.get(key) != expected:
                raise FieldError(symbol, f"{key} of the contract is {fields.shown(row.get(key))}, not {expected}")
        return Contract(
            conid=pin.conid,
            symbol=symbol,
            exchange=fields.optional_text(row.get("exchange")) or "SMART",
            currency=_CURRENCY,
            increments=_increments(symbol, row.get("rules")),
        )


def spelled(symbol: str) -> str:
    """Return the symbol as the API spells it: a class of shares follows a blank (BRK B)."""
    return symbol.replace(".", " ")


def _conid_or_none(row: Mapping[str, object]) -> int | None:
    try:
        return fields.conid(row.get("conid"))
    except FieldError:
        return None


def _us_stocks(symbol: str, entries: object) -> Iterator[tuple[int, str]]:
    """Give the contract id and the exchange of each US stock that the look-up lists.

    Raises: FieldError, there is one without an id, so that it is not known which is meant.
    """
    for entry in entries if isinstance(entries, list) else ():
        if not isinstance(entry, dict) or entry.get("assetClass") != _KIND:
            continue
        listed = entry.get("contracts")
        for contract in listed if isinstance(listed, list) else ():
            if isinstance(contract, dict) and contract.get("isUS") is True:
                conid = _conid_or_none(contract)
                if conid is None:
                    raise FieldError(symbol, "the look-up lists a US stock without a contract id")
                yield conid, str(contract.get("exchange"))


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
