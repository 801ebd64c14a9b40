from __future__ import annotations

import pytest

from tests.unit.trading.gateway.scripted import ACCOUNT, Desk, failing, good
from trading.errors import OutcomeUnknown, Refused, SessionLost
from trading.model.account import AccountState, BrokerPosition, PositionList

SUMMARY = f"GET /portfolio/{ACCOUNT}/summary"
LEDGER = f"GET /portfolio/{ACCOUNT}/ledger"
POSITIONS = f"GET /portfolio2/{ACCOUNT}/positions"
OLD_POSITIONS = f"GET /portfolio/{ACCOUNT}/positions"
ROW: dict[str, object] = {
    "position": 44.0, "conid": "756733", "avgCost": 652.4747727272727, "avgPrice": 652.4747727272727, "currency": "USD",
    "description": "SPY", "marketPrice": 655.8945922851562, "secType": "STK", "model": "",
}  # fmt: skip


def figure(amount: object, currency: object = "USD", **changes: object) -> dict[str, object]:
    return {
        "amount": amount,
        "currency": currency,
        "isNull": False,
        "timestamp": 1,
        "value": None,
        "severity": 0,
    } | changes


def summary(**changes: object) -> dict[str, object]:
    return {"netliquidation": figure(100_250.125), "availablefunds": figure(48_000.004)} | changes


def ledger(**changes: object) -> dict[str, object]:
    return {"USD": {"cashbalance": 50_000.111, "settledcash": "49,000.5", "acctcode": ACCOUNT} | changes, "BASE": {}}


def test_balances_are_exact_to_the_cent() -> None:
    desk = Desk()
    desk.script(SUMMARY, good(summary()))
    desk.script(LEDGER, good(ledger()))
    assert desk.broker.account() == AccountState(ACCOUNT, "USD", 100_250.12, 50_000.11, 49_000.5, 48_000.0)


@pytest.mark.parametrize(("sent", "value"), [("50,200.5", 50_200.5), (None, None), ("?", None)])
def test_value_of_the_stocks_is_told_where_it_can_be_read(sent: object, value: float | None) -> None:
    desk = Desk()
    desk.script(SUMMARY, good(summary()))
    desk.script(LEDGER, good(ledger(stockmarketvalue=sent)))
    assert desk.broker.account().stock_value == value


@pytest.mark.parametrize(
    ("sent", "value"), [("49,000.555", 49_000.56), (0, 0.0), (-5.0, -5.0), (None, None), ("", None), ("NaN", None)]
)
def test_settled_cash_that_is_missing_takes_nothing_else_away(sent: object, value: float | None) -> None:
    desk = Desk()
    desk.script(SUMMARY, good(summary()))
    desk.script(LEDGER, good(ledger(settledcash=sent)))
    account = desk.broker.account()
    assert (account.settled_cash, account.cash, account.net_liquidation) == (value, 50_000.11, 100_250.12)


@pytest.mark.parametrize(
    "changes",
    [
        {"netliquidation": None},
        {"netliquidation": figure(None)},
        {"netliquidation": figure("abc")},
        {"netliquidation": 5},
        {"netliquidation": figure(1.0, None)},
        {"netliquidation": figure(0.0, isNull=True)},
        {"availablefunds": None},
    ],
)
def test_a_missing_figure_of_the_summary_is_no_zero(changes: dict[str, object]) -> None:
    desk = Desk()
    desk.script(SUMMARY, good(summary(**changes)))
    desk.script(LEDGER, good(ledger()))
    with pytest.raises(OutcomeUnknown):
        desk.broker.account()


@pytest.mark.parametrize(
    "value",
    [{}, [], None, {"USD": None}, ledger(cashbalance=None), ledger(cashbalance="NaN"), ledger(acctcode="U7654321")],
)
def test_a_ledger_of_no_use_is_an_error(value: object) -> None:
    desk = Desk()
    desk.script(SUMMARY, good(summary()))
    desk.script(LEDGER, good(value))
    with pytest.raises(OutcomeUnknown) as caught:
        desk.broker.account()
    assert ACCOUNT not in str(caught.value)


EUROS = {"netliquidation": figure(90_000.0, "EUR"), "availablefunds": figure(80_000.0, "EUR")}
EURO_ROW = {"cashbalance": 5.0, "settledcash": 5.0, "acctcode": ACCOUNT}


@pytest.mark.parametrize(("rows", "cash"), [({}, 0.0), (ledger(), 50_000.11)], ids=["no dollars", "some dollars"])
def test_an_account_in_another_currency_tells_it_and_may_have_no_dollars(rows: dict[str, object], cash: float) -> None:
    desk = Desk()
    desk.script(SUMMARY, good(EUROS))
    desk.script(LEDGER, good({"EUR": EURO_ROW, "BASE": {}} | rows))
    account = desk.broker.account()
    assert (account.currency, account.net_liquidation, account.cash) == ("EUR", 90_000.0, cash)


@pytest.mark.parametrize(
    ("figures", "rows"), [(EUROS, {}), (EUROS, {"EUR": EURO_ROW, "BASE": None}), ({}, {"EUR": EURO_ROW, "BASE": {}})]
)
def test_dollars_that_are_missing_are_not_taken_for_none(figures: dict[str, object], rows: object) -> None:
    desk = Desk()
    desk.script(SUMMARY, good(summary(**figures)))
    desk.script(LEDGER, good(rows))
    with pytest.raises(OutcomeUnknown, match="USD"):
        desk.broker.account()


def said(value: object) -> dict[str, object]:
    return figure(0.0, None, value=value)


@pytest.mark.parametrize(
    ("row", "figures", "cash_account"),
    [
        ({"tradingType": "STKCASH"}, {}, True),
        ({}, {"tradingtype-s": said("STKCASH")}, True),
        ({"tradingType": "STKMRGN"}, {"tradingtype-s": said("STKMRGN")}, False),
        ({"tradingType": "STKNOPT"}, {}, False),
        ({}, {}, False),
        ({"tradingType": None}, {"tradingtype-s": None}, False),
        ({"tradingType": {}}, {"tradingtype-s": said(7)}, False),
    ],
)
def test_the_broker_says_that_an_account_is_a_cash_account(
    row: dict[str, object], figures: dict[str, object], cash_account: object
) -> None:
    desk = Desk()
    desk.script("GET /portfolio/accounts", good([{"id": ACCOUNT, **row}]))
    desk.script(SUMMARY, good(summary(**figures)))
    desk.script(LEDGER, good(ledger()))
    assert desk.broker.account().cash_account is cash_account


@pytest.mark.parametrize(
    ("value", "left"), [("3", 3), ("0", 0), ("-1", None), ("1.5", None), ("Unlimited", None), (None, None), (3, None)]
)
def test_day_trades_that_are_left_are_told_where_there_is_a_limit(value: object, left: int | None) -> None:
    desk = Desk()
    desk.script(SUMMARY, good(summary(daytradesremaining=said(value))))
    desk.script(LEDGER, good(ledger()))
    assert desk.broker.account().day_trades_left == left


def test_the_list_of_accounts_is_read_once_before_the_portfolio() -> None:
    desk = Desk()
    desk.script(POSITIONS, good([]))
    desk.broker.positions()
    desk.broker.positions()
    assert [repr(call) for call in desk.transport.calls] == ["GET /portfolio/accounts", POSITIONS, POSITIONS]


def test_a_client_s_account_may_be_listed_with_those_of_an_advisor() -> None:
    desk = Desk()
    desk.script("GET /portfolio/accounts", good([{"id": "F7654321"}]))
    desk.script("GET /portfolio/subaccounts", good([{"id": "U1111111"}, {"id": ACCOUNT}]))
    desk.script(POSITIONS, good([ROW]))
    assert len(desk.broker.positions().positions) == 1


def test_a_login_without_the_configured_account_is_refused() -> None:
    desk = Desk()
    desk.script("GET /portfolio/accounts", good([{"id": "U7654321"}]))
    desk.script("GET /portfolio/subaccounts", good([]))
    with pytest.raises(Refused, match="not among"):
        desk.broker.positions()


def test_positions_come_from_the_source_that_is_not_cached() -> None:
    desk = Desk()
    desk.script(
        POSITIONS,
        good(
            [
                ROW,
                ROW | {"conid": "265598", "position": -3.0, "description": "AAPL", "marketPrice": ""},
                ROW | {"conid": "8314", "position": 0.0, "avgPrice": None, "avgCost": None},
            ]
        ),
    )
    assert desk.broker.positions() == PositionList(
        (
            BrokerPosition(265598, "AAPL", -3.0, 652.4747727272727, None, "STK"),
            BrokerPosition(756733, "SPY", 44.0, 652.4747727272727, 655.8945922851562, "STK"),
        ),
        flat=frozenset({8314}),
    )


@pytest.mark.parametrize(
    "row",
    [
        ROW | {"conid": "x"},
        ROW | {"position": None},
        ROW | {"position": "1.2M"},
        ROW | {"position": True},
        ROW | {"acctId": 5},
        None,
    ],
)
def test_one_bad_row_is_told_apart_and_the_others_count(row: dict[str, object] | None) -> None:
    desk = Desk()
    desk.script(POSITIONS, good([ROW | {"conid": "1"}, row]))
    found = desk.broker.positions()
    assert [position.conid for position in found.positions] == [1]
    assert len(found.unreadable) == 1


def test_positions_of_another_account_are_left_out() -> None:
    desk = Desk()
    desk.script(POSITIONS, good([ROW | {"acctId": "U7654321"}, ROW | {"acctId": "U7654321", "position": None}]))
    assert desk.broker.positions() == PositionList(())


@pytest.mark.parametrize(
    ("changes", "average", "market"),
    [
        ({"avgPrice": "", "avgCost": None}, None, 655.8945922851562),
        ({"avgPrice": "", "avgCost": 9.5}, 9.5, 655.8945922851562),
        ({"avgPrice": "n/a"}, None, 655.8945922851562),
        ({"marketPrice": "abc"}, 652.4747727272727, None),
        ({"marketPrice": 0.0}, 652.4747727272727, None),
        ({"marketPrice": -37.63, "secType": "FUT"}, 652.4747727272727, -37.63),
    ],
)
def test_what_was_paid_and_what_it_is_worth_may_be_missing_or_below_zero(
    changes: dict[str, object], average: float | None, market: float | None
) -> None:
    desk = Desk()
    desk.script(POSITIONS, good([ROW | changes]))
    (position,) = desk.broker.positions().positions
    assert (position.average_price, position.market_price) == (average, market)


def test_currencies_bonds_and_fractions_are_positions_like_others() -> None:
    desk = Desk()
    rows = [
        ROW | {"conid": "12087797", "position": -1200.0, "description": "GBP", "secType": "CASH"},
        ROW | {"conid": "700000040", "position": 5000, "secType": "BOND"},
        ROW | {"conid": "8894", "position": 0.4137, "secType": "STK"},
    ]
    desk.script(POSITIONS, good(rows))
    found = desk.broker.positions()
    assert [(each.quantity, each.asset_class) for each in found.positions] == [
        (0.4137, "STK"),
        (-1200.0, "CASH"),
        (5000.0, "BOND"),
    ]
    assert found.unreadable == ()


def test_a_contract_has_a_row_for_each_model_that_holds_it() -> None:
    desk = Desk()
    desk.script(POSITIONS, good([ROW | {"position": 3, "model": "Core"}, ROW | {"position": 5}]))
    assert [(each.quantity, each.model) for each in desk.broker.positions().positions] == [(5.0, None), (3.0, "Core")]


def test_a_contract_that_one_model_holds_is_not_flat() -> None:
    desk = Desk()
    desk.script(POSITIONS, good([ROW | {"position": 0, "model": "Core"}, ROW]))
    assert desk.broker.positions().flat == frozenset()


@pytest.mark.parametrize("value", [None, {}, "x", 5])
def test_a_list_that_is_none_is_not_read_as_flat(value: object) -> None:
    desk = Desk()
    desk.script(POSITIONS, good(value))
    with pytest.raises(OutcomeUnknown):
        desk.broker.positions()


def test_an_old_gateway_is_asked_page_by_page_after_its_cache_was_dropped() -> None:
    desk = Desk()
    rows = [
        {"acctId": ACCOUNT, "conid": at, "contractDesc": "X", "position": 1.0, "avgPrice": 2.0, "mktPrice": 3.0}
        for at in range(1, 131)
    ]
    desk.script(f"POST /portfolio/{ACCOUNT}/positions/invalidate", good({"message": "success"}))
    desk.script(f"{OLD_POSITIONS}/0", good(rows[:100]))
    desk.script(f"{OLD_POSITIONS}/1", good(rows[100:]))
    assert len(desk.broker.positions().positions) == 130
    assert len(desk.broker.positions().positions) == 130
    assert desk.count(POSITIONS) == 1
    # A gateway that was restarted meanwhile may be a newer one.
    desk.api.session_cache.forget()
    desk.script(POSITIONS, good([ROW]))
    assert len(desk.broker.positions().positions) == 1


def test_a_list_without_an_end_is_given_up() -> None:
    desk = Desk()
    desk.script(f"POST /portfolio/{ACCOUNT}/positions/invalidate", good({"message": "success"}))
    page = [{"conid": at, "position": 1.0, "avgPrice": 2.0} for at in range(1, 101)]
    for number in range(60):
        desk.script(f"{OLD_POSITIONS}/{number}", good(page))
    with pytest.raises(OutcomeUnknown, match="no end"):
        desk.broker.positions()


def test_a_lost_session_is_told_as_such() -> None:
    desk = Desk()
    desk.script(POSITIONS, failing("not authenticated", 401))
    with pytest.raises(SessionLost):
        desk.broker.positions()
