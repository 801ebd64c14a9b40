from __future__ import annotations

from tests.fakes.notices import DOWN, FakeSender
from trading.model.notice import Message, MessageKind, Sent
from trading.notices.attempt import attempt

MESSAGE = Message("title", "text", MessageKind.INFO)


def test_what_a_sender_says_is_what_became_of_it() -> None:
    sender = FakeSender()
    assert attempt(sender, MESSAGE) == Sent(ok=True)
    sender.down = True
    assert attempt(sender, MESSAGE) == DOWN


def test_error_of_a_sender_is_a_failure_that_repeats_nothing_of_its_text() -> None:
    sender = FakeSender()
    sender.error = ValueError("json://ann:s3cret@host")
    assert attempt(sender, MESSAGE) == Sent(ok=False, detail="ValueError while sending")
