"""Quotes as the snapshot writes them: texts, with the marks of the real ones."""

from __future__ import annotations

from dataclasses import dataclass

from simulator.broker import Broker
from simulator.market.contracts import Contract
from trading.market import fills

_MILLION, _THOUSAND = 1_000_000, 1_000


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

    @classmethod
    def of(cls, broker: Broker, contract: Contract) -> Quote:
        """Return the quote at the simulated instant; the day rolls over at midnight in New York."""
        market, now = broker.market, broker.now_us
        column = contract.column
        today = market.calendar_day_at(now)
        day = market.days[today] if today >= 0 else None
        begun = day is not None and day.open_us <= now and _same_date(broker, today)
        prior = market.close_before(column, today if begun else _first_unopened(broker))
        bar = market.bar(day.row, column) if day is not None and begun else None
        if day is None or bar is None or not bar.volume > 0.0:
            return cls(prior, traded_today=False, prior_close=prior)
        position = day.position(now)
        open_, high, low, last = bar.until(position)
        closed = now >= day.close_us
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
        )


def _same_date(broker: Broker, index: int) -> bool:
    days, now = broker.market.days, broker.now_us
    return now < broker.market.midnight_after(days[index])


def _first_unopened(broker: Broker) -> int:
    return broker.market.day_at(broker.now_us) + 1


def price_text(price: float) -> str:
    """Return a price with two decimals, four below one dollar."""
    return f"{price:,.2f}" if price >= 1.0 else f"{price:.4f}"


def volume_text(volume: float) -> str:
    """Return a volume with K or M."""
    if volume >= _MILLION:
        return f"{volume / _MILLION:.1f}M"
    return f"{volume / _THOUSAND:.1f}K" if volume >= _THOUSAND else f"{volume:.0f}"


def field_values(broker: Broker, contract: Contract, quote: Quote) -> dict[str, object]:
    """Return every field that has a value, by its number; 85 is the ask's size, 88 the bid's."""
    values: dict[str, object] = {
        "55": contract.symbol,
        "58": contract.name,
        "6004": contract.exchange,
        "6008": contract.conid,
        "6070": "STK",
        "6509": "RpB",
        "7051": contract.name,
        "7094": f"{contract.conid}@SMART",
        "7184": "1",
        "7219": contract.symbol,
        "7220": contract.symbol,
        "7221": contract.exchange,
        "7768": "1",
    }
    if contract.group:
        values |= {"7280": contract.group, "7281": contract.industry or contract.group}
    if quote.last is not None:
        values |= _prices(broker, quote, quote.last)
    values |= _position(broker, contract)
    return values


def _prices(broker: Broker, quote: Quote, last: float) -> dict[str, object]:
    tick = fills.tick_of(last)
    shown = fills.round_down(last + tick / 2)
    values: dict[str, object] = {"31": price_text(shown) if quote.traded_today else f"C{price_text(shown)}"}
    values["7635"] = price_text(shown)
    if quote.prior_close is not None:
        change = shown - quote.prior_close
        values |= {
            "82": f"{change:+.2f}",
            "83": f"{100 * change / quote.prior_close:.2f}%",
            "7741": price_text(quote.prior_close),
        }
    if broker.exchange.is_open and quote.traded_today:
        values |= {
            "84": price_text(fills.round_down(last)),
            "86": price_text(fills.round_down(last) + tick),
            "85": "200",
            "88": "300",
            "7059": "100",
            "7057": "Q",
            "7058": "Q",
            "7068": "Q",
        }
    if quote.open is not None and quote.high is not None and quote.low is not None:
        values |= {
            "7295": price_text(quote.open),
            "70": price_text(quote.high),
            "71": price_text(quote.low),
            "7682": f"{shown - quote.open:+.2f}",
            "87": volume_text(quote.volume),
            "7762": f"{quote.volume:.0f}",
        }
    if quote.close is not None:
        values["7296"] = price_text(quote.close)
    return values


def _position(broker: Broker, contract: Contract) -> dict[str, object]:
    position = broker.account.positions.get(contract.conid)
    if position is None or not position.quantity:
        return {}
    value = broker.exchange.price_of(contract.column) * position.quantity
    return {
        "73": price_text(value),
        "74": price_text(position.average_cost),
        "75": f"{value - position.cost:,.2f}",
        "76": str(position.quantity),
        "80": f"{100 * (value - position.cost) / position.cost:.2f}%" if position.cost else "0.00%",
        "7292": price_text(position.cost),
    }
