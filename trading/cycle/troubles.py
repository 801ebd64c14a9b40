"""What keeps cycles from doing all that they are there for, kept as one fact for pages, `status` and readiness."""

from __future__ import annotations

from collections.abc import Iterable

from trading.model.account import hide_accounts
from trading.model.alarm import Alarm, AlarmCode
from trading.model.status import StatusKey
from trading.ports import Clock, Store

# One failure is a hiccup; the next cycle is never more than a minute away while something is at stake.
TOLD_FROM = 2


class Troubles:
    """One for each process, which begins with none."""

    def __init__(self, store: Store, clock: Clock, account_id: str) -> None:
        """Keep the fact in `store`; readiness shows it to anybody, so nothing of any account stands in it."""
        self._store = store
        self._account_id = account_id
        self._clock = clock
        self._in_a_row = 0
        self._causes: tuple[str, ...] = ()
        store.show({StatusKey.TROUBLE: "", StatusKey.TROUBLE_SINCE: ""})

    def cycle(self, causes: Iterable[str]) -> None:
        """Take what a cycle could not do, each with why; nothing ends what was told."""
        self._causes = tuple(dict.fromkeys(self._public(cause) for cause in causes if cause))
        self._in_a_row = self._in_a_row + 1 if self._causes else 0
        facts = {StatusKey.TROUBLE: self.text}
        if self._in_a_row == TOLD_FROM:
            facts[StatusKey.TROUBLE_SINCE] = self._clock.now().isoformat()
        elif not self._causes:
            facts[StatusKey.TROUBLE_SINCE] = ""
        self._store.show(facts)

    @property
    def present(self) -> bool:
        """Return whether the last cycle could not do something, told or not."""
        return bool(self._causes)

    @property
    def text(self) -> str:
        """Return what people are told now, empty for nothing."""
        return "; ".join(self._causes) if self._in_a_row >= TOLD_FROM else ""

    def alarms(self, told: Iterable[Alarm] = ()) -> tuple[Alarm, ...]:
        """Return one alert with everything of it that no alarm of `told` says."""
        texts = {self._public(alarm.text) for alarm in told}
        causes = [cause for cause in self._causes if cause not in texts]
        if not causes or self._in_a_row < TOLD_FROM:
            return ()
        return (Alarm(AlarmCode.TROUBLE, "", f"{'; '.join(causes)}; it is tried again by itself"),)

    def _public(self, text: str) -> str:
        return hide_accounts(text, self._account_id)
