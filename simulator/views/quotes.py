"""Quotes as the snapshot writes them: texts, with the marks of the real ones."""

from __future__ import annotations

from dataclasses import dataclass
from zlib import crc32

from simulator import instants
from simulator.broker import Broker
from simulator.market.contracts import Contract
from trading.market import fills

_MILLION, _THOUSAND = 1_000_000, 1_000
LOT, MOST_LOTS = 100, 24
VENUES = "KQPZNJUVBX"
"""letters of the exchanges that make a SMART price"""
BORROW_FEE = "0.25%"


@dataclass(frozen=True, slots=True)
class Quote:
    """What is known of a symbol's trading day; `last` is None while it has never traded."""

    last: float | None
    traded_today: bool
    prior_close: float | None
    open: float | None = None
    high: float | None = None
    low: float | None = None
    close: float | None = None
    volume: float = 0.0
    halted: bool = False

    @classmethod
    def of(cls, broker: Broker, contract: Contract) -> Quote:
        """Return the quote at the simulated instant; the day rolls over at midnight in New York.

        While a symbol is halted nothing of it moves.
        """
        market, now = broker.market, broker.now_us
        column = contract.column
        halted_us = broker.exchange.halted.get(column)
        today = market.calendar_day_at(now)
        day = market.days[today] if today >= 0 else None
        begun = day is not None and day.open_us <= now and _same_date(broker, today)
        if halted_us is not None and (day is None or not begun or halted_us <= day.open_us):
            before = market.mark(column, halted_us)
            return cls(before, traded_today=False, prior_close=before, halted=True)
        prior = market.close_before(column, today if begun else _first_unopened(broker))
        bar = market.bar(day.row, column) if day is not None and begun else None
        if day is None or bar is None or not bar.volume > 0.0:
            return cls(prior, traded_today=False, prior_close=prior)
        position = day.position(now if halted_us is None else halted_us)
        open_, high, low, last = bar.until(position)
        closed = now >= day.close_us and halted_us is None
        volume = bar.volume if closed else float(int(bar.volume * position / 3.0))
        return cls(
            last,
            traded_today=True,
            prior_close=prior,
            open=open_,
            high=high,
            low=low,
            close=last if closed else None,
            volume=volume,
            halted=halted_us is not None,
        )


def _same_date(broker: Broker, index: int) -> bool:
    days, now = broker.market.days, broker.now_us
    return now < days[index].midnight_us


def _first_unopened(broker: Broker) -> int:
    return broker.market.day_at(broker.now_us) + 1


def price_text(price: float) -> str:
    """Return a price with two decimals, four below one dollar."""
    return f"{price:,.2f}" if price >= 1.0 else f"{price:.4f}"


def volume_text(volume: float) -> str:
    """Return a volume with K or M."""
    if abs(volume) >= _MILLION:
        return f"{volume / _MILLION:.1f}M"
    return f"{volume / _THOUSAND:.1f}K" if abs(volume) >= _THOUSAND else f"{volume:.0f}"


def money_text(amount: float) -> str:
    """Return an amount with cents."""
    return f"{amount:,.2f}"


def percent_text(fraction: float) -> str:
    """Return a fraction as a percentage."""
    return f"{100.0 * fraction:.2f}%"


def field_values(broker: Broker, contract: Contract, quote: Quote) -> dict[str, object]:
    """Return the fields of contract and quote that have a value, by number; 85 is the ask's size, 88 the bid's."""
    values: dict[str, object] = {
        "55": contract.symbol,
        "58": contract.name,
        "6004": contract.exchange,
        "6008": contract.conid,
        "6070": "STK",
        "6457": 0,
        "6508": "&serviceID1=122&serviceID2=123&serviceID3=203&serviceID4=775&serviceID5=204",
        "6509": "RpB",
        "7051": contract.name,
        "7094": f"{contract.conid}@SMART",
        "7184": "1",
        "7219": contract.symbol,
        "7220": contract.symbol,
        "7221": contract.exchange,
        "7637": BORROW_FEE,
        "7644": "Available",
        "7768": "1",
    }
    if contract.group:
        values |= {"7280": contract.group, "7281": contract.industry or contract.group}
    if quote.last is not None:
        values |= _prices(broker, contract, quote, quote.last)
    return values


def _prices(broker: Broker, contract: Contract, quote: Quote, last: float) -> dict[str, object]:
    tick = fills.tick_of(last)
    shown = fills.round_down(last + tick / 2)
    mark = "H" if quote.halted else "" if quote.traded_today else "C"
    values: dict[str, object] = {"31": f"{mark}{price_text(shown)}", "7635": price_text(shown)}
    if quote.prior_close is not None:
        change = shown - quote.prior_close
        values |= {
            "82": f"{change:+.2f}",
            "83": percent_text(change / quote.prior_close),
            "7741": price_text(quote.prior_close),
        }
    if broker.exchange.is_open and quote.traded_today and not quote.halted:
        bid = fills.round_down(last)
        values |= {"84": price_text(bid), "86": price_text(bid + tick), **_depth(broker, contract)}
    if quote.open is not None and quote.high is not None and quote.low is not None:
        values |= {
            "7295": price_text(quote.open),
            "70": price_text(quote.high),
            "71": price_text(quote.low),
            "7682": f"{shown - quote.open:+.2f}",
            "87": volume_text(quote.volume),
            "87_raw": quote.volume,
            "7762": f"{quote.volume:.0f}",
        }
    if quote.close is not None:
        values["7296"] = price_text(quote.close)
    return values


def _depth(broker: Broker, contract: Contract) -> dict[str, object]:
    """Return sizes in round lots and exchanges, which change with each second of simulated time."""
    drawn = crc32(f"{broker.config.seed}/{contract.conid}/{broker.now_us // instants.SECOND}".encode())
    sizes = ((drawn >> shift) % MOST_LOTS + 1 for shift in (0, 8, 16))
    bid, ask, last = (f"{LOT * size:,}" for size in sizes)
    venues = (VENUES[(drawn >> shift) % len(VENUES) :] or VENUES for shift in (4, 12, 20))
    at_bid, at_ask, at_last = (venue[:3] for venue in venues)
    return {"85": ask, "88": bid, "7059": last, "7057": at_ask, "7068": at_bid, "7058": at_last[:1]}
