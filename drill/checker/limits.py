"""Entries within the limits, by what the broker's account was worth when it took each. I12."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

from drill.checker.book import STOPS, Book, walk
from drill.checker.logs import Case, Line, Violation, instant
from drill.checker.looks import Looks, day_of, looks_of
from drill.checker.wire import TWICE, repeated

SLACK = 0.01
"""how far the account may have moved, as a fraction, since the trading system read it last"""
_A_MINUTE_S = 60.0
_FALSE_BALANCES = ("C04", "C08", "C09", "H10", "O23")
"""what gives the trading system other balances or positions than the account has: a stop that fills at a gap (O23)
sells at a price at which nothing was valued before"""


def i12_within_the_limits(case: Case) -> Iterator[Violation]:
    """No entry is accepted beyond a limit: shares, value, stop, price; positions, exposure and cash of the account.

    Those of the account hold as it was at the last clear look: not where another's hand or a fault changed it since,
    nor for an order that took long to arrive.
    """
    limits = case.told("limits")
    if not limits:
        return
    looks = looks_of(case)
    entries: list[float] = []
    for line, book in walk(case):
        if line["kind"] != "order" or "standing" not in line:
            continue
        for ticket in line["tickets"]:
            if ticket["side"] != "BUY" or ticket.get("parent_id") is not None:
                continue
            entries.append(book.at)
            split = book.split_at.get(ticket["conid"], 0.0) > _looked_last(case, book, looks, ticket.get("coid"))
            texts = [*_of_itself(ticket, line, limits, split=split), *_too_often(entries, limits, case)]
            if limits["standard"]:
                texts += _of_standard(ticket, line, limits)
            if _knows(case, book, looks, ticket.get("coid")):
                texts += _of_the_account(ticket, line, book, limits)
            for text in texts:
                yield Violation("I12", book.at, book.symbol(ticket["conid"]), text)


def _of_itself(ticket: Line, line: Line, limits: Line, *, split: bool) -> Iterator[str]:
    """Yield what is wrong with an order alone: its price (R01), unless that was just `split`, and that it has one."""
    limit, price = ticket.get("limit"), line["standing"]["prices"][str(ticket["conid"])]
    if limit is None:
        yield "an entry has no limit"
    elif not split and price > 0.0 and limit > price * (1.0 + limits["max_price_deviation"]) + 0.01:
        yield f"its limit, {limit:g}, is far above the price, {price:g}"


def _of_standard(ticket: Line, line: Line, limits: Line) -> Iterator[str]:
    """Yield which of the limits of an order alone it breaks that the strategy does not name: R02, R03, R13."""
    limit, quantity = ticket.get("limit") or 0.0, ticket["quantity"]
    if quantity > limits["max_order_quantity"]:
        yield f"{quantity} shares, {limits['max_order_quantity']} are the most"
    if quantity * limit > limits["max_order_value"]:
        yield f"worth {quantity * limit:.2f}, {limits['max_order_value']:g} are the most"
    stops = [each for each in line["tickets"] if each.get("parent_id") == ticket["order_id"] and each["kind"] in STOPS]
    for stop in stops:
        distance = 1.0 - stop["stop"] / limit if limit > 0.0 else math.nan
        if not limits["min_stop_distance"] - 1e-4 <= distance <= limits["max_stop_distance"] + 1e-4:
            yield f"its stop, {stop['stop']:g}, is {distance:.2%} below its limit"


def _too_often(entries: list[float], limits: Line, case: Case) -> Iterator[str]:
    """Yield a rate that is broken by the last entry: R06. An order that a fault delivers twice counts once."""
    if case.fired(*TWICE):
        return
    at = entries[-1]
    in_a_minute = sum(at - each < _A_MINUTE_S - 1.0 for each in entries)
    if in_a_minute > limits["entries_a_minute"]:
        yield f"{in_a_minute} entries within a minute, {limits['entries_a_minute']} are the most"
    today = sum(day_of(each) == day_of(at) for each in entries)
    if today > limits["entries_a_day"]:
        yield f"{today} entries on a day, {limits['entries_a_day']} are the most"


def _knows(case: Case, book: Book, looks: Looks, coid: str | None) -> bool:
    """Return whether the trading system could know what the account holds when it sent an order that now arrived."""
    if coid in repeated(case):
        return False
    sent = _sent_at(case, book, coid)
    if sent is None or book.at - sent > _A_MINUTE_S:
        return False
    last = _looked_last(case, book, looks, coid)
    if any(at > last for at in book.split_at.values()) or _money_moved(case, last, book.at):
        return False
    if _lied_to(case, last, book.at):
        return False
    return not any(
        (not each.own or each.corrected) and each.at > last for each in book.executions.values()
    ) and not any(not order.own and order.placed > last for order in book.all_orders())


def _sent_at(case: Case, book: Book, coid: str | None) -> float | None:
    """Return when an order that now arrived was sent last, None where nobody sent it."""
    sent = (act.at for act in case.journal.wire if act.about is None and coid in act.coids and act.at <= book.at)
    return max(sent, default=None)


def _looked_last(case: Case, book: Book, looks: Looks, coid: str | None) -> float:
    """Return the last clear look before an order that now arrived was sent, 0 where there was none."""
    sent = _sent_at(case, book, coid)
    return max((at for at in looks.clear if sent is not None and at <= sent), default=0.0)


def _lied_to(case: Case, since: float, until: float) -> bool:
    """Return whether balances or positions may have been read falsely between two times."""
    return any(since <= at <= until for at in case.fired_at(*_FALSE_BALANCES))


def _money_moved(case: Case, since: float, until: float) -> bool:
    """Return whether somebody paid in or took out after a time."""
    deeds = (line for line in case.truth if line["kind"] == "deed" and line["do"] == "cash")
    return any(since < instant(line["at"]) <= until for line in deeds)


def _of_the_account(ticket: Line, line: Line, book: Book, limits: Line) -> Iterator[str]:
    """Yield which limit of the account an entry breaks, all buys counted as filled: R10, R11, R19, positions."""
    standing: Mapping[str, Any] = line["standing"]
    prices = {int(conid): price for conid, price in standing["prices"].items()}
    equity, cost = standing["equity"], ticket["quantity"] * (ticket.get("limit") or 0.0)
    buys = [each for each in book.orders.values() if each.live and each.side == "BUY" and each.parent_id is None]
    others = [each for each in buys if each.order_id != ticket["order_id"] and each.own]
    committed = sum(each.remaining * (each.limit or 0.0) for each in others)
    slack = SLACK * equity
    if committed + cost > standing["cash"] + slack:
        yield f"worth {cost:.2f}, of cash {standing['cash'] - committed:.2f} are left"
    invested = sum(max(held, 0) * prices.get(conid, 0.0) for conid, held in book.held.items())
    if invested + committed + cost > limits["max_exposure"] * equity + slack:
        yield f"{invested + committed + cost:.2f} would be invested, the account is worth {equity:.2f}"
    if limits["standard"] and cost > limits["max_position_size"] * equity * (1.0 + SLACK):
        yield f"worth {cost:.2f}, of an account of {equity:.2f}"
    places = {conid for conid, shares in book.own.items() if shares > 0} | {each.conid for each in others}
    if len(places | {ticket["conid"]}) > limits["max_positions"]:
        yield f"{len(places)} positions or more, {limits['max_positions']} are the most"
