"""Judging whether people are told what they have to know."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from trading.cli.doctor.findings import Finding, note, ok
from trading.cli.operate import DATABASE_NAME
from trading.config import Settings
from trading.errors import TradingError
from trading.model.notice import Outcome
from trading.monitoring.senders import senders_of
from trading.store.readers.notices import ChannelState
from trading.store.readers.state import read_state

_TRY = "python -m trading notify --test"


def notify(settings: Settings) -> Iterator[Finding]:
    """Look whom NOTIFY_URLS names, and whether the last messages arrived; nothing is sent."""
    channels = [sender.channel for sender in senders_of(settings.notify.urls)]
    yield told(channels, _known(settings) if channels else ())


def told(channels: Sequence[str], known: Sequence[ChannelState]) -> Finding:
    """Judge the channels by what is on record of them."""
    if not channels:
        return ok("notify", "nobody is told; NOTIFY_URLS names whom to tell")
    failed = [each for each in known if each.outcome is Outcome.FAILED and each.channel in channels]
    if failed:
        text = "; ".join(f"{each.channel}: {each.detail}" for each in failed)
        return note("notify", f"the last message did not arrive: {text}", _TRY)
    return ok("notify", ", ".join(channels))


def _known(settings: Settings) -> tuple[ChannelState, ...]:
    try:
        with read_state(settings.state_dir / DATABASE_NAME) as state:
            return state.notices.channels()
    except TradingError:
        # The database has a line of its own.
        return ()
