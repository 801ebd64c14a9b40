from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from trading.cli.doctor import market
from trading.config import GatewaySettings, RuleSettings, Settings, SizingSettings
from trading.gateway.inspection import NewestBar
from trading.market.calendar import Session, TradingCalendar
from trading.model.contract import ContractPin

DAY = date(2026, 11, 24)
OPEN = datetime(2026, 11, 24, 14, 30, tzinfo=UTC)
SESSION = Session(DAY, OPEN, datetime(2026, 11, 24, 21, 0, tzinfo=UTC))
LATER = OPEN + timedelta(minutes=30)


def pin(symbol: str) -> ContractPin:
    return ContractPin(symbol, 1, "NASDAQ", "USD")


def sized(allocation: float, min_price: float = 5.0) -> Settings:
    return Settings(sizing=SizingSettings(allocation_per_trade=allocation), rules=RuleSettings(min_price=min_price))


@pytest.mark.parametrize(
    ("availability", "verdict", "text"),
    [
        ("RpB", "ok", "real-time"), ("DpB", "note", "delayed"), ("ZB", "note", "frozen"),
        ("YpB", "note", "frozen quotes, delayed"), ("N", "bad", "not subscribed"), ("", "note", "did not say"),
        (None, "note", "did not say"), ("i", "note", "marked i"), ("S", "note", "marked S"),
    ],
)  # fmt: skip
def test_permission_says_what_it_means_for_us(availability: str | None, verdict: str, text: str) -> None:
    found = market.permission("AAPL", availability, require_realtime=False)
    assert found.verdict == verdict
    assert found.text.startswith("AAPL: ")
    assert text in found.text


def test_delayed_quotes_are_bad_where_real_time_is_required() -> None:
    found = market.permission("AAPL", "DpB", require_realtime=True)
    assert (found.verdict, "require_realtime to false" in found.fix) == ("bad", True)
    assert market.permission("AAPL", "RpB", require_realtime=True).verdict == "ok"


@pytest.mark.parametrize(
    ("day_volume", "verdict"),
    [(1000.0, "ok"), (500.0, "ok"), (2000.0, "ok"), (499.0, "note"), (2001.0, "note"), (25.0, "note"), (1e5, "note")],
)
def test_volume_of_the_bar_has_to_be_about_that_of_the_quote(day_volume: float, verdict: str) -> None:
    found = market.volumes("AAPL", NewestBar(DAY, 1000.0, 40.0), day_volume, SESSION, LATER)
    assert found.verdict == verdict
    assert "bar 25 x 40 = 1,000" in found.text
    assert ("report it" in found.fix) is (verdict == "note")


@pytest.mark.parametrize(
    ("bar", "day_volume", "session", "now", "why"),
    [
        (NewestBar(DAY, 9.0, 1.0), 9.0, None, LATER, "the exchange is closed today"),
        (NewestBar(DAY, 9.0, 1.0), 9.0, SESSION, LATER - timedelta(seconds=1), "not 30 minutes old"),
        (NewestBar(DAY, 9.0, 1.0), None, SESSION, LATER, "the quote has no volume"),
        (NewestBar(DAY, 9.0, 1.0), 0.0, SESSION, LATER, "the quote has no volume"),
        (None, 9.0, SESSION, LATER, "there is no daily bar"),
        (NewestBar(date(2026, 11, 23), 9.0, 1.0), 9.0, SESSION, LATER, "the newest daily bar is of 2026-11-23"),
    ],
)
def test_volumes_that_can_not_be_compared_are_told_with_why(
    bar: NewestBar | None, day_volume: float | None, session: Session | None, now: datetime, why: str
) -> None:
    found = market.volumes("AAPL", bar, day_volume, session, now)
    assert found.verdict == "note"
    assert found.text == f"not comparable now: {found.text.partition(': ')[2]}"
    assert why in found.text


def test_bar_without_a_factor_is_no_reason_to_fail() -> None:
    assert market.volumes("AAPL", NewestBar(DAY, 0.0, 0.0), 9.0, SESSION, LATER).verdict == "note"


def test_calendar_says_what_today_is_and_when_the_next_session_is() -> None:
    known = TradingCalendar(date(2026, 1, 1), date(2027, 6, 30))
    found = market.calendar(known, LATER)
    assert found.verdict == "ok"
    assert "2026-11-24 is a session until 16:00 New York, the next one is 2026-11-25" in found.text
    holiday = market.calendar(known, datetime(2026, 11, 26, 15, 0, tzinfo=UTC))
    assert "2026-11-26 is no session, the next one is 2026-11-27" in holiday.text


def test_calendar_has_to_reach_thirty_days_ahead() -> None:
    known = TradingCalendar(date(2026, 1, 1), date(2026, 12, 24))
    assert market.calendar(known, datetime(2026, 11, 24, 15, 0, tzinfo=UTC)).verdict == "ok"
    found = market.calendar(known, datetime(2026, 11, 25, 15, 0, tzinfo=UTC))
    assert (found.verdict, found.text) == ("bad", "knows no session after 2026-12-24")


def test_symbols_that_mean_a_contract_are_counted() -> None:
    found = market.symbols({"AAPL": pin("AAPL"), "BRK.B": pin("BRK.B")}, {}, {}, unasked=7)
    assert found.verdict == "ok"
    assert found.text == "2 found, 7 more not looked up; BRK.B is BRK B at the broker"


def test_symbols_that_mean_none_or_several_are_told_one_by_one() -> None:
    reasons = {"BRK-B": "BRK-B: no US stock of this symbol", "X": "X: several contracts"}
    found = market.symbols({"AAPL": pin("AAPL")}, reasons, {"BRK-B": "BRK B"})
    assert found.verdict == "note"
    assert found.text == "1 found; BRK-B: the broker spells it BRK B; X: several contracts"
    assert market.symbols({}, reasons, {}).verdict == "bad"
    many = market.symbols({}, {f"S{number}": "none" for number in range(9)}, {})
    assert many.text.endswith("S4: none; 4 more")


@pytest.mark.parametrize(("symbol", "other"), [("BRK-B", "BRK B"), ("BF/B", "BF B"), ("BRK.B", None), ("AAPL", None)])
def test_class_of_shares_is_spelled_with_a_blank_at_the_broker(symbol: str, other: str | None) -> None:
    assert market.spelled_otherwise(symbol) == other


def test_live_system_has_to_be_told_what_it_may_trade() -> None:
    assert market.configured(Settings()).verdict == "bad"
    assert market.configured(Settings(tickers=("AAPL", "MSFT"))).text == "2 that may be traded"
    simulated = Settings(gateway=GatewaySettings(kind="simulated"))
    assert market.configured(simulated).verdict == "ok"


@pytest.mark.parametrize(
    ("settings", "verdict", "text"),
    [
        (sized(1000.0), "ok", "a round trip of 1,000 USD costs about 2.00 USD = 0.20 %"),
        (sized(400.0), "ok", "2.00 USD = 0.50 %"),
        (sized(399.0), "note", "2.00 USD = 0.50 %"),
        (sized(50.0), "note", "1.00 USD = 2.00 %"),
        (sized(10_000.0), "ok", "2.00 USD = 0.02 %, 20.00 USD = 0.20 % in shares at 5 USD"),
        (sized(10_000.0, 1.0), "note", "100.00 USD = 1.00 % in shares at 1 USD"),
        (sized(10_000.0, 0.0), "note", "in shares at 1 USD"),
        (sized(0.0), "ok", "sets no cap; a round trip of less than 400 USD costs over 0.50 %"),
    ],
)
def test_trade_that_costs_more_than_half_a_percent_is_noted(settings: Settings, verdict: str, text: str) -> None:
    found = market.cost(settings)
    assert found.verdict == verdict
    assert text in found.text


def test_first_symbol_that_means_a_contract_is_asked_about() -> None:
    assert market.first({"B": pin("B"), "C": pin("C")}, ("A", "B", "C")) == pin("B")
    assert market.first({}, ("A",)) is None
