from __future__ import annotations

import csv
import io

from tests.unit.webapp.desk import Dashboard, open_store, text_of


def leave_trade(ready: Dashboard, symbol: str, doubt: str = "") -> None:
    """Write a closed trade of `symbol`."""
    database, _ = open_store(ready.state)
    with database.transaction() as connection:
        connection.execute("PRAGMA defer_foreign_keys = ON")
        connection.execute(
            "INSERT INTO intent (coid, role, conid, symbol, side, order_type, tif, quantity, decided, session,"
            " reason, created, state, changed)"
            " VALUES (?1, 'entry', 1, ?1, 'BUY', 'LMT', 'DAY', 5, '', '', '', '', 'FILLED', '')",
            (symbol,),
        )
        connection.execute(
            "INSERT INTO trade (entry_coid, symbol, quantity, entry_session, entry_price, exit_session, exit_price,"
            " exit_reason, commission, pnl, doubt)"
            " VALUES (?1, ?1, 5, '2026-02-02', 100000, '2026-02-09', 95000, '@stop', 20000, -45000, ?2)",
            (symbol, doubt),
        )
    database.close()


def test_the_csv_is_harmless_in_a_spreadsheet(ready: Dashboard) -> None:
    leave_trade(ready, "=1+1")
    answer = ready.logged_in().get("/trades.csv")
    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert answer.headers["Content-Disposition"] == 'attachment; filename="trades.csv"'
    rows = list(csv.DictReader(io.StringIO(answer.get_data(as_text=True))))
    assert rows == [
        {
            "symbol": "'=1+1",
            "quantity": "5",
            "entry_date": "2026-02-02",
            "entry_price": "10.0000",
            "exit_date": "2026-02-09",
            "exit_price": "9.5000",
            "exit_reason": "'@stop",
            "commission": "2.00",
            "pnl": "-4.50",
        }
    ]


def test_a_result_in_doubt_is_shown_as_such_and_left_out_of_the_sums(ready: Dashboard) -> None:
    leave_trade(ready, "AAA")
    leave_trade(ready, "BBB", doubt="it has no price")
    page = text_of(ready, "/trades")
    assert 'title="it has no price">in doubt' in page
    assert '<dt>Closed trades</dt><dd class="num">1</dd>' in page
    assert '<dt>Left out, in doubt</dt><dd class="num">1</dd>' in page
    rows = list(csv.DictReader(io.StringIO(text_of(ready, "/trades.csv"))))
    assert [(row["symbol"], row["pnl"]) for row in rows] == [("AAA", "-4.50"), ("BBB", "")]
