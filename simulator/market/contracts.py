"""Contracts of the replayed symbols: conids that never collide, listing exchanges, names."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache

from simulator.market.listings import FORMER_SYMBOLS, LISTINGS, NASDAQ

# Made-up conids lie above every real one and below 2^31.
FIRST_MADE_UP = 1_900_000_000
FIRST_OF_ODD_SYMBOLS = 2_000_000_000
_ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789."
_LONGEST = 5
LISTING_SUFFIX = {"NASDAQ": "NASDAQ.NMS"}


@dataclass(frozen=True, slots=True)
class Contract:
    """One stock; `column` is its place in the panel."""

    conid: int
    symbol: str
    column: int
    exchange: str
    name: str
    kind: str = "COMMON"
    sector: str | None = None
    group: str | None = None
    industry: str | None = None

    @property
    def listing(self) -> str:
        """Return the exchange as order and trade rows write it."""
        return LISTING_SUFFIX.get(self.exchange, self.exchange)

    @property
    def trading_class(self) -> str:
        """Return the trading class: the NASDAQ's own, or the symbol."""
        return "NMS" if self.exchange == "NASDAQ" else self.symbol


class Contracts:
    """All contracts by conid, by symbol and in the panel's order."""

    def __init__(self, symbols: Iterable[str]) -> None:
        """Give each symbol its contract."""
        known = _listings()
        self.all: tuple[Contract, ...] = ()
        self.by_conid: dict[int, Contract] = {}
        self.by_symbol: dict[str, Contract] = {}
        names = tuple(symbols)
        for column, symbol in enumerate(names):
            former = FORMER_SYMBOLS.get(symbol)
            listed = known.get(former if former and former not in names else symbol)
            contract = _listed(symbol, column, listed) if listed else self._made_up(symbol, column)
            self.by_conid[contract.conid] = contract
            self.by_symbol[symbol] = contract
        self.all = tuple(self.by_symbol.values())

    def _made_up(self, symbol: str, column: int) -> Contract:
        conid = made_up_conid(symbol)
        if conid is None:
            conid = FIRST_OF_ODD_SYMBOLS
            while conid in self.by_conid:
                conid += 1
        return Contract(conid, symbol, column, "NASDAQ" if symbol in NASDAQ else "NYSE", symbol)


@cache
def _listings() -> dict[str, list[str]]:
    return {line[0]: line for line in (text.split("|") for text in LISTINGS.splitlines())}


def _listed(symbol: str, column: int, line: list[str]) -> Contract:
    _, conid, exchange, kind, sector, group, industry, name = line
    return Contract(int(conid), symbol, column, exchange, name, kind, sector or None, group or None, industry or None)


def made_up_conid(symbol: str) -> int | None:
    """Return the conid of a symbol that no listing names: one to one for up to five of A-Z, 0-9 and dot, else None."""
    if not 0 < len(symbol) <= _LONGEST or any(letter not in _ALPHABET for letter in symbol):
        return None
    number = 0
    for letter in symbol:
        number = number * (len(_ALPHABET) + 1) + _ALPHABET.index(letter) + 1
    return FIRST_MADE_UP + number
