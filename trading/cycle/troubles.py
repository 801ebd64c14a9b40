"""What keeps cycles from doing all that they are there for, kept as one fact for pages, `status` and readiness."""

from __future__ import annotations

from collections.abc import Iterable

from trading.model.account import hide_accounts
from trading.model.alarm import Alarm, AlarmCode
from trading.model.status import StatusKey, TroubleKind
from trading.ports import Clock, Store

# It is shown at once. People are sent for when it is no hiccup; the next cycle is never more than a minute away while
# something is at stake.
ALARMED_FROM = 2


class Troubles:
    """One for each process, which begins with none."""

    def __init__(self, store: Store, clock: Clock, account_id: str) -> None:
        """Keep the fact in `store`; readiness shows it to anybody, so nothing of any account stands in it."""
        self._store = store
        self._account_id = account_id
        self._clock = clock
        self._in_a_row = 0
        self._cut_short = False
        self._failures: tuple[str, ...] = ()
        self._facts: tuple[str, ...] = ()
        store.show(dict.fromkeys((StatusKey.TROUBLE, StatusKey.TROUBLE_SINCE, StatusKey.TROUBLE_KIND), ""))

    def cycle(
        self,
        failures: Iterable[str],
        facts: Iterable[str] = (),
        *,
        unanswered: bool = False,
        cut_short: bool = False,
    ) -> None:
        """Take what a cycle could not do, each with why; nothing ends what was told.

        `failures` may be over with the next try, `facts` when a person has done something. `unanswered` says that some
        of it was asked of the gateway in vain. What was not read because somebody wanted something, `cut_short`, is no
        trouble, and ends none.
        """
        self._cut_short = cut_short
        if cut_short:
            return
        before = self.present
        self._failures, self._facts = self._public(failures), self._public(facts)
        self._in_a_row = self._in_a_row + 1 if self._failures else 0
        kind = TroubleKind.UNANSWERED if unanswered else TroubleKind.FAILURE
        shown: dict[StatusKey, str] = {
            StatusKey.TROUBLE: self.text,
            StatusKey.TROUBLE_KIND: TroubleKind.PERSON if self._facts else kind if self._failures else "",
        }
        if self.present is not before:
            shown[StatusKey.TROUBLE_SINCE] = self._clock.now().isoformat() if self.present else ""
        self._store.show(shown)

    @property
    def present(self) -> bool:
        """Return whether the last cycle could not do something."""
        return bool(self._failures or self._facts)

    @property
    def none(self) -> bool:
        """Return whether the last cycle could do all that it is there for."""
        return not self.present and not self._cut_short

    @property
    def text(self) -> str:
        """Return what it could not do, empty for nothing."""
        return "; ".join(dict.fromkeys((*self._facts, *self._failures)))

    def alarms(self, told: Iterable[Alarm] = ()) -> tuple[Alarm, ...]:
        """Return one alert with everything of it that no alarm of `told` says."""
        said = set(self._public(alarm.text for alarm in told))
        failures = self._failures if self._in_a_row >= ALARMED_FROM else ()
        parts = ["; ".join(fact for fact in self._facts if fact not in said)]
        parts += ["; ".join(failure for failure in failures if failure not in said)]
        parts[1] += "; it is tried again by itself" if parts[1] else ""
        text = "; ".join(part for part in parts if part)
        return (Alarm(AlarmCode.TROUBLE, "", text),) if text else ()

    def _public(self, causes: Iterable[str]) -> tuple[str, ...]:
        return tuple(dict.fromkeys(hide_accounts(text, self._account_id) for text in causes if text))
