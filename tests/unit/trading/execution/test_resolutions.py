"""What a person decides about differences, carried out on real tables where reading and journal allow it."""

from __future__ import annotations

from collections import deque
from dataclasses import replace
from datetime import timedelta

import pytest

from tests.fakes.fake_broker import UNREADABLE, lost_answer, lost_request, nothing_sent
from tests.fakes.fake_market_data import CONIDS
from tests.fakes.trading_context import SESSION, ContextParts, decision_of
from tests.fakes.trading_states import approved
from trading.cycle.turn import Turn
from trading.execution.planning.order_factory import tickets
from trading.execution.reading.snapshot import read_snapshot
from trading.execution.reconciliation.hand_sales import spent_sales
from trading.execution.resolutions import carry_out
from trading.model.balances import BalanceMemory, Balances
from trading.model.mode import Mode
from trading.model.operator_request import REFUSED
from trading.model.order import BrokerStatus, IntentState, OrderTicket, OrderType, Role, Side, Tif
from trading.model.record import IntentRecord

AAPL, MSFT = CONIDS["AAPL"], CONIDS["MSFT"]


def turn_of(parts: ContextParts) -> Turn:
    return parts.account_turns().run(parts.view(), None, balances=True)


def decide(parts: ContextParts, argument: str) -> str:
    """Carry out a decision on a reading of now, and let a turn follow."""
    answer = carry_out(argument, "ann", turn_of(parts).state, parts.context())
    turn_of(parts)
    return answer


def lose_the_request(parts: ContextParts) -> IntentRecord:
    """Send an entry that never arrives, which nobody can know; return it."""
    parts.broker.faults.append(lost_request)
    parts.account_turns().run(parts.view(), decision_of(approved("AAPL")), balances=True)
    return newest(parts, Role.ENTRY)


def lose_the_answer_to_a_sale(parts: ContextParts) -> IntentRecord:
    """Sell a position where the answer is lost and the list shows no names, so that its order is found by likeness."""
    parts.buy()
    parts.clock.time += timedelta(days=1)
    parts.broker.nameless = True
    # Stop and target are cancelled first.
    parts.broker.faults.extend([None, None, lost_answer])
    decision = decision_of(exits=(("AAPL", 9),), session=SESSION)
    parts.account_turns().run(parts.view(), decision, balances=True)
    return newest(parts, Role.EXIT)


def newest(parts: ContextParts, role: Role) -> IntentRecord:
    return [record for record in parts.journal.intents() if record.intent.role is role][-1]


def orphan(parts: ContextParts, *sent: OrderTicket) -> str:
    """Let another process with our prefix send orders; return their name."""
    name = f"{parts.store.value('prefix')}-zzzz-0001-aaaaaa"
    parts.broker.take(sent or bracket(name))
    turn_of(parts)
    assert parts.store.mode().mode is Mode.HALTED
    return name


def bracket(name: str) -> tuple[OrderTicket, ...]:
    return (
        OrderTicket(MSFT, Side.BUY, OrderType.LIMIT, Tif.DAY, 5, limit_price=37.5, coid=name),
        OrderTicket(MSFT, Side.SELL, OrderType.STOP, Tif.GTC, 5, stop_price=35.0, parent_coid=name),
        OrderTicket(MSFT, Side.SELL, OrderType.LIMIT, Tif.GTC, 5, limit_price=40.0, parent_coid=name),
    )


# ---- absent


def test_order_that_a_person_did_not_find_is_absent_with_its_children_and_is_not_sent_again(
    parts: ContextParts,
) -> None:
    record = lose_the_request(parts)
    assert not decide(parts, f"absent {record.coid}").startswith(REFUSED)
    assert {each.state for each in parts.journal.intents()} == {IntentState.LOST}
    assert newest(parts, Role.ENTRY).detail == "absent, as ann says"
    assert len(parts.broker.submits()) == 1


def test_order_that_something_unclaimed_looks_like_is_not_absent(parts: ContextParts) -> None:
    record = lose_the_request(parts)
    # Two that look like it: which of them it is nobody can tell, and it may be either.
    ids = [parts.broker.place_foreign(AAPL, quantity=9, price=100.01) for _ in range(2)]
    answer = decide(parts, f"absent {record.coid}")
    assert answer == f"{REFUSED}: order {ids[0]} may be it: claim it, or cancel it at the broker first"
    assert newest(parts, Role.ENTRY).state is IntentState.UNKNOWN


def test_provisional_order_is_not_absent_while_its_candidate_stands(parts: ContextParts) -> None:
    record = lose_the_answer_to_a_sale(parts)
    assert record.provisional
    assert decide(parts, f"absent {record.coid}").startswith(f"{REFUSED}: order {record.order_id} may be it")


# ---- claim


def test_claimed_order_is_bound_for_certain(parts: ContextParts) -> None:
    record = lose_the_answer_to_a_sale(parts)
    assert (
        decide(parts, f"claim {record.coid}={record.order_id}")
        == f"{record.coid} is order {record.order_id}, as ann says"
    )
    claimed = newest(parts, Role.EXIT)
    assert (claimed.state, claimed.order_id, claimed.provisional) == (IntentState.WORKING, record.order_id, False)
    assert record.order_id is not None
    parts.broker.fill(record.order_id, 99.0)
    turn_of(parts)
    assert newest(parts, Role.EXIT).state is IntentState.FILLED
    assert parts.journal.own_positions() == ()


def test_claim_needs_an_order_of_the_list_that_is_like_it_and_nobody_elses(parts: ContextParts) -> None:
    entry = parts.buy()
    other = parts.broker.place_foreign(AAPL, quantity=3)
    record = lose_the_request_of_a_second_buy(parts)
    for order_id, why in (
        (4_000_000, "the broker's list has no order 4000000"),
        (other, f"order {other} (BUY 3 "),
        (entry.order_id + 1, f"order {entry.order_id + 1} (SELL 9 "),
    ):
        answer = decide(parts, f"claim {record.coid}={order_id}")
        assert answer.startswith(f"{REFUSED}: {why}")
    assert newest(parts, Role.ENTRY).order_id is None


def lose_the_request_of_a_second_buy(parts: ContextParts) -> IntentRecord:
    parts.broker.faults.append(lost_request)
    parts.account_turns().run(parts.view(), decision_of(approved("MSFT", 10, 37.5)), balances=True)
    return newest(parts, Role.ENTRY)


def test_settled_order_and_one_that_nobody_knows_are_not_decided_about(parts: ContextParts) -> None:
    entry = parts.buy()
    coid = newest(parts, Role.ENTRY).coid
    assert decide(parts, f"claim {coid}={entry.order_id}") == (
        f"{REFUSED}: {coid} is FILLED: there is nothing to decide about it"
    )
    assert decide(parts, "absent TS-none").startswith(f"{REFUSED}: no order of ours is called TS-none")


# ---- shares


def test_accepted_shares_are_what_the_broker_shows_and_the_stop_follows(parts: ContextParts) -> None:
    entry = parts.buy()
    parts.broker.trade_by_hand(AAPL, Side.SELL, 4, 99.0, told=False)
    assert decide(parts, "accept-shares AAPL") == "own shares of AAPL are 5, they were 9; the stop follows"
    (position,) = parts.journal.own_positions()
    assert position.quantity == 5
    (row,) = parts.rows("SELECT kind, quantity, reason FROM adjustment")
    assert tuple(row) == ("manual", -4, "4 of 9 own shares were sold by hand, as ann says")
    assert parts.broker.book[entry.order_id + 1].total_quantity == 5


@pytest.mark.parametrize(
    ("ratio", "shares", "says"),
    [
        (1 / 3, 3, "; if you know that they were sold, say --sold AAPL"),
        (0.5, 4, "; if you know that they were sold, say --sold AAPL"),
        (2.0, 18, ""),
    ],
)
def test_difference_that_could_be_a_split_is_not_accepted_as_a_sale(
    parts: ContextParts, ratio: float, shares: int, says: str
) -> None:
    parts.buy()
    state = turn_of(parts).state
    parts.broker.split(AAPL, ratio)
    parts.broker.averages[AAPL] *= 1.05
    state = replace(state, snapshot=read_snapshot(parts.broker, parts.clock, days=7, epoch=1))
    answer = carry_out("accept-shares AAPL", "ann", state, parts.context())
    changed = f"the broker shows {shares} shares of AAPL, own are 9: that could be a split"
    assert answer == f"{REFUSED}: {changed}, which is taken in by itself once the average price agrees{says}"
    assert parts.journal.own_positions()[0].quantity == 9


def test_person_who_knows_better_has_them_taken_for_sold_all_the_same(parts: ContextParts) -> None:
    parts.buy()
    parts.broker.trade_by_hand(AAPL, Side.SELL, 6, 99.0, told=False)
    parts.broker.averages[AAPL] *= 2.9
    assert decide(parts, "sold AAPL") == "own shares of AAPL are 3, they were 9; the stop follows"
    assert decide(parts, "sold AAPL").startswith(f"{REFUSED}: the broker shows 3 shares of AAPL, own are 3")


def test_sale_that_a_person_told_of_is_known_again_in_its_execution_and_undone_with_it(parts: ContextParts) -> None:
    parts.buy()
    sale = parts.broker.trade_by_hand(AAPL, Side.SELL, 6, 99.0, told=False)
    parts.broker.averages[AAPL] *= 2.9
    decide(parts, "sold AAPL")
    parts.clock.time += timedelta(seconds=60)
    parts.broker.fills.append(sale)
    turn_of(parts)
    assert [each.quantity for each in parts.journal.own_positions()] == [3]
    assert spent_sales(parts.context().evidence)[0].quantity == 6
    parts.broker.fills.append(replace(sale, execution_id=sale.execution_id.removesuffix("01") + "02", quantity=0.0))
    parts.broker.held[AAPL] = 9
    turn_of(parts)
    assert [each.quantity for each in parts.journal.own_positions()] == [9]


def test_listed_sale_that_does_not_explain_all_that_a_person_calls_sold_is_no_sale_of_ours_later(
    parts: ContextParts,
) -> None:
    parts.buy()
    sale = parts.broker.trade_by_hand(AAPL, Side.SELL, 2, 99.0)
    parts.broker.trade_by_hand(AAPL, Side.SELL, 4, 99.0, told=False)
    parts.broker.averages[AAPL] *= 2.9
    decide(parts, "sold AAPL")
    (kept,) = spent_sales(parts.context().evidence)
    assert (kept.execution_id, kept.quantity) == (sale.execution_id, 0)


@pytest.mark.parametrize(
    ("symbol", "why"), [("XOM", "no own shares of XOM are known"), ("AAPL", "the broker shows 9 shares of AAPL")]
)
def test_where_no_shares_are_missing_none_are_accepted(parts: ContextParts, symbol: str, why: str) -> None:
    parts.buy()
    assert decide(parts, f"accept-shares {symbol}").startswith(f"{REFUSED}: {why}")


def test_shares_are_not_accepted_where_an_order_or_a_row_is_not_understood(parts: ContextParts) -> None:
    record = lose_the_answer_to_a_sale(parts)
    parts.broker.held[AAPL] = 0
    assert decide(parts, "accept-shares AAPL").startswith(f"{REFUSED}: an order of ours in AAPL is not settled")
    parts.broker.unreadable["positions"] = (UNREADABLE,)
    assert "can't be read" in decide(parts, "accept-shares AAPL")
    assert record.left == parts.journal.own_positions()[0].quantity


# ---- orphans


def test_ignored_orphan_halts_no_more_and_stays_as_it_is(parts: ContextParts) -> None:
    name = orphan(parts)
    assert decide(parts, f"ignore {name}") == f"{name} is left alone; it halts no more"
    assert parts.store.mode().mode is Mode.ACTIVE
    assert len(parts.broker.live()) == 3
    assert parts.journal.intents() == ()


def test_ignoring_an_orphan_acknowledges_no_other_halt(parts: ContextParts) -> None:
    parts.store.halts.raise_halt("operator", "1", reason="test", actor="mary", now=parts.clock.now())
    name = orphan(parts)
    decide(parts, f"ignore {name}")
    assert [halt.cause for halt in parts.store.mode().halts] == ["operator"]


def test_adopted_bracket_is_ours_and_its_fill_is_counted_and_covered(parts: ContextParts) -> None:
    name = orphan(parts)
    assert decide(parts, f"adopt {name}") == f"{name} is an order of this system from now on"
    assert {record.state for record in parts.journal.intents()} == {IntentState.WORKING}
    assert parts.store.mode().mode is Mode.ACTIVE
    parts.broker.fill(parts.broker.named(name).order_id, 37.5)
    turn_of(parts)
    (position,) = parts.journal.own_positions()
    assert (position.quantity, position.stop_price, position.target_price) == (5, 35.0, 40.0)


def test_adopted_entry_is_cancelled_by_a_halt_like_any_other(parts: ContextParts) -> None:
    parts.store.halts.raise_halt("operator", "1", reason="test", actor="mary", now=parts.clock.now())
    name = orphan(parts)
    decide(parts, f"adopt {name}")
    assert parts.broker.named(name).status is BrokerStatus.CANCELLED


def test_adopted_sale_with_nothing_behind_it_is_cancelled(parts: ContextParts) -> None:
    name = f"{parts.store.value('prefix')}-zzzz-0001-aaaaaa"
    orphan(parts, OrderTicket(MSFT, Side.SELL, OrderType.STOP, Tif.GTC, 5, stop_price=35.0, coid=name))
    assert not decide(parts, f"adopt {name}").startswith(REFUSED)
    assert parts.broker.live() == []


def test_entry_without_a_stop_is_not_adopted(parts: ContextParts) -> None:
    name = f"{parts.store.value('prefix')}-zzzz-0001-aaaaaa"
    orphan(parts, bracket(name)[0])
    assert decide(parts, f"adopt {name}").startswith(f"{REFUSED}: {name} buys without a stop and a target")
    assert parts.journal.intents() == ()
    assert parts.store.mode().mode is Mode.HALTED


def test_orphan_that_this_system_never_sends_is_not_adopted(parts: ContextParts) -> None:
    name = f"{parts.store.value('prefix')}-zzzz-0001-aaaaaa"
    orphan(parts, OrderTicket(MSFT, Side.BUY, OrderType.MARKET, Tif.DAY, 5, coid=name))
    assert f"{name} is nothing that this system sends" in decide(parts, f"adopt {name}")
    assert parts.journal.intent(name) is None
    assert parts.store.mode().mode is Mode.HALTED


def test_orphan_that_has_filled_in_part_is_not_adopted(parts: ContextParts) -> None:
    name = orphan(parts)
    parts.broker.fill(parts.broker.named(name).order_id, 37.5, 2)
    assert f"{name} has filled in part" in decide(parts, f"adopt {name}")
    assert parts.journal.intent(name) is None
    assert parts.store.mode().mode is Mode.HALTED


def restored(parts: ContextParts) -> str:
    """Plan an entry that can't be sent, and let the broker have it all the same, as after a restored backup."""
    parts.broker.faults = deque([nothing_sent])
    parts.account_turns().run(parts.view(), decision_of(approved("AAPL")), balances=True)
    planned = parts.journal.intents()
    assert {record.state for record in planned} == {IntentState.PLANNED}
    parts.broker.take(tickets([record.intent for record in planned]))
    turn_of(parts)
    assert parts.store.mode().mode is Mode.HALTED
    return planned[0].coid


def test_order_that_is_only_planned_in_the_journal_is_an_orphan_and_can_be_adopted(parts: ContextParts) -> None:
    name = restored(parts)
    assert decide(parts, f"adopt {name}") == f"{name} is an order of this system from now on"
    assert {record.state for record in parts.journal.intents()} == {IntentState.WORKING}
    assert len(parts.journal.intents()) == 3
    parts.store.halts.raise_halt("operator", "1", reason="test", actor="mary", now=parts.clock.now())
    turn_of(parts)
    assert parts.broker.named(name).status is BrokerStatus.CANCELLED


def test_order_that_is_only_planned_in_the_journal_is_never_sent_again(parts: ContextParts) -> None:
    name = restored(parts)
    sent = len(parts.broker.submits())
    assert decide(parts, f"ignore {name}") == f"{name} is left alone; it halts no more"
    parts.clock.time += timedelta(minutes=2)
    turn_of(parts)
    record = parts.journal.intent(name)
    assert record is not None
    assert (record.state, len(parts.broker.submits())) == (IntentState.DENIED, sent)
    # However long ago that was: days without a login take it out of what is looked at each turn.
    for days in (0, 8, 9):
        parts.clock.time += timedelta(days=days)
        assert decide(parts, f"adopt {name}").startswith(f"{REFUSED}: {name} was refused before it left (")


def test_shares_that_an_orphan_bought_are_not_own_ones_though_its_name_is_planned(parts: ContextParts) -> None:
    name = restored(parts)
    parts.broker.fill(parts.broker.named(name).order_id, 100.0)
    turn_of(parts)
    assert parts.journal.own_positions() == ()


def test_order_that_is_not_what_was_planned_under_its_name_is_not_adopted(parts: ContextParts) -> None:
    name = restored(parts)
    order = parts.broker.named(name)
    parts.broker.book[order.order_id] = replace(order, total_quantity=order.total_quantity + 1.0)
    assert f"{name} is not what was planned under its name" in decide(parts, f"adopt {name}")
    assert {record.state for record in parts.journal.intents()} == {IntentState.PLANNED}


def test_order_of_ours_or_of_others_is_no_orphan(parts: ContextParts) -> None:
    parts.buy()
    coid = newest(parts, Role.ENTRY).coid
    for name in (coid, "elsewhere"):
        assert decide(parts, f"adopt {name}").startswith(f"{REFUSED}: {name} is no orphan")


# ---- whatever is asked


def test_without_a_whole_reading_or_a_sensible_argument_nothing_is_done(parts: ContextParts) -> None:
    record = lose_the_request(parts)
    assert decide(parts, "sell everything") == f"{REFUSED}: not understood, nothing was done"
    parts.broker.failing = {"positions"}
    assert "can't all be read now" in decide(parts, f"absent {record.coid}")
    assert newest(parts, Role.ENTRY).state is IntentState.UNKNOWN


# ---- money that came or went


def test_person_says_that_money_came_or_that_none_did(parts: ContextParts) -> None:
    balances = parts.balances
    for amount in (500.0, -700.0):
        memory = BalanceMemory(Balances(parts.clock.time, 10_000.0, 10_000.0 + amount))
        balances.record_flow(memory, amount, 10_000.0, parts.clock.time)
    assert decide(parts, "flow 1") == "+500.00 USD came or went, as ann says"
    assert decide(parts, "no-flow 2") == "-700.00 USD count as gain or loss, as ann says"
    assert balances.unconfirmed() == ()
    assert parts.rows("SELECT state, actor FROM flow ORDER BY number")[1]["state"] == "refused"


@pytest.mark.parametrize("subject", ["1", "99", "AAPL", "9" * 40])
def test_flow_that_is_none_is_refused(parts: ContextParts, subject: str) -> None:
    assert decide(parts, f"flow {subject}").startswith(REFUSED)
    assert decide(parts, f"no-flow {subject}").startswith(REFUSED)
