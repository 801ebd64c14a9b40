"""What the user keeps on the broker's servers beside orders: watchlists, price alerts, notices, devices.

It outlives sessions, and is not in the truth log: a simulator that is started again begins with none.
"""

from __future__ import annotations

from dataclasses import dataclass, field

# Subjects of notices by code, in the broker's numbering.
SUBJECTS = {
    "BA": "Borrow Availability",
    "CA": "Comparable Algo",
    "CB": "Missing Cost Basis",
    "CT": "Cash Transfer",
    "DA": "Dividends Advisory",
    "DL": "Unexercised Option Loss Prevention Reminder",
    "EA": "Upcoming Earnings",
    "M8": "M871 Trades",
    "MF": "Mutual Fund Advisory",
    "MS": "Milestones",
    "OE": "Option Expiration",
    "PF": "Portfolio FYIs",
    "PR": "Portfolio Builder Rebalance",
    "PS": "Platform Use Suggestions",
    "PT": "Position Transfer",
    "SE": "Suspend Order on Economic Event",
    "SG": "Short Term Gain turning Long Term",
    "SM": "System Messages",
    "ST": "Save Taxes",
    "T2": "Assignment Realizing Long-Term Gains",
    "TD": "MiFID 10% Deprecation Notice",
    "TI": "Trade Idea",
    "TO": "Takeover",
    "UA": "User Alert",
}
FIRST_ALERT = 100_000_001
PRICE, ABOVE, BELOW = 1, ">=", "<="


@dataclass(slots=True)
class Watchlist:
    """A named list; `rows` as they were sent: a contract `{"C": conid}` or a blank line `{"H": text}`."""

    list_id: str
    name: str
    rows: list[dict[str, object]]
    modified_us: int


@dataclass(frozen=True, slots=True)
class Condition:
    """One condition of an alert, in the words of the request."""

    kind: int
    conidex: str
    operator: str
    value: str
    trigger_method: str = "0"
    bind: str = "n"
    time_zone: str | None = None

    @property
    def conid(self) -> int | None:
        """Return the contract that the condition is about, None where it names none."""
        text = self.conidex.partition("@")[0]
        return int(text) if text.isdigit() else None

    @property
    def level(self) -> float | None:
        """Return the price of a condition on a price, None for another kind."""
        try:
            return float(self.value) if self.kind == PRICE and self.operator in (ABOVE, BELOW) else None
        except ValueError:
            return None


@dataclass(slots=True)
class Alert:
    """An alert; `checked_us` is up to when its conditions were looked at."""

    alert_id: int
    name: str
    message: str
    conditions: tuple[Condition, ...]
    created_us: int
    checked_us: int
    tif: str = "GTC"
    expires: str | None = None
    email: str | None = None
    repeatable: bool = False
    outside_rth: bool = False
    show_popup: bool = False
    send_message: bool = False
    orders_only: bool = False
    active: bool = True
    triggered: bool = False


@dataclass(slots=True)
class Notice:
    """One message to the user."""

    notice_id: str
    subject: str
    title: str
    text: str
    at_us: int
    read: bool = False


@dataclass(slots=True)
class UserRecords:
    """Everything of it; numbers count what was ever made, so that no id comes twice."""

    watchlists: dict[str, Watchlist] = field(default_factory=dict)
    alerts: dict[int, Alert] = field(default_factory=dict)
    notices: list[Notice] = field(default_factory=list)
    devices: dict[str, dict[str, object]] = field(default_factory=dict)
    email: bool = True
    switched_off: set[str] = field(default_factory=set)
    disclaimers_read: set[str] = field(default_factory=set)
    alerts_made: int = 0
    alert_calls: int = 0
    watchlist_calls: int = 0

    def post(self, subject: str, title: str, text: str, now_us: int) -> Notice:
        """Leave a message, the newest first."""
        notice = Notice(f"{now_us // 1_000_000}{len(self.notices) + 1:06d}", subject, title, text, now_us)
        self.notices.insert(0, notice)
        return notice

    def next_alert(self) -> int:
        """Return a new alert's id."""
        self.alerts_made += 1
        return FIRST_ALERT + self.alerts_made - 1
