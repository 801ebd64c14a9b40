from __future__ import annotations

import string

from hypothesis import given
from hypothesis import strategies as st

from simulator.market.contracts import FIRST_MADE_UP, Contracts, made_up_conid

symbols = st.text(alphabet=string.ascii_uppercase + string.digits + ".", min_size=1, max_size=5)


def test_known_symbols_have_their_real_conids() -> None:
    contracts = Contracts(["AAPL", "MSFT", "SPY"])
    assert [contract.conid for contract in contracts.all] == [265598, 272093, 756733]
    assert contracts.by_conid[265598].listing == "NASDAQ.NMS"


@given(st.lists(symbols, unique=True, min_size=2, max_size=30))
def test_no_two_symbols_share_a_conid(names: list[str]) -> None:
    assert len(Contracts(names).by_conid) == len(names)


@given(symbols)
def test_made_up_conid_lies_above_the_real_ones_and_below_two_to_the_31(symbol: str) -> None:
    conid = made_up_conid(symbol)
    assert conid is not None
    assert FIRST_MADE_UP < conid < 2**31


def test_symbols_of_any_form_get_conids_that_differ() -> None:
    assert len(Contracts(["LONGNAME1", "LONGNAME2", "a b", "AAPL"]).by_conid) == 4


def test_former_symbol_is_the_listing_of_today_unless_that_is_there_too() -> None:
    assert Contracts(["FB"]).all[0].conid == 107113386
    assert Contracts(["FB", "META"]).by_symbol["META"].conid == 107113386
