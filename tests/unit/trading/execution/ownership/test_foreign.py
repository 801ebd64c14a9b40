from __future__ import annotations

from dataclasses import replace

import pytest

from tests.fakes.trading_states import AAPL, IN_SESSION, MSFT, XOM, entry, own, reading, shows, stop, unreadable
from trading.execution.ownership.foreign import blocked_contracts, halt_causes, told_apart, unsettled
from trading.execution.reading.snapshot import BrokerSnapshot, Reading
from trading.model.account import BrokerPosition, PositionList
from trading.model.alarm import HaltCause
from trading.model.order import BrokerOrder, BrokerStatus, ExecutionList, IntentState, OrderLife, UnreadableRow
from trading.model.record import IntentRecord, JournalView, OwnPosition

S = IntentState
FOREIGN = replace(shows(entry()), order_id=99, order_ref=None)


def view(*records: IntentRecord, positions: tuple[OwnPosition, ...] = (), traded: int | None = None) -> JournalView:
    return JournalView(records, positions, traded=frozenset({traded} if traded else ()))


def halts(snapshot: BrokerSnapshot, journal: JournalView, known: IntentRecord | None = None) -> tuple[HaltCause, ...]:
    return halt_causes(snapshot, journal, "TS", lambda name: known if known and known.coid == name else None)


# ---- rows that could not be read


def foreign(row: UnreadableRow, *records: IntentRecord, listed: bool = True) -> bool:
    """Return whether such a row in both lists is told to be no order of ours."""
    made = reading(IN_SESSION, orders=[shows(r) for r in records if listed and r.order_id], unreadable_orders=[row])
    made = replace(made, executions=Reading(ExecutionList((), (row,)), IN_SESSION))
    told = {each.foreign for each in told_apart(made, view(*records)).unreadable}
    assert len(told) == 1
    return told.pop()


@pytest.mark.parametrize("conid", [AAPL, None])
def test_row_with_another_id_and_another_name_is_no_order_of_ours(conid: int | None) -> None:
    row = replace(unreadable(conid), order_id=99, order_ref="by hand")
    unbound = stop("E-S", None, parent="E", state=S.UNKNOWN)
    assert foreign(row, entry(order_id=1), unbound)
    assert not foreign(replace(row, order_id=1), entry(order_id=1))
    assert not foreign(replace(row, order_id=None), entry(order_id=1))
    assert not foreign(replace(row, order_ref="TS-abcd-0001-random"), entry(order_id=1))


@pytest.mark.parametrize("conid", [AAPL, None])
def test_row_with_another_id_and_no_name_may_be_an_order_of_ours_that_is_not_shown(conid: int | None) -> None:
    row = replace(unreadable(conid), order_id=99)
    assert foreign(row, entry(order_id=1), stop("E-S", 2, parent="E"))
    assert not foreign(row, entry(order_id=1), stop("E-S", None, parent="E", state=S.UNKNOWN))
    assert not foreign(row, entry(order_id=1), listed=False)
    elsewhere = stop("F-S", None, conid=MSFT, state=S.UNKNOWN)
    assert foreign(row, entry(order_id=1), elsewhere) is (conid is not None)


def test_row_of_an_order_that_had_ended_is_left_out_where_its_id_is_that_of_a_named_one() -> None:
    ended, pair = stop("E-S", 2, parent="E", state=S.CANCELLED), stop("P", 2)
    dead, alive = shows(ended, BrokerStatus.CANCELLED), shows(pair)

    def lives(*rows: BrokerOrder, records: tuple[IntentRecord, ...] = (ended, pair)) -> OrderLife:
        return told_apart(reading(IN_SESSION, orders=rows), view(*records)).sights[2].life

    assert lives(dead, alive) is lives(alive, dead) is OrderLife.LIVE
    assert lives(replace(dead, status=BrokerStatus.INACTIVE), alive) is OrderLife.LIVE
    assert lives(replace(dead, status=BrokerStatus.WARN_STATE), alive) is OrderLife.UNSURE
    # Two rows of one order, of which one may be wrong.
    assert lives(replace(dead, order_ref="P"), alive) is OrderLife.UNSURE
    assert lives(dead, alive, records=(pair,)) is OrderLife.UNSURE
    assert lives(dead, replace(alive, order_ref=None)) is OrderLife.UNSURE
    assert lives(dead, alive, records=(ended, replace(pair, state=S.FILLED))) is OrderLife.UNSURE


# ---- contracts that must not be bought


@pytest.mark.parametrize(("held", "own_shares", "blocked"), [(9, 9, False), (10, 9, True), (0, 9, True), (5, 0, True)])
def test_contract_of_which_the_broker_has_other_shares_than_we_is_blocked(
    held: int, own_shares: int, *, blocked: bool
) -> None:
    positions = (own(own_shares),) if own_shares else ()
    found = blocked_contracts(reading(IN_SESSION, held={AAPL: held}), view(positions=positions))
    assert found == ({AAPL: ("manual", f"the broker has {held} shares, own are {own_shares}")} if blocked else {})


def test_foreign_order_blocks_its_contract_while_it_may_be_live() -> None:
    assert set(blocked_contracts(reading(IN_SESSION, orders=[FOREIGN]), view())) == {AAPL}
    inactive = replace(FOREIGN, status=BrokerStatus.INACTIVE)
    assert set(blocked_contracts(reading(IN_SESSION, orders=[inactive]), view())) == {AAPL}
    over = replace(FOREIGN, status=BrokerStatus.CANCELLED)
    assert blocked_contracts(reading(IN_SESSION, orders=[over]), view()) == {}


@pytest.mark.parametrize(
    "change", [{"limit_price": -0.35}, {"order_ref": "my spread, leg 2"}, {"order_type": None, "tif": None}]
)
def test_foreign_order_with_odd_fields_blocks_no_more_than_its_contract(change: dict[str, object]) -> None:
    row = replace(FOREIGN, conid=MSFT, **change)  # type: ignore[arg-type]
    assert set(blocked_contracts(reading(IN_SESSION, orders=[row]), view(entry()))) == {MSFT}


def test_order_of_ours_blocks_nothing_by_its_id_or_its_name() -> None:
    made = entry()
    assert blocked_contracts(reading(IN_SESSION, orders=[shows(made)]), view(made)) == {}
    assert blocked_contracts(reading(IN_SESSION, orders=[shows(made, order_id=50)]), view(made)) == {}
    child = stop("E-S", 2, parent="E")
    assert blocked_contracts(reading(IN_SESSION, orders=[shows(child)]), view(child)) == {}


@pytest.mark.parametrize("state", [IntentState.REJECTED, IntentState.CANCELLED, IntentState.LOST])
def test_stop_of_ours_that_has_ended_blocks_nothing_while_its_row_is_inactive(state: IntentState) -> None:
    ended = stop(state=state, parent="E")
    inactive = reading(IN_SESSION, orders=[shows(ended, BrokerStatus.INACTIVE)])
    # One that was taken for lost may be live after all.
    assert set(blocked_contracts(inactive, JournalView((ended,), ()))) == (
        {AAPL} if state is IntentState.LOST else set()
    )
    assert set(blocked_contracts(inactive, JournalView((), ()))) == {AAPL}


def test_child_that_is_not_bound_yet_blocks_nothing_by_its_parent() -> None:
    child = shows(stop("E-S", 2, parent="E"), parent_id=1)
    for parent, known, blocked in ((entry("E", 1), entry("E", 1), False), (entry("F", 1), entry("E", 3), True)):
        seen = reading(IN_SESSION, orders=[shows(parent), child])
        assert (AAPL in blocked_contracts(seen, JournalView((known,), ()))) is blocked


def test_contract_of_an_unproven_order_is_blocked() -> None:
    found = blocked_contracts(reading(IN_SESSION), view(entry(state=S.UNKNOWN, order_id=None)))
    assert found == {AAPL: ("restricted", "what became of E is not proven")}
    provisional = entry(provisional=True)
    assert set(blocked_contracts(reading(IN_SESSION, orders=[shows(provisional)]), view(provisional))) == {AAPL}


def test_contract_of_a_row_that_can_not_be_read_is_blocked_and_a_row_without_one_blocks_none() -> None:
    snapshot = reading(
        IN_SESSION, unreadable_orders=[unreadable(XOM), unreadable(None)], unreadable_positions=[unreadable(MSFT)]
    )
    assert set(blocked_contracts(snapshot, view())) == {XOM, MSFT}


# ---- what halts


def test_live_order_with_our_prefix_that_the_journal_does_not_know_halts() -> None:
    orphan = replace(FOREIGN, order_ref="TS-abcd-0001-random")
    (cause,) = halts(reading(IN_SESSION, orders=[orphan]), view())
    assert (cause.cause, cause.facts) == ("orphan", "TS-abcd-0001-random")


def test_order_that_the_journal_knows_however_old_is_no_orphan() -> None:
    row = replace(FOREIGN, order_ref="TS-abcd-0001-random")
    old = entry("TS-abcd-0001-random", state=S.CANCELLED)
    assert halts(reading(IN_SESSION, orders=[row]), view(), known=old) == ()
    assert halts(reading(IN_SESSION, orders=[row]), view(old)) == ()


@pytest.mark.parametrize("state", [S.PLANNED, S.DENIED])
def test_live_order_with_the_name_of_one_that_never_left_halts_and_keeps_its_contract_from_being_bought(
    state: IntentState,
) -> None:
    name = "TS-abcd-0001-random"
    never = entry(name, None, state=state)
    snapshot = reading(IN_SESSION, orders=[replace(FOREIGN, order_ref=name)])
    for journal, known in ((view(never), None), (view(), never)):
        (cause,) = halts(snapshot, journal, known)
        assert (cause.cause, cause.facts) == ("orphan", name)
        assert (
            cause.text
            == f"AAPL: the order {name} is of this system, but not in its journal as one that left: {state}, never sent"
        )
        assert blocked_contracts(snapshot, journal)[AAPL][0] == "manual"


@pytest.mark.parametrize(
    "change",
    [
        {"order_ref": None},
        {"order_ref": "TS"},
        {"order_ref": "TS - a note of mine"},
        {"order_ref": "XY-abcd-0001-random"},
        {"order_ref": "TS-abcd-0001-random", "status": BrokerStatus.CANCELLED},
    ],
)
def test_order_of_somebody_else_or_one_that_is_over_is_no_orphan(change: dict[str, object]) -> None:
    assert halts(reading(IN_SESSION, orders=[replace(FOREIGN, **change)]), view()) == ()  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("journal", "halted"),
    [
        (view(), False),
        (view(traded=XOM), False),
        (view(traded=AAPL), True),
        (view(positions=(own(),)), True),
    ],
)
def test_short_position_halts_only_in_a_contract_that_we_own_or_have_traded(
    journal: JournalView, *, halted: bool
) -> None:
    found = halts(reading(IN_SESSION, held={AAPL: -5}), journal)
    assert [cause.cause for cause in found] == (["short"] if halted else [])


def test_cause_of_a_short_is_another_one_when_its_size_changes() -> None:
    journal = view(entry(), traded=AAPL)
    (first,), (second,) = (halts(reading(IN_SESSION, held={AAPL: -shares}), journal) for shares in (5, 6))
    assert first.facts != second.facts
    assert first.text == "AAPL: the account is short 5 shares"


def test_debt_in_another_currency_is_no_short() -> None:
    cash = BrokerPosition(12087792, "EUR", -1200.0, 1.1, None, "CASH")
    base = reading(IN_SESSION)
    snapshot = replace(base, positions=replace(base.positions, value=PositionList((cash,))))
    assert halts(snapshot, view(traded=12087792)) == ()


# ---- what is left open


def test_orders_that_are_not_proven_are_unsettled_until_they_are_frozen() -> None:
    records = (
        entry("A", None, state=S.UNKNOWN),
        entry("B", provisional=True),
        entry("C", None, state=S.UNKNOWN, frozen=True),
        entry("D"),
        entry("F", None, state=S.LOST),
    )
    assert [record.coid for record in unsettled(view(*records))] == ["A", "B"]
