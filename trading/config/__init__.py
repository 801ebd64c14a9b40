"""Settings: defaults, then config.json, then the environment, checked once at the start and frozen.

What a strategy's own parameters may be is its class's business; here they are carried as they stand.
"""

from trading.config.load import load_settings, with_overrides
from trading.config.options import OPTIONS, Option
from trading.config.settings import (
    DashboardSettings,
    ExecutionSettings,
    GatewaySettings,
    LoopSettings,
    MonitoringSettings,
    RiskSettings,
    RuleSettings,
    Secret,
    SessionSettings,
    Settings,
    SizingSettings,
)

__all__ = [
    "OPTIONS",
    "DashboardSettings",
    "ExecutionSettings",
    "GatewaySettings",
    "LoopSettings",
    "MonitoringSettings",
    "Option",
    "RiskSettings",
    "RuleSettings",
    "Secret",
    "SessionSettings",
    "Settings",
    "SizingSettings",
    "load_settings",
    "with_overrides",
]
