"""What becomes of orders that a call has put into words: questions, the look at the account, the prompt, the book."""

from __future__ import annotations

from simulator.broker import Broker
from simulator.entry import credit, prompts
from simulator.entry.questions import Question, questions_for, until_open_notice
from simulator.exchange.orders import Order, Ticket, shown_status
from simulator.messages import Response, error, json_response
from simulator.session import PendingQuestion

NO_CHILD = "Order rejected: a child of it was refused"
BY_THE_EXCHANGE = "Order rejected by the exchange."


def invalidate_questions(broker: Broker) -> None:
    """Forget unanswered questions: another order ends them."""
    caches = broker.session.caches
    caches.invalidated.update(caches.pending)
    caches.pending.clear()
    caches.prompts.clear()


def submit(broker: Broker, tickets: tuple[Ticket, ...], *, modifies: bool, refused: tuple[str, ...] = ()) -> Response:
    """Ask what has to be asked, or take the orders; `refused` are the reasons of those of the call that are not."""
    if refused and broker.behaviour.child_refusal_refuses_parent:
        spend(broker, tickets, spends=broker.behaviour.rejection_spends_coid)
        rows = [_refused_row(order) for order in broker.exchange.refuse(tickets, NO_CHILD)]
        return json_response([*_failed(refused), *rows])
    questions = questions_for(broker, tickets)
    if not questions:
        return enter(broker, tickets, modifies=modifies, refused=refused)
    first = len(questions) if broker.behaviour.questions.merged else 1
    return _ask(broker, tickets, questions[:first], questions[first:], modifies=modifies, refused=refused)


def go_on(broker: Broker, pending: PendingQuestion) -> Response:
    """Ask what is left to be asked after a confirmed question, or take the orders."""
    if not pending.left:
        return enter(broker, pending.tickets, modifies=pending.modifies, refused=pending.refused)
    questions = [Question(message_id, text) for message_id, text in pending.left]
    return _ask(
        broker, pending.tickets, questions[:1], questions[1:], modifies=pending.modifies, refused=pending.refused
    )


def _ask(
    broker: Broker,
    tickets: tuple[Ticket, ...],
    questions: list[Question],
    left: list[Question],
    *,
    modifies: bool,
    refused: tuple[str, ...],
) -> Response:
    broker.questions_asked += 1
    pending = PendingQuestion(
        broker.identifiers.uuid("reply", broker.questions_asked),
        tickets,
        tuple(question.message_id for question in questions),
        tuple(question.text for question in questions),
        broker.now_us,
        tuple((question.message_id, question.text) for question in left),
        modifies,
        refused,
    )
    broker.session.caches.pending[pending.reply_id] = pending
    facts = {
        "reply_id": pending.reply_id,
        "message_ids": pending.message_ids,
        "order_ids": [ticket.order_id for ticket in tickets],
        "coids": [ticket.coid for ticket in tickets if ticket.coid],
    }
    broker.note("question", facts)
    return json_response(
        [
            {
                "id": pending.reply_id,
                "message": list(pending.messages),
                "isSuppressed": False,
                "messageIds": list(pending.message_ids),
                "messageOptions": ["Yes", "No"],
            }
        ]
    )


def enter(
    broker: Broker, tickets: tuple[Ticket, ...], *, modifies: bool, prompt: bool = True, refused: tuple[str, ...] = ()
) -> Response:
    """Take the orders unless the account is too small for them; `prompt` false: the broker has asked already."""
    if modifies:
        known = broker.exchange.book.orders.get(tickets[0].order_id)
        if known is None or not known.is_live or known.cancelling:
            return error(400, "Order is inactive")
    refusal = credit.look(broker, tickets).refusal
    if refusal is not None:
        spend(broker, tickets, spends=broker.behaviour.rejection_spends_coid and not modifies)
        return error(200, refusal)
    if prompt and prompts.is_prompted(broker, tickets):
        return json_response(prompts.ask(broker, tickets, modifies=modifies, refused=refused))
    if modifies:
        return json_response([_accepted(broker, broker.exchange.modify(tickets[0]))])
    broker.session.caches.coids.update(ticket.coid for ticket in tickets if ticket.coid)
    rows = [_accepted(broker, order) for order in broker.exchange.place(tickets)]
    return json_response([*_failed(refused), *rows])


def spend(broker: Broker, tickets: tuple[Ticket, ...], *, spends: bool) -> None:
    """Let the cOIDs of orders that were not placed be taken all the same, where `spends`."""
    coids = [ticket.coid for ticket in tickets if ticket.coid] if spends else []
    broker.exchange.seen_coids.update(dict.fromkeys(coids, broker.now_us))
    broker.session.caches.coids.update(coids)


def _failed(reasons: tuple[str, ...]) -> list[dict[str, object]]:
    return [
        {"order_id": "-1", "order_status": "Failed", "text": reason, "warning_message": BY_THE_EXCHANGE}
        for reason in reasons
    ]


def _refused_row(order: Order) -> dict[str, object]:
    return {"order_id": str(order.order_id), "order_status": shown_status(order, market_open=False)}


def _accepted(broker: Broker, order: Order) -> dict[str, object]:
    exchange = broker.exchange
    row: dict[str, object] = {
        "order_id": str(order.order_id),
        "order_status": shown_status(order, market_open=exchange.is_open),
        "encrypt_message": "1",
    }
    if order.ticket.coid:
        row["local_order_id"] = order.ticket.coid
    if order.ticket.parent_id is not None:
        row["parent_order_id"] = str(order.ticket.parent_id)
    if broker.behaviour.questions.until_open == "text" and not exchange.is_open:
        row["warning_message"] = until_open_notice(broker, order.ticket)
    return row
