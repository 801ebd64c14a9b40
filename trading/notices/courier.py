"""A thread beside the loop that notes what is news and takes it to people; nothing that it meets reaches the loop."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime

from trading.background import repeated
from trading.config import NotifySettings
from trading.errors import TradingError
from trading.model.notice import Message, MessageKind, Outcome, Sent
from trading.notices.attempt import LIMIT_S, TOO_LATE
from trading.notices.attempt import attempt as deliver
from trading.notices.due import Key, due
from trading.notices.news import Gathered, changes
from trading.notices.wording import heading, message_of
from trading.ports import Log
from trading.ports.notices import NoticeBook, Sender

LOOK_S = 1.0
END_WITHIN_S = 1.0
# Deliveries that hang for good hold a thread each.
_MOST_HANGING = 3
_MOST_UNSTORED = 20


@dataclass(frozen=True, slots=True)
class Timing:
    """The times that a courier goes by, all of them real."""

    now: Callable[[], datetime]
    monotonic: Callable[[], float]
    start: Callable[[Callable[[], None]], object]
    """runs something beside the courier, in a thread of its own"""
    simulated: bool = False
    """whether the market has a time of its own"""


class _Attempt:
    """One delivery under way."""

    def __init__(self, settles: tuple[Key, ...], began_s: float) -> None:
        self.settles = settles
        self.began_s = began_s
        self.sent: Sent | None = None
        self.given_up = False


class _Channel:
    """One address, with what is under way to it and what could not be recorded yet."""

    def __init__(self, sender: Sender) -> None:
        self.sender = sender
        self.attempts: list[_Attempt] = []
        self.results: list[tuple[tuple[Key, ...], Sent]] = []
        self.said = ""

    @property
    def busy(self) -> bool:
        hanging = sum(attempt.given_up for attempt in self.attempts)
        return len(self.attempts) > hanging or hanging >= _MOST_HANGING


class Courier:
    """One for each trading process that has addresses; where it fails it says so once in the log."""

    def __init__(
        self,
        book: NoticeBook,
        gather: Callable[[], Gathered],
        senders: Sequence[Sender],
        settings: NotifySettings,
        timing: Timing,
        log: Log,
        *,
        system: str,
    ) -> None:
        """Tell what `gather` finds through `senders`; `system` says in titles who speaks."""
        self._book = book
        self._gather = gather
        self._channels = [_Channel(sender) for sender in senders]
        self._settings = settings
        self._timing = timing
        self._log = log
        self._system = system
        self._problem = ""
        self._pruned: date | None = None
        self._unstored: deque[str] = deque(maxlen=_MOST_UNSTORED)
        self._told_unstored: set[str] = set()

    @contextmanager
    def running(self, pause_s: float = LOOK_S) -> Iterator[None]:
        """Look beside the block. A delivery that is under way at its end is left, and tried again at the next start."""
        with repeated(self.look, pause_s, "courier", END_WITHIN_S):
            yield

    def unstored(self, code: str, text: str) -> None:
        """Take what could not be stored, a full disk for one: it is told once, from memory. Any thread may call."""
        self._unstored.append(f"{heading(code)}: {text}")

    def look(self) -> None:
        """Take up what became of deliveries, note what is new, and begin what is due. Never raises."""
        try:
            for channel in self._channels:
                self._take_up(channel)
            self._tell_unstored()
            for channel in self._channels:
                self._record_results(channel)
            self._note()
            for channel in self._channels:
                self._deliver(channel)
            self._prune()
            self._problem = ""
        except TradingError as error:
            self._complain(str(error))
        except Exception as error:  # noqa: BLE001 - a defect here may cost notifications, never the trading process
            self._complain(f"{type(error).__name__} in the courier")

    def _take_up(self, channel: _Channel) -> None:
        """Take what became of deliveries: one that takes too long failed, and may arrive after all."""
        for attempt in list(channel.attempts):
            if attempt.sent is not None:
                channel.attempts.remove(attempt)
                if attempt.sent.ok or not attempt.given_up:
                    self._ended(channel, attempt, attempt.sent)
            elif not attempt.given_up and self._timing.monotonic() - attempt.began_s >= LIMIT_S:
                attempt.given_up = True
                self._ended(channel, attempt, TOO_LATE)

    def _ended(self, channel: _Channel, attempt: _Attempt, sent: Sent) -> None:
        name = channel.sender.channel
        channel.results.append((attempt.settles, sent))
        if sent.ok and channel.said:
            self._log.info("notifications arrive again", channel=name)
        elif not sent.ok and channel.said != sent.detail:
            self._log.warning("notification not delivered", channel=name, reason=sent.detail)
        channel.said = sent.detail

    def _record_results(self, channel: _Channel) -> None:
        """Record what became of deliveries; until that can be done, nothing else that is on record goes out."""
        while channel.results:
            settles, sent = channel.results[0]
            outcome = Outcome.SENT if sent.ok else Outcome.FAILED
            self._book.record(channel.sender.channel, settles, outcome, self._timing.now(), sent.detail)
            del channel.results[0]

    def _note(self) -> None:
        now = self._timing.now()
        new, ended = changes(self._gather(), self._book.known(), now, simulated=self._timing.simulated)
        if new or ended:
            self._book.note(new, ended)

    def _deliver(self, channel: _Channel) -> None:
        if channel.busy:
            return
        name, now = channel.sender.channel, self._timing.now()
        found = due(self._book.notices(), self._book.deliveries(name), self._settings, now)
        if found.drop:
            self._book.record(name, found.drop, Outcome.DROPPED, now, "too old")
        if not found.tell:
            return
        # On record first: whatever happens then, it is tried again, and counted.
        self._book.record(name, found.settles, Outcome.SENDING, now)
        self._begin(channel, message_of(found.tell, self._system), found.settles)

    def _tell_unstored(self) -> None:
        if any(channel.busy for channel in self._channels):
            return
        texts = [text for text in dict.fromkeys(self._unstored) if text not in self._told_unstored]
        self._unstored.clear()
        if not texts:
            return
        self._told_unstored.update(texts)
        text = "\n\n".join([*texts, "This could not be stored."])
        for channel in self._channels:
            self._begin(channel, Message(f"Trading ({self._system}): storage", text, MessageKind.FAILURE), ())

    def _begin(self, channel: _Channel, message: Message, settles: tuple[Key, ...]) -> None:
        attempt = _Attempt(settles, self._timing.monotonic())
        channel.attempts.append(attempt)

        def send() -> None:
            attempt.sent = deliver(channel.sender, message)

        self._timing.start(send)

    def _prune(self) -> None:
        """Delete what is over for long, once a day."""
        today = self._timing.now().date()
        if today == self._pruned:
            return
        deleted = self._book.prune()
        self._pruned = today
        if deleted:
            self._log.info("old notices deleted", notices=deleted)

    def _complain(self, problem: str) -> None:
        if problem != self._problem:
            self._problem = problem
            self._log.error("notifications held up", problem=problem)
