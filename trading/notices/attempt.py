"""One delivery of a message, whatever the sender does."""

from __future__ import annotations

from trading.model.notice import Message, Sent
from trading.ports.notices import Sender

LIMIT_S = 10.0
"""so long a delivery may take; then it counts as failed"""
TOO_LATE = Sent(ok=False, detail=f"no answer within {LIMIT_S:.0f} s")


def attempt(sender: Sender, message: Message) -> Sent:
    """Return what became of a message; may take long, so it runs in a thread that nobody waits for longer than that."""
    try:
        return sender.send(message)
    except Exception as error:  # noqa: BLE001 - other people's programs; their texts may hold the address
        return Sent(ok=False, detail=f"{type(error).__name__} while sending")
