"""The fields of a snapshot: the quote, and where asked for studies of the daily bars and the position held."""

from __future__ import annotations

from collections.abc import Iterable

from simulator import instants
from simulator.broker import Broker
from simulator.exchange.orders import Side
from simulator.market.contracts import Contract
from simulator.views.quotes import Quote, field_values, money_text, percent_text, price_text, volume_text
from trading.market import fills

AVERAGE_FIELDS = {200: ("7674", "7678"), 100: ("7675", "7679"), 50: ("7676", "7724"), 20: ("7677", "7681")}
"""average and price over average, by length"""
STUDY_FIELDS = frozenset(
    ("7087", "7088", "7282", "7284", "7293", "7294", "7636", *(f for pair in AVERAGE_FIELDS.values() for f in pair))
)
POSITION_FIELDS = frozenset(("73", "74", "75", "76", "77", "78", "79", "80", "7292", "7639", "7920", "7921"))


def fields_of(broker: Broker, contract: Contract, fields: Iterable[str]) -> dict[str, object]:
    """Return those of `fields` that have a value, and always 6509; the day's volume comes as a number too.

    Studies and the position's part of the account are only looked at when they are asked for.
    """
    wanted = dict.fromkeys((*fields, "6509"))
    if "87" in wanted:
        wanted["87_raw"] = None
    quote = Quote.of(broker, contract)
    values = field_values(broker, contract, quote)
    if not STUDY_FIELDS.isdisjoint(wanted):
        values |= study_values(broker, contract, quote)
    if not POSITION_FIELDS.isdisjoint(wanted):
        values |= position_values(broker, contract, quote)
    return {field: values[field] for field in wanted if field in values}


def study_values(broker: Broker, contract: Contract, quote: Quote) -> dict[str, object]:
    """Return what the daily bars say: volume, volatility, range of a year, moving averages."""
    market, column = broker.market, contract.column
    before = market.calendar_day_at(broker.now_us) if quote.traded_today else market.day_at(broker.now_us) + 1
    study = broker.studies.before(column, before)
    if study is None or quote.last is None:
        return {}
    last = quote.last
    high, low = (price if quote.traded_today else None for price in (quote.high, quote.low))
    values: dict[str, object] = {
        "7282": volume_text(study.average_volume),
        "7636": volume_text(study.average_volume),
        "7293": price_text(max(study.year_high, high or study.year_high)),
        "7294": price_text(min(study.year_low, low or study.year_low)),
    }
    if study.volatility is not None:
        live = study.volatility_with(quote.prior_close, last) if quote.traded_today and quote.prior_close else None
        values |= {"7088": percent_text(study.volatility), "7087": percent_text(live or study.volatility)}
        values["7284"] = values["7087"]
    for length, (field, ratio) in AVERAGE_FIELDS.items():
        average = study.average_with(length, last) if quote.traded_today else study.averages.get(length)
        if average is not None:
            values |= {field: price_text(average), ratio: percent_text(last / average - 1.0)}
    return values


def position_values(broker: Broker, contract: Contract, quote: Quote) -> dict[str, object]:
    """Return what the account holds of a contract, and what it made of it today; nothing where it holds none."""
    position = broker.account.positions.get(contract.conid)
    if position is None or not position.quantity:
        return {}
    value = broker.exchange.price_of(contract.column) * position.quantity
    gain = value - position.cost
    today = _gain_of_today(broker, contract, quote, value, position.quantity)
    equity = broker.exchange.equity()
    realized = position.realized if position.realized_day == broker.market.day_at(broker.now_us) else 0.0
    return {
        "73": money_text(value),
        "74": price_text(position.average_cost),
        "75": money_text(gain),
        "76": volume_text(position.quantity),
        "77": volume_text(gain),
        "78": money_text(today),
        "79": money_text(realized),
        "80": percent_text(gain / abs(position.cost)) if position.cost else "0.00%",
        "7292": money_text(position.cost),
        "7639": percent_text(value / equity) if equity else "0.00%",
        "7920": f"{today:.2f}",
        "7921": f"{position.cost:.2f}",
    }


def _gain_of_today(broker: Broker, contract: Contract, quote: Quote, value: float, held: int) -> float:
    """Return the change in value since the prior close: what was held then at its price, what was traded at its own."""
    midnight = instants.new_york(instants.new_york_day(broker.now_us))
    paid, before = 0.0, held
    for execution in reversed(broker.account.executions):
        if execution.at_us < midnight:
            break
        if execution.conid == contract.conid:
            shares = execution.quantity if execution.side is Side.BUY else -execution.quantity
            before -= shares
            paid += shares * execution.price
    return fills.cents(value - before * (quote.prior_close or 0.0) - paid)
