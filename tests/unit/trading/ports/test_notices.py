"""What implements the ports of notifications: mypy holds the signatures, this that they are what is used."""

from __future__ import annotations

from tests.fakes.notices import FakeSender
from trading.config.addresses import read_addresses
from trading.monitoring.webhook import Webhook
from trading.ports.notices import NoticeBook, Sender
from trading.store.notices import SqliteNotices


def test_each_sender_and_the_book_have_all_that_their_port_asks_for() -> None:
    senders: list[Sender] = [FakeSender(), Webhook(read_addresses("json://host/path")[0])]
    assert [sender.channel for sender in senders] == ["json://fake", "json://host"]
    book: type[NoticeBook] = SqliteNotices
    wanted = {name for name in vars(NoticeBook) if not name.startswith("_")}
    assert wanted == {"known", "note", "notices", "deliveries", "record", "prune"}
    assert wanted <= set(dir(book))
