"""What a look at the gateway asks beside what trading needs: a quote with its day's volume, the newest bar as sent."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from trading.gateway import fields, history
from trading.gateway.api_client import unusable
from trading.gateway.fields import FieldError
from trading.gateway.market_data import AVAILABILITY, SNAPSHOT
from trading.gateway.session import GatewaySession

_DAY_VOLUME = "7762"


@dataclass(frozen=True, slots=True)
class DayQuote:
    """A snapshot of one contract: field 6509 as sent and the day's volume in shares; None while it is not there."""

    availability: str | None
    volume: float | None

    @property
    def complete(self) -> bool:
        """Whether nothing more is to be waited for; on a day without trades there is no volume."""
        return None not in (self.availability, self.volume)


@dataclass(frozen=True, slots=True)
class NewestBar:
    """The last daily bar that the gateway gives; `volume` is in shares, as sent times `factor`."""

    session: date
    volume: float
    factor: float


class Inspection:
    """Single questions, each one call; nothing is asked again."""

    def __init__(self, session: GatewaySession) -> None:
        """Ask by `session`, which reads the list of accounts first where that was not asked for yet."""
        self._session = session

    def quote(self, conid: int) -> DayQuote:
        """Return what a snapshot says now; the first ones of a contract only open its stream.

        Raises: GatewayError; OutcomeUnknown too when the answer can't be read.
        """
        query = {"conids": str(conid), "fields": f"{AVAILABILITY},{_DAY_VOLUME}"}
        rows = self._session.get(SNAPSHOT, query, repeat=False)
        row = rows[0] if isinstance(rows, list) and rows else None
        if not isinstance(row, dict):
            raise unusable(SNAPSHOT, "no list of quotes")
        try:
            volume = fields.optional_number(row.get(_DAY_VOLUME), _DAY_VOLUME)
        except FieldError as problem:
            raise unusable(SNAPSHOT, problem) from None
        return DayQuote(fields.optional_text(row.get(AVAILABILITY)), volume)

    def newest_bar(self, conid: int) -> NewestBar | None:
        """Return the last daily bar, that of a session under way too; None where there is no bar.

        Raises: GatewayError; OutcomeUnknown too when the answer can't be read.
        """
        answer = self._session.get(history.PATH, history.query(conid, history.SHORT_PERIOD), repeat=False)
        try:
            bars, factor = history.parsed(answer, date.max), history.volume_factor(answer)
        except FieldError as problem:
            raise unusable(history.PATH, problem) from None
        if not len(bars.dates):
            return None
        return NewestBar(bars.dates[-1].item(), float(bars.volume[-1]), factor)
