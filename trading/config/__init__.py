"""Settings: defaults, then config.json, then the environment, checked once at the start and frozen.

What a strategy's own parameters may be is its class's business; here they are carried as they stand.
"""

from trading.config.annotations import Secret
from trading.config.load import load_settings, with_overrides
from trading.config.options import OPTIONS, Option
from trading.config.settings import (
    ExecutionSettings,
    RiskSettings,
    RuleSettings,
    SessionSettings,
    Settings,
    SizingSettings,
)
from trading.config.surroundings import (
    DashboardSettings,
    GatewaySettings,
    LoopSettings,
    MonitoringSettings,
    NotifySettings,
    SimulatorSettings,
    StartSettings,
)

__all__ = [
    "OPTIONS",
    "DashboardSettings",
    "ExecutionSettings",
    "GatewaySettings",
    "LoopSettings",
    "MonitoringSettings",
    "NotifySettings",
    "Option",
    "RiskSettings",
    "RuleSettings",
    "Secret",
    "SessionSettings",
    "Settings",
    "SimulatorSettings",
    "SizingSettings",
    "StartSettings",
    "load_settings",
    "with_overrides",
]
