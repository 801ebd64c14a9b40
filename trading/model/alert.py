"""What a person has to know, for as long as it is so."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

GOES_ON_WITHIN = timedelta(minutes=15)
"""what comes back with the same words so soon after its end has not ended"""


@dataclass(frozen=True, slots=True)
class Alert:
    """`code` says what kind it is, `subject` whose: a symbol, an order, "" for the whole system.

    `since` is when it was seen first, `told_at` when a person was told last and `times` how often, `over_at` when it
    was not there any more.
    """

    code: str
    subject: str
    text: str
    since: datetime
    told_at: datetime | None
    over_at: datetime | None
    times: int
