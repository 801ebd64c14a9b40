"""What holds for whoever takes messages to an address: the fake, a plain webhook, and apprise where it is installed."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator
from typing import Protocol

import pytest

from tests.fakes.notices import DOWN, FakeSender
from tests.fakes.webhook_receiver import Receiver
from trading.config.annotations import Secret
from trading.model.notice import Message, MessageKind, Sent
from trading.monitoring.senders import senders_of
from trading.notices.attempt import attempt
from trading.ports.notices import Sender

SECRET = "5tRaNg3"
MESSAGE = Message(
    "Trading (U1234567): halted", "Halted by ann: odd – “prices”.\n\nU1234567 is traded", MessageKind.FAILURE
)


class Line(Protocol):
    """A sender with the other end of it."""

    sender: Sender

    def received(self) -> list[tuple[str, str, str]]:
        """Return title, text and kind of all that arrived."""

    def cut(self) -> None:
        """Let nothing arrive any more."""


class FakeLine:
    def __init__(self) -> None:
        self.fake = FakeSender()
        self.sender: Sender = self.fake

    def received(self) -> list[tuple[str, str, str]]:
        return [(each.title, each.text, each.kind.value) for each in self.fake.messages]

    def cut(self) -> None:
        self.fake.down = True


class HttpLine:
    """Over a real socket; apprise takes an address with an option, a plain webhook one without."""

    def __init__(self, option: str = "") -> None:
        self.receiver = Receiver()
        address = f"json://ann:{SECRET}@127.0.0.1:{self.receiver.port}/{SECRET}{option}"
        (self.sender,) = senders_of(Secret(address))

    def received(self) -> list[tuple[str, str, str]]:
        return [(body["title"], body["message"], body["type"]) for body in self.receiver.bodies]

    def cut(self) -> None:
        self.receiver.close()


KINDS = ["fake", "webhook", *(["apprise"] if importlib.util.find_spec("apprise") else [])]


@pytest.fixture(params=KINDS)
def line(request: pytest.FixtureRequest) -> Iterator[Line]:
    made = (
        FakeLine() if request.param == "fake" else HttpLine("?overflow=upstream" if request.param == "apprise" else "")
    )
    yield made
    made.cut()


def test_message_arrives_as_it_is(line: Line) -> None:
    assert attempt(line.sender, MESSAGE) == Sent(ok=True)
    ((title, text, kind),) = line.received()
    assert title.endswith(": halted")
    assert text.startswith("Halted by ann: odd – “prices”.\n\n")
    assert kind == "failure"


def test_failure_is_told_and_holds_nothing_secret(line: Line) -> None:
    line.cut()
    sent = attempt(line.sender, MESSAGE)
    assert not sent.ok
    assert sent.detail
    assert SECRET not in sent.detail
    assert line.received() == []


def test_channel_holds_nothing_secret_and_stays_the_same(line: Line) -> None:
    assert SECRET not in line.sender.channel
    assert line.sender.channel.startswith("json://")
    attempt(line.sender, MESSAGE)
    assert line.sender.channel == line.sender.channel.lower()


def test_fake_fails_as_a_refused_connection_does() -> None:
    line = HttpLine()
    line.cut()
    assert attempt(line.sender, MESSAGE) == DOWN
