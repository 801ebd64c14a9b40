from __future__ import annotations

import base64
import ssl
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fakes.raw_server import Peer, certificate, serving
from tests.fakes.webhook_receiver import Receiver
from trading.config.addresses import read_addresses
from trading.model.notice import Message, MessageKind, Sent
from trading.monitoring.webhook import Webhook

MESSAGE = Message("Trading: halted", "Halted by ann", MessageKind.FAILURE)


def webhook(address: str) -> Webhook:
    return Webhook(read_addresses(address)[0])


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    made = Receiver()
    yield made
    made.close()


def test_body_is_that_of_apprise_at_the_path_of_the_address(receiver: Receiver) -> None:
    assert webhook(f"json://127.0.0.1:{receiver.port}/a/b").send(MESSAGE) == Sent(ok=True)
    assert receiver.bodies == [
        {"version": "1.0", "title": "Trading: halted", "message": "Halted by ann", "attachments": [], "type": "failure"}
    ]
    path, head = receiver.heads[0]
    assert path == "/a/b"
    assert head["Content-Type"] == "application/json"
    assert "Authorization" not in head


def test_user_and_password_are_sent_decoded(receiver: Receiver) -> None:
    webhook(f"json://ann:p%40ss@127.0.0.1:{receiver.port}/").send(MESSAGE)
    assert receiver.heads[0][1]["Authorization"] == "Basic " + base64.b64encode(b"ann:p@ss").decode()


def test_account_is_masked(receiver: Receiver) -> None:
    message = Message("U1234567", "DU7654321 has no stop", MessageKind.INFO)
    webhook(f"json://127.0.0.1:{receiver.port}/").send(message)
    assert (receiver.bodies[0]["title"], receiver.bodies[0]["message"]) == ("U***4567", "DU***4321 has no stop")


@pytest.mark.parametrize("status", [302, 400, 404, 500])
def test_any_other_status_is_a_failure_and_no_redirection_is_followed(receiver: Receiver, status: int) -> None:
    receiver.status = status
    sent = webhook(f"json://127.0.0.1:{receiver.port}/").send(MESSAGE)
    assert sent == Sent(ok=False, detail=f"answered {status}")
    assert len(receiver.heads) == 1


def closes(peer: Peer) -> None:
    peer.request()
    peer.reset()


def babbles(peer: Peer) -> None:
    peer.request()
    peer.send(b"220 smtp.example ready\r\n")


@pytest.mark.parametrize(("behaviour", "words"), [(closes, "the connection was lost"), (babbles, "")])
def test_answer_that_is_none_is_a_failure(behaviour: object, words: str) -> None:
    with serving(behaviour) as server:  # type: ignore[arg-type]
        sent = webhook(f"json://127.0.0.1:{server.port}/s3cret").send(MESSAGE)
    assert not sent.ok
    assert words in sent.detail
    assert "s3cret" not in sent.detail


def test_name_that_is_not_known_is_named_as_that() -> None:
    sent = webhook("json://nobody.invalid/s3cret").send(MESSAGE)
    assert sent == Sent(ok=False, detail="its name was not found")


def test_certificate_that_nobody_vouches_for_is_refused(tmp_path: Path) -> None:
    _, context = certificate(tmp_path)
    assert isinstance(context, ssl.SSLContext)
    with serving(lambda peer: peer.answer(b""), tls=context) as server:
        sent = webhook(f"jsons://127.0.0.1:{server.port}/").send(MESSAGE)
    assert sent == Sent(ok=False, detail="its certificate was not accepted")
