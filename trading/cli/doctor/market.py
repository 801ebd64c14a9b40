"""Judging market data, volumes, the exchange's calendar, symbols, and what a trade costs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from types import MappingProxyType

from trading.cli.doctor.findings import Finding, bad, note, ok
from trading.config import Settings
from trading.gateway.inspection import NewestBar
from trading.market.calendar import Session, TradingCalendar
from trading.model.contract import ContractPin
from trading.model.exchange_time import EXCHANGE_ZONE, exchange_date

REACH = timedelta(days=30)
SETTLED_AFTER = timedelta(minutes=30)
"""how long a session goes on before its volumes are compared: they are counted at different moments"""
ALIKE = 2.0
DEAR = 0.005
USUAL_PRICE = 100.0
_MOST_NAMED = 5
_AGREEMENT = "see whether IBKR's Client Portal wants an agreement about market data signed"
_QUOTES: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "D": ("quotes are delayed; decisions are on daily bars, only orders inside a session see quotes", ""),
        "Z": ("frozen quotes, the last before the market closed; nothing is sent on them", ""),
        "Y": ("frozen quotes, delayed ones; nothing is sent on them", ""),
    }
)
_SUBSCRIBE = "subscribe to US stock data, for the API too, in IBKR's Client Portal (Settings, Market Data)"


def permission(symbol: str, availability: str | None, *, require_realtime: bool) -> Finding:
    """Judge field 6509 of one symbol's quote.

    Source: Client Portal API, market data availability.
    """
    letter = (availability or "")[:1]
    if not letter:
        return note("data", f"{symbol}: the gateway did not say in time what its quotes are", "ask again in a minute")
    if letter == "R":
        return ok("data", f"{symbol}: real-time quotes")
    if letter == "N":
        return bad("data", f"{symbol}: not subscribed, so there are no quotes and no daily bars", _SUBSCRIBE)
    if letter == "D" and require_realtime:
        fix = f"{_SUBSCRIBE}, or set execution.require_realtime to false"
        return bad("data", f"{symbol}: quotes are delayed, and require_realtime refuses orders on them", fix)
    what, fix = _QUOTES.get(letter, (f"quotes are marked {availability}, neither real-time nor delayed", _AGREEMENT))
    return note("data", f"{symbol}: {what}", fix)


def volumes(
    symbol: str, bar: NewestBar | None, day_volume: float | None, session: Session | None, now: datetime
) -> Finding:
    """Judge whether a daily bar's volume, times its factor, is about that of the quote; `session` is today's."""
    why = _not_comparable(bar, day_volume, session, now)
    if why or bar is None or day_volume is None:
        return note("volume", f"not comparable now: {why}")
    ratio = bar.volume / day_volume
    sent = bar.volume / bar.factor if bar.factor else 0.0
    text = (
        f"{symbol} {bar.session}: bar {sent:,.0f} x {bar.factor:g} = {bar.volume:,.0f}, quote {day_volume:,.0f} shares"
    )
    if 1.0 / ALIKE <= ratio <= ALIKE:
        return ok("volume", text)
    fix = "report it: limits on volume (max_participation, liquidity) are wrong by this factor"
    return note("volume", f"{text}: {ratio:.3g} times as much", fix)


def _not_comparable(bar: NewestBar | None, day_volume: float | None, session: Session | None, now: datetime) -> str:
    if session is None:
        return "the exchange is closed today"
    if now < session.open + SETTLED_AFTER:
        return f"today's session is not {SETTLED_AFTER.seconds // 60} minutes old"
    if day_volume is None or day_volume <= 0.0:
        return "the quote has no volume"
    if bar is None:
        return "there is no daily bar"
    return "" if bar.session == session.day else f"the newest daily bar is of {bar.session}"


def calendar(known: TradingCalendar, now: datetime) -> Finding:
    """Judge how far the exchange's calendar reaches, and say what today is.

    Raises: DataError, it does not reach today.
    """
    today, last = exchange_date(now), known.last_day
    if last < today + REACH:
        fix = "update exchange_calendars: make setup after pulling"
        return bad("calendar", f"knows no session after {last}", fix)
    session, upcoming = known.session(today), known.next_after(today)
    closes = "" if session is None else f" until {session.close.astimezone(EXCHANGE_ZONE):%H:%M} New York"
    is_session = "is no session" if session is None else f"is a session{closes}"
    return ok("calendar", f"{today} {is_session}, the next one is {upcoming.day}; known to {last}")


def spelled_otherwise(symbol: str) -> str | None:
    """Return how the broker would spell a class of shares (BRK-B: BRK B), None where it would not."""
    other = symbol.replace("-", " ").replace("/", " ")
    return other if other != symbol else None


def symbols(
    pins: Mapping[str, ContractPin], reasons: Mapping[str, str], others: Mapping[str, str], unasked: int = 0
) -> Finding:
    """Judge which symbols mean a contract; `others` are spellings that do, by the symbols that don't."""
    left = f", {unasked} more not looked up" if unasked else ""
    classes = [f"{symbol} is {symbol.replace('.', ' ')} at the broker" for symbol in pins if "." in symbol]
    if not reasons:
        return ok("symbols", "; ".join([f"{len(pins)} found{left}", *classes[:_MOST_NAMED]]))
    wrong = [
        f"{symbol}: the broker spells it {others[symbol]}"
        if symbol in others
        else f"{symbol}: {why.partition(': ')[2] or why}"
        for symbol, why in reasons.items()
    ]
    more = f"; {len(wrong) - _MOST_NAMED} more" if len(wrong) > _MOST_NAMED else ""
    text = f"{len(pins)} found{left}; {'; '.join(wrong[:_MOST_NAMED])}{more}"
    fix = "correct TICKERS: these are never traded"
    return note("symbols", text, fix) if pins else bad("symbols", text, fix)


def configured(settings: Settings) -> Finding:
    """Judge whether a live system was told what it may trade; the simulated market has its own list."""
    if settings.simulated and not settings.tickers:
        return ok("tickers", "those of the simulated market")
    if not settings.tickers:
        return bad("tickers", "TICKERS names none", "name them, for instance TICKERS=AAPL,MSFT")
    return ok("tickers", f"{len(settings.tickers)} that may be traded")


def cost(settings: Settings) -> Finding:
    """Judge what a trade of the configured size costs by the commissions that trading reckons with."""
    from trading.market.fills import commission

    size = settings.sizing.allocation_per_trade
    prices = sorted({max(settings.rules.min_price, 1.0), USUAL_PRICE})
    if not size:
        least = 2.0 * commission(1.0, 1e9)
        below = f"a round trip of less than {least / DEAR:,.0f} USD costs over {_percent(DEAR)}"
        return ok("cost", f"ALLOCATION_PER_TRADE sets no cap; {below}")
    costs = {price: 2.0 * commission(size / price, price) for price in prices}
    usual, dearest = costs[USUAL_PRICE], max(costs, key=lambda price: costs[price])
    text = f"a round trip of {size:,.0f} USD costs about {usual:,.2f} USD = {_percent(usual / size)}"
    if costs[dearest] > usual:
        text += f", {costs[dearest]:,.2f} USD = {_percent(costs[dearest] / size)} in shares at {dearest:g} USD"
    if costs[dearest] / size > DEAR:
        return note("cost", text, "raise ALLOCATION_PER_TRADE: what a trade costs, it has to earn first")
    return ok("cost", text)


def _percent(fraction: float) -> str:
    return f"{100.0 * fraction:.2f} %"


def first(pins: Mapping[str, ContractPin], wanted: Sequence[str]) -> ContractPin | None:
    """Return the contract of the first symbol that means one."""
    return next((pins[symbol] for symbol in wanted if symbol in pins), None)
