from __future__ import annotations

import csv
import io

from tests.unit.webapp.desk import Dashboard, open_store


def test_the_csv_is_harmless_in_a_spreadsheet(ready: Dashboard) -> None:
    database, _ = open_store(ready.state)
    with database.transaction() as connection:
        connection.execute("PRAGMA defer_foreign_keys = ON")
        connection.execute(
            "INSERT INTO intent (coid, role, conid, symbol, side, order_type, tif, quantity, decided, session,"
            " reason, created, state, changed)"
            " VALUES ('a', 'entry', 1, '=1+1', 'BUY', 'LMT', 'DAY', 5, '', '', '', '', 'FILLED', '')"
        )
        connection.execute(
            "INSERT INTO trade (entry_coid, symbol, quantity, entry_session, entry_price, exit_session, exit_price,"
            " exit_reason, commission, pnl)"
            " VALUES ('a', '=1+1', 5, '2026-02-02', 100000, '2026-02-09', 95000, '@stop', 20000, -45000)"
        )
    database.close()
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
