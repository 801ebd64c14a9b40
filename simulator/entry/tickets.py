"""From the JSON of an order call to tickets: the checks of the real API, with its texts and statuses."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from simulator.broker import Broker
from simulator.exchange.orders import Kind, Side, Ticket, Tif
from simulator.messages import Response, bad_request, error
from trading.market import fills

LONGEST_COID = 64
NO_PRICE = "Invalid order price fields"
OFF_TICK = "The price does not conform to the minimum price variation for this contract."
MOST_SHARES = 10_000_000
DAY_US = 86_400 * 1_000_000
_KINDS = {
    "LMT": Kind.LMT,
    "LIMIT": Kind.LMT,
    "MKT": Kind.MKT,
    "MARKET": Kind.MKT,
    "STP": Kind.STP,
    "STOP": Kind.STP,
    "STOP_LIMIT": Kind.STOP_LIMIT,
    "STP LMT": Kind.STOP_LIMIT,
    "STPLMT": Kind.STOP_LIMIT,
}


class RejectedError(Exception):
    """An order call is refused as a whole; `response` is the answer."""

    def __init__(self, response: Response) -> None:
        """Keep the answer."""
        super().__init__(response.status)
        self.response = response


@dataclass(frozen=True, slots=True)
class Draft:
    """One order of a call, checked by itself; ids and relations come later."""

    conid: int
    side: Side
    kind: Kind
    quantity: int
    tif: Tif
    limit: float | None
    stop: float | None
    coid: str | None
    parent: str | None
    single_group: bool
    outside_rth: bool
    flaw: str | None = None
    """why this one is refused where the others of its call need not be: only a bracket's child has it"""


def parse_draft(broker: Broker, body: object) -> Draft:
    """Return one order object of a call.

    Raises:
        RejectedError: it breaks a rule; the texts are the documented ones.
    """
    if not isinstance(body, dict):
        raise RejectedError(error(400, "orders request includes parameter with incorrect type"))
    account = body.get("acctId")
    if account is not None and account != broker.config.account_id:
        raise RejectedError(bad_request(f"accountId is not valid: {account}"))
    conid = _conid(broker, body)
    side = str(body.get("side", "")).upper()
    if side not in (Side.BUY, Side.SELL):
        raise RejectedError(error(400, "Invalid Side (must be 'BUY' or 'SELL')."))
    kind = _KINDS.get(str(body.get("orderType", "")).upper())
    if kind is None:
        raise RejectedError(error(400, "Unknown order type"))
    tif = str(body.get("tif") or "").upper()
    if not tif:
        raise RejectedError(error(200, "null time in force is not supported for this order"))
    if tif not in Tif.__members__:
        raise RejectedError(error(200, "Invalid time in force"))
    parent = _text(body, "parentId")
    limit, stop, flaw = _prices(kind, body)
    if flaw is not None and parent is None:
        raise RejectedError(error(200, flaw))
    outside = body.get("outsideRTH") is True or body.get("outsideRth") is True
    if outside and kind is Kind.STP:
        raise RejectedError(error(200, "invalid order attribute : Outside Regular Trading Hours"))
    return Draft(
        conid,
        Side(side),
        kind,
        _quantity(body),
        Tif(tif),
        limit,
        stop,
        _text(body, "cOID"),
        parent,
        body.get("isSingleGroup") is True,
        outside,
        flaw,
    )


def _conid(broker: Broker, body: dict[str, Any]) -> int:
    given = body.get("conid")
    if given is None:
        given = str(body.get("conidex", "")).partition("@")[0] or None
    if given is None and isinstance(body.get("secType"), str):
        given = str(body["secType"]).replace("@", ":").partition(":")[0]
    if given is None or isinstance(given, bool):
        raise RejectedError(error(400, "conid or conidex is required"))
    try:
        conid = int(given)
    except (TypeError, ValueError):
        raise RejectedError(error(400, "orders request includes parameter with incorrect type")) from None
    if conid not in broker.contracts.by_conid:
        raise RejectedError(error(200, f"no sec defs returned forSecDef reqId=resolve ecReqByConid{conid}"))
    return conid


def _number(body: dict[str, Any], name: str) -> float | None:
    value = body.get(name)
    if value is None or value == "":
        return None
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        raise RejectedError(error(400, "orders request includes parameter with incorrect type"))
    try:
        return float(value)
    except ValueError:
        raise RejectedError(error(400, "orders request includes parameter with incorrect type")) from None


def _prices(kind: Kind, body: dict[str, Any]) -> tuple[float | None, float | None, str | None]:
    """Return limit, stop, and what is wrong with them; `price` is the stop of a STP, `auxPrice` of a STOP_LIMIT."""
    price, aux = _number(body, "price"), _number(body, "auxPrice")
    limit = price if kind in (Kind.LMT, Kind.STOP_LIMIT) else None
    stop = (price if price is not None else aux) if kind is Kind.STP else aux if kind is Kind.STOP_LIMIT else None
    needed = {Kind.LMT: (limit,), Kind.STP: (stop,), Kind.STOP_LIMIT: (limit, stop), Kind.MKT: ()}[kind]
    if any(value is None or not value < float("inf") for value in needed):
        raise RejectedError(error(200, NO_PRICE))
    given = [value for value in needed if value is not None]
    if any(not value > 0.0 for value in given):
        return limit, stop, NO_PRICE
    return limit, stop, None if all(_is_on_a_tick(value) for value in given) else OFF_TICK


def _is_on_a_tick(price: float) -> bool:
    ticks = price / fills.tick_of(price)
    return abs(ticks - round(ticks)) < fills.TICK_TOLERANCE


def _quantity(body: dict[str, Any]) -> int:
    quantity = _number(body, "quantity")
    if quantity is None or not 0.0 < quantity <= MOST_SHARES or quantity != int(quantity):
        raise RejectedError(error(200, "Invalid order quantity"))
    return int(quantity)


def _text(body: dict[str, Any], name: str) -> str | None:
    value = body.get(name)
    if value is None or value == "":
        return None
    text = str(value)
    if len(text) > LONGEST_COID:
        raise RejectedError(bad_request(f"{name} is longer than {LONGEST_COID} characters"))
    return text


def to_tickets(broker: Broker, drafts: list[Draft]) -> tuple[Ticket, ...]:
    """Return the orders of one call with their ids and relations.

    Raises:
        RejectedError: a cOID is taken, or a parent isn't there.
    """
    taken = _check_coids(broker, drafts)
    ids = [broker.next_order_id() for _ in drafts]
    by_coid = {draft.coid: number for draft, number in zip(drafts, ids, strict=True) if draft.coid and not draft.parent}
    single = len(drafts) > 1 and any(draft.single_group for draft in drafts)
    # An id may be given again, a name is not.
    group = f"oco-{drafts[0].coid or ids[0]}" if single else None
    tickets = []
    for draft, number in zip(drafts, ids, strict=True):
        parent = _parent(broker, draft, by_coid)
        tickets.append(
            Ticket(
                order_id=number,
                conid=draft.conid,
                side=draft.side,
                kind=draft.kind,
                quantity=draft.quantity,
                tif=draft.tif,
                limit=draft.limit,
                stop=draft.stop,
                coid=taken.get(id(draft)),
                parent_id=parent,
                oca_group=group if draft.single_group else None,
                outside_rth=draft.outside_rth,
            )
        )
    return tuple(tickets)


def _check_coids(broker: Broker, drafts: list[Draft]) -> dict[int, str]:
    """Return the cOID that each draft keeps, by identity."""
    behaviour = broker.behaviour
    kept: dict[int, str] = {}
    for draft in drafts:
        if draft.coid is None:
            continue
        if draft.parent is not None and behaviour.child_coid == "refuse":
            raise RejectedError(bad_request("cOID is not allowed for child orders"))
        if draft.parent is not None and behaviour.child_coid == "drop":
            continue
        known = _is_known(broker, draft.coid)
        if known or (draft.coid in kept.values() and behaviour.duplicate_coid != "none"):
            text = f"Order couldn't be submitted: Local order ID={draft.coid} is already registered."
            raise RejectedError(error(200, text))
        kept[id(draft)] = draft.coid
    return kept


def _is_known(broker: Broker, coid: str) -> bool:
    scope = broker.behaviour.duplicate_coid
    if scope == "session":
        return coid in broker.session.caches.coids
    when = broker.exchange.seen_coids.get(coid)
    return scope == "day" and when is not None and broker.now_us - when < DAY_US


def _parent(broker: Broker, draft: Draft, by_coid: dict[str, int]) -> int | None:
    if draft.parent is None:
        return None
    if draft.parent in by_coid:
        return by_coid[draft.parent]
    if draft.parent.isdigit() and int(draft.parent) in broker.exchange.book.orders:
        return int(draft.parent)
    for order in reversed(broker.exchange.book.orders.values()):
        if order.ticket.coid == draft.parent:
            return order.order_id
    raise RejectedError(bad_request(f"parent order {draft.parent} doesn't exist"))
