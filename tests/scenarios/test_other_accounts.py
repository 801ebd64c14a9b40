"""Accounts as people have them: rows of others, another currency, another selected account, answers of no use."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from tests.fakes.answer_rules import DROP, Rule
from tests.scenarios.in_process_run import InProcessRun, trade
from tests.scenarios.lockstep_run import CASH, Span
from trading.market.panel import Panel
from trading.model.status import StatusKey

SPAN = Span(start=date(2014, 3, 3), sessions=8, symbols=60)
ACCOUNTS = "/iserver/accounts"
ORDERS, TRADES = "/iserver/account/orders", "/iserver/account/trades"
POSITIONS, HISTORY = "/portfolio2/*/positions", "/iserver/marketdata/history"
ACCOUNT = "DU1234567"


def order(**fields: object) -> dict[str, Any]:
    usual = {
        "account": ACCOUNT, "acct": ACCOUNT, "conid": 800000001, "orderId": 88001, "secType": "STK", "side": "BUY",
        "status": "Submitted", "origOrderType": "LIMIT", "price": "10.00", "timeInForce": "GTC", "totalSize": 2.0,
        "filledQuantity": 0.0, "remainingQuantity": 2.0, "ticker": "ZZZ",
    }  # fmt: skip
    return {**usual, **fields}


def holding(**fields: object) -> dict[str, Any]:
    usual = {
        "conid": "800000010", "position": 4, "avgPrice": 25.0, "marketPrice": 26.0, "assetClass": "STK", "model": "",
        "description": "ZZZ", "currency": "USD",
    }  # fmt: skip
    return {**usual, **fields}


def execution(**fields: object) -> dict[str, Any]:
    usual = {
        "execution_id": "0000e0d5.cccc0001.01.01", "account": ACCOUNT, "conid": 800000020, "side": "B", "size": 3.0,
        "price": "12.5", "trade_time_r": 1393857060000, "symbol": "ZZZ", "sec_type": "STK",
    }  # fmt: skip
    return {**usual, **fields}


OTHERS: Sequence[Rule] = (
    {"path": ORDERS, "into": "orders", "add": [
        order(secType="BAG", conidex="1;;;800000002/1,800000003/-1", price="-0.15", orderId=88002),
        order(account="U9999999", acct="U9999999", orderId="x", conid={}, side=7),
        order(origOrderType="PEG MID", status="ApiPending", timeInForce="GTD", price="", orderId=88003),
        order(totalSize=0.0, remainingQuantity=0.0, totalCashSize="75.0", origOrderType="MARKET", orderId=88004),
        order(orderId=-7, order_ref=""), order(side=None, orderId=88005, order_ref={"by": "hand"}),
        order(conid=12087792, secType="CASH", price="1,300.5", orderId=88006),
    ]},
    {"path": POSITIONS, "add": [
        holding(conid="12087792", assetClass="CASH", position=-900.0, description="EUR"),
        holding(position=4, model=""), holding(position=3, model="Growth"), holding(conid="800000011", position=-40),
        holding(conid="800000012", assetClass="FUT", marketPrice=-3.5), holding(conid="800000013", position=0.25),
        holding(conid="800000014", assetClass="BOND", position=2000, marketPrice=0.0),
        holding(conid="800000015", marketPrice="NaN", avgPrice=None), holding(conid=None, assetClass="OPT"),
    ]},
    {"path": TRADES, "add": [
        execution(), execution(execution_id="0000e0d5.cccc0002.01.01", side="X", sec_type="OPT", price="0.0"),
        execution(execution_id="0000e0d5.cccc0003.01.01", sec_type="BAG", price="-0.15"),
    ]},
)  # fmt: skip
# Each field of a row of others in turn holds what no such field should, or is not there.
SENSELESS: Sequence[object] = (
    None, "", "abc", -1, 0, "NaN", "-5", "1,300.5", {}, [], True, "x" * 5000, -0.35, 0.4137, "\n\x1b[31mU7654321", DROP,
)  # fmt: skip


def each_in_turn(row: Mapping[str, object], name: str, *kept: str) -> Sequence[Mapping[str, object]]:
    """Return rows with another value of `name` each, of which one field but those `kept` is senseless."""
    found: list[Mapping[str, object]] = []
    for field in row:
        for value in SENSELESS if field not in kept else ():
            changed = {**row, name: f"{row[name]}{len(found):04}", field: value}
            found.append({key: held for key, held in changed.items() if held != DROP})
    return found


ODD: Sequence[Rule] = (
    {"path": ORDERS, "into": "orders", "add": each_in_turn(order(orderId=9, side="SELL", order_ref="hand"), "orderId")},
    {"path": POSITIONS, "add": each_in_turn(holding(conid="80"), "conid", "assetClass", "conid")},
    {"path": TRADES, "add": each_in_turn(execution(execution_id="0000e0d5.dd"), "execution_id")},
)
# What is no row at all.
NO_ROWS: Sequence[object] = [None, 7, "", [], {}]
NULLS: Sequence[Rule] = (
    {"path": ORDERS, "into": "orders", "add": NO_ROWS}, {"path": TRADES, "add": NO_ROWS},
    {"path": POSITIONS, "add": NO_ROWS},
)  # fmt: skip
# An advisor's login may select all its accounts as one; where none is selected the name is empty, or not there.
ADVISOR = {"accounts": ["All", "F1234567", ACCOUNT], "selectedAccount": "All"}
NONE_SELECTED = {"selectedAccount": ""}
EUROS: Sequence[Rule] = ({"path": "/portfolio/*/summary", "set": {"netliquidation.currency": "EUR"}},)
LEDGER = "/portfolio/*/ledger"
NO_DOLLARS: Sequence[Rule] = (*EUROS, {"path": LEDGER, "set": {"USD": DROP}})
OWED: Sequence[Rule] = (*EUROS, {"path": LEDGER, "set": {"USD.cashbalance": -2500.0, "USD.settledcash": -2500.0}})
# What the account is worth in euros falls by a third, though not a share changes its price.
RATES: Sequence[Rule] = (
    *EUROS,
    *({"path": "/portfolio/*/summary", "set": {"netliquidation.amount": 9_000.0 - 100.0 * at}, "after": at, "times": 1}
      for at in range(30)),
)  # fmt: skip


@pytest.fixture(scope="module")
def panel(bundled_bars: Path) -> Panel:
    return SPAN.panel(bundled_bars)


@pytest.fixture(scope="module")
def undisturbed(panel: Panel, tmp_path_factory: pytest.TempPathFactory) -> InProcessRun:
    return trade(tmp_path_factory.mktemp("undisturbed"), panel, SPAN)


def what_it_did(run: InProcessRun) -> tuple[object, ...]:
    return run.trades(), run.open_positions(), run.order_denials()


def selects(shown: Mapping[str, object], **limits: int) -> Sequence[Rule]:
    return ({"path": ACCOUNTS, "set": shown, **limits},)


def closed(status: int, **limits: int) -> Sequence[Rule]:
    """Return rules by which the gateway says of its data that nobody is logged in, or that it is not allowed."""
    return [
        {"path": path, "status": status, "raw": "no", "after": 5, **limits} for path in (HISTORY, TRADES, POSITIONS)
    ]


# The histories of a session with entries.
MOSTLY_FORBIDDEN = [{"path": HISTORY, "status": 403, "raw": "no", "after": 305, "times": 58}]


@pytest.mark.parametrize(
    "rules",
    [OTHERS, ODD, EUROS, RATES, selects(ADVISOR, times=2), selects(NONE_SELECTED, times=2), closed(401, times=1),
     closed(403, times=1), MOSTLY_FORBIDDEN,
     [{"path": HISTORY, "into": "data", "add": [None]}]],
    ids=["rows of others", "odd values in rows of others", "dollars of an account in euros", "rates that move",
         "an advisor's accounts at first",
         "no account at first", "401 at the data once", "403 at the data once",
         "403 at most histories of a day", "no bar after the last one"],
)  # fmt: skip
def test_what_is_not_ours_changes_nothing_that_we_do(
    rules: Sequence[Rule], panel: Panel, undisturbed: InProcessRun, tmp_path: Path
) -> None:
    assert len(undisturbed.open_positions()) > 5
    run = trade(tmp_path, panel, SPAN, rules)
    assert what_it_did(run) == what_it_did(undisturbed)
    assert run.fact(StatusKey.TROUBLE) == ""


# Rows of the positions whose contract nobody can tell: a right in a contract that has no number yet, say.
NO_CONTRACT: Sequence[object] = (
    *(holding(conid=conid, description="AAPL.RT") for conid in ("0", -9, "AAPL.RT", 1.5, None, DROP)),
    holding(conid=None, assetClass=None), holding(conid=0, description=None, ticker="ZZZ", assetClass=DROP),
)  # fmt: skip


def test_position_of_somebody_else_without_a_contract_changes_nothing_and_is_told(
    panel: Panel, undisturbed: InProcessRun, tmp_path: Path
) -> None:
    run = trade(tmp_path, panel, SPAN, [{"path": POSITIONS, "add": NO_CONTRACT}])
    assert what_it_did(run) == what_it_did(undisturbed)
    assert run.fact(StatusKey.TROUBLE) == ""
    assert "AAPL.RT" in str(run.fact(StatusKey.DIFFERENCES))


def test_account_that_is_kept_in_euros_trades_its_dollars(
    panel: Panel, undisturbed: InProcessRun, tmp_path: Path
) -> None:
    run = trade(tmp_path, panel, SPAN, behaviour=["base_currency=EUR"])
    assert (what_it_did(run), run.equity()) == (what_it_did(undisturbed), undisturbed.equity())
    assert run.rows("SELECT * FROM alert") == []


def test_dollars_that_come_later_are_traded_without_a_restart_and_are_no_gain(panel: Panel, tmp_path: Path) -> None:
    run = trade(tmp_path, panel, SPAN, (*EUROS, {"path": LEDGER, "set": {"USD": DROP}, "times": 12}))
    assert len(run.open_positions()) > 5
    assert run.fact(StatusKey.TROUBLE) == ""
    assert 0 < len(run.equity()) < SPAN.sessions
    assert all(equity == pytest.approx(CASH, rel=0.02) for _, _, equity, _ in run.equity())
    assert run.rows("SELECT * FROM flow") == []


def test_dollars_that_are_converted_to_others_are_money_that_came(panel: Panel, tmp_path: Path) -> None:
    converted = {"id": "C08", "parameters": {"what": "cash", "amount": 4_000.0}, "selector": {"nth": 20}}
    run = trade(tmp_path, panel, SPAN, EUROS, faults=[converted])
    assert [row["amount"] / 1e4 for row in run.rows("SELECT * FROM flow")] == [4_000.0]
    assert run.rows("SELECT * FROM mode_log WHERE fact = 'reducing' AND value <> ''") == []


def test_rows_that_are_none_change_nothing_and_are_told(
    panel: Panel, undisturbed: InProcessRun, tmp_path: Path
) -> None:
    run = trade(tmp_path, panel, SPAN, NULLS)
    assert what_it_did(run) == what_it_did(undisturbed)
    assert "orders: a row can't be read" in str(run.fact(StatusKey.TROUBLE))


@pytest.mark.parametrize(
    ("rules", "says"),
    [
        (NO_DOLLARS, "kept in EUR and holds no US dollars: convert some first"),
        ((*EUROS, {"path": LEDGER, "set": {"USD": None}}), "kept in EUR and holds no US dollars: convert some first"),
        (OWED, "kept in EUR and owes 2,500.00 US dollars: convert more than that first"),
        ((*EUROS, {"path": LEDGER, "set": {"USD.cashbalance": None}}), "cashbalance: missing"),
        ([{"path": HISTORY, "status": 500, "raw": "sorry", "after": 30}], f"GET {HISTORY}: "),
        ([{"path": "/portfolio/*/ledger", "replace": {}, "after": 4}], "USD: missing"),
        ([{"path": TRADES, "replace": {"error": None}, "after": 4}], f"GET {TRADES}: "),
        (selects({"selectedAccount": "U7654321"}, after=6), "select the account that is traded, …: "),
        (selects(ADVISOR), "select the account that is traded, …: selecting it has no effect"),
        (selects(NONE_SELECTED), "select the account that is traded, …: selecting it has no effect"),
        (selects({"selectedAccount": DROP}), "select the account that is traded, …: selecting it has no effect"),
        (closed(401)[:1], f"GET {HISTORY}: not logged in (HTTP 401)"),
        (closed(403)[1:2], f"GET {TRADES}: not allowed (HTTP 403)"),
        (closed(401)[2:], ": not logged in (HTTP 401)"),
    ],
)
def test_what_stays_unusable_is_named_with_its_cause(
    rules: Sequence[Rule], says: str, panel: Panel, tmp_path: Path
) -> None:
    run = trade(tmp_path, panel, SPAN, rules, trouble=says)
    assert says in str(run.fact(StatusKey.TROUBLE))


def test_one_symbol_s_trouble_stays_that_symbol_s(panel: Panel, tmp_path: Path) -> None:
    rules: Sequence[Rule] = [
        {"path": "/trsrv/stocks", "set": {"DIS": [{"contracts": [{"conid": None, "isUS": True}]}], "KO": None}},
        {"path": HISTORY, "set": {"data.300.h": -1.0}, "after": 3, "times": 2},
    ]
    run = trade(tmp_path, panel, SPAN, rules)
    assert run.fact(StatusKey.TROUBLE) == ""
    assert len(run.rows("SELECT * FROM decision")) == SPAN.sessions
    assert run.rows("SELECT * FROM intent WHERE symbol IN ('DIS', 'KO')") == []
    assert len(run.open_positions()) > 5
