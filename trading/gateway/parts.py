"""Whose trouble it is: that of one symbol, which is left out with its reason, or that of the gateway, an error."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import NoReturn, TypeVar

from trading.errors import GatewayError, OutcomeUnknown, OutOfTime, Refused

Key = TypeVar("Key")
Answer = TypeVar("Answer")

# So many in a row without a usable answer may mean that the gateway has none.
UNANSWERED = 3
_TOO_MANY = 429
_FORBIDDEN = 403


class GatewayTrouble:
    """Counts what goes unanswered in a row; one of which an answer can be expected then tells whose trouble it is."""

    def __init__(self, asked: int, is_answered: Callable[[], bool]) -> None:
        """Suspect the gateway after three, or all, of `asked` in a row, and ask for another one by `is_answered`."""
        self._limit = max(1, min(UNANSWERED, asked))
        self._is_answered = is_answered
        self._row = 0
        self._last: GatewayError | None = None

    def answered(self) -> None:
        """An answer came: the gateway has some."""
        self._row, self._last = 0, None

    def unanswered(self, error: GatewayError) -> None:
        """No usable answer came.

        Raises: GatewayError, `error`: it is the gateway's trouble.
        """
        self._row, self._last = self._row + 1, error
        if self._row < self._limit:
            return
        if not self._is_answered():
            raise error
        self.answered()

    def not_asked(self, error: OutOfTime) -> NoReturn:
        """Something was not asked for want of time: spent on answers, or on none.

        Raises: GatewayError, what went unanswered last; `error`, where all before was answered.
        """
        raise error if self._last is None else self._last


def tells_nothing(error: OutcomeUnknown | Refused) -> bool:
    """Return whether it says nothing of what was asked for: nobody answered, or nothing is allowed at the moment."""
    return isinstance(error, OutcomeUnknown) or error.status == _FORBIDDEN


def gets_an_answer(ask: Callable[[], object]) -> bool:
    """Return whether `ask` gets an answer, a refusal too.

    Raises: NotSent, SessionLost: the gateway can't be asked at all.
    """
    try:
        ask()
    except Refused as error:
        return error.status not in {_TOO_MANY, _FORBIDDEN}
    except (OutcomeUnknown, OutOfTime):
        return False
    return True


def each(
    items: Sequence[Key], read: Callable[[Key], Answer], parallel: int
) -> Iterator[tuple[Key, Callable[[], Answer]]]:
    """Give each item, in order, with what reads it or waits for it to have been read, up to `parallel` at a time."""
    if parallel <= 1 or len(items) <= 1:
        for item in items:
            yield item, partial(read, item)
        return
    with ThreadPoolExecutor(parallel, thread_name_prefix="reader") as pool:
        futures = [(item, pool.submit(read, item)) for item in items]
        try:
            for item, future in futures:
                yield item, future.result
        finally:
            for _, future in futures:
                future.cancel()


def in_parts(
    keys: Sequence[Key], ask: Callable[[Sequence[Key], bool], Answer], is_answered: Callable[[], bool]
) -> tuple[list[Answer], dict[Key, str]]:
    """Ask for all keys at once and, where that fails, for ever smaller parts of them.

    `ask` gets the keys and whether a failed read may be repeated. Returned are the answers, and why there is none for
    the keys that are in no answered part.

    Raises: GatewayError, it is the gateway's trouble.
    """
    answers: list[Answer] = []
    causes: dict[Key, str] = {}
    trouble = GatewayTrouble(len(keys), is_answered)
    waiting = [keys] if keys else []
    while waiting:
        part = waiting.pop()
        try:
            answers.append(ask(part, part is keys))
            trouble.answered()
        except (Refused, OutcomeUnknown) as error:
            if error.status == _TOO_MANY:
                raise
            if len(part) > 1:
                half = len(part) // 2
                waiting += [part[half:], part[:half]]
                continue
            causes[part[0]] = error.cause
            trouble.unanswered(error)
    return answers, causes


def never() -> bool:
    """Expect an answer of nothing else."""
    return False
