from __future__ import annotations

from simulator.market.listings import LISTINGS, NASDAQ

ROWS = [line.split("|") for line in LISTINGS.splitlines()]


def test_every_listing_is_whole() -> None:
    assert [row for row in ROWS if len(row) != 8 or not row[1].isdigit()] == []


def test_no_symbol_and_no_conid_stands_twice() -> None:
    assert len({row[0] for row in ROWS}) == len({row[1] for row in ROWS}) == len(ROWS)


def test_symbols_with_a_listing_are_not_repeated_among_the_rest() -> None:
    assert NASDAQ & {row[0] for row in ROWS} == frozenset()
