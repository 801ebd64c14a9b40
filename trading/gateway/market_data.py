"""Contracts, completed daily bars and quotes: implements `MarketData`."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import date

from trading.errors import OutcomeUnknown, Refused
from trading.gateway import fields, history
from trading.gateway.channel import Channel, rows_of
from trading.gateway.contracts import Contracts
from trading.gateway.fields import FieldError
from trading.gateway.history import Series
from trading.gateway.session import Session
from trading.market.panel import Panel, SymbolBars, build_panel
from trading.model.account import Quote
from trading.model.contract import Contract
from trading.ports import Clock

log = logging.getLogger(__name__)

_SNAPSHOT = "/iserver/marketdata/snapshot"
_CONIDS_A_REQUEST = 100
_LAST, _BID, _ASK, _AVAILABILITY, _PRIOR_CLOSE = "31", "84", "86", "6509", "7741"
_FIELDS = ",".join((_LAST, _BID, _ASK, _AVAILABILITY, _PRIOR_CLOSE))
_WAIT_S = 10.0
_POLL_S = 0.5
# An order event ends one wait early, a stop request every one.
_INTERRUPTIONS = 3
# So many symbols without an answer mean that the gateway has none, not that these symbols are at fault.
_UNANSWERED = 3


class GatewayMarketData:
    """Market data of one login."""

    def __init__(
        self, channel: Channel, session: Session, clock: Clock, *, parallel: int, quote_wait_s: float = _WAIT_S
    ) -> None:
        """Read up to `parallel` histories at a time; poll a quote for at most `quote_wait_s`."""
        self._channel = channel
        self._session = session
        self._clock = clock
        self._parallel = parallel
        self._quote_wait_s = quote_wait_s
        self._contracts = Contracts(channel, session)
        self._series: dict[int, Series] = {}

    def contracts(self, symbols: Sequence[str]) -> tuple[Mapping[str, Contract], Mapping[str, str]]:
        """Return the US stock contract of each symbol and, for every other symbol, why there is none.

        Raises: GatewayError, the gateway can't be asked.
        """
        return self._contracts.contracts(symbols)

    def daily_bars(self, contracts: Iterable[Contract], through: date, count: int) -> tuple[Panel, Mapping[str, str]]:
        """Return the last `count` completed bars up to session `through`, and the symbols left out with the reason.

        Raises: GatewayError: the gateway can't be asked, or gives no usable answer for several symbols.
        """
        wanted = sorted(contracts, key=lambda contract: contract.symbol)
        self._session.ensure_accounts()
        bars: dict[str, SymbolBars] = {}
        reasons: dict[str, str] = {}
        unanswered = 0
        for contract, read in self._each(wanted, lambda each: self._bars(each, through, count)):
            try:
                found = history.cut(read(), through, count)
                if len(found.dates):
                    bars[contract.symbol] = found
                else:
                    reasons[contract.symbol] = "no completed bar"
            except (FieldError, Refused) as problem:
                reasons[contract.symbol] = problem.cause if isinstance(problem, Refused) else str(problem)
            except OutcomeUnknown as problem:
                unanswered += 1
                if unanswered >= min(_UNANSWERED, len(wanted)):
                    raise
                reasons[contract.symbol] = problem.cause
        return build_panel(bars), reasons

    def quotes(self, conids: Sequence[int]) -> Mapping[int, Quote]:
        """Return a snapshot of each contract that the gateway has delivered in time.

        A row that can't be read leaves its contract out.

        Raises: GatewayError.
        """
        found: dict[int, Quote] = {}
        wanted = sorted(set(conids))
        for start in range(0, len(wanted), _CONIDS_A_REQUEST):
            found |= self._quotes_of(wanted[start : start + _CONIDS_A_REQUEST])
        return found

    def _each(
        self, contracts: Sequence[Contract], read: Callable[[Contract], SymbolBars]
    ) -> Iterator[tuple[Contract, Callable[[], SymbolBars]]]:
        """Give each contract with what reads it, or waits for it to have been read."""
        if self._parallel <= 1 or len(contracts) <= 1:
            for contract in contracts:
                yield contract, lambda contract=contract: read(contract)  # type: ignore[misc]
            return
        with ThreadPoolExecutor(self._parallel, thread_name_prefix="history") as pool:
            futures = [(contract, pool.submit(read, contract)) for contract in contracts]
            try:
                for contract, future in futures:
                    yield contract, future.result
            finally:
                for _, future in futures:
                    future.cancel()

    def _bars(self, contract: Contract, through: date, count: int) -> SymbolBars:
        """Return the contract's bars from what is known and what has to be asked.

        Raises: FieldError, Refused: this symbol's data can't be used; else GatewayError.
        """
        known = self._series.get(contract.conid)
        if known is not None and known.covers(count) and known.last is not None:
            if known.last >= through:
                return known.bars
            period = history.join_period(known.last, through)
            if period is not None:
                fresh = self._read(contract.conid, period, through)
                longer = history.joined(known.bars, fresh)
                if longer is not None:
                    self._series[contract.conid] = Series(longer, known.count)
                    return longer
                log.info("history is read again: it has changed", extra={"symbol": contract.symbol})
        bars = self._read(contract.conid, history.full_period(count), through)
        if len(bars.dates):
            self._series[contract.conid] = Series(bars, count)
        return bars

    def _read(self, conid: int, period: str, through: date) -> SymbolBars:
        return history.parsed(self._session.get(history.PATH, history.query(conid, period)), through)

    def _quotes_of(self, conids: Sequence[int]) -> Mapping[int, Quote]:
        """Ask until every contract has all fields or the time is up; the first request only opens the streams."""
        query = {"conids": ",".join(str(conid) for conid in conids), "fields": _FIELDS}
        give_up = self._clock.monotonic() + self._quote_wait_s
        found: dict[int, Quote] = {}
        interruptions = 0
        while True:
            for row in rows_of(_SNAPSHOT, self._session.get(_SNAPSHOT, query)):
                try:
                    quote = _quote(row)
                except FieldError as problem:
                    log.warning("a quote can't be read", extra={"problem": str(problem)})
                    continue
                if quote is not None and quote.conid in conids:
                    found[quote.conid] = quote
            if len(found) == len(conids) and all(map(_complete, found.values())):
                return found
            if self._clock.monotonic() >= give_up:
                return found
            if not self._channel.pause(_POLL_S):
                interruptions += 1
                if interruptions > _INTERRUPTIONS:
                    return found


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
        availability=fields.optional_text(row.get(_AVAILABILITY)),
        updated_ms=fields.optional_integer(row.get("_updated"), "_updated"),
    )
