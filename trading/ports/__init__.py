"""What the cycle needs of the outside, as protocols; adapters implement them, `bootstrap` chooses."""

from trading.ports.gateway import Broker, Clock, GatewayMemory, MarketData, SessionPort
from trading.ports.journal import AdjustmentKind, Adopted, CommandLog, Counted, Evidence, Journal, OpenRequest, Sighting
from trading.ports.monitoring import Alerts, Log, Metrics, Notifier, Progress
from trading.ports.store import BalanceBook, Halts, Requests, Store

__all__ = [
    "AdjustmentKind",
    "Adopted",
    "Alerts",
    "BalanceBook",
    "Broker",
    "Clock",
    "CommandLog",
    "Counted",
    "Evidence",
    "GatewayMemory",
    "Halts",
    "Journal",
    "Log",
    "MarketData",
    "Metrics",
    "Notifier",
    "OpenRequest",
    "Progress",
    "Requests",
    "SessionPort",
    "Sighting",
    "Store",
]
