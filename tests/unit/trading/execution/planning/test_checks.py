"""One unit below a limit passes, the limit itself passes, one above is denied; missing or senseless input denies."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import timedelta

import pytest

from tests.fakes.stages import settings_of
from tests.fakes.trading_states import (
    AAPL,
    ACCOUNT,
    CONTRACTS,
    DECIDED,
    INCREMENTS,
    PRE_OPEN,
    SESSION,
    Facts,
    bid,
    entry,
    moment,
    sale,
)
from trading.config import Settings
from trading.execution.planning import checks
from trading.execution.planning.checks import Sent
from trading.execution.planning.state import AccountGuard
from trading.model.account import AccountKind
from trading.model.balances import Doubt, Flow
from trading.model.decision import Denied
from trading.model.mode import Mode
from trading.model.order import OrderIntent
from trading.risk_manager import Fall

NAN = math.nan
PAPER, LIVE, SIMULATED = AccountKind.PAPER, AccountKind.LIVE, AccountKind.SIMULATED
SETTINGS = settings_of()


def buy(limit: float | None = 100.01, quantity: int = 9) -> OrderIntent:
    return replace(entry().intent, limit_price=limit, quantity=quantity)


def sell(limit: float | None = None, quantity: int = 9) -> OrderIntent:
    return sale(limit=limit, quantity=quantity).intent


def code(denied: Denied | None) -> str | None:
    return None if denied is None else denied.code


@pytest.mark.parametrize(
    ("guard", "expected"),
    [
        (AccountGuard(ACCOUNT, SIMULATED, "", ACCOUNT), None),
        (AccountGuard("DU7654321", PAPER, "", "DU7654321"), None),
        (AccountGuard("U1234567", LIVE, "U1234567", "U1234567"), None),
        (AccountGuard("U1234567", LIVE, "", "U1234567"), "account"),
        (AccountGuard("U1234567", LIVE, "U7654321", "U1234567"), "account"),
        (AccountGuard(ACCOUNT, PAPER, "", "DU7654321"), "account"),
        (AccountGuard(ACCOUNT, PAPER, "", None), "account"),
        (AccountGuard("U1234567", PAPER, "", "U1234567"), "account"),
        (AccountGuard(ACCOUNT, LIVE, ACCOUNT, ACCOUNT), "account"),
    ],
)
def test_account_is_the_configured_one_of_its_kind_and_released(guard: AccountGuard, expected: str | None) -> None:
    assert code(checks.account("AAPL", guard)) == expected


@pytest.mark.parametrize(
    ("facts", "unknown", "allowed"),
    [
        ({}, 3, True),
        ({}, 4, False),
        ({"mode": Mode.REDUCING}, 0, False),
        ({"mode": Mode.RECONCILING}, 0, False),
        ({"mode": Mode.HALTED}, 0, False),
        ({"reconciled": False}, 0, False),
        ({"skew_s": None}, 0, True),
        ({"skew_s": 11.0, "guard": AccountGuard(ACCOUNT, AccountKind.SIMULATED, "", ACCOUNT)}, 0, False),
        ({"skew_s": math.inf}, 0, False),
        ({"skew_s": 10.0}, 0, True),
        ({"skew_s": -10.0}, 0, True),
        ({"skew_s": 10.1}, 0, False),
        ({"skew_s": -10.1}, 0, False),
        ({"skew_s": NAN}, 0, False),
        ({"free_bytes": checks.MIN_FREE_BYTES + 1}, 0, True),
        ({"free_bytes": checks.MIN_FREE_BYTES}, 0, True),
        ({"free_bytes": checks.MIN_FREE_BYTES - 1}, 0, False),
        ({"free_bytes": None}, 0, False),
        ({"uncovered_shares": 0}, 0, True),
        ({"uncovered_shares": 1}, 0, False),
    ],
)
def test_state_of_the_system(facts: Facts, unknown: int, allowed: bool) -> None:  # noqa: FBT001
    assert (checks.state("AAPL", moment(PRE_OPEN, **facts), unknown) is None) is allowed


@pytest.mark.parametrize("name", ["orders", "executions", "positions"])
def test_list_that_could_not_be_read_holds_entries_back(name: str) -> None:
    denied = checks.readable("AAPL", moment(PRE_OPEN, failed=[name]).snapshot)
    assert checks.readable("AAPL", moment(PRE_OPEN).snapshot) is None
    assert denied is not None
    assert denied.detail == f"the broker's lists can't be read: {name} failed"


@pytest.mark.parametrize(
    ("hour", "minute", "allowed"),
    [(5, 34, True), (5, 35, False), (5, 45, False), (6, 29, False), (6, 30, True)],
)
def test_nothing_is_bought_in_the_reset_and_shortly_before(hour: int, minute: int, allowed: bool) -> None:  # noqa: FBT001
    now = PRE_OPEN.replace(hour=hour, minute=minute)
    assert (checks.reset("AAPL", now, SETTINGS.session) is None) is allowed


@pytest.mark.parametrize("value", [None, math.nan, 0.2])
def test_nothing_is_bought_while_the_accounts_figures_are_in_doubt(value: float | None) -> None:
    assert checks.equity("AAPL", None) is None
    denied = checks.equity("AAPL", Doubt("it jumped", value, 0.1))
    assert denied is not None
    assert (denied.code, denied.value, denied.limit, denied.text) == ("equity", value, 0.1, "it jumped")


@pytest.mark.parametrize(
    ("amount", "allowed"),
    [(99.99, True), (100.0, True), (100.01, False), (-99.99, True), (-100.01, False), (math.nan, False)],
)
def test_money_that_came_or_went_waits_for_a_person(amount: float, allowed: bool) -> None:  # noqa: FBT001
    small = Flow(1, PRE_OPEN, 1.0, 10_000.0)
    denied = checks.flow("AAPL", (small, Flow(2, PRE_OPEN, amount, 10_000.0)))
    assert code(denied) == (None if allowed else "flow")
    if denied is not None:
        assert denied.limit == 100.0
        assert "reconcile --flow 2" in denied.text


@pytest.mark.parametrize(("late_s", "allowed"), [(-1, True), (0, True), (1, False)])
def test_age_of_an_entry_ends_with_its_window(late_s: int, allowed: bool) -> None:  # noqa: FBT001
    window = moment(PRE_OPEN).times.window
    at = moment(window.ends + timedelta(seconds=late_s))
    assert (checks.too_old("AAPL", DECIDED, at) is None) is allowed
    assert (checks.market_closed(buy(), at.now, window) is None) is allowed


def test_entry_of_an_earlier_decision_is_too_old() -> None:
    assert checks.too_old("AAPL", DECIDED, moment(PRE_OPEN)) is None
    assert code(checks.too_old("AAPL", SESSION, moment(PRE_OPEN))) == "too_old"


@pytest.mark.parametrize(("early_s", "allowed"), [(1, False), (0, True), (-1, True)])
def test_nothing_leaves_before_the_window(early_s: int, allowed: bool) -> None:  # noqa: FBT001
    window = moment(PRE_OPEN).times.window
    now = window.begins - timedelta(seconds=early_s)
    assert (checks.market_closed(buy(), now, window) is None) is allowed


@pytest.mark.parametrize(
    ("limit", "reference", "allowed"),
    [(100.99, 100.0, True), (101.0, 100.0, True), (101.01, 100.0, False), (50.0, 100.0, True)]
    + [(limit, 100.0, False) for limit in (NAN, 0.0, -1.0, math.inf, None)]
    + [(100.0, reference, False) for reference in (None, NAN, 0.0, -1.0, math.inf)],
)
def test_collar_of_a_buy(limit: float | None, reference: float | None, allowed: bool) -> None:  # noqa: FBT001
    assert (checks.price_collar(buy(limit), reference, 0.01) is None) is allowed


@pytest.mark.parametrize(("limit", "allowed"), [(98.01, True), (98.0, True), (97.99, False), (NAN, False)])
def test_collar_of_a_sale_with_a_limit(limit: float, allowed: bool) -> None:  # noqa: FBT001
    assert (checks.price_collar(sell(limit), 100.0, 0.02) is None) is allowed


def test_sale_at_the_market_has_no_collar() -> None:
    assert checks.price_collar(sell(), None, 0.01) is None


@pytest.mark.parametrize(
    ("price", "allowed"),
    [(100.01, True), (100.001, False), (0.9999, True), (0.99995, False)]
    + [(price, False) for price in (NAN, math.inf, -1.0, 0.0)],
)
def test_price_lies_on_the_contracts_increments(price: float, allowed: bool) -> None:  # noqa: FBT001
    assert (checks.fat_finger((buy(price),), INCREMENTS) is None) is allowed
    assert (checks.fat_finger((buy(), replace(buy(), stop_price=price)), INCREMENTS) is None) is allowed


def test_contract_without_increments_is_refused() -> None:
    assert code(checks.fat_finger((buy(),), ())) == "fat_finger"


def test_second_order_for_the_same_decision_is_a_duplicate() -> None:
    assert checks.duplicate(buy(), {}) is None
    assert checks.duplicate(buy(), {"E": "PLANNED"}) is None
    assert code(checks.duplicate(buy(), {"E": "PLANNED", "F": "WORKING"})) == "duplicate"


@pytest.mark.parametrize(
    ("sent", "allowed"),
    [
        (Sent(19, 199, messages=59), True),
        (Sent(20, 20), False),
        (Sent(0, 199), True),
        (Sent(0, 200), False),
        (Sent(messages=60), False),
        (Sent(reducing=60), True),
    ],
)
def test_rate_of_entries(sent: Sent, allowed: bool) -> None:  # noqa: FBT001
    assert (checks.rate("AAPL", sent) is None) is allowed


@pytest.mark.parametrize(
    ("sent", "allowed"), [(Sent(20, 200, 500, 59), True), (Sent(reducing=60), False), (Sent(reducing=61), False)]
)
def test_rate_of_sales_and_stops_is_their_own(sent: Sent, allowed: bool) -> None:  # noqa: FBT001
    assert (checks.rate_to_reduce("AAPL", sent) is None) is allowed


def test_contract_is_the_one_that_was_checked() -> None:
    contract = CONTRACTS["AAPL"]
    assert checks.instrument(buy(), contract) is None
    assert code(checks.instrument(buy(), None)) == "instrument"
    assert code(checks.instrument(buy(), replace(contract, conid=5))) == "instrument"
    assert code(checks.instrument(buy(), replace(contract, currency="CAD"))) == "instrument"


def test_restricted_symbols_and_blocked_contracts() -> None:
    assert checks.restricted(buy(), ("MSFT",), {5: ("manual", "x")}) is None
    assert code(checks.restricted(buy(), ("AAPL",), {})) == "restricted"
    denied = checks.restricted(buy(), (), {AAPL: ("manual", "a foreign order")})
    assert denied is not None
    assert (denied.code, denied.detail) == ("manual", "a foreign order")


def test_symbol_without_a_bar_of_the_session_is_stale() -> None:
    assert checks.stale(buy(), moment(PRE_OPEN)) is None
    assert code(checks.stale(buy(), moment(PRE_OPEN, closes={"MSFT": 38.0}))) == "stale"


@pytest.mark.parametrize(
    ("prior", "allowed"),
    [(100.49, True), (100.5, True), (100.51, False), (99.51, True), (99.5, True), (99.49, False)]
    + [(prior, False) for prior in (50.0, None, NAN, 0.0, -100.0)],
)
def test_prior_close_agrees_with_the_close_decided_on(prior: float | None, allowed: bool) -> None:  # noqa: FBT001
    assert (checks.suspected_split("AAPL", 100.0, prior) is None) is allowed
    assert code(checks.suspected_split("AAPL", None, prior)) == "split"


@pytest.mark.parametrize(("own", "others", "allowed"), [(10, 0, True), (9, 0, True), (8, 0, False), (9, 1, False)])
def test_nothing_is_sold_short(own: int, others: int, allowed: bool) -> None:  # noqa: FBT001
    assert (checks.short(sell(), own, others) is None) is allowed


@pytest.mark.parametrize("quantity", [0, -1])
def test_sale_of_nothing_is_no_sale(quantity: int) -> None:
    assert code(checks.short(sell(quantity=quantity), 9, 0)) == "short"


def sizes(
    order: OrderIntent,
    *,
    settings: Settings = SETTINGS,
    stop_price: float = 95.01,
    drawdown: float = 0.0,
    daily_loss: float = 0.0,
    **facts: float,
) -> str | None:
    """Return the code by which an order is refused for an account with plenty of everything but what is named."""
    plenty = checks.Account(1e6, 1e6, exposure=0.0, positions=0, open_risk=0.0, fall=Fall(drawdown, daily_loss))
    account = replace(plenty, **facts)  # type: ignore[arg-type]
    return code(checks.sizes(order, stop_price, account, settings))


@pytest.mark.parametrize(
    ("equity", "quantity", "expected"),
    [
        (9001.0, 9, None),
        (9000.9, 9, None),
        (9000.8, 9, "max_value"),
        (NAN, 9, "exposure"),
        (-1.0, 9, "exposure"),
        (1e6, 249, None),
        (1e6, 251, "max_value"),
    ],
)
def test_value_of_one_order(equity: float, quantity: int, expected: str | None) -> None:
    # 9 x 100.01 is a tenth of 9,000.90; 250 x 100.01 is more than 25,000.
    assert sizes(buy(100.01, quantity), equity=equity) == expected


@pytest.mark.parametrize(
    ("quantity", "expected"), [(499, None), (500, None), (501, "max_quantity"), (0, "size_zero"), (-1, "size_zero")]
)
def test_quantity_of_one_order(quantity: int, expected: str | None) -> None:
    assert sizes(buy(10.0, quantity)) == expected


def test_sizes_of_the_strategy_alone_are_those_of_the_reference() -> None:
    assert sizes(buy(10.0, 501), settings=settings_of("risk.profile=strategy")) is None


@pytest.mark.parametrize(
    ("cash", "expected"),
    [(901.10, None), (901.09, None), (901.08, "buying_power"), (NAN, "buying_power"), (-901.09, "buying_power")],
)
def test_cash_covers_value_and_commission(cash: float, expected: str | None) -> None:
    # 9 x 100.01 and a commission of 1.00.
    assert sizes(buy(), cash=cash) == expected


@pytest.mark.parametrize("limit", [None, NAN])
def test_entry_without_a_limit_has_no_cost_that_could_be_covered(limit: float | None) -> None:
    assert sizes(buy(limit)) == "buying_power"


@pytest.mark.parametrize(
    ("exposure", "expected"),
    [(9099.90, None), (9099.91, None), (9099.92, "exposure"), (NAN, "exposure"), (math.inf, "exposure")],
)
def test_money_in_shares_stays_below_the_equity(exposure: float, expected: str | None) -> None:
    # 9 x 100.01 are 900.09.
    assert sizes(buy(), equity=10_000.0, exposure=exposure) == expected


@pytest.mark.parametrize(("positions", "expected"), [(8, None), (9, None), (10, "max_positions")])
def test_positions_that_there_are_and_may_be(positions: int, expected: str | None) -> None:
    assert sizes(buy(), positions=positions) == expected


@pytest.mark.parametrize(
    ("drawdown", "expected"),
    [(-0.1, None), (0.199, None), (0.2, "drawdown_halt"), (0.201, "drawdown_halt"), (NAN, "drawdown_halt")],
)
def test_drawdown_of_now(drawdown: float, expected: str | None) -> None:
    assert sizes(buy(), drawdown=drawdown) == expected
    assert sizes(buy(), drawdown=drawdown, settings=settings_of("risk.profile=strategy")) == expected


@pytest.mark.parametrize(
    ("lost", "expected"), [(-0.1, None), (0.049, None), (0.05, None), (0.051, "daily_loss"), (NAN, "daily_loss")]
)
def test_daily_loss_of_now(lost: float, expected: str | None) -> None:
    assert sizes(buy(), daily_loss=lost) == expected
    assert sizes(buy(), daily_loss=lost, settings=settings_of("risk.profile=strategy")) is None


@pytest.mark.parametrize(
    ("open_risk", "stop_price", "expected"),
    [
        (1154.99, 95.01, None),
        (1155.0, 95.01, None),
        (1155.01, 95.01, "open_risk"),
        (1155.0, 95.0, "open_risk"),
        (NAN, 95.01, "open_risk"),
        (0.0, NAN, "open_risk"),
    ],
)
def test_money_at_risk_of_now(open_risk: float, stop_price: float, expected: str | None) -> None:
    # 9 x (100.01 - 95.01) are 45.00; 12 % of the equity are 1,200.00.
    assert sizes(buy(), equity=10_000.0, open_risk=open_risk, stop_price=stop_price) == expected
    strategy = settings_of("risk.profile=strategy")
    assert sizes(buy(), equity=10_000.0, open_risk=open_risk, stop_price=stop_price, settings=strategy) is None


def test_nothing_is_bought_in_a_halt() -> None:
    assert checks.halted("AAPL", None) is None
    assert checks.halted("AAPL", bid(100.0)) is None
    assert code(checks.halted("AAPL", bid(100.0, halted=True))) == "halted_symbol"


def test_nothing_is_bought_where_own_shares_are() -> None:
    assert checks.held(buy(10.0, 5), 0) is None
    assert code(checks.held(buy(10.0, 5), 1)) == "duplicate"
