"""`notify`: what people were told away from the pages, what failed, and whether each address works."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from dataclasses import dataclass

import click

from trading.cli.environment import read_settings
from trading.cli.operate import DATABASE_NAME
from trading.cli.output import json_text, say, table
from trading.config import Settings
from trading.errors import ConfigError
from trading.model.notice import Message, MessageKind, Part, Sent
from trading.notices.attempt import LIMIT_S, TOO_LATE, attempt
from trading.notices.wording import system_name
from trading.ports.notices import Sender
from trading.store.readers.notices import DeliveryLine
from trading.store.readers.state import read_state

_SHOWN = 30
_MOST_TEXT = 70


@dataclass(frozen=True, slots=True)
class Tried:
    """What became of the message to one address."""

    channel: str
    ok: bool
    detail: str


@click.command()
@click.option("--test", is_flag=True, help="Send one message to each address now.")
@click.option("--limit", default=_SHOWN, show_default=True, type=click.IntRange(1, 10_000), help="Lines to show.")
@click.option("--json", "as_json", is_flag=True, help="For programs.")
def notify(test: bool, limit: int, as_json: bool) -> None:  # noqa: FBT001 - click passes options by name
    """Show what was told to whom and what failed, newest first; with --test, try each address of NOTIFY_URLS.

    Exit 0, or 1 where a message of --test was not taken.
    """
    settings = read_settings()
    if test:
        _test(settings, as_json=as_json)
        return
    with read_state(settings.state_dir / DATABASE_NAME) as state:
        found = state.notices.delivered(limit=limit)
    if as_json:
        click.echo(json_text(found))
    else:
        say(_listed(found))


def _test(settings: Settings, *, as_json: bool) -> None:
    # Only now, since the HTTP client takes a while to load.
    from trading.monitoring.senders import VARIABLE, senders_of

    senders = senders_of(settings.notify.urls)
    if not senders:
        fix = "is empty: name the addresses to tell, such as jsons://host/path, with blanks between them"
        raise ConfigError(VARIABLE, None, fix)
    text = "This is a test: what people have to know of this trading system arrives here."
    message = Message(f"Trading ({system_name(settings)}): test", text, MessageKind.INFO)
    tried = tuple(try_out(senders, message))
    if as_json:
        click.echo(json_text(tried))
    else:
        for each in tried:
            say(f"{each.channel}: {'delivered' if each.ok else f'NOT delivered: {each.detail}'}", bad=not each.ok)
    if not all(each.ok for each in tried):
        raise SystemExit(1)


def try_out(senders: Iterable[Sender], message: Message, limit_s: float = LIMIT_S) -> Iterable[Tried]:
    """Yield what became of a message to each address, one after the other; none takes longer than `limit_s`."""
    for sender in senders:
        sent: list[Sent] = []

        def send(sender: Sender = sender, sent: list[Sent] = sent) -> None:
            sent.append(attempt(sender, message))

        thread = threading.Thread(target=send, daemon=True)
        thread.start()
        thread.join(limit_s)
        outcome = sent[0] if sent else TOO_LATE
        yield Tried(sender.channel, outcome.ok, outcome.detail)


def _listed(lines: tuple[DeliveryLine, ...]) -> str:
    if not lines:
        return "Nobody was told anything yet."
    rows = [
        (
            f"{line.at:%Y-%m-%d %H:%M:%S}",
            line.channel,
            f"{line.outcome}{f': {line.detail}' if line.detail else ''}",
            str(line.attempts),
            f"{'over: ' if line.part is Part.OVER else ''}{_first(line.text)}",
        )
        for line in lines
    ]
    heads = ("When (UTC)", "To", "Outcome", "Attempts", "What")
    return table(heads, rows, left=frozenset({0, 1, 2, 4}))


def _first(text: str) -> str:
    line = text.partition("\n")[0]
    return line if len(line) <= _MOST_TEXT else f"{line[: _MOST_TEXT - 1]}…"
