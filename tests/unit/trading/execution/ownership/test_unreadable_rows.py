"""A stranger's row that can't be read is told from one that may be about own shares or an order of ours."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from itertools import chain, combinations

import pytest

from tests.fakes.trading_states import AAPL, CONIDS, IN_SESSION, MSFT, XOM, entry, own, reading, stop, unreadable
from trading.execution.ownership.foreign import blocked_contracts, told_apart
from trading.execution.ownership.unreadable_rows import position_row, trade_row
from trading.execution.reading.snapshot import BrokerSnapshot, contracts_of
from trading.model.order import IntentState, UnreadableRow
from trading.model.record import IntentRecord, JournalView

OWN = JournalView((), (own(), own(conid=MSFT)))
BOTH_SHOWN: Mapping[int, float] = {AAPL: 9, MSFT: 9}
HELD = [dict(each) for each in chain.from_iterable(combinations(BOTH_SHOWN.items(), n) for n in range(3))]


def row(*names: str, conid: int | None = None) -> UnreadableRow:
    return replace(unreadable(conid), names=names)


def about(made: UnreadableRow, held: Mapping[int, float], journal: JournalView = OWN) -> frozenset[int | None]:
    """Return which contracts a row of the positions may be about."""
    return contracts_of(position_row(made, reading(IN_SESSION, held=held), journal))


# ---- positions


@pytest.mark.parametrize("held", HELD)
@pytest.mark.parametrize("name", ["ZZZ", "AAPL.RT", "AAPLW", "AAP", "zzz", "BRK B", "3M", "MSFT-OLD"])
def test_position_with_another_symbol_is_about_nothing_of_ours(name: str, held: Mapping[int, float]) -> None:
    assert about(row(name), held) == frozenset()


@pytest.mark.parametrize("held", HELD)
@pytest.mark.parametrize("names", [("AAPL",), ("aapl",), (" AAPL ",), ("ZZZ", "AAPL"), ("AAPL", "ZZZ")])
def test_position_with_a_symbol_of_ours_may_be_about_that_one_whatever_is_shown(
    names: tuple[str, ...], held: Mapping[int, float]
) -> None:
    assert about(row(*names), held) == {AAPL}


@pytest.mark.parametrize("held", HELD)
@pytest.mark.parametrize("names", [(), ("",), ("7",), ("-1",), ("265598",), ("?" * 9,), ("x" * 40,), ("$AAPL",)])
def test_position_that_names_nothing_may_be_about_any_own_shares_that_are_not_shown_and_no_others(
    names: tuple[str, ...], held: Mapping[int, float]
) -> None:
    assert about(row(*names), held) == {AAPL, MSFT} - held.keys()


def test_own_shares_are_not_shown_where_fewer_are() -> None:
    assert about(row(), {AAPL: 8, MSFT: 9}) == {AAPL}
    assert about(row(), {AAPL: 9.5, MSFT: 100}) == frozenset()


@pytest.mark.parametrize("name", ["AAPL RT", "aapl 230120C00150000", "AAPL NASDAQ"])
def test_name_that_goes_on_may_be_about_own_shares_unless_they_are_shown(name: str) -> None:
    assert about(row(name), {MSFT: 9}) == {AAPL}
    assert about(row(name), BOTH_SHOWN) == frozenset()


@pytest.mark.parametrize("name", ["BRK B", "BRK.B", "BRK/B", "brk-b"])
def test_symbol_is_ours_in_whichever_spelling(name: str) -> None:
    assert about(row(name), {}, JournalView((), (replace(own(), symbol="BRK B"),))) == {AAPL}


@pytest.mark.parametrize("state", [IntentState.WORKING, IntentState.UNKNOWN])
def test_position_that_names_nothing_may_be_what_an_entry_of_ours_has_bought(state: IntentState) -> None:
    journal = JournalView((entry("E", 1, conid=XOM, state=state),), (own(),))
    assert about(row(), {AAPL: 9}, journal) == {XOM}
    assert about(row(), {AAPL: 9, XOM: 1}, journal) == frozenset()
    assert about(row("XOM"), {AAPL: 9, XOM: 1}, journal) == {XOM}


def test_sale_of_ours_and_an_entry_that_is_over_have_bought_nothing_more() -> None:
    records = (stop("S", 2, conid=XOM), entry("E", 1, conid=MSFT, state=IntentState.CANCELLED))
    assert about(row(), {AAPL: 9}, JournalView(records, (own(),))) == frozenset()


def test_position_of_a_contract_that_can_be_read_or_of_another_class_stays_what_it_is() -> None:
    assert about(row("ZZZ", conid=AAPL), {}) == {AAPL}
    assert about(replace(row(), asset_class="OPT"), {}) == frozenset()


@pytest.mark.parametrize("conid", [AAPL, MSFT])
@pytest.mark.parametrize("held", HELD)
def test_row_that_hides_own_shares_is_never_told_to_be_another_s(held: Mapping[int, float], conid: int) -> None:
    """Whatever is left of a row of own shares, with its symbol or without: they are not shown elsewhere."""
    rest = {each: shares for each, shares in held.items() if each != conid}
    symbol = next(name for name, each in CONIDS.items() if each == conid)
    for names in ((), (symbol,), (symbol.lower(), "7"), (f"{symbol} NASDAQ",)):
        assert conid in about(row(*names), rest)


# ---- orders and executions


def about_orders(made: UnreadableRow, *records: IntentRecord) -> frozenset[int | None]:
    return contracts_of(trade_row(made, JournalView(records, (own(),))))


def test_order_that_names_another_symbol_is_none_of_ours() -> None:
    assert about_orders(row("ZZZ"), entry(conid=MSFT)) == frozenset()
    assert about_orders(row("AAPL.RT"), entry(conid=MSFT)) == frozenset()


@pytest.mark.parametrize("made", [row(), row("7"), row("MSFT"), row("AAPL"), row("MSFT Jan15")])
def test_order_that_names_nothing_or_a_symbol_of_ours_may_be_any(made: UnreadableRow) -> None:
    assert about_orders(made, entry(conid=MSFT)) == {None}


def test_order_with_an_id_or_a_name_of_ours_is_ours_whatever_symbol_it_names() -> None:
    records = (entry(order_id=1),)

    def told(made: UnreadableRow) -> BrokerSnapshot:
        return told_apart(reading(IN_SESSION, unreadable_orders=[made]), JournalView(records, ()))

    assert told(replace(row("ZZZ"), order_id=1)).blind
    assert told(replace(row("ZZZ"), order_ref="TS-abcd-0001-random")).blind
    assert not told(replace(row("ZZZ"), order_ref="by hand")).blind
    assert not told(row("ZZZ")).blind


# ---- in a reading


def test_row_of_somebody_else_leaves_a_reading_sure_of_everything() -> None:
    made = reading(IN_SESSION, held=BOTH_SHOWN, unreadable_positions=[row("AAPL.RT"), row()])
    assert (made.blind, made.unclear(None)) == (True, True)
    told = told_apart(made, OWN)
    assert (told.blind, told.unclear(None), told.unsure(AAPL), told.hides(MSFT)) == (False,) * 4
    assert blocked_contracts(told, OWN) == {}
    assert len(told.unreadable) == 2


def test_row_that_may_be_about_own_shares_makes_those_unsure_alone() -> None:
    told = told_apart(reading(IN_SESSION, held=BOTH_SHOWN, unreadable_positions=[row("AAPL")]), OWN)
    assert [told.unsure(conid) and told.unclear(conid) and told.hides(conid) for conid in (AAPL, MSFT)] == [True, False]
    assert blocked_contracts(told, OWN) == {AAPL: ("manual", "the broker shows something there that can't be read")}


def test_list_of_positions_that_could_not_be_read_tells_nothing_of_orders() -> None:
    made = reading(IN_SESSION, failed=["positions"], unreadable_orders=[row()])
    assert told_apart(made, OWN).blind
