from __future__ import annotations

import msgspec
import pytest

from simulator.views.statement import by_segment, funds_table, ledger_rows, market_value_table, summary_rows
from simulator.views.valuation import Valuation
from tests.unit.simulator.support import QUIET, Client, Row, start

UP: Row = (100.0, 110.0, 90.0, 105.0, 1000.0)


@pytest.fixture
def client() -> Client:
    made = start({"ABC": [UP, UP]}, cash=10_000.0)
    made.order(made.conid("ABC"), "BUY", "LMT", 10, price=100.0)
    made.advance("close")
    return made


def test_segments_add_up_to_the_whole(client: Client) -> None:
    rows = summary_rows(client.broker)
    for name in ("netliquidation", "totalcashvalue", "grosspositionvalue", "availablefunds"):
        parts = (rows[f"{name}{segment}"]["amount"] for segment in ("-s", "-c"))
        assert sum(float(str(part)) for part in parts) == rows[name]["amount"]


def test_cash_account_says_that_it_is_one() -> None:
    behaviour = msgspec.structs.replace(QUIET, account_type="cash")
    made = start({"ABC": [UP]}, cash=10_000.0, behaviour=behaviour)
    for client_of, word in ((made, "STKCASH"), (start({"ABC": [UP]}, cash=10_000.0), "STKNOPT")):
        assert summary_rows(client_of.broker)["tradingtype-s"]["value"] == word
        (row,) = client_of.get("/portfolio/accounts")
        assert row["tradingType"] == word


def test_texts_have_no_currency_and_amounts_no_text(client: Client) -> None:
    rows = summary_rows(client.broker)
    assert len(rows) > 100
    assert all((row["currency"] is None) == (row["value"] is not None) for row in rows.values())
    assert (rows["cushion"]["value"], rows["leverage-s"]["value"]) == ("0.973878", "0.10")


def test_tables_are_texts_and_the_commodities_are_empty(client: Client) -> None:
    table = funds_table(client.broker, Valuation.of(client.broker))
    assert (table["total"]["current_available"], table["commodities"]["current_available"]) == ("9,524 USD", "0 USD")
    assert "SMA" not in table["commodities"]
    assert table["total"]["Lk Ahd Nxt Chng"] == "@ 16:00:00"
    assert by_segment({"leverage": "1.20"})["commodities"] == {"leverage": "0.00"}


def test_market_value_is_given_by_currency_and_in_all(client: Client) -> None:
    table = market_value_table(Valuation.of(client.broker))
    assert table["USD"] == table["Total (in USD)"]
    assert (table["USD"]["stock"], table["USD"]["net_liquidation"], table["USD"]["bonds"]) == ("1,050", "10,049", "0")


def test_account_that_is_kept_in_euros_holds_its_dollars_and_is_told_in_euros() -> None:
    in_euros = start({"ABC": [UP]}, cash=10_900.0, behaviour=msgspec.structs.replace(QUIET, base_currency="EUR"))
    figure = summary_rows(in_euros.broker)["netliquidation"]
    assert (figure["amount"], figure["currency"]) == (10_000.0, "EUR")
    rows = ledger_rows(in_euros.broker)
    assert [(name, row["cashbalance"], row["netliquidationvalue"]) for name, row in rows.items()] == [
        ("USD", 10_900.0, 10_900.0),
        ("EUR", 0.0, 0.0),
        ("BASE", 10_000.0, 10_000.0),
    ]
    assert rows["USD"]["exchangerate"] == pytest.approx(1.0 / 1.09, abs=1e-4)
    assert in_euros.get("/portfolio/accounts")[0]["currency"] == "EUR"


def test_account_in_dollars_has_no_other_row(client: Client) -> None:
    rows = ledger_rows(client.broker)
    assert list(rows) == ["USD", "BASE"]
    assert rows["USD"] == {**rows["BASE"], "currency": "USD", "secondkey": "USD"}
