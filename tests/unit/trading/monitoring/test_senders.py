from __future__ import annotations

import importlib.util

import pytest

from trading.config.addresses import read_addresses
from trading.config.annotations import Secret
from trading.errors import ConfigError
from trading.model.notice import Message, MessageKind, Sent
from trading.monitoring.senders import Apprise, senders_of
from trading.monitoring.webhook import Webhook

TOKEN = "tgram://1234567:s3cret/42"


class Service:
    """What apprise's object does, as far as it is used."""

    def __init__(self, *, takes: bool) -> None:
        self.takes = takes
        self.told: list[dict[str, str]] = []

    def notify(self, **message: str) -> bool:
        self.told.append(message)
        return self.takes


def test_without_addresses_there_is_no_sender() -> None:
    assert senders_of(None) == ()


def test_plain_webhooks_need_nothing_else() -> None:
    senders = senders_of(Secret("json://a/x jsons://b/y"))
    assert [type(sender) for sender in senders] == [Webhook, Webhook]
    assert [sender.channel for sender in senders] == ["json://a", "jsons://b"]


def test_other_address_says_how_to_install_what_it_needs_or_is_taken() -> None:
    if importlib.util.find_spec("apprise") is not None:
        assert [type(sender) for sender in senders_of(Secret("gotify://host/AbCdEfGhIjKlMnO"))] == [Apprise]
        with pytest.raises(ConfigError) as caught:
            senders_of(Secret("json://a/x nonsense://s3cret"))
        assert "address 2 of 2, nonsense://…, is none that apprise can use" in str(caught.value)
    else:
        with pytest.raises(ConfigError) as caught:
            senders_of(Secret(f"json://a/x {TOKEN}"))
        assert "tgram:// needs the package apprise" in str(caught.value)
        assert "make setup-notify installs it" in str(caught.value)
    assert caught.value.path == "NOTIFY_URLS"
    assert "s3cret" not in str(caught.value)


def test_apprise_is_given_a_masked_message_in_its_own_words() -> None:
    service = Service(takes=True)
    sender = Apprise(read_addresses(TOKEN)[0], service)
    assert sender.channel == "tgram://…"
    assert sender.send(Message("U1234567", "text", MessageKind.WARNING)) == Sent(ok=True)
    assert service.told == [{"title": "U***4567", "body": "text", "notify_type": "warning"}]


def test_service_that_does_not_take_a_message_is_a_failure() -> None:
    sender = Apprise(read_addresses(TOKEN)[0], Service(takes=False))
    assert sender.send(Message("a", "b", MessageKind.INFO)) == Sent(ok=False, detail="the service did not take it")
