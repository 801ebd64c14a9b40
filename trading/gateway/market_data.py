"""Contracts, completed daily bars and quotes: implements `MarketData`."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import date

from trading.errors import OutcomeUnknown, OutOfTime, Refused
from trading.gateway import fields, history
from trading.gateway.api_client import ApiClient, unusable
from trading.gateway.contracts import Contracts
from trading.gateway.fields import FieldError
from trading.gateway.history import Series
from trading.gateway.parts import GatewayTrouble, each, gets_an_answer, in_parts, never, tells_nothing
from trading.gateway.session import GatewaySession
from trading.market.panel import Panel, SymbolBars, build_panel
from trading.model.account import Quote
from trading.model.contract import Contract, ContractPin
from trading.ports import Clock, GatewayMemory

log = logging.getLogger(__name__)

SNAPSHOT = "/iserver/marketdata/snapshot"
_CONIDS_A_REQUEST = 100
_LAST, _BID, _ASK, AVAILABILITY, _PRIOR_CLOSE = "31", "84", "86", "6509", "7741"
_FIELDS = ",".join((_LAST, _BID, _ASK, AVAILABILITY, _PRIOR_CLOSE))
_WAIT_S = 10.0
_POLL_S = 0.5
# An order event ends one wait early, a stop request every one.
_INTERRUPTIONS = 3


class GatewayMarketData:
    """Market data of one login."""

    def __init__(
        self, api: ApiClient, session: GatewaySession, clock: Clock, memory: GatewayMemory, *, parallel: int
    ) -> None:
        """Read of up to `parallel` contracts at a time; which contract a symbol means is kept in `memory`."""
        self._api = api
        self._session = session
        self._clock = clock
        self._parallel = parallel
        self._contracts = Contracts(api, session, clock, memory, parallel=parallel)
        self._series: dict[int, Series] = {}

    def within(self, seconds: float) -> AbstractContextManager[None]:
        """Let reads in the block begin within so long; a later one raises OutOfTime. What was read before is kept."""
        return self._api.within(seconds)

    def contracts(self, symbols: Sequence[str]) -> tuple[Mapping[str, Contract], Mapping[str, str]]:
        """Return the US stock contract of each symbol and, for every other symbol, why there is none.

        Raises: GatewayError, the gateway can't be asked.
        """
        return self._contracts.contracts(symbols)

    def pins(self, symbols: Sequence[str]) -> tuple[Mapping[str, ContractPin], Mapping[str, str]]:
        """Return which contract each symbol means and, for every other symbol, why it means none; keeps nothing.

        Raises: GatewayError, the gateway can't be asked.
        """
        return self._contracts.pins(symbols)

    def daily_bars(self, contracts: Iterable[Contract], through: date, count: int) -> tuple[Panel, Mapping[str, str]]:
        """Return the last `count` completed bars up to session `through`, and the symbols left out with the reason.

        Raises: GatewayError: the gateway can't be asked, or gives no usable answer for several symbols.
        """
        wanted = sorted(contracts, key=lambda contract: contract.symbol)
        self._session.ensure_accounts()
        bars: dict[str, SymbolBars] = {}
        reasons: dict[str, str] = {}
        trouble = GatewayTrouble(len(wanted), lambda: self._gives_bars(wanted, reasons))
        for contract, read in each(wanted, lambda one: self._bars(one, through, count), self._parallel):
            try:
                found = history.cut(read(), through, count)
                trouble.answered()
                if len(found.dates):
                    bars[contract.symbol] = found
                else:
                    reasons[contract.symbol] = "no completed bar"
            except FieldError as problem:
                reasons[contract.symbol] = str(problem)
            except (OutcomeUnknown, Refused) as problem:
                reasons[contract.symbol] = problem.cause
                if tells_nothing(problem):
                    trouble.unanswered(problem)
            except OutOfTime as problem:
                trouble.not_asked(problem)
        return build_panel(bars), reasons

    def quotes(self, conids: Sequence[int]) -> Mapping[int, Quote]:
        """Return a snapshot of each contract that the gateway has delivered in time.

        A contract is left out whose row can't be read, or for which the gateway has no usable answer.

        Raises: GatewayError, the gateway can't be asked, or has no usable answer for several contracts.
        """
        found: dict[int, Quote] = {}
        wanted = sorted(set(conids))
        for start in range(0, len(wanted), _CONIDS_A_REQUEST):
            found |= self._quotes_of(wanted[start : start + _CONIDS_A_REQUEST])
        return found

    def _gives_bars(self, contracts: Sequence[Contract], reasons: Mapping[str, str]) -> bool:
        """Return whether the gateway has an answer for the last contract that is not in trouble itself."""
        others = [contract.conid for contract in contracts if contract.symbol not in reasons]
        query = history.query(others[-1], history.SHORT_PERIOD) if others else {}
        return bool(others) and gets_an_answer(lambda: self._session.get(history.PATH, query, repeat=False))

    def _bars(self, contract: Contract, through: date, count: int) -> SymbolBars:
        """Return the contract's bars from what is known and what has to be asked.

        Raises: FieldError, Refused: this symbol's data can't be used; else GatewayError.
        """
        known = self._series.get(contract.conid)
        if known is not None and known.covers(count) and known.last is not None:
            if known.last >= through:
                return known.bars
            period = history.join_period(known.last, through)
            longer = None if period is None else self._longer(contract, known, period, through)
            if longer is not None:
                self._series[contract.conid] = Series(longer, known.count)
                return longer
        bars = self._whole(contract, count, through)
        if len(bars.dates):
            self._series[contract.conid] = Series(bars, count)
        return bars

    def _whole(self, contract: Contract, count: int, through: date) -> SymbolBars:
        """Return the last `count` bars, asked for once more where the first answer makes no sense.

        Raises: FieldError, Refused: this symbol's data can't be used; else GatewayError.
        """
        period = history.full_period(count)
        try:
            return self._read(contract.conid, period, through)
        except FieldError as problem:
            log.info("history is read again", extra={"symbol": contract.symbol, "problem": str(problem)})
            return self._read(contract.conid, period, through)

    def _longer(self, contract: Contract, known: Series, period: str, through: date) -> SymbolBars | None:
        """Return the known bars with the newer ones, None where all are to be read again.

        Raises: GatewayError.
        """
        try:
            longer = history.joined(known.bars, self._read(contract.conid, period, through))
        except FieldError as problem:
            log.info("history is read again", extra={"symbol": contract.symbol, "problem": str(problem)})
            return None
        if longer is None:
            log.info("history is read again: it has changed", extra={"symbol": contract.symbol})
        return longer

    def _read(self, conid: int, period: str, through: date) -> SymbolBars:
        return history.parsed(self._session.get(history.PATH, history.query(conid, period)), through)

    def _quotes_of(self, conids: Sequence[int]) -> Mapping[int, Quote]:
        """Ask until every contract has all fields or the time is up; the first request only opens the streams."""
        give_up = self._clock.monotonic() + _WAIT_S
        found: dict[int, Quote] = {}
        interruptions = 0
        silent = self._api.session_cache.silent
        while True:
            rows, _ = in_parts(conids, self._snapshot, never)
            for quote in _readable(row for part in rows for row in part):
                if quote.conid in conids:
                    found[quote.conid] = quote
            silent.difference_update(conid for conid, quote in found.items() if _complete(quote))
            missing = {conid for conid in conids if conid not in found or not _complete(found[conid])}
            if missing <= silent:
                return found
            if self._clock.monotonic() >= give_up:
                silent |= missing
                return found
            if not self._api.pause(_POLL_S):
                interruptions += 1
                if interruptions > _INTERRUPTIONS:
                    return found

    def _snapshot(self, conids: Sequence[int], repeat: bool) -> Sequence[object]:  # noqa: FBT001 (see in_parts)
        query = {"conids": ",".join(str(conid) for conid in conids), "fields": _FIELDS}
        rows = self._session.get(SNAPSHOT, query, repeat=repeat)
        if not isinstance(rows, list):
            raise unusable(SNAPSHOT, "no list of quotes")
        return rows


def _readable(rows: Iterable[object]) -> Iterator[Quote]:
    """Give the rows that are quotes; another one leaves its contract out."""
    for row in rows:
        try:
            quote = _quote(row) if isinstance(row, dict) else None
        except FieldError as problem:
            log.warning("a quote can't be read", extra={"problem": str(problem)})
            continue
        if quote is not None:
            yield quote


def _complete(quote: Quote) -> bool:
    """Return whether the fields that decide anything are there; out of hours nobody bids or offers."""
    return None not in (quote.last, quote.prior_close, quote.availability)


def _quote(row: Mapping[str, object]) -> Quote | None:
    """Return the row as a quote, None while it holds none of the fields asked for.

    Raises: FieldError.
    """
    conid = fields.conid(row.get("conid"))
    if not any(row.get(name) not in (None, "") for name in (_LAST, _BID, _ASK, _PRIOR_CLOSE)):
        return None
    last = fields.last_price(row.get(_LAST))
    return Quote(
        conid=conid,
        last=last.price,
        bid=fields.optional_price(row.get(_BID), _BID),
        ask=fields.optional_price(row.get(_ASK), _ASK),
        prior_close=fields.optional_price(row.get(_PRIOR_CLOSE), _PRIOR_CLOSE),
        halted=last.halted,
        last_is_prior_close=last.is_prior_close,
        availability=fields.optional_text(row.get(AVAILABILITY)),
        updated_ms=fields.optional_integer(row.get("_updated"), "_updated"),
    )
