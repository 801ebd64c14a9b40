"""Who takes messages to the addresses of NOTIFY_URLS: plain webhooks by ourselves, everything else by apprise."""

from __future__ import annotations

import importlib
import importlib.util
import logging
import warnings
from collections.abc import Sequence
from typing import Any

from trading.config.addresses import Address, read_addresses
from trading.config.annotations import Secret
from trading.errors import ConfigError
from trading.model.account import mask_accounts
from trading.model.notice import Message, Sent
from trading.monitoring.webhook import Webhook
from trading.ports.notices import Sender

VARIABLE = "NOTIFY_URLS"
INSTALL = "make setup-notify installs it (for the container: TRADING_NOTIFY=1 in .env, then docker compose build)"


class Apprise:
    """`trading.ports.notices.Sender` through apprise, which knows some hundred services."""

    def __init__(self, address: Address, service: Any) -> None:  # noqa: ANN401 - a package that need not be there
        """Send through `service`, an Apprise object with that one address."""
        self._address = address
        self._service = service

    @property
    def channel(self) -> str:
        """Return what the address is called."""
        return self._address.channel

    def send(self, message: Message) -> Sent:
        """Deliver a message; what apprise raises is its caller's to take."""
        done = self._service.notify(
            title=mask_accounts(message.title), body=mask_accounts(message.text), notify_type=message.kind.value
        )
        return Sent(ok=True) if done else Sent(ok=False, detail="the service did not take it")


def senders_of(urls: Secret | None) -> tuple[Sender, ...]:
    """Return a sender for each address, in their order; none where nobody is to be told.

    Raises: ConfigError, an address needs apprise and that is not installed, or apprise can't use it; nothing of the
    address is in it.
    """
    found = read_addresses(urls.reveal()) if urls is not None else ()
    # It logs whole addresses.
    logging.getLogger("urllib3").setLevel(logging.CRITICAL)
    missing = [address for address in found if not address.plain]
    if missing and importlib.util.find_spec("apprise") is None:
        what = f"{missing[0].scheme}:// needs the package apprise, which is not installed: {INSTALL}"
        raise ConfigError(VARIABLE, None, f"{what}; plain webhooks, json:// and jsons://, need nothing")
    return tuple(
        Webhook(address) if address.plain else _through_apprise(address, number, found)
        for number, address in enumerate(found, start=1)
    )


def _through_apprise(address: Address, number: int, among: Sequence[Address]) -> Apprise:
    # What it logs may hold the address; what became of a message it returns.
    logging.getLogger("apprise").disabled = True
    with warnings.catch_warnings():
        # Of what it imports, and for whoever develops it.
        warnings.simplefilter("ignore", DeprecationWarning)
        apprise: Any = importlib.import_module("apprise")
        service = apprise.Apprise()
        taken = service.add(address.text)
    if not taken:
        what = f"address {number} of {len(among)}, {address.scheme}://…, is none that apprise can use"
        raise ConfigError(VARIABLE, None, f"{what}: see its documentation for this service")
    return Apprise(address, service)
