from __future__ import annotations

from tests.unit.webapp.desk import Dashboard, text_of


def test_the_decision_says_for_each_stock_why_or_why_not(ready: Dashboard) -> None:
    page = text_of(ready, "/decisions")
    for said in (
        "Buy 20 at 49.75 or less, stop 47.25, target 51.50. The size is set by the amount per trade.",
        "All 10 slots are taken.",
        "Held long enough. Sell 12 at the next open.",
        "Held; no reason to sell.",
        "It dipped 0.42; 1.00 are asked.",
        "Close, 4.20 USD, is less than 5.00 USD.",
        "no contract found",
    ):
        assert said in page


def test_an_earlier_decision_is_found_by_its_date(ready: Dashboard) -> None:
    assert "Mon 2 Mar 2026" in text_of(ready, "/decisions?session=2026-03-02&show=buy")
    answer = ready.logged_in().get("/decisions?session=2026-02-27")
    assert answer.status_code == 404
