"""One unit below a limit passes, the limit itself passes, one above is denied; missing or senseless input denies."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import timedelta

import pytest

from tests.fakes.fake_broker import ACCOUNT
from tests.fakes.trading_desk import CONIDS, DECIDED, INCREMENTS, SESSION, Office, approved
from trading.execution import gates
from trading.execution.book import read_book
from trading.execution.desk import Circumstances
from trading.execution.gates import Guard, Sent
from trading.execution.tickets import Purpose, bracket, exit_order
from trading.model.account import AccountKind
from trading.model.contract import Contract
from trading.model.decision import Denied
from trading.model.mode import Mode
from trading.model.order import OrderIntent
from trading.ports import OwnPosition

NAN = math.nan


def entry(limit: float = 100.01, quantity: int = 9) -> OrderIntent:
    return bracket(
        approved("AAPL", quantity, limit), CONIDS["AAPL"], "X", Purpose(DECIDED, SESSION, Office().clock.now())
    )[0]


def exit_of(limit: float | None = None, quantity: int = 9) -> OrderIntent:
    position = OwnPosition(CONIDS["AAPL"], "AAPL", quantity, DECIDED, 100.0, 95.0, 105.0, "E")
    return exit_order(position, "X", "trend_broken", Purpose(DECIDED, SESSION, Office().clock.now()), limit)


def at(**changes: object) -> Circumstances:
    office = Office()
    return office.circumstances(read_book(office.broker, office.clock.now(), 1), **changes)


def code(denied: Denied | None) -> str | None:
    return None if denied is None else denied.code


@pytest.mark.parametrize(
    ("guard", "selected", "expected"),
    [
        (Guard(ACCOUNT, AccountKind.SIMULATED, ""), ACCOUNT, None),
        (Guard("DU7654321", AccountKind.PAPER, ""), "DU7654321", None),
        (Guard("U1234567", AccountKind.LIVE, "U1234567"), "U1234567", None),
        (Guard("U1234567", AccountKind.LIVE, ""), "U1234567", "account"),
        (Guard("U1234567", AccountKind.LIVE, "U7654321"), "U1234567", "account"),
        (Guard(ACCOUNT, AccountKind.PAPER, ""), "DU7654321", "account"),
        (Guard(ACCOUNT, AccountKind.PAPER, ""), None, "account"),
        (Guard("U1234567", AccountKind.PAPER, ""), "U1234567", "account"),
        (Guard(ACCOUNT, AccountKind.LIVE, ACCOUNT), ACCOUNT, "account"),
    ],
)
def test_account_guard(guard: Guard, selected: str | None, expected: str | None) -> None:
    assert code(gates.account("AAPL", guard, selected)) == expected


@pytest.mark.parametrize(
    ("changes", "unknown", "allowed"),
    [
        ({}, 3, True),
        ({}, 4, False),
        ({"mode": Mode.REDUCING}, 0, False),
        ({"mode": Mode.RECONCILING}, 0, False),
        ({"mode": Mode.HALTED}, 0, False),
        ({"skew_s": 10.0}, 0, True),
        ({"skew_s": -10.0}, 0, True),
        ({"skew_s": 10.1}, 0, False),
        ({"skew_s": NAN}, 0, False),
        ({"free_bytes": gates.MIN_FREE_BYTES}, 0, True),
        ({"free_bytes": gates.MIN_FREE_BYTES - 1}, 0, False),
        ({"free_bytes": None}, 0, False),
        ({"uncovered_shares": 1}, 0, False),
    ],
)
def test_state_of_the_system(changes: dict[str, object], unknown: int, allowed: bool) -> None:  # noqa: FBT001
    assert (gates.state("AAPL", at(**changes), unknown) is None) is allowed


def test_halt_holds_exits_back_but_those_of_a_person() -> None:
    assert gates.halted(exit_of(), Mode.ACTIVE) is None
    assert code(gates.halted(exit_of(), Mode.HALTED)) == "state"
    assert gates.halted(replace(exit_of(), reason="operator"), Mode.HALTED) is None


@pytest.mark.parametrize(("late_s", "allowed"), [(-1, True), (0, True), (1, False)])
def test_age_of_an_entry_ends_with_its_window(late_s: int, allowed: bool) -> None:  # noqa: FBT001
    window = Office().window
    now = at(now=window.ends + timedelta(seconds=late_s))
    assert (gates.too_old(entry(), now, window) is None) is allowed
    assert (gates.market_closed(entry(), now, window) is None) is allowed


def test_entry_of_an_earlier_decision_is_too_old() -> None:
    assert code(gates.too_old(entry(), at(newest_session=SESSION), Office().window)) == "too_old"


@pytest.mark.parametrize(("early_s", "allowed"), [(1, False), (0, True), (-1, True)])
def test_nothing_leaves_before_the_window(early_s: int, allowed: bool) -> None:  # noqa: FBT001
    window = Office().window
    now = at(now=window.begins - timedelta(seconds=early_s))
    assert (gates.market_closed(entry(), now, window) is None) is allowed
    assert (gates.market_closed(exit_of(), now, window) is None) is allowed


def test_late_exit_leaves_inside_the_session_but_for_its_first_and_last_minutes() -> None:
    window = Office().window
    late = exit_of(98.0)
    for moment, allowed in (
        (window.late_exits_begin - timedelta(seconds=1), False),
        (window.late_exits_begin, True),
        (window.late_exits_end, True),
        (window.late_exits_end + timedelta(seconds=1), False),
    ):
        assert (gates.market_closed(late, at(now=moment), window) is None) is allowed
        assert gates.market_closed(exit_of(), at(now=moment), window) is not None


@pytest.mark.parametrize(
    ("limit", "reference", "allowed"),
    [(100.99, 100.0, True), (101.0, 100.0, True), (101.01, 100.0, False), (50.0, 100.0, True), (NAN, 100.0, False)]
    + [(100.0, reference, False) for reference in (None, NAN, 0.0, -1.0, math.inf)],
)
def test_collar_of_a_buy(limit: float, reference: float | None, allowed: bool) -> None:  # noqa: FBT001
    assert (gates.price_collar(replace(entry(), limit_price=limit), reference, 0.01) is None) is allowed


@pytest.mark.parametrize(("limit", "allowed"), [(98.01, True), (98.0, True), (97.99, False)])
def test_collar_of_a_sale_with_a_limit(limit: float, allowed: bool) -> None:  # noqa: FBT001
    assert (gates.price_collar(exit_of(limit), 100.0, 0.01) is None) is allowed


def test_market_exit_has_no_collar_and_a_market_entry_never_passes() -> None:
    assert gates.price_collar(exit_of(), None, 0.01) is None
    assert code(gates.price_collar(replace(entry(), limit_price=None), 100.0, 0.01)) == "price_collar"


@pytest.mark.parametrize(
    ("price", "allowed"),
    [(100.01, True), (100.001, False), (0.9999, True), (0.99995, False), (NAN, False), (-1.0, False), (0.0, False)],
)
def test_price_lies_on_the_contracts_increments(price: float, allowed: bool) -> None:  # noqa: FBT001
    assert (gates.fat_finger(replace(entry(), limit_price=price), INCREMENTS) is None) is allowed


def test_contract_without_increments_is_refused() -> None:
    assert code(gates.fat_finger(entry(), ())) == "fat_finger"


@pytest.mark.parametrize(("quantity", "allowed"), [(26, True), (27, True), (28, False)])
def test_value_is_at_most_three_times_what_was_planned(quantity: int, allowed: bool) -> None:  # noqa: FBT001
    planned = 9 * 100.01
    assert (gates.planned_value(entry(quantity=quantity), planned) is None) is allowed


def test_second_order_for_the_same_decision_is_a_duplicate() -> None:
    assert gates.duplicate(entry(), {"X": "PLANNED"}) is None
    assert code(gates.duplicate(entry(), {"X": "PLANNED", "Y": "WORKING"})) == "duplicate"


@pytest.mark.parametrize(
    ("sent", "allowed"),
    [(Sent(19, 199), True), (Sent(20, 20), False), (Sent(0, 200), False)],
)
def test_rate_of_entries(sent: Sent, allowed: bool) -> None:  # noqa: FBT001
    assert (gates.rate("AAPL", sent) is None) is allowed


def test_contract_is_the_one_that_was_checked() -> None:
    contract = Contract(CONIDS["AAPL"], "AAPL", "NASDAQ", "USD", "APPLE INC", INCREMENTS)
    assert gates.instrument(entry(), contract) is None
    assert code(gates.instrument(entry(), None)) == "instrument"
    assert code(gates.instrument(entry(), replace(contract, conid=5))) == "instrument"
    assert code(gates.instrument(entry(), replace(contract, currency="CAD"))) == "instrument"


def test_restricted_symbols_and_blocked_contracts() -> None:
    assert gates.restricted(entry(), ("MSFT",), {5: "manual: x"}) is None
    assert code(gates.restricted(entry(), ("AAPL",), {})) == "restricted"
    denied = gates.restricted(entry(), (), {CONIDS["AAPL"]: "manual: a foreign order"})
    assert denied is not None
    assert (denied.code, denied.detail) == ("manual", "a foreign order")


def test_symbol_without_a_bar_of_the_session_is_stale() -> None:
    assert gates.stale(entry(), at()) is None
    assert code(gates.stale(entry(), at(closes={}))) == "stale"


@pytest.mark.parametrize(
    ("prior", "allowed"),
    [
        (100.49, True),
        (100.5, True),
        (100.51, False),
        (99.5, True),
        (99.49, False),
        (50.0, False),
        (None, False),
        (NAN, False),
    ],
)
def test_prior_close_agrees_with_the_close_decided_on(prior: float | None, allowed: bool) -> None:  # noqa: FBT001
    assert (gates.suspected_split("AAPL", 100.0, prior) is None) is allowed


@pytest.mark.parametrize(("own", "others", "allowed"), [(10, 0, True), (9, 0, True), (8, 0, False), (9, 1, False)])
def test_nothing_is_sold_short(own: int, others: int, allowed: bool) -> None:  # noqa: FBT001
    assert (gates.short(exit_of(), own, others) is None) is allowed


@pytest.mark.parametrize(
    ("equity", "quantity", "expected"),
    [
        (9000.9, 9, None),
        (9000.8, 9, "max_value"),
        (NAN, 9, "max_value"),
        (-1.0, 9, "max_value"),
        (1e6, 251, "max_value"),
    ],
)
def test_value_of_one_order(equity: float, quantity: int, expected: str | None) -> None:
    settings = Office().settings
    order = entry(100.01, quantity)
    # 9 x 100.01 is a tenth of 9,000.90.
    assert code(gates.size(order, equity, settings.risk, settings.sizing)) == expected


@pytest.mark.parametrize(("quantity", "expected"), [(499, None), (500, None), (501, "max_quantity")])
def test_quantity_of_one_order(quantity: int, expected: str | None) -> None:
    settings = Office().settings
    assert code(gates.size(entry(10.0, quantity), 1e6, settings.risk, settings.sizing)) == expected


@pytest.mark.parametrize(
    ("cash", "committed", "available", "allowed"),
    [
        (901.09, 0.0, 1e6, True),
        (901.08, 0.0, 1e6, False),
        (1001.09, 100.0, 1e6, True),
        (1001.09, 100.01, 1e6, False),
        (1e6, 0.0, 901.09, True),
        (1e6, 0.0, 901.08, False),
        (NAN, 0.0, 1e6, False),
    ],
)
def test_cash_covers_value_and_commission(cash: float, committed: float, available: float, allowed: bool) -> None:  # noqa: FBT001
    # 9 x 100.01 and a commission of 1.00.
    assert (gates.buying_power(entry(), cash, committed, available) is None) is allowed
